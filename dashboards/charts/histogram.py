"""How values are distributed, against what they may be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, pi, sqrt
from typing import Any

from dashboards.charts.chart import Chart, escaped
from dashboards.charts.lines import upright

CURVE_POINTS = 80


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    title: str,
    value: str = "",
    mean: float | None = None,
    deviation: float | None = None,
    lsl: float | None = None,
    usl: float | None = None,
    target: float | None = None,
) -> Chart:
    """Bins from edges (one more than counts). With mean and deviation, the normal curve of as many values; with
    specification limits, a line at each."""
    data = [_bars(edges, counts)]
    if mean is not None and deviation:
        data.append(_curve(edges, sum(counts), mean, deviation))
    marks = [("specification", "Lower limit", lsl), ("specification", "Upper limit", usl), ("target", "Target", target)]
    known = [(kind, name, float(at)) for kind, name, at in marks if at is not None]
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "bargap": 0,
        "xaxis": {"title": {"text": escaped(value)}, "showgrid": False},
        "yaxis": {"title": {"text": "Values"}, "rangemode": "tozero"},
        "shapes": [upright(kind, at) for kind, _, at in known],
        "annotations": [
            {"x": at, "yref": "paper", "y": 1, "text": name, "showarrow": False, "yanchor": "bottom"}
            for _, name, at in known
        ],
        "margin": {"l": 8, "r": 12, "t": 24, "b": 8},
    }
    return Chart(
        title=title,
        figure={"data": data, "layout": layout},
        headers=["From", "To", "Values"],
        rows=[[a, b, n] for (a, b), n in zip(pairwise(edges), counts, strict=True)],
        summary=f"{title}: {sum(counts):,} values"
        + (f", mean {mean:.4g}, standard deviation {deviation:.4g}." if mean is not None and deviation else "."),
    )


def _bars(edges: Sequence[float], counts: Sequence[int]) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": "Values",
        "x": [(a + b) / 2 for a, b in pairwise(edges)],
        "y": list(counts),
        "width": [b - a for a, b in pairwise(edges)],
        "marker": {"color": "token:chart-actual-soft", "line": {"color": "token:page", "width": 1}},
        "hovertemplate": "%{y:,} values about %{x:,.4~g}<extra></extra>",
    }


def _curve(edges: Sequence[float], n: int, mean: float, deviation: float) -> dict[str, Any]:
    """The normal density, scaled to the counts of bins of equal width."""
    width, step = edges[1] - edges[0], (edges[-1] - edges[0]) / CURVE_POINTS
    x = [edges[0] + k * step for k in range(CURVE_POINTS + 1)]
    scale = n * width / (deviation * sqrt(2 * pi))
    y = [scale * exp(-((one - mean) ** 2) / (2 * deviation**2)) for one in x]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Normal",
        "x": x,
        "y": y,
        "line": {"color": "token:chart-1", "width": 1.75},
        "hoverinfo": "skip",
    }
