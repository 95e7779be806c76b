"""The clock of lists of rows: people see and type times by that of the zone in which their dataset counts days.

Then a row of February says February. The rows themselves, and what REST answers, stay in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lake.contract import Contract

CLOCK = "local"  # of a question that a person asks on a page


def times_said(contract: Contract) -> str:
    """By which clock lists of rows show times, as a sentence; empty for rows without a time."""
    from lake.instants import clock_said

    return clock_said(contract.reporting_timezone) if contract.instants else ""


def times_of_sql(contract: Contract) -> str:
    """The same of a statement's answer, which is in UTC."""
    zone = contract.reporting_timezone
    is_in_utc = not contract.instants or zone == "UTC"
    return times_said(contract) if is_in_utc else f"Times are in UTC; days are counted in {zone}."


def clock_in_sql(contract: Contract) -> str:
    """How a statement asks for a time by the clock of the reporting zone; empty where that is what it gets."""
    time = _time_of_another_clock(contract)
    return f"{time} AT TIME ZONE 'UTC' AT TIME ZONE '{contract.reporting_timezone}'" if time else ""


def times_in_formulas(contract: Contract) -> str:
    """By which clock formulas read times, and how they ask for that of the reporting zone; empty where they have it."""
    if not (time := _time_of_another_clock(contract)):
        return ""
    return f"Formulas read times in UTC; local({time}) is by the clock of {contract.reporting_timezone}."


def _time_of_another_clock(contract: Contract) -> str:
    """The event time, or another time; empty where the reporting zone has the clock of UTC, or there is no time."""
    if not contract.instants or contract.reporting_timezone == "UTC":
        return ""
    time = contract.event_time if contract.event_time in contract.instants else contract.instants[0]
    return time.name


def by_their_clock(rows: Iterable[Iterable[Any]], contract: Contract) -> list[list[Any]]:
    """Values of stored rows, or of a question's answer, with their times by the clock that `times_said` names."""
    from lake.instants import by_clock

    zone = contract.reporting_timezone
    return [[by_clock(value, zone) if isinstance(value, datetime) else value for value in row] for row in rows]


def units_in_words(rows: Iterable[Sequence[Any]], question: Mapping[str, Any]) -> list[list[Any]]:
    """Rows of a question's answer with the hours and weekdays of its groups as people read them: 09:00, Mon."""
    from lake.cycles import in_words

    units = [group.get("unit") for group in question.get("groups") or ()]
    return [[*(map(in_words, row, units)), *row[len(units) :]] for row in rows]
