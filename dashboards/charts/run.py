"""A run chart: points over time about their median, without limits (those are in `control`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.charts.chart import Chart, escaped
from dashboards.charts.lines import line

HOVER = "%{y:,.5~g}<extra>%{fullData.name}</extra>"


def run_chart(
    labels: Sequence[str], points: Sequence[float | None], *, median: float, title: str, value: str = ""
) -> Chart:
    """Points about their median, without limits."""
    x = [escaped(label) for label in labels]
    middle = line("prior", "Median", x, [median] * len(x), hover=HOVER)
    return Chart(
        title=title,
        figure={"data": [middle, _points(x, points, value)], "layout": _layout(value)},
        headers=["Period", "Value"],
        rows=[[label, point] for label, point in zip(labels, points, strict=True)],
        summary=f"{title}: {len(points)} points, median {median:.5g}.",
    )


def _points(x: Sequence[str], points: Sequence[float | None], value: str) -> dict[str, Any]:
    drawn = line("actual", value or "Value", x, points, hover=HOVER)
    thin = {**drawn["line"], "width": 1.25}
    return drawn | {"mode": "lines+markers", "line": thin, "marker": {"size": 5, "color": "token:chart-actual"}}


def _layout(value: str) -> dict[str, Any]:
    return {
        "xaxis": {"type": "category", "nticks": 12, "tickangle": 0},
        "yaxis": {"title": {"text": escaped(value)}, "rangemode": "normal"},
    }
