"""Control charts and run charts: points over time, what they should stay within, and where a rule fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.charts.chart import Chart, escaped
from dashboards.charts.lines import line

HOVER = "%{y:,.5~g}<extra>%{fullData.name}</extra>"


def control_chart(
    labels: Sequence[str],
    points: Sequence[float | None],
    *,
    centre: Sequence[float],
    lower: Sequence[float],
    upper: Sequence[float],
    signals: Mapping[int, str],
    title: str,
    value: str = "",
) -> Chart:
    """Points with centre and limits, each (n,) in time order. signals: index of a point -> words of its rules."""
    x = [escaped(label) for label in labels]
    data = [
        line("limit", "Upper limit", x, upper, hover=HOVER),
        line("limit", "Lower limit", x, lower, hover=HOVER, legend=False),
        line("prior", "Centre", x, centre, hover=HOVER),
        _points(x, points, value),
    ]
    if signals:
        data.append(_marks(x, points, signals))
    rows = [
        [label, point, middle, low, high]
        for label, point, middle, low, high in zip(labels, points, centre, lower, upper, strict=True)
    ]
    return Chart(
        title=title,
        figure={"data": data, "layout": _layout(value)},
        headers=["Period", "Value", "Centre", "Lower limit", "Upper limit"],
        rows=rows,
        summary=f"{title}: {len(points)} points, signals at {len(signals)} of them.",
        height="high",
    )


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


def _marks(x: Sequence[str], points: Sequence[float | None], signals: Mapping[int, str]) -> dict[str, Any]:
    """Larger, in another shape and colour, with the rule's words at the pointer."""
    at = sorted(signals)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Signal",
        "x": [x[n] for n in at],
        "y": [points[n] for n in at],
        "text": [escaped(signals[n]) for n in at],
        "marker": {"symbol": "diamond", "size": 9, "color": "token:tone-caution"},
        "hovertemplate": "%{text}<extra></extra>",
        "meta": "signal",
    }


def _layout(value: str) -> dict[str, Any]:
    return {
        "xaxis": {"type": "category", "nticks": 12, "tickangle": 0},
        "yaxis": {"title": {"text": escaped(value)}, "rangemode": "normal"},
    }
