"""The picture of an explored answer: a Plotly figure as plain data, with its numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from .explore import Answer

MOST_POINTS = 500
MOST_SERIES = 8


@dataclass(frozen=True)
class Chart:
    """What components/chart.html shows."""

    title: str
    figure: dict[str, Any]
    summary: str
    headers: list[str]
    rows: list[list[Any]]
    subtitle: str = ""
    format: str = ""
    height: str = field(default="")


def chart_of(answer: Answer, question: Mapping[str, Any], title: str) -> Chart | None:
    """Bars or lines over the first column, a series per further column; None for a table or for nothing to draw."""
    kind = question.get("chart", "table")
    if kind not in ("bar", "line") or len(answer.columns) < 2 or not answer.rows:
        return None
    rows = answer.rows[:MOST_POINTS]
    along = [_plain(row[0]) for row in rows]
    series = [
        {
            "type": "bar" if kind == "bar" else "scatter",
            "mode": None if kind == "bar" else "lines+markers",
            "name": name,
            "x": along,
            "y": [_plain(row[place]) for row in rows],
        }
        for place, name in enumerate(answer.columns[1 : 1 + MOST_SERIES], start=1)
    ]
    data = [{key: value for key, value in one.items() if value is not None} for one in series]
    layout = {"showlegend": len(data) > 1, "xaxis": {"title": {"text": answer.columns[0]}, "type": _axis(along)}}
    what = ", ".join(answer.columns[1 : 1 + MOST_SERIES])
    summary = f"{title}: {what} by {answer.columns[0]}, {len(rows)} points"
    return Chart(title, {"data": data, "layout": layout}, summary, list(answer.columns), rows)


def _axis(values: list[Any]) -> str:
    if values and all(isinstance(value, str) and len(value) >= 10 and value[4:5] == "-" for value in values):
        return "date"
    return "-" if all(isinstance(value, int | float) for value in values) else "category"


def _plain(value: Any) -> Any:
    match value:
        case None:
            return None
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bool():
            return str(value)
        case int() | float() | str():
            return value
    return str(value)
