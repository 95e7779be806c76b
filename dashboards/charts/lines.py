"""The lines of a chart, which look different from each other and everywhere the same.

actual: strong and solid. prior year: thin and pale. target: long dashes in the selection's colour. limits (of natural
variation): dots.
centre (of the limits): thin and solid in the limits' colour. forecast: dashes in the actual's colour.
specification: dash and dot. trajectory (to a goal): short dashes. Dash and weight differ as well as colour, for print
and for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.charts.chart import escaped

STYLES: dict[str, dict[str, Any]] = {
    "actual": {"color": "token:chart-actual", "width": 2.25},
    "open": {"color": "token:chart-actual", "width": 2.25, "dash": "2px,3px"},
    "prior": {"color": "token:chart-prior", "width": 1.5},
    "target": {"color": "token:chart-target", "width": 1.5, "dash": "8px,4px", "shape": "hv"},
    "limit": {"color": "token:chart-limit", "width": 1.25, "dash": "dot"},
    "centre": {"color": "token:chart-limit", "width": 1},
    "forecast": {"color": "token:chart-actual", "width": 1.75, "dash": "5px,4px"},
    "specification": {"color": "token:chart-specification", "width": 1.25, "dash": "dashdot"},
    "trajectory": {"color": "token:chart-trajectory", "width": 1.5, "dash": "4px,3px"},
}


def line(
    kind: str, name: str, x: Sequence[object], y: Sequence[float | None], *, hover: str, legend: bool = True
) -> dict[str, Any]:
    """One line of a kind in STYLES. A missing value breaks it. hover: Plotly's template of one point."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": escaped(name),
        "x": list(x),
        "y": list(y),
        "line": STYLES[kind],
        "connectgaps": False,
        "showlegend": legend,
        "hovertemplate": hover,
        "meta": kind,
    }


def upright(kind: str, at: object) -> dict[str, Any]:
    """A straight line of a kind in STYLES from bottom to top of the chart, at a place of its x axis."""
    return {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": _straight(kind)}


def level(kind: str, at: object) -> dict[str, Any]:
    """The same from side to side, at a place of the y axis."""
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": at, "y1": at, "line": _straight(kind)}


def _straight(kind: str) -> dict[str, Any]:
    return {name: value for name, value in STYLES[kind].items() if name != "shape"}
