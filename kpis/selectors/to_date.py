"""To-date numbers against a stretch of equal length before: 1 to 5 April with 1 to 5 March, never with all of March.

They are put together from the KPI's finest results, without a scan: sums of values, or a sum of numerators over a sum
of denominators. What cannot be put together from periods (a percentile, a distinct count) has none; a cumulative KPI
computes such numbers from the rows.
"""

from dataclasses import dataclass
from datetime import date, datetime

from kpis.calendars import period_of
from kpis.measures import GRAINS
from kpis.models import Kpi, KpiVersion
from organization.access import Access
from organization.models import Unit

from .readings import Book
from .results import Row, last_rows
from .stretches import Stretch, adds_up, difference, is_good, stretch_of
from .units import require_visible

NAMES = {"month": "Month to date", "quarter": "Quarter to date", "year": "Year to date"}
ENOUGH = {"day": 800, "week": 110, "month": 26, "quarter": 10}


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
    if version is None or version.grain not in ENOUGH or not adds_up(version):
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
    now = stretch_of(rows, whole.start, last.period_end, version)
    previous = _same_part(rows, calendar, calendar.previous(whole), passed, version)
    last_year = _same_part(rows, calendar, calendar.same_last_year(whole), passed, version)
    if previous == last_year:
        previous = None
    change = difference(now, previous or last_year)
    good = is_good(change, version)
    return ToDate(NAMES[grain], now, previous, last_year, change, good)


def _same_part(rows: list[Row], calendar, period, passed: int, version: KpiVersion) -> Stretch | None:
    """The first `passed` periods of `period`, all of it where it is shorter; None before the first result."""
    if period is None:
        return None
    parts = calendar.periods(version.grain, period.start, period.end)[:passed]
    stretch = stretch_of(rows, period.start, min(parts[-1].end, period.end), version)
    return stretch if stretch.value is not None else None


def why_none(version: KpiVersion) -> str:
    """What is said where there are no to-date numbers."""
    if version.window:
        return "This KPI is itself to date or rolling."
    if version.grain not in ENOUGH:
        return "Its periods are years: there is nothing longer to compare."
    if adds_up(version):
        return "No period is complete yet."
    return (
        "Its months, added up or averaged, would not be the year's number, as of a mean, a percentile or a count of "
        "different things. Define a cumulative KPI for that: it reads all rows of the year so far."
    )
