"""Working time of an agreement's calendars, as tables that reach over all its cases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from organization.business_calendars import LONGEST, Rules, opening_spans, rules_of
from organization.models import BusinessCalendar, CalendarVersion

if TYPE_CHECKING:
    from lake.clock import WorkTable
    from lake.clock.pauses import Seconds

ALWAYS = "24x7"
AHEAD = timedelta(days=400)  # beyond the last instant, so that open cases have a due time
ONE_DAY = timedelta(days=1)


@dataclass
class WorkingTime:
    """A calendar's working time from `first` to `last` (seconds of UTC), and which of its versions holds when.

    Raises lake.clock.OutsideTable when asked about other times.
    """

    calendar: BusinessCalendar | None
    rules: list[Rules]
    table: WorkTable
    starts: Seconds = field(repr=False)

    def versions_at(self, instants: Seconds) -> list[str]:
        """What is noted of the governing version: the calendar's code and the version's first day, for each instant."""
        import numpy as np

        if self.calendar is None:
            return [ALWAYS] * len(instants)
        names = [self.calendar.code] + [f"{self.calendar.code} from {rule.start}" for rule in self.rules]
        return [names[place] for place in np.searchsorted(self.starts, instants, side="right")]


def working_time(calendar: BusinessCalendar | None, first: int, last: int) -> WorkingTime:
    """The table that holds `first` and `last` and reaches AHEAD of them. None: open day and night."""
    import numpy as np

    from lake.clock import WorkTable

    start = datetime.fromtimestamp(first, UTC).date() - ONE_DAY
    end = datetime.fromtimestamp(last, UTC).date() + AHEAD
    bounds = _midnight(start), _midnight(end)
    if calendar is None:
        return WorkingTime(None, [], WorkTable.always(*bounds), np.zeros(0, dtype=np.int64))
    rules = rules_of(calendar)
    spans = _spans(rules, start - ONE_DAY, end + ONE_DAY)
    table = WorkTable.from_spans(spans[:, 0], spans[:, 1], *bounds)
    return WorkingTime(calendar, rules, table, np.array([_midnight(rule.start) for rule in rules], dtype=np.int64))


def zones_noted(calendars: Iterable[BusinessCalendar]) -> dict[str, str]:
    """What `WorkingTime.versions_at` notes of each version of the calendars -> the zone of that version."""
    found: dict[str, str] = {}
    versions = CalendarVersion.objects.filter(calendar__in=calendars).select_related("calendar")
    for version in versions.order_by("calendar", "valid_from"):
        found.setdefault(version.calendar.code, version.timezone)  # a case from before the first version
        found[f"{version.calendar.code} from {version.valid_from}"] = version.timezone
    return found


def _spans(rules: list[Rules], first: date, last: date):
    """(spans, 2) seconds; asked for in stretches that a calendar answers at once, joined where they meet."""
    import numpy as np

    found: list[tuple[int, int]] = []
    while first <= last:
        until = min(last, first + timedelta(days=LONGEST - 1))
        for opens, closes in opening_spans(rules, first, until):
            begin, end = int(opens.timestamp()), int(closes.timestamp())
            if found and begin <= found[-1][1]:
                found[-1] = found[-1][0], max(found[-1][1], end)
            else:
                found.append((begin, end))
        first = until + ONE_DAY
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
