"""A calendar of which each period is named and compared once: a page has few periods and thousands of numbers."""

from datetime import date
from typing import TYPE_CHECKING

from kpis.calendars import period_of

from .results import Row
from .words import PeriodRef

if TYPE_CHECKING:
    from lake.periods import Calendar


class Almanac:
    """What a page writes and compares in one calendar; lives as long as the page."""

    def __init__(self, calendar: "Calendar"):
        self.calendar = calendar
        self._periods: dict[tuple[str, date, date], PeriodRef] = {}
        self._earlier: dict[tuple[str, date], tuple[date, date | None]] = {}

    def period(self, row: Row) -> PeriodRef:
        key = (row.grain, row.period_start, row.period_end)
        found = self._periods.get(key)
        if found is None:
            label = period_of(self.calendar, row.period_start, row.grain).label
            found = self._periods[key] = PeriodRef(*key, label)
        return found

    def earlier(self, row: Row) -> tuple[date, date | None]:
        """First days of the period before the row's, and of its like a year before (None where there is none)."""
        key = (row.grain, row.period_start)
        found = self._earlier.get(key)
        if found is None:
            period = period_of(self.calendar, row.period_start, row.grain)
            like = self.calendar.same_last_year(period)
            found = self._earlier[key] = (self.calendar.previous(period).start, like and like.start)
        return found
