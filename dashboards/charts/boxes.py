"""Groups side by side as box plots, from their five numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.charts.chart import Chart, escaped


@dataclass(frozen=True, slots=True)
class Box:
    """One group: quartiles, whiskers (low, high), mean, and the values beyond the whiskers (or some of them)."""

    name: str
    n: int
    low: float
    q1: float
    median: float
    q3: float
    high: float
    mean: float
    outliers: Sequence[float] = ()
    outside: int = 0


def boxes(groups: Sequence[Box], *, title: str, value: str = "") -> Chart:
    """One box a group in the order given. Far values are drawn apart, so that no box carries all of its values."""
    far = [(escaped(group.name), one) for group in groups for one in group.outliers]
    headers = ["Group", "n", "Lower whisker", "Lower quartile", "Median", "Upper quartile", "Upper whisker", "Mean"]
    rows = [[g.name, g.n, g.low, g.q1, g.median, g.q3, g.high, g.mean] for g in groups]
    hidden = sum(group.outside - len(group.outliers) for group in groups)
    layout = {
        "hovermode": "closest",
        "boxmode": "group",
        "xaxis": {"type": "category"},
        "yaxis": {"title": {"text": escaped(value)}},
        "showlegend": False,
    }
    return Chart(
        title=title,
        figure={"data": [_drawn(groups, value), *([_dots(far)] if far else [])], "layout": layout},
        headers=headers,
        rows=rows,
        summary=f"{title}: {len(groups)} groups, medians {', '.join(f'{g.name} {g.median:.4g}' for g in groups)}.",
        notes=(f"{hidden:,} more values lie beyond the whiskers.",) if hidden > 0 else (),
    )


def _drawn(groups: Sequence[Box], value: str) -> dict[str, Any]:
    return {
        "type": "box",
        "name": escaped(value),
        "x": [escaped(group.name) for group in groups],
        "lowerfence": [group.low for group in groups],
        "q1": [group.q1 for group in groups],
        "median": [group.median for group in groups],
        "mean": [group.mean for group in groups],
        "q3": [group.q3 for group in groups],
        "upperfence": [group.high for group in groups],
        "line": {"color": "token:chart-actual", "width": 1.5},
        "fillcolor": "token:chart-actual-soft",
        "showlegend": False,
    }


def _dots(far: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """The values beyond the whiskers, each with its group."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Beyond the whiskers",
        "x": [name for name, _ in far],
        "y": [one for _, one in far],
        "marker": {"color": "token:chart-actual", "size": 3.5, "opacity": 0.45},
        "hovertemplate": "%{y:,.4~g}<extra>%{x}</extra>",
    }
