"""The clock of lists of rows: people see and type times by that of the zone in which their dataset counts days.

Then a row of February says February. The rows themselves, and what REST answers, stay in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    if not contract.instants or contract.reporting_timezone == "UTC":
        return ""
    time = contract.event_time if contract.event_time in contract.instants else contract.instants[0]
    return f"{time.name} AT TIME ZONE 'UTC' AT TIME ZONE '{contract.reporting_timezone}'"


def by_their_clock(rows: Iterable[Iterable[Any]], contract: Contract) -> list[list[Any]]:
    """Values of stored rows, or of a question's answer, with their times by the clock that `times_said` names."""
    from lake.instants import by_clock

    zone = contract.reporting_timezone
    return [[by_clock(value, zone) if isinstance(value, datetime) else value for value in row] for row in rows]
