"""One measure against another, with the line that fits best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.charts.chart import Chart, escaped


def scatter(
    x: Sequence[float],
    y: Sequence[float],
    *,
    title: str,
    x_name: str,
    y_name: str,
    slope: float,
    intercept: float,
    of: int | None = None,
) -> Chart:
    """Dots and the line y = intercept + slope x over their range. of: how many there are, where only some are drawn."""
    dots = {
        "type": "scatter",
        "mode": "markers",
        "name": escaped(y_name),
        "x": list(x),
        "y": list(y),
        "marker": {"color": "token:chart-actual", "size": 5, "opacity": 0.4},
        "hovertemplate": "%{x:,.4~g}, %{y:,.4~g}<extra></extra>",
    }
    layout = {
        "hovermode": "closest",
        "xaxis": {"title": {"text": escaped(x_name)}, "showgrid": True},
        "yaxis": {"title": {"text": escaped(y_name)}},
    }
    some = of is not None and of > len(x)
    return Chart(
        title=title,
        subtitle=f"{len(x):,} of {of:,} drawn" if some else "",
        figure={"data": [dots, _best_line(x, slope, intercept)], "layout": layout},
        headers=[x_name, y_name],
        rows=[[a, b] for a, b in zip(x, y, strict=True)][:200],
        summary=f"{title}: {len(x):,} points, one more {x_name} goes with {slope:+.4g}.",
    )


def _best_line(x: Sequence[float], slope: float, intercept: float) -> dict[str, Any]:
    ends = [min(x), max(x)] if x else []
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Best line",
        "x": ends,
        "y": [intercept + slope * end for end in ends],
        "line": {"color": "token:chart-1", "width": 2},
        "hoverinfo": "skip",
    }
