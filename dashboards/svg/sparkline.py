"""A word-sized line of a KPI's recent periods."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dashboards.svg.shapes import INK, MUTED, TONES, Scale, element, frame, number, px, written

PAD = 3.0

# A scorecard has hundreds of these lines: what all of them have in common is written once.
LEVEL = written({"stroke": MUTED, "stroke_width": 1, "stroke_dasharray": "2 2"})
STROKE = written({"fill": "none", "stroke": INK, "stroke_width": "1.25", "stroke_linejoin": "round"})
DASHED = STROKE + written({"stroke_dasharray": "2 2"})

Place = tuple[str, str]  # x and y as they are written


def sparkline(
    values: Sequence[object],
    *,
    target: object = None,
    last_is_open: bool = False,
    tone: str = "",
    label: str = "",
    width: int = 104,
    height: int = 24,
) -> str:
    """The line of `values`, one per period in time order; a missing value breaks the line.

    target: a level drawn as a thin dashed line. last_is_open: the last period has not ended, its step is dashed and
    its dot hollow. tone: colours the last dot by status (see `dashboards.states`). label: what a screen reader says.
    """
    points = [number(value) for value in values]
    level = number(target)
    known = [value for value in [*points, level] if value is not None]
    if not any(value is not None for value in points):
        return frame("spark", width, height, label or "no data", [])
    down = Scale(min(known), max(known), height - PAD, PAD)
    columns = across(len(points), width)
    places = [None if value is None else (x, px(down(value))) for x, value in zip(columns, points, strict=True)]
    parts = []
    if level is not None:
        y = px(down(level))
        parts.append(f'<line class="target" x1="0" y1="{y}" x2="{width}" y2="{y}"{LEVEL}/>')
    ends_open = last_is_open and places[-1] is not None
    parts += line(places[:-1] if ends_open else places)
    if ends_open and len(places) > 1 and places[-2] is not None:
        parts.append(path([places[-2], places[-1]], dashed=True))
    parts.append(end_dot(places, hollow=ends_open, tone=tone))
    return frame("spark", width, height, label, parts)


@lru_cache(maxsize=256)
def across(count: int, width: int) -> tuple[str, ...]:
    """The x of each of `count` periods."""
    scale = Scale(0, max(count - 1, 1), PAD, width - PAD)
    return tuple(px(scale(index)) for index in range(count))


def line(places: Sequence[Place | None]) -> list[str]:
    """One path for each unbroken stretch; a lone value between two gaps is a dot."""
    stretches: list[list[Place]] = [[]]
    for place in places:
        if place is None:
            stretches.append([])
        else:
            stretches[-1].append(place)
    drawn = []
    for stretch in stretches:
        if len(stretch) > 1:
            drawn.append(path(stretch))
        elif stretch:
            x, y = stretch[0]
            drawn.append(element("circle", class_="lone", cx=x, cy=y, r=1.0, fill=INK))
    return drawn


def path(places: Sequence[Place], *, dashed: bool = False) -> str:
    drawing = "L".join(f"{x} {y}" for x, y in places)
    return f'<path class="line{" open" if dashed else ""}" d="M{drawing}"{DASHED if dashed else STROKE}/>'


def end_dot(places: Sequence[Place | None], *, hollow: bool, tone: str) -> str:
    """The newest known value; grey if newer periods are missing."""
    x, y = next(place for place in reversed(places) if place is not None)
    colour = TONES.get(tone, INK if places[-1] is not None else MUTED)
    classes = f"end{' hollow' if hollow else ''}{f' tone-{tone}' if tone in TONES else ''}"
    if hollow:
        return element("circle", class_=classes, cx=x, cy=y, r=2.0, fill="#fff", stroke=colour, stroke_width="1.25")
    return f'<circle class="{classes}" cx="{x}" cy="{y}" r="2" fill="{colour}"/>'
