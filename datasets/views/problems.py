"""A refusal as templates/components/problem_list.html shows it: thing, fault, next step, and each place at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from lake.instants import Clock

MOST_POINTS = 20
SHOWN_CELLS = 5
TOTALS = ("total", "outside", "removed")  # of what the first are shown


def problem_of(words: dict[str, Any], clock: Clock | None = None) -> dict[str, Any]:
    """words: `to_dict()` of a Refusal or an IntakeError, or what an upload has kept of it. clock: the reader's, for the
    moments of records; none: they stand as stored, in UTC.
    """
    places = [words.get("file"), words.get("sheet") and f"sheet {words['sheet']}"]
    places += [words.get("row") and f"row {words['row']:,}", _column(words.get("column")), _quoted(words.get("value"))]
    details = words.get("details") or ()
    tell = POINTS.get(words.get("code", ""), _none)
    found = (partial(tell, clock=clock) if tell is _closed_rows else tell)(details)
    points = [point for point, _ in zip(found, range(MOST_POINTS), strict=False)]
    total = next((words[name] for name in TOTALS if words.get(name)), len(details))
    if points and (more := total - len(points)) > 0:
        points.append(f"and {more:,} more")
    return {
        "thing": ", ".join(str(place) for place in places if place) or "The upload",
        "fault": words.get("message", ""),
        "next_step": words.get("next_step", ""),
        "points": points,
    }


def _column(name: object) -> str:
    """A heading as it is; a column without one is told by its place."""
    text = str(name or "")
    return f"column {text}" if text.isdigit() else text


def _quoted(value: object) -> str:
    """A value of the file in one short line, told apart from the words about it."""
    line = " ".join(str(value or "").split())
    return f"“{line[:40]}{'…' if len(line) > 40 else ''}”:" if line else ""


def _none(_: Any) -> Iterator[str]:
    yield from ()


def _columns_that_do_not_fit(details: list[dict[str, str]]) -> Iterator[str]:
    return (f"{one['column']}: wanted {one['wanted']}, got {one['got']}" for one in details)


def _nearest_headings(details: dict[str, list[str]]) -> Iterator[str]:
    for wanted, nearest in details.items():
        yield f"{wanted}: {'is it ' + ' or '.join(nearest) + '?' if nearest else 'no heading comes near'}"


def _positions(details: dict[str, list[int]]) -> Iterator[str]:
    return (f"{heading}: columns {_listed(found)}" for heading, found in details.items())


def _keys(details: list[dict[str, Any]]) -> Iterator[str]:
    return (f"{' / '.join(map(str, one['key']))}: rows {_listed(one['rows'])}" for one in details)


def _rows_of_units(details: list[dict[str, Any]]) -> Iterator[str]:
    for one in details:
        row = f"row {one['row']:,}: " if one.get("row") else ""
        yield f"{row}{one['unit'] or 'the home unit of the dataset'}"


def _closed_rows(details: list[dict[str, Any]], clock: Clock | None = None) -> Iterator[str]:
    for one in details:
        day, was = (date.fromisoformat(one[name]) if one[name] else None for name in ("day", "stored_day"))
        if day is None:
            change = f"would leave {was:%-d %b %Y}"
        elif was is None:
            change = f"would be new on {day:%-d %b %Y}"
        elif day == was:
            change = f"would change on {day:%-d %b %Y}"
        else:
            change = f"would move from {was:%-d %b %Y} to {day:%-d %b %Y}"
        row = f"row {one['row']:,}, " if one.get("row") else ""
        yield f"{row}record {one['key']} {change}{_cells(one.get('changes', []), clock)}"


def _cells(changes: list[dict[str, Any]], clock: Clock | None) -> str:
    """What differs: the first values, as they are and as they would be."""
    shown = [
        f"{cell['column']} {_by(clock, cell['before'])} → {_by(clock, cell['after'])}" for cell in changes[:SHOWN_CELLS]
    ]
    more = len(changes) - len(shown)
    return f": {', '.join(shown)}{f' and {more} more' if more else ''}" if shown else ""


def _by(clock: Clock | None, value: str | None) -> str:
    """A value as the page shows it: a moment by the clock, as all times of the page."""
    try:
        moment = datetime.strptime(value or "", "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC)
    except ValueError:
        return value or "empty"
    return f"{clock.of(moment):%Y-%m-%d %H:%M:%S}" if clock else str(value)


def _rows_of_days(details: list[dict[str, Any]]) -> Iterator[str]:
    return (f"row {one['row']:,}: {date.fromisoformat(one['day']):%-d %b %Y}" for one in details)


def _records_of_days(details: list[dict[str, Any]]) -> Iterator[str]:
    return (f"record {one['key']} of {date.fromisoformat(one['day']):%-d %b %Y}" for one in details)


def _listed(numbers: list[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


POINTS: dict[str, Callable[[Any], Iterator[str]]] = {
    "schema_mismatch": _columns_that_do_not_fit,
    "missing_column": _nearest_headings,
    "duplicate_header": _positions,
    "duplicate_keys": _keys,
    "foreign_units": _rows_of_units,
    "unit_not_allowed": _rows_of_units,
    "period_closed": _closed_rows,
    "outside_stretch": _rows_of_days,
    "removal_unconfirmed": _records_of_days,
}
