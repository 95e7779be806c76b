"""Bars for a table's cell: one share of a whole, and a whole split by status."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.svg.shapes import FAINTER, MUTED, TONES, Scale, element, frame, number


def single_bar(
    value: object,
    highest: object,
    *,
    lowest: object = 0,
    tone: str = "",
    label: str = "",
    width: int = 96,
    height: int = 10,
) -> str:
    """One bar from zero to `value` on a scale from `lowest` (zero or below) to `highest`; compare it down a column."""
    size, top, bottom = number(value), number(highest), number(lowest)
    if size is None or top is None or bottom is None or top <= bottom:
        return frame("bar", width, height, label or "no data", [])
    scale = Scale(min(bottom, 0.0), max(top, 0.0), 0.0, float(width))
    start, end = sorted((scale(0.0), scale(size)))
    tone_class = f" tone-{tone}" if tone in TONES else ""
    bar = {"x": start, "y": 0, "width": max(end - start, 0.5), "height": height, "fill": TONES.get(tone, MUTED)}
    return frame("bar", width, height, label, [element("rect", class_=f"fill{tone_class}", **bar)])


def share_bar(parts: Sequence[tuple[str, object]], *, label: str = "", width: int = 160, height: int = 8) -> str:
    """One bar split into `parts` of (tone, size), in the given order; sizes below or equal to zero are left out."""
    sizes = [(tone, size) for tone, raw in parts if (size := number(raw)) is not None and size > 0]
    total = sum(size for _, size in sizes)
    drawn = [] if total else [element("rect", class_="empty", x=0, y=0, width=width, height=height, fill=FAINTER)]
    at = 0.0
    for tone, size in sizes:
        length = size / total * width
        known = tone if tone in TONES else "neutral"
        field = {"x": at, "y": 0, "width": max(length - 1, 0.5), "height": height, "fill": TONES[known]}
        drawn.append(element("rect", class_=f"tone-{known}", **field))
        at += length
    return frame("shares", width, height, label, drawn)
