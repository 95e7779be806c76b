"""Estimates with their intervals, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.charts.chart import Chart, escaped
from dashboards.charts.lines import upright


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate; low and high are None where there is no interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None


def intervals(
    points: Sequence[Interval],
    *,
    title: str,
    unit: str = "",
    reference: float | None = None,
) -> Chart:
    """Dots with whiskers in the order given, the first on top.

    unit: "share" (drawn in percent), "ratio" (on a logarithmic axis) or anything else. reference: a line across, such
    as no effect.
    """
    times = 100 if unit == "share" else 1
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": escaped(title),
        "x": [point.value * times for point in points],
        "y": [escaped(point.name) for point in points],
        "error_x": _whiskers(points, times),
        "marker": {"color": "token:chart-actual", "size": 8},
        "hovertemplate": "%{y}: %{x:,.4~g}<extra></extra>",
        "showlegend": False,
    }
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "xaxis": {"ticksuffix": " %" if unit == "share" else "", "showgrid": True},
        "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
    }
    if unit == "ratio":
        layout["xaxis"] |= {"type": "log"}
    if reference is not None:
        layout["shapes"] = [upright("limit", reference)]
    return Chart(
        title=title,
        figure={"data": [dots], "layout": layout},
        headers=["", "Estimate", "Low", "High"],
        rows=[[point.name, point.value, point.low, point.high] for point in points],
        format="share:1" if unit == "share" else "",
        summary=f"{title}: {', '.join(f'{point.name} {point.value * times:.4g}' for point in points[:5])}.",
        height="low" if len(points) <= 6 else "normal" if len(points) <= 14 else "high",
    )


def _whiskers(points: Sequence[Interval], times: int) -> dict[str, Any]:
    """How far each interval reaches from its estimate; nowhere at an end that it does not have."""
    above = [0.0 if point.high is None else (point.high - point.value) * times for point in points]
    below = [0.0 if point.low is None else (point.value - point.low) * times for point in points]
    style = {"color": "token:chart-actual", "thickness": 1.5, "width": 4}
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, **style}
