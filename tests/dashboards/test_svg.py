"""The small drawings: what is drawn where, and that they are well-formed SVG for any input."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashboards import svg
from dashboards.svg.shapes import Scale

NAMESPACE = "{http://www.w3.org/2000/svg}"
values = st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.text()), max_size=30)


def parts(drawing: str, tag: str, css_class: str = "") -> list[dict]:
    found = ElementTree.fromstring(drawing).iter(NAMESPACE + tag)
    return [part.attrib for part in found if css_class in part.attrib.get("class", "").split() or not css_class]


def test_a_scale_draws_what_lies_outside_at_its_edge():
    scale = Scale(0, 10, 0, 100)
    assert [scale(0), scale(5), scale(10), scale(-3), scale(99)] == [0, 50, 100, 0, 100]
    assert Scale(4, 4, 0, 100)(4) == 50


def test_a_sparkline_goes_from_edge_to_edge_and_from_lowest_to_highest():
    drawing = svg.sparkline([0, 10], width=104, height=24)
    assert parts(drawing, "path")[0]["d"] == "M3 21L101 3"


def test_a_missing_value_breaks_the_line_and_a_lone_value_is_a_dot():
    drawing = svg.sparkline([1, 2, None, 5, None, 3, 4])
    assert len(parts(drawing, "path")) == 2
    assert len(parts(drawing, "circle", "lone")) == 1


def test_the_step_into_an_open_period_is_dashed_and_its_dot_hollow():
    drawing = svg.sparkline([1, 2, 3], last_is_open=True)
    solid, dashed = parts(drawing, "path")
    assert "stroke-dasharray" not in solid
    assert dashed["stroke-dasharray"] == "2 2"
    assert parts(drawing, "circle", "hollow")
    assert not parts(svg.sparkline([1, 2, 3]), "circle", "hollow")


def test_a_bullet_from_zero_is_a_bar_whose_length_is_its_value():
    drawing = svg.bullet(50, 100, domain=(0, 100), width=104)
    (bar,) = parts(drawing, "rect", "actual")
    assert (float(bar["x"]), float(bar["width"])) == (2, 50)
    (goal,) = parts(drawing, "rect", "goal")
    assert float(goal["x"]) == 101  # centred on the right end, 102


def test_on_a_cut_scale_the_actual_is_a_dot_because_a_bar_would_lie():
    drawing = svg.bullet(96.1, 95, limits=(92,))
    assert not parts(drawing, "rect", "actual")
    assert parts(drawing, "circle", "actual")


def test_the_worst_band_is_the_darkest_whichever_side_is_worse():
    higher = svg.bullet(90, 95, limits=(80, 90), domain=(0, 100))
    lower = svg.bullet(50, 40, limits=(44, 60), domain=(0, 100))
    assert [band["class"] for band in parts(higher, "rect") if "band" in band["class"]] == [
        "band-0",
        "band-1",
        "band-2",
    ]
    assert [band["class"] for band in parts(lower, "rect") if "band" in band["class"]] == ["band-2", "band-1", "band-0"]


def test_a_share_bar_divides_its_width_by_the_sizes():
    drawing = svg.share_bar([("positive", 3), ("negative", 1), ("caution", 0)], width=160)
    good, bad = parts(drawing, "rect")
    assert (good["class"], float(good["width"]) + 1) == ("tone-positive", 120)
    assert (bad["class"], float(bad["x"])) == ("tone-negative", 120)


def test_a_bar_below_zero_starts_at_zero_and_goes_left():
    (bar,) = parts(svg.single_bar(-50, 100, lowest=-100, width=200), "rect")
    assert (float(bar["x"]), float(bar["width"])) == (50, 50)


@pytest.mark.parametrize(
    "drawing",
    [
        svg.sparkline([None, "x", float("nan")]),
        svg.bullet(None, None),
        svg.single_bar(None, 10),
        svg.single_bar(3, 0),
    ],
)
def test_without_a_value_the_drawing_says_no_data(drawing):
    assert ElementTree.fromstring(drawing).attrib["aria-label"] == "no data"


@given(series=values, target=st.one_of(st.none(), st.floats(), st.decimals()), label=st.text(alphabet="a<>&\"'é"))
@example(series=[1.7e308, -1.7e308], target=1.7e308, label="")
@settings(max_examples=60)
def test_any_input_gives_well_formed_svg_without_style_attributes(series, target, label):
    drawings = [
        svg.sparkline(series, target=target, last_is_open=True, label=label),
        svg.bullet(series[0] if series else None, target, limits=series, label=label),
        svg.share_bar([("positive", value) for value in series], label=label),
        svg.mark("check", "positive", label=label),
        svg.variation("concerning", "low", label=label),
        svg.assurance("fails", label=label),
    ]
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert all("style" not in part.attrib for part in root.iter())
        assert "nan" not in drawing.lower().replace(label.lower(), "")


def test_decimals_are_numbers_and_texts_are_not():
    assert svg.sparkline([Decimal("1"), Decimal("2")]) == svg.sparkline([1, 2])
    assert svg.sparkline(["1", "2"]) == svg.sparkline([None, None])


def test_icons_of_a_control_chart_differ_in_letter_and_shape_not_only_in_colour():
    kinds = [("concerning", "high"), ("concerning", "low"), ("neutral", "none"), ("common_cause", "none")]
    drawn = [svg.variation(kind, side) for kind, side in kinds]
    drawn += [svg.assurance(kind) for kind in ("passes", "fails", "hit_and_miss", "no_target")]
    colourless = {re.sub(r'tone-\w+|color="[^"]+"', "", drawing) for drawing in drawn}
    assert len(colourless) == len(drawn)
    assert 'aria-label="Will fail"' in svg.assurance("fails", label="Will fail")
