"""To-date numbers against a stretch of equal length before: 1 to 5 April with 1 to 5 March, never with all of March.

They are put together from the KPI's finest results, without a scan: sums of values, or a sum of numerators over a sum
of denominators. What cannot be put together from periods (a percentile, a distinct count) has none; a cumulative KPI
computes such numbers from the rows.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kpis.calendars import period_of
from kpis.measures import GRAINS, adds_up_over_time, scale_of
from kpis.models import Kpi, KpiVersion
from organization.access import Access
from organization.models import Unit

from .readings import Book
from .results import Row, last_rows
from .units import require_visible

ONE_DAY = timedelta(days=1)
NAMES = {"month": "Month to date", "quarter": "Quarter to date", "year": "Year to date"}
ENOUGH = {"day": 800, "week": 110, "month": 26, "quarter": 10}


@dataclass(frozen=True, slots=True)
class Stretch:
    """The number from `start` up to (not on) `end`."""

    start: date
    end: date
    value: float | None
    rows: int = 0

    @property
    def last_day(self) -> date:
        return self.end - ONE_DAY


@dataclass(frozen=True, slots=True)
class ToDate:
    """A to-date number with the like stretch of the period before and of the year before, where there are any."""

    name: str
    now: Stretch
    previous: Stretch | None
    last_year: Stretch | None
    change: float | None
    change_is_good: bool | None


def to_date(
    kpi: Kpi,
    unit: Unit,
    day: date,
    access: Access,
    *,
    as_known_at: datetime | None = None,
    book: Book | None = None,
) -> tuple[ToDate, ...]:
    """Month, quarter and year to date, as far as the grain allows, through the last complete period on `day`.

    Empty for kinds that periods do not add up to. Three queries. Raises NotYours.
    """
    require_visible(unit, access)
    book = book or Book([kpi.pk], day)
    version = book.versions.get(kpi.pk)
    if version is None or version.grain not in ENOUGH or not _adds_up(version):
        return ()
    pairs = [(kpi.pk, unit.pk, version.grain)]
    rows = last_rows(pairs, day, ENOUGH[version.grain], known_at=as_known_at).get((kpi.pk, unit.pk), [])
    rows = [row for row in rows if not row.open_on(day)]
    if not rows:
        return ()
    calendar = book.calendar(kpi.pk)
    finer = GRAINS.index(version.grain)
    coarser = [grain for grain in NAMES if GRAINS.index(grain) > finer]
    grains = ["year"] if version.grain == "week" else coarser  # weeks fill neither months nor quarters
    return tuple(_to_date(rows, calendar, grain, version) for grain in grains)


def _to_date(rows: list[Row], calendar, grain: str, version: KpiVersion) -> ToDate:
    last = rows[-1]
    whole = period_of(calendar, last.period_start, grain)
    passed = len(calendar.periods(version.grain, whole.start, last.period_end))
    now = _stretch(rows, whole.start, last.period_end, version)
    previous = _same_part(rows, calendar, calendar.previous(whole), passed, version)
    last_year = _same_part(rows, calendar, calendar.same_last_year(whole), passed, version)
    if previous == last_year:
        previous = None
    change = _difference(now, previous or last_year)
    good = None if not change or version.direction not in ("higher", "lower") else _is_good(change, version)
    return ToDate(NAMES[grain], now, previous, last_year, change, good)


def _same_part(rows: list[Row], calendar, period, passed: int, version: KpiVersion) -> Stretch | None:
    """The first `passed` periods of `period`, all of it where it is shorter; None before the first result."""
    if period is None:
        return None
    parts = calendar.periods(version.grain, period.start, period.end)[:passed]
    stretch = _stretch(rows, period.start, min(parts[-1].end, period.end), version)
    return stretch if stretch.value is not None else None


def _stretch(rows: list[Row], start: date, end: date, version: KpiVersion) -> Stretch:
    """No value where the results begin only within it: it would be set against more than there is."""
    inside = [row for row in rows if start <= row.period_start < end]
    reaches_back = rows[0].period_start <= start
    value = _together(inside, version) if reaches_back else None
    return Stretch(start, end, value, sum(row.rows for row in inside))


def _together(rows: list[Row], version: KpiVersion) -> float | None:
    if version.kind == KpiVersion.Kind.SIMPLE:
        values = [row.value for row in rows if row.value is not None]
        return sum(values) if values else None
    parts = [(r.numerator, r.denominator) for r in rows if r.numerator is not None and r.denominator is not None]
    below = sum(denominator for _, denominator in parts)
    return scale_of(version) * sum(numerator for numerator, _ in parts) / below if below else None


def why_none(version: KpiVersion) -> str:
    """What is said where there are no to-date numbers."""
    if version.window:
        return "This KPI is itself to date or rolling."
    if version.grain not in ENOUGH:
        return "Its periods are years: there is nothing longer to compare."
    if _adds_up(version):
        return "No period is complete yet."
    return (
        "Its months, added up or averaged, would not be the year's number, as of a mean, a percentile or a count of "
        "different things. Define a cumulative KPI for that: it reads all rows of the year so far."
    )


def _adds_up(version: KpiVersion) -> bool:
    if version.window:
        return False
    if version.kind in (KpiVersion.Kind.RATIO, KpiVersion.Kind.WEIGHTED_MEAN):
        return True
    return version.kind == KpiVersion.Kind.SIMPLE and adds_up_over_time(version)


def _difference(now: Stretch, before: Stretch | None) -> float | None:
    return None if before is None or None in (now.value, before.value) else now.value - before.value


def _is_good(change: float, version: KpiVersion) -> bool:
    return (change > 0) == (version.direction == KpiVersion.Direction.HIGHER)
