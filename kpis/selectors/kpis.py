"""One KPI: over time, by a dimension, down the organisation.

Each takes the KPI's book of the day if the caller has opened it, so that a page opens it once.
"""

from collections.abc import Sequence
from datetime import date, datetime

from kpis.calendars import period_of
from kpis.models import Kpi
from organization.access import Access
from organization.models import Unit
from organization.order import as_read

from .readings import Book, book_of
from .results import Row, last_rows, parts_of
from .units import neighbours, require_visible, unit_ref
from .words import SPARKLINE_PERIODS, Breakdown, BreakdownRow, PeriodRef, Reading, Series, UnitRef

PERIODS = {"day": 92, "week": 104, "month": 36, "quarter": 20, "year": 10}


def kpi_series(
    kpi: Kpi,
    unit: Unit,
    grain: str,
    day: date,
    access: Access,
    *,
    dimension: str = "",
    member: str = "",
    periods: int | None = None,
    as_known_at: datetime | None = None,
    book: Book | None = None,
) -> Series:
    """The KPI at `unit` over its last `periods` periods, with the same periods a year before. Raises NotYours."""
    require_visible(unit, access)
    book = book or book_of(kpi, day)
    grain, calendar = book.grain(kpi.pk, grain), book.calendar(kpi.pk)
    count = periods or PERIODS[grain]
    a_year = {"day": 366, "week": 53, "month": 12, "quarter": 4, "year": 1}[grain]
    pairs = [(kpi.pk, unit.pk, grain)]
    found = last_rows(pairs, day, count + a_year, known_at=as_known_at, dimension=dimension, member=member)
    rows = found.get((kpi.pk, unit.pk), [])
    by_start = {row.period_start: row.value for row in rows}
    shown = rows[-count:]
    before = [calendar.same_last_year(period_of(calendar, row.period_start, grain)) for row in shown]
    return Series(
        kpi=book.refs[kpi.pk],
        unit=unit_ref(unit),
        grain=grain,
        dimension=dimension,
        member=member,
        points=tuple(book.point(row) for row in shown),
        last_year=tuple(by_start.get(period.start) if period else None for period in before),
        complete_through=book.complete_through(kpi.pk),
    )


def status_of(
    kpi: Kpi,
    unit: Unit,
    day: date,
    access: Access,
    *,
    grain: str | None = None,
    period=None,
    as_known_at: datetime | None = None,
    book: Book | None = None,
) -> Reading:
    """The reading of `period`, or of the last complete one on `day`. Raises NotYours."""
    require_visible(unit, access)
    book = book or book_of(kpi, day)
    wanted = book.grain(kpi.pk, grain or book.versions[kpi.pk].grain)
    return _total(book, kpi, unit_ref(unit), wanted, period, as_known_at)


def breakdown(
    kpi: Kpi,
    unit: Unit,
    dimension: str,
    grain: str,
    day: date,
    access: Access,
    *,
    period=None,
    as_known_at: datetime | None = None,
    book: Book | None = None,
) -> Breakdown:
    """The parts of the KPI at `unit` by the members of `dimension`, largest first. Raises NotYours."""
    require_visible(unit, access)
    book, place = book or book_of(kpi, day), unit_ref(unit)
    grain = book.grain(kpi.pk, grain)
    total = _total(book, kpi, place, grain, period, as_known_at)
    if total.period is None:
        return Breakdown(book.refs[kpi.pk], place, None, dimension, (), total)
    parts = parts_of(kpi.pk, [unit.pk], grain, _with_previous(book, kpi, total.period), dimension, known_at=as_known_at)
    rows = _rows(parts, total.period, key=lambda row: row.member, name=lambda row: row.member)
    return Breakdown(book.refs[kpi.pk], place, total.period, dimension, rows, total)


def organisation_drill(
    kpi: Kpi,
    unit: Unit,
    grain: str,
    day: date,
    access: Access,
    *,
    period=None,
    as_known_at: datetime | None = None,
    book: Book | None = None,
) -> Breakdown:
    """The KPI at the units directly below `unit`, by the tree of `day`. Raises NotYours."""
    require_visible(unit, access)
    book, place = book or book_of(kpi, day), unit_ref(unit)
    grain = book.grain(kpi.pk, grain)
    total = _total(book, kpi, place, grain, period, as_known_at)
    _, below, hidden = neighbours(unit, day, access)
    names = {child.id: child for child in below}
    if total.period is None:
        return Breakdown(book.refs[kpi.pk], place, None, "", (), total, hidden)
    parts = parts_of(kpi.pk, names, grain, _with_previous(book, kpi, total.period), "", known_at=as_known_at)
    rows = _rows(parts, total.period, key=lambda row: names[row.unit_id].code, name=lambda row: names[row.unit_id].name)
    return Breakdown(book.refs[kpi.pk], place, total.period, "", rows, total, hidden)


def _total(book: Book, kpi: Kpi, unit: UnitRef, grain: str, period, known_at: datetime | None) -> Reading:
    asked = PeriodRef(period.grain, period.start, period.end, period.label) if period else None
    book.known_at = known_at
    upto = asked.start if asked else book.day
    pairs = [(kpi.pk, unit.id, asked.grain if asked else grain)]
    found = last_rows(pairs, upto, SPARKLINE_PERIODS + 3, known_at=known_at)
    rows = found.get((kpi.pk, unit.id), [])
    return book.reading(kpi.pk, unit, rows, period=asked, include_open=asked is not None)


def _with_previous(book: Book, kpi: Kpi, period: PeriodRef) -> list[date]:
    calendar = book.calendar(kpi.pk)
    return [period.start, calendar.previous(period_of(calendar, period.start, period.grain)).start]


def _rows(parts: Sequence[Row], period: PeriodRef, *, key, name) -> tuple[BreakdownRow, ...]:
    before = {key(row): row.value for row in parts if row.period_start != period.start}
    now = [row for row in parts if row.period_start == period.start]
    whole = sum(row.rows for row in now)
    rows = [
        BreakdownRow(
            key=key(row),
            name=name(row),
            value=row.value,
            status=row.status,
            target=row.target,
            numerator=row.numerator,
            denominator=row.denominator,
            rows=row.rows,
            share_pct=100 * row.rows / whole if whole else None,
            previous=before.get(key(row)),
            result_id=row.id,
            unit_id=row.unit_id,
        )
        for row in now
    ]
    return tuple(sorted(rows, key=lambda row: (-row.rows, as_read(row.name))))
