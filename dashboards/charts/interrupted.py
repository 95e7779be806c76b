"""A series before and after a change, and where it would have gone without it."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.charts.chart import Chart, escaped
from dashboards.charts.lines import line, upright
from dashboards.charts.run import HOVER


def interrupted(
    labels: Sequence[str],
    points: Sequence[float],
    *,
    fitted: Sequence[float],
    expected: Sequence[float],
    at: int,
    title: str,
    value: str = "",
) -> Chart:
    """at: index of the first point after the change. expected: the old line carried on; drawn from the change on."""
    x = [escaped(label) for label in labels]
    without = [None if n < at - 1 else one for n, one in enumerate(expected)]
    dots = line("actual", value or "Value", x, points, hover=HOVER) | {
        "mode": "markers",
        "marker": {"size": 6, "color": "token:chart-actual"},
    }
    model = line("prior", "Model", x, fitted, hover=HOVER) | {"line": {"color": "token:chart-1", "width": 2}}
    data = [dots, model, line("trajectory", "Without the change", x, without, hover=HOVER)]
    layout = {
        "xaxis": {"type": "category", "nticks": 12, "tickangle": 0},
        "yaxis": {"title": {"text": escaped(value)}, "rangemode": "normal"},
        "shapes": [upright("limit", at - 0.5)],
    }
    return Chart(
        title=title,
        figure={"data": data, "layout": layout},
        headers=["Period", "Value", "Model", "Without the change"],
        rows=[list(row) for row in zip(labels, points, fitted, expected, strict=True)],
        summary=f"{title}: {at} periods before, {len(points) - at} after; "
        f"last {fitted[-1]:.4g} instead of {expected[-1]:.4g}.",
        height="high",
    )
