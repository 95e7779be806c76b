"""WCAG contrast of the tokens, read from the style sheet itself."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static/css/tokens.css").read_text()
TONES = ("positive", "caution", "negative", "neutral", "info")


def theme(name: str) -> dict[str, str]:
    """The custom properties of a theme's block that are plain hex colours."""
    block = re.search(rf'\[data-bs-theme="{name}"\] \{{(.*?)\n\}}', TOKENS, re.DOTALL)
    assert block, f"tokens.css has no block for {name}"
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[1]))


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb`, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("tone", TONES)
def test_a_status_is_legible_on_its_field_on_the_page_and_on_a_hovered_row(name, tone):
    tokens = theme(name)
    for ground in (f"tone-{tone}-field", "page", "surface", "hover"):
        assert contrast(tokens[f"tone-{tone}"], tokens[ground]) >= 4.5, ground


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "select"])
def test_text_is_legible_wherever_it_stands(name, ink):
    tokens = theme(name)
    for ground in ("page", "surface", "sunken", "hover"):
        assert contrast(tokens[ink], tokens[ground]) >= 4.5, ground


@pytest.mark.parametrize("name", ["light", "dark"])
def test_buttons_focus_and_chart_lines_stand_out(name):
    tokens = theme(name)
    assert contrast(tokens["on-button"], tokens["button"]) >= 4.5
    assert contrast(tokens["cut"], tokens["tone-negative"]) >= 4.5  # the danger button
    for graphic in ("focus", "chart-actual", "chart-target", "chart-limit", "chart-specification", "chart-trajectory"):
        assert contrast(tokens[graphic], tokens["page"]) >= 3, graphic


def test_both_themes_name_the_same_tokens():
    assert theme("light").keys() == theme("dark").keys()
