"""One clock as a strip of time: where it ran, stood still or was closed, and when its target was used up."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.svg.shapes import FAINTER, TONES, Scale, element, frame

KINDS = {"running": "info", "paused": "caution", "reopened": "caution"}
INK = "currentColor"


def clock_strip(
    parts: Sequence[tuple[str, float, float]],
    *,
    due: float | None = None,
    label: str = "",
    width: int = 960,
    height: int = 34,
) -> str:
    """parts: (kind, start, end) in order, in any unit of time; kinds other than KINDS are closed time, thin and grey.

    Running time is tall, paused time half as tall, so that they differ without colour. due: a line across, if it lies
    within the parts.
    """
    if not parts:
        return frame("clock", width, height, label or "no time passed", [])
    first, last = parts[0][1], parts[-1][2]
    scale = Scale(first, last if last > first else first + 1, 0.0, float(width))
    drawn = []
    for kind, start, end in parts:
        tone = KINDS.get(kind, "")
        tall = {"running": height - 10, "paused": (height - 10) / 2, "reopened": (height - 10) / 2}.get(kind, 3)
        left, right = scale(start), scale(end)
        field = {"x": left, "y": height - 5 - tall, "width": max(right - left, 0.5), "height": tall}
        drawn.append(element("rect", class_=f"clock-{kind}", fill=TONES.get(tone, FAINTER), **field))
    if due is not None and first <= due <= last:
        at = scale(due)
        drawn.append(element("line", class_="clock-due", x1=at, x2=at, y1=0, y2=height, stroke=INK, stroke_width=2))
    return frame("clock", width, height, label, drawn)
