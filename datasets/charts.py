"""The picture of an explored answer: a Plotly figure as plain data, with its numbers beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lake.cycles import CYCLES
from lake.instants import written

from .explore import Answer

MOST_POINTS = 500
MOST_SERIES = 8
A_DAY = 86_400_000  # milliseconds, as Plotly counts
DAY, WITH_TIME = "%Y-%m-%d", "%Y-%m-%d %H:%M"
COLOURS = 6  # from the seventh series on they come again, dotted or hatched


Line = tuple[str, list[Any], list[Any]]  # name, along, values


@dataclass(frozen=True)
class Chart:
    """What components/chart.html shows. columns: the technical names of `headers`, for the file of its numbers."""

    title: str
    figure: dict[str, Any]
    summary: str
    headers: list[str]
    rows: list[list[Any]]
    columns: list[str]
    subtitle: str = ""
    format: str = ""
    height: str = field(default="")


def chart_of_numbers(answer: Answer, kind: str, title: str) -> Chart | None:
    """As `chart_of`, of a statement's answer: its columns of numbers over its first. None where there are none."""
    kept = [0, *(place for place in range(1, len(answer.columns)) if _numbers(row[place] for row in answer.rows))]
    columns = tuple(answer.columns[place] for place in kept)
    rows = [[row[place] for place in kept] for row in answer.rows]
    return chart_of(replace(answer, columns=columns, rows=rows), {"chart": kind}, title)


def _numbers(values: Iterable[Any]) -> bool:
    found = [value for value in values if value is not None]
    return bool(found) and all(isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in found)


def chart_of(answer: Answer, question: Mapping[str, Any], title: str) -> Chart | None:
    """Bars or lines over the first column; a series per further column, or per member of a second group.

    None for a table or for nothing to draw.
    """
    kind = question.get("chart", "table")
    if kind not in ("bar", "line") or len(answer.columns) < 2 or not answer.rows:
        return None
    rows = answer.rows[:MOST_POINTS]
    by_member = len(question.get("groups") or ()) == 2 and len(answer.columns) > 2 and not question.get("pivot")
    units = [group.get("unit") for group in question.get("groups") or ()] or [None]
    lines = _per_member(rows, units[-1]) if by_member else _per_column(answer.headed, rows)
    look = {"type": "bar"} if kind == "bar" else {"type": "scatter", "mode": "lines+markers"}
    data = [{**look, "name": name, "x": along, "y": values} for name, along, values in lines[:MOST_SERIES]]
    for repeated in data[COLOURS:]:
        repeated |= {"marker": {"pattern": {"shape": "/"}}} if kind == "bar" else {"line": {"dash": "dot"}}
    along = {"title": {"text": answer.headed[0]}, **_axis([row[0] for row in rows])}
    if order := _order(units[0]):  # a line may lack the first of them
        along |= {"type": "category", "categoryorder": "array", "categoryarray": order}
    up = {
        "title": {"text": answer.headed[2] if by_member else _measured(answer)},
        **_digits(lines, bool(question.get("groups"))),
    }
    layout = {"showlegend": len(data) > 1, "xaxis": along, "yaxis": up}
    what = ", ".join(answer.headed[1 : 1 + MOST_SERIES])
    summary = f"{title}: {what} by {answer.headed[0]}, {len(rows)} points"
    subtitle = _part_of(len(answer.rows), len(lines))
    figure, heads = {"data": data, "layout": layout}, list(answer.headed)
    return Chart(title, figure, summary, heads, rows, list(answer.columns), subtitle)


def _measured(answer: Answer) -> str:
    """What stands along the axis of values: the pivot's total, or the only column of values; several say it by name."""
    return answer.measured or (answer.headed[1] if len(answer.headed) == 2 else "")


def _digits(lines: list[Line], are_totals: bool) -> dict[str, Any]:
    """Digits of the axis of values as the table has them: grouped, unless they may be codes, as a statement's whole
    numbers may."""
    are_grouped = are_totals or any(isinstance(value, float) for _, _, values in lines for value in values)
    return {"exponentformat": "none", "separatethousands": are_grouped}


def _part_of(rows: int, series: int) -> str:
    """What of an answer is drawn, where it is not all."""
    drawn = [
        f"the first {most} of {count:,} {what}"
        for count, most, what in ((rows, MOST_POINTS, "rows"), (series, MOST_SERIES, "series"))
        if count > most
    ]
    return ", ".join(drawn)


def _per_column(headings: tuple[str, ...], rows: list[list[Any]]) -> list[Line]:
    along = [_plain(row[0]) for row in rows]
    named = enumerate(headings[1:], start=1)
    return [(name, along, [_plain(row[place]) for row in rows]) for place, name in named]


def _order(unit: str | None) -> list[str]:
    """The words of a unit of time that comes round, as the clock goes; empty for others."""
    return list(CYCLES.get(unit or "", {}).values())


def _per_member(rows: list[list[Any]], unit: str | None) -> list[Line]:
    """The members of the second column: weekdays and hours as the clock goes, others in the order of their rows."""
    lines: dict[str, Line] = {}
    for row in rows:
        member = "–" if row[1] is None else written(row[1]) if isinstance(row[1], datetime) else str(row[1])
        _, along, values = lines.setdefault(member, (member, [], []))
        along.append(_plain(row[0]))
        values.append(_plain(row[2]))
    known = {word: place for place, word in enumerate(_order(unit))}
    return sorted(lines.values(), key=lambda line: known.get(line[0], len(known)))


def _axis(values: list[Any]) -> dict[str, Any]:
    """Days and times are written along an axis as in a table; numbers may be codes and are not grouped there."""
    plain = [_plain(value) for value in values]
    if plain and all(isinstance(value, str) and len(value) >= 10 and value[4:5] == "-" for value in plain):
        has_times = any(isinstance(value, datetime) for value in values)
        near = {"dtickrange": [None, A_DAY - 1], "value": WITH_TIME}
        stops = [near, {"dtickrange": [A_DAY, None], "value": DAY}]
        return {"type": "date", "tickformatstops": stops, "hoverformat": WITH_TIME if has_times else DAY}
    if all(isinstance(value, int | float) for value in plain):
        return {"type": "-", "exponentformat": "none"}
    return {"type": "category"}


def _plain(value: Any) -> Any:
    match value:
        case None:
            return None
        case datetime():  # an axis of dates knows no offsets
            return value.replace(tzinfo=None).isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bool():
            return str(value)
        case int() | float() | str():
            return value
    return str(value)
