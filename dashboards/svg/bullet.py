"""Few's bullet graph: an actual against its target, over its bands, in the space of a word."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dashboards.svg.shapes import FAINT, FAINTER, INK, TONES, Scale, element, frame, number, rect

PAD = 2.0


def bullet(
    actual: object,
    target: object = None,
    *,
    limits: Sequence[object] = (),
    domain: tuple[object, object] | None = None,
    tone: str = "",
    label: str = "",
    width: int = 104,
    height: int = 16,
) -> str:
    """`actual` as a bar and `target` as a cross stroke, all in the KPI's unit.

    limits: the band limits (red limit, amber limit), in any order; the bands are shades of grey, the worst the darkest,
    because the colour of a status is shown once. Limits at or above the target mean that lower is better. domain: the
    ends of the scale; without it the scale begins at zero if that leaves the values apart, and otherwise just below
    them. A bar only makes sense from zero: on a cut scale the actual is a dot on a line. tone: colours the actual by
    status.
    """
    value, goal = number(actual), number(target)
    edges = sorted(edge for edge in map(number, limits) if edge is not None)
    known = [item for item in (value, goal, *edges) if item is not None]
    if not known:
        return frame("bullet", width, height, label or "no data", [])
    low, high = domain_of(known, domain)
    scale = Scale(low, high, PAD, width - PAD)
    middle = height / 2
    lower_is_better = goal is not None and bool(edges) and edges[0] >= goal
    parts = bands(edges, scale, height, worst_at_the_top=lower_is_better)
    colour = TONES.get(tone, INK)
    tone_class = f" tone-{tone}" if tone in TONES else ""
    if value is not None and low <= 0 <= high:
        start, end = sorted((scale(0), scale(value)))
        parts.append(rect(f"actual{tone_class}", start, middle - 2.5, max(end - start, 0.5), 5.0, colour))
    elif value is not None:
        parts.append(element("circle", class_=f"actual{tone_class}", cx=scale(value), cy=middle, r=3.5, fill=colour))
    if goal is not None:
        parts.append(rect("goal", scale(goal) - 1, 1.5, 2.0, height - 3.0, INK))
    return frame("bullet", width, height, label, parts)


def domain_of(known: Sequence[float], domain: tuple[object, object] | None) -> tuple[float, float]:
    """The ends of the scale: those given, or zero to over the largest, or a stretch around values far from zero."""
    if domain:
        low, high = number(domain[0]), number(domain[1])
        if low is not None and high is not None and low < high:
            return low, high
    smallest, largest = min(known), max(known)
    spread = largest - smallest
    room = spread * 0.25 or abs(largest) * 0.1 or 1.0
    if smallest > 0 and spread < 0.3 * largest and len(known) > 1:
        return at_most(smallest - room), at_most(largest + room)
    low, high = smallest - (room if smallest < 0 else 0.0), largest + (room if largest > 0 else 0.0)
    return min(0.0, at_most(low)), max(0.0, at_most(high))


def at_most(end: float) -> float:
    """The end of a scale, no further than numbers go."""
    return min(max(end, -sys.float_info.max), sys.float_info.max)


def bands(edges: Sequence[float], scale: Scale, height: float, *, worst_at_the_top: bool = False) -> list[str]:
    """Greys from one limit to the next, darkest at the worst end."""
    fills = (FAINT, "#eaecee", FAINTER)
    stops = [scale.low, *edges, scale.high]
    drawn = []
    for index, (start, end) in enumerate(zip(stops, stops[1:], strict=False)):
        rank = len(edges) - index if worst_at_the_top else index
        shade = min(rank, 2) if edges else 2
        left, right = scale(start), scale(end)
        if right > left:
            drawn.append(rect(f"band-{shade}", left, 0, right - left, height, fills[shade]))
    return drawn
