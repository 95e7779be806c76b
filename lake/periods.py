"""Reporting calendars: days, weeks, months, quarters and years that tile time without a gap or an overlap.

A period runs from `start` up to, not including, `end`. Two families of calendar:

- `month`: months of the ordinary calendar; quarters and years count from `fiscal_start_month`. Weeks belong to the year
  that holds their fourth day, which is ISO 8601 when weeks start on Monday.
- `445`, `454`, `544` and `13`: years of 52 or 53 whole weeks. The year ends on the weekday before `week_start`: either
  the last such day of `year_end_month` (`anchor="last"`) or the one nearest to that month's last day (`"nearest"`).
  "Months" are 4 or 5 weeks after the pattern, or 13 periods of 4 weeks; a 53rd week joins the last one. The quarters of
  a 13-period year have 3, 3, 3 and 4 periods.

Sources: ISO 8601; National Retail Federation, 4-5-4 calendar; Microsoft, "52-53 week fiscal calendars".
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Literal, get_args

Grain = Literal["day", "week", "month", "quarter", "year"]
CalendarKind = Literal["month", "445", "454", "544", "13"]
GRAINS: tuple[Grain, ...] = get_args(Grain)

ONE_DAY = timedelta(days=1)
MONTH_WEEKS: dict[str, tuple[int, ...]] = {
    "445": (4, 4, 5) * 4,
    "454": (4, 5, 4) * 4,
    "544": (5, 4, 4) * 4,
    "13": (4,) * 13,
}
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `start` up to, not including, `end`; never empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a span of days runs forward, got {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a calendar. `index` counts from 1 within `fiscal_year`; `end` is exclusive.

    `grain` is one of GRAINS, or "span" for any other stretch of days that somebody asked for.
    """

    grain: str
    start: date
    end: date
    label: str
    fiscal_year: int
    index: int

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a period runs forward, got {self.start} to {self.end}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    @property
    def last_day(self) -> date:
        return self.end - ONE_DAY

    @classmethod
    def of_span(cls, start: date, end: date, label: str = "") -> "Period":
        """Any stretch of days as a period of grain "span", for totals over all of it."""
        return cls("span", start, end, label or f"{_day_label(start)} to {_day_label(end - ONE_DAY)}", start.year, 1)


@dataclass(frozen=True)
class Calendar:
    """The rule that turns days into periods; compared by value, so results can name it.

    fiscal_start_month: first month of the fiscal year of a `month` calendar, 1 to 12.
    week_start: 0 Monday to 6 Sunday. year_end_month and anchor: see the module, for calendars of whole weeks.
    year_named: whether a fiscal year is called after the calendar year in which it "end"s or "start"s.
    """

    kind: CalendarKind = "month"
    fiscal_start_month: int = 1
    week_start: int = 0
    year_end_month: int = 12
    anchor: Literal["last", "nearest"] = "last"
    year_named: Literal["start", "end"] = "end"

    def __post_init__(self) -> None:
        if self.kind not in get_args(CalendarKind):
            raise ValueError(f"a calendar's kind is one of {', '.join(get_args(CalendarKind))}, not {self.kind!r}")
        if not (1 <= self.fiscal_start_month <= 12 and 1 <= self.year_end_month <= 12):
            raise ValueError("a calendar's months are 1 to 12")
        if not 0 <= self.week_start <= 6:
            raise ValueError("a calendar's week starts on a day from 0 (Monday) to 6 (Sunday)")
        if self.anchor not in ("last", "nearest") or self.year_named not in ("start", "end"):
            raise ValueError("a calendar's anchor is last or nearest, its year is named by start or end")

    def period_of(self, day: date, grain: str) -> Period:
        """The period of this grain that holds the day. Raises ValueError for an unknown grain."""
        match grain:
            case "day":
                year = _year_with(self, day)
                return Period("day", day, day + ONE_DAY, _day_label(day), year.fiscal_year, (day - year.start).days + 1)
            case "week":
                return _week_of(self, day)
            case "year":
                return _year_with(self, day)
            case "month" | "quarter":
                return next(p for p in _parts(self, _year_with(self, day), grain) if day in p)
        raise ValueError(f"a grain is one of {', '.join(GRAINS)}, not {grain!r}")

    def periods(self, grain: str, start: date, end: date) -> list[Period]:
        """The periods of this grain that share a day with [start, end), in time order."""
        return list(self._from(grain, start, end)) if start < end else []

    def _from(self, grain: str, start: date, end: date) -> Iterator[Period]:
        period = self.period_of(start, grain)
        while period.start < end:
            yield period
            period = self.period_of(period.end, grain)

    def next(self, period: Period) -> Period:
        return self.period_of(period.end, period.grain)

    def previous(self, period: Period, back: int = 1) -> Period:
        """The period `back` periods earlier."""
        for _ in range(back):
            period = self.period_of(period.start - ONE_DAY, period.grain)
        return period

    def same_last_year(self, period: Period, *, shifted: bool = False) -> Period | None:
        """The period with the same place in the year before; None where there is none (a 53rd week).

        A day is compared by date (29 February with the 28th). `shifted` goes back 52 whole weeks instead, which
        compares like weekdays and gives a 53rd week a partner.
        """
        if shifted:
            return self.period_of(period.start - timedelta(weeks=52), period.grain)
        if period.grain == "day" and self.kind == "month":
            return self.period_of(_a_year_before(period.start), "day")
        if period.grain == "week":
            found = self.period_of(period.start - timedelta(weeks=52), "week")
            found = found if found.index <= period.index else self.previous(found)
            return found if (found.index, found.fiscal_year) == (period.index, period.fiscal_year - 1) else None
        last_year = self.period_of(self.period_of(period.start, "year").start - ONE_DAY, "year")
        same = (p for p in self.periods(period.grain, last_year.start, last_year.end) if p.index == period.index)
        return next(same, None)

    def to_date(self, day: date, grain: str) -> Span:
        """From the start of the period that holds the day, through the day itself (MTD, QTD, YTD)."""
        return Span(self.period_of(day, grain).start, day + ONE_DAY)

    def rolling(self, period: Period, count: int) -> Span:
        """The last `count` complete periods up to and including `period`."""
        if count < 1:
            raise ValueError(f"a rolling window covers one period or more, not {count}")
        return Span(self.previous(period, count - 1).start, period.end)

    def like_for_like(
        self,
        day: date,
        grain: str,
        *,
        against: Literal["previous", "last_year"] = "previous",
        working_days: Collection[date] | None = None,
    ) -> tuple[Span, Span | None]:
        """To-date windows with equal elapsed time: 5 April MTD against 1-5 March, never the whole of March.

        A shorter earlier period is taken whole (31 March against 1-28 February). With `working_days` the earlier window
        ends with as many of them as have passed, at its period's end at the latest. The second span is None where the
        calendar has no partner, or the earlier period has not yet had a working day to compare.
        """
        period = self.period_of(day, grain)
        earlier = self.previous(period) if against == "previous" else self.same_last_year(period)
        current = Span(period.start, day + ONE_DAY)
        if earlier is None:
            return current, None
        if working_days is None:
            return current, Span(earlier.start, min(earlier.start + timedelta(days=current.days), earlier.end))
        passed = sum(1 for worked in working_days if worked in current)
        worked = sorted(d for d in working_days if d in earlier)[:passed]
        return current, Span(earlier.start, worked[-1] + ONE_DAY) if worked else None


MONTHS = Calendar()  # calendar months and years, ISO weeks


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)


def _week_of(calendar: Calendar, day: date) -> Period:
    start = day - timedelta(days=(day.weekday() - calendar.week_start) % 7)
    end = start + timedelta(weeks=1)
    if calendar.kind == "month":
        middle = start + timedelta(days=3)
        index, year = (middle.timetuple().tm_yday - 1) // 7 + 1, middle.year
    else:
        fiscal = _year_with(calendar, day)
        index, year = (start - fiscal.start).days // 7 + 1, fiscal.fiscal_year
    return Period("week", start, end, f"{year}-W{index:02d}", year, index)


def _year_with(calendar: Calendar, day: date) -> Period:
    year = day.year - 1
    while not _year(calendar, year).end > day:
        year += 1
    return _year(calendar, year)


@lru_cache(maxsize=4096)
def _year(calendar: Calendar, year: int) -> Period:
    """The fiscal year that begins in or about the calendar year `year`: consecutive numbers touch."""
    if calendar.kind == "month":
        start, end = date(year, calendar.fiscal_start_month, 1), date(year + 1, calendar.fiscal_start_month, 1)
    else:
        start, end = _last_day(calendar, year) + ONE_DAY, _last_day(calendar, year + 1) + ONE_DAY
    named_end = year + 1 if calendar.kind != "month" or calendar.fiscal_start_month > 1 else year
    named = named_end if calendar.year_named == "end" else named_end - 1
    if calendar.kind == "month" and calendar.fiscal_start_month == 1:
        return Period("year", start, end, str(year), year, 1)
    return Period("year", start, end, f"FY{named}", named, 1)


def _last_day(calendar: Calendar, year: int) -> date:
    """The last day of the 52 or 53 week year that ends in or about `year_end_month` of `year`."""
    month_end = date(year + calendar.year_end_month // 12, calendar.year_end_month % 12 + 1, 1) - ONE_DAY
    back = (month_end.weekday() - (calendar.week_start - 1)) % 7
    if calendar.anchor == "nearest" and back > 3:
        return month_end + timedelta(days=7 - back)
    return month_end - timedelta(days=back)


@lru_cache(maxsize=4096)
def _parts(calendar: Calendar, year: Period, grain: str) -> tuple[Period, ...]:
    """The months or quarters of one fiscal year."""
    starts = _month_starts(calendar, year)
    if grain == "quarter":
        starts = [*starts[:12:3], year.end]
    return tuple(
        Period(grain, start, end, _label(calendar, year, grain, start, index), year.fiscal_year, index)
        for index, (start, end) in enumerate(pairwise(starts), start=1)
    )


def _month_starts(calendar: Calendar, year: Period) -> list[date]:
    """First days of the year's months, and the first day after them."""
    if calendar.kind == "month":
        first = calendar.fiscal_start_month - 1
        months = range(first, first + 12)
        return [*(date(year.start.year + m // 12, m % 12 + 1, 1) for m in months), year.end]
    weeks = accumulate(MONTH_WEEKS[calendar.kind][:-1], initial=0)  # the last month takes a 53rd week as well
    return [*(year.start + timedelta(weeks=w) for w in weeks), year.end]


def _day_label(day: date) -> str:
    return f"{day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def _label(calendar: Calendar, year: Period, grain: str, start: date, index: int) -> str:
    if grain == "quarter":
        return f"{year.label} Q{index}"
    if calendar.kind == "month":
        return f"{MONTH_NAMES[start.month - 1]} {start.year}"
    return f"{year.label} P{index:02d}"
