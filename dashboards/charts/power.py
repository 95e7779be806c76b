"""How likely a trial of some size finds a difference."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.charts.chart import Chart
from dashboards.charts.lines import level, upright


def power_curve(n: Sequence[int], power: Sequence[float], *, title: str, needed: int, wanted: float) -> Chart:
    """Power (0 to 1) by units in each group, with the number that reaches `wanted`."""
    curve = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Chance",
        "x": list(n),
        "y": [100 * one for one in power],
        "line": {"color": "token:chart-actual", "width": 2},
        "hovertemplate": "%{x:,} in each group: %{y:.0f} %<extra></extra>",
        "showlegend": False,
    }
    layout = {
        "hovermode": "closest",
        "xaxis": {"title": {"text": "In each group"}, "rangemode": "tozero"},
        "yaxis": {"ticksuffix": " %", "range": [0, 102]},
        "shapes": [upright("target", needed), level("target", 100 * wanted)],
    }
    return Chart(
        title=title,
        figure={"data": [curve], "layout": layout},
        headers=["In each group", "Chance (%)"],
        rows=[[a, 100 * b] for a, b in zip(n, power, strict=True)],
        summary=f"{title}: {needed:,} in each group reach {wanted:.0%}.",
    )
