"""A KPI by the members of a dimension or the units of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.charts.chart import Chart, axis_unit, escaped, scaled
from dashboards.charts.lines import upright
from dashboards.charts.trend import STATUS_TOKENS


@dataclass(frozen=True, slots=True)
class Part:
    """One member. rows: how many facts lie behind its value."""

    label: str
    value: object = None
    status: str = ""
    rows: int | None = None


def breakdown(
    parts: Sequence[Part],
    *,
    title: str,
    format: str = "",
    target: object = None,
    subtitle: str = "",
) -> Chart:
    """Horizontal bars in the order given (the caller sorts), with the target as one line across.

    A bar is coloured only where it misses its target; members without a value keep their place, empty.
    """
    unit = axis_unit(format)
    bars = _bars(parts, format) | {"name": escaped(title)}
    layout: dict[str, Any] = {
        "hovermode": "closest",
        "xaxis": {"ticksuffix": unit, "showgrid": True, "rangemode": "tozero"},
        "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
    }
    goal = scaled(target, format)
    if goal is not None:
        layout["shapes"] = [upright("target", goal)]
    known = [part for part in parts if part.value is not None]
    return Chart(
        title=title,
        subtitle=subtitle,
        figure={"data": [bars], "layout": layout},
        headers=["Member", "Value"],
        rows=[[part.label, part.value] for part in parts],
        format=format,
        summary=f"{title}: {len(known)} of {len(parts)} have a value.",
        height="low" if len(parts) <= 6 else "normal" if len(parts) <= 15 else "high",
    )


def _bars(parts: Sequence[Part], format: str) -> dict[str, Any]:
    missed = {status: f"token:{STATUS_TOKENS[status]}" for status in ("amber", "red")}
    return {
        "type": "bar",
        "orientation": "h",
        "x": [scaled(part.value, format) for part in parts],
        "y": [escaped(part.label) for part in parts],
        "marker": {"color": [missed.get(part.status, "token:chart-actual-soft") for part in parts]},
        "customdata": [part.rows for part in parts],
        "hovertemplate": f"%{{y}}: %{{x:,.4~f}}{axis_unit(format)}, %{{customdata:,}} rows<extra></extra>",
        "showlegend": False,
    }
