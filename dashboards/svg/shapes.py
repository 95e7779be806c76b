"""What all drawings share: escaping, coordinates, the frame, and linear scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from xml.sax.saxutils import quoteattr

# Colours where no style sheet applies (PDF, mail); the same as the light theme's tokens.
INK = "#1c2024"
MUTED = "#8b9097"
FAINT = "#e4e6e9"
FAINTER = "#f0f1f3"
TONES = {"positive": "#12703f", "caution": "#8a5300", "negative": "#b3261e", "neutral": "#5b6169", "info": "#3a5bc7"}


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from values `low`..`high` to pixels `start`..`end`; what lies outside is drawn at the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high / 2 - self.low / 2  # halves: the ends may be as far apart as numbers go
        if not span:
            return (self.start + self.end) / 2
        share = (value / 2 - self.low / 2) / span
        share = 0.0 if share < 0 else 1.0 if share > 1 else share
        return self.start + share * (self.end - self.start)


def number(value: object) -> float | None:
    """`value` as a finite float, or None. Decimals and NumPy scalars count as numbers, texts do not."""
    if type(value) is float:  # nearly always
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, str)):
        return None
    try:
        converted = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return converted if math.isfinite(converted) else None


def px(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:z.1f}".removesuffix(".0")  # z: no minus sign before zero


def element(name: str, **attributes: object) -> str:
    """An empty element: `class_` is written `class`, `stroke_width` is `stroke-width`; None leaves one out."""
    return f"<{name}{written(attributes)}/>"


def rect(kind: str, x: float, y: float, width: float, height: float, fill: str) -> str:
    """A rectangle of the class `kind`. Written at once: a page has a thousand of them."""
    place = f'x="{px(x)}" y="{px(y)}" width="{px(width)}" height="{px(height)}"'
    return f'<rect class="{kind}" {place} fill="{fill}"/>'


def written(attributes: dict[str, object]) -> str:
    parts = []
    for key, value in attributes.items():
        if value is None:
            continue
        if isinstance(value, float):
            shown = f'"{px(value)}"'
        elif isinstance(value, int):
            shown = f'"{value}"'
        else:
            shown = quoted(str(value))
        parts.append(f" {attribute_name(key)}={shown}")
    return "".join(parts)


@lru_cache(maxsize=1024)
def quoted(value: str) -> str:
    """Classes, colours and dashes, of which there are few; labels are written by `frame`."""
    return quoteattr(value)


@lru_cache(maxsize=256)
def attribute_name(key: str) -> str:
    """`class_` as `class`, `stroke_width` as `stroke-width`."""
    return key.rstrip("_").replace("_", "-")


def frame(kind: str, width: float, height: float, label: str, parts: Sequence[str]) -> str:
    """The `<svg>` around `parts`. With a label it is an image with that name; without, it is decoration."""
    naming = f' role="img" aria-label={quoteattr(label)}' if label else ' aria-hidden="true"'
    return f'{opening(kind, width, height)}{naming} focusable="false">{"".join(parts)}</svg>'


@lru_cache(maxsize=256)
def opening(kind: str, width: float, height: float) -> str:
    """How the `<svg>` of one kind and size begins; a page has hundreds of a few kinds."""
    size = {"width": width, "height": height, "viewBox": f"0 0 {px(width)} {px(height)}"}
    return f'<svg xmlns="http://www.w3.org/2000/svg"{written({"class_": f"pm-{kind}"} | size)}'
