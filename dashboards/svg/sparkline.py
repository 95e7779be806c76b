"""A word-sized line of a KPI's recent periods."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.svg.shapes import INK, MUTED, TONES, Scale, element, frame, number, px

PAD = 3.0


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
    across = Scale(0, max(len(points) - 1, 1), PAD, width - PAD)
    down = Scale(min(known), max(known), height - PAD, PAD)
    places = [None if value is None else (across(index), down(value)) for index, value in enumerate(points)]
    parts = []
    if level is not None:
        y = down(level)
        parts.append(
            element(
                "line",
                class_="target",
                x1=0,
                y1=y,
                x2=width,
                y2=y,
                stroke=MUTED,
                stroke_width=1,
                stroke_dasharray="2 2",
            )
        )
    ends_open = last_is_open and places[-1] is not None
    parts += line(places[:-1] if ends_open else places)
    if ends_open and len(places) > 1 and places[-2] is not None:
        parts.append(path([places[-2], places[-1]], dashed=True))
    parts.append(end_dot(places, hollow=ends_open, tone=tone))
    return frame("spark", width, height, label, parts)


def line(places: Sequence[tuple[float, float] | None]) -> list[str]:
    """One path for each unbroken stretch; a lone value between two gaps is a dot."""
    stretches: list[list[tuple[float, float]]] = [[]]
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


def path(places: Sequence[tuple[float, float] | None], *, dashed: bool = False) -> str:
    drawing = "M" + "L".join(f"{px(place[0])} {px(place[1])}" for place in places if place is not None)
    return element(
        "path",
        class_="line open" if dashed else "line",
        d=drawing,
        fill="none",
        stroke=INK,
        stroke_width="1.25",
        stroke_linejoin="round",
        stroke_dasharray="2 2" if dashed else None,
    )


def end_dot(places: Sequence[tuple[float, float] | None], *, hollow: bool, tone: str) -> str:
    """The newest known value; grey if newer periods are missing."""
    x, y = next(place for place in reversed(places) if place is not None)
    colour = TONES.get(tone, INK if places[-1] is not None else MUTED)
    classes = f"end{' hollow' if hollow else ''}{f' tone-{tone}' if tone in TONES else ''}"
    if hollow:
        return element("circle", class_=classes, cx=x, cy=y, r=2.0, fill="#fff", stroke=colour, stroke_width="1.25")
    return element("circle", class_=classes, cx=x, cy=y, r=2.0, fill=colour)
