"""A bridge: from one number to another by parts that add up to the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dashboards.charts.chart import Chart, axis_unit, escaped, scaled


@dataclass(frozen=True, slots=True)
class Step:
    """A part, or one of the two ends. words: its number as it is written beside the mark."""

    label: str
    size: object
    words: str = ""


def waterfall(
    before: Step,
    parts: Sequence[Step],
    after: Step,
    *,
    title: str,
    format: str = "",
    subtitle: str = "",
) -> Chart:
    """Bars that float from `before` to `after`, each part starting where the last one ended.

    The ends are marks, not bars: the axis begins beside the numbers, and a bar must begin at zero. Rising and falling
    parts differ by shade and by the sign that is written on them; neither is good or bad by itself.
    """
    start, end = scaled(before.size, format) or 0.0, scaled(after.size, format) or 0.0
    sizes = [scaled(part.size, format) or 0.0 for part in parts]
    levels = [start]
    for size in sizes:
        levels.append(levels[-1] + size)
    labels = [escaped(step.label) for step in (before, *parts, after)]
    lowest, highest = min(*levels, end), max(*levels, end)
    room = (highest - lowest or abs(highest) or 1.0) * 0.18
    layout = {
        "hovermode": "closest",
        "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": labels},
        "yaxis": {"ticksuffix": axis_unit(format), "range": [lowest - room, highest + room]},
        "bargap": 0.35,
    }
    return Chart(
        title=title,
        subtitle=subtitle,
        figure={
            "data": [_bars(labels, sizes, levels, parts), _ends(labels, before, after, start, end)],
            "layout": layout,
        },
        headers=["Part", "Value"],
        rows=[[step.label, step.size] for step in (before, *parts, after)],
        format=format,
        summary=f"{title}: from {before.label} to {after.label} by {len(parts)} parts.",
    )


def _bars(labels: list[str], sizes: list[float], levels: list[float], parts: Sequence[Step]) -> dict[str, Any]:
    return {
        "type": "bar",
        "x": labels[1:-1],
        "base": [min(pair) for pair in pairwise(levels)],
        "y": [abs(size) for size in sizes],
        "text": [escaped(part.words) for part in parts],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{x}: %{text}<extra></extra>",
        "marker": {"color": ["token:chart-1" if size >= 0 else "token:chart-2" for size in sizes]},
        "showlegend": False,
        "meta": "parts",
    }


def _ends(labels: list[str], before: Step, after: Step, start: float, end: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [labels[0], labels[-1]],
        "y": [start, end],
        "text": [escaped(before.words), escaped(after.words)],
        "textposition": "top center",
        "hovertemplate": "%{x}: %{text}<extra></extra>",
        "marker": {"color": "token:chart-actual", "symbol": "diamond", "size": 11},
        "showlegend": False,
        "meta": "ends",
    }
