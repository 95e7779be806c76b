"""From results to readings: variance, change, sparkline and words, the same for every page."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property

from kpis import scoring
from kpis.calendars import calendars_of
from kpis.models import Kpi, KpiVersion

from .absence import Absence, Days, days_of_definitions, days_of_units, first_and_last_recorded, not_known_yet
from .almanac import Almanac
from .described import described_on, standing
from .results import Row
from .verdicts import verdicts_of
from .words import SPARKLINE_PERIODS, NotYours, Past, PeriodRef, Point, Reading, UnitRef

OPEN = "open"
GRAINS = tuple(KpiVersion.Grain.values)  # the finest first


class Book:
    """What is needed to write results down: each KPI's words on `day`, and its calendar. Two queries, two more where a
    number is missing and its reason is told, and one more for each unit and period as known at a moment."""

    def __init__(self, kpi_ids: Iterable[int], day: date):
        self.day = day
        self.described = described_on(kpi_ids, day)
        self.refs = {kpi: described.ref for kpi, described in self.described.items()}
        calendars = calendars_of({described.home for described in self.described.values()}, day)
        almanacs = {calendar: Almanac(calendar) for calendar in set(calendars.values())}
        self.almanacs = {kpi: almanacs[calendars[described.home]] for kpi, described in self.described.items()}
        self.verdicts: dict = {}
        self.known_at: datetime | None = None  # as known at that moment
        self._recorded: dict[tuple, dict[int, tuple[datetime, datetime]]] = {}

    @cached_property
    def versions(self) -> dict[int, KpiVersion]:
        """The definitions themselves, for those who compute by them. One query."""
        return versions_on(self.refs, self.day)

    def load_verdicts(self, triples: Iterable[tuple[int, int, str]]) -> None:
        """Let readings of (KPI, unit, grain) carry what their control charts say. One query."""
        self.verdicts = verdicts_of(triples)

    def verdict(self, row: Row):
        """The icons of the row's series, if they are of this very period."""
        found = self.verdicts.get((row.kpi_id, row.unit_id))
        return found if found and found.period_start == row.period_start else None

    def calendar(self, kpi_id: int):
        return self.almanacs[kpi_id].calendar

    def grain(self, kpi_id: int, wanted: str) -> str:
        """The wanted grain, or the KPI's own where it has none as fine."""
        own = self.refs[kpi_id].grain
        return wanted if GRAINS.index(wanted) >= GRAINS.index(own) else own

    def period(self, row: Row) -> PeriodRef:
        return self.almanacs[row.kpi_id].period(row)

    def complete_through(self, kpi_id: int) -> date | None:
        return self.described[kpi_id].complete_through

    def point(self, row: Row) -> Point:
        return Point(
            period=self.period(row),
            value=row.value,
            status=row.status,
            target=row.target,
            target_low=row.target_low,
            target_high=row.target_high,
            red_limit=row.red_limit,
            stretch=row.stretch,
            score=row.score,
            numerator=row.numerator,
            denominator=row.denominator,
            rows=row.rows,
            is_open=row.open_on(self.day),
            is_provisional=row.is_provisional,
            result_id=row.id,
            version_id=row.version_id,
        )

    @cached_property
    def _days(self) -> tuple[dict[int, Days], dict[int, Days]]:
        """Of units and of definitions; only asked for where some number is missing. Two queries."""
        return days_of_units(), days_of_definitions(self.refs)

    def _why_absent(self, kpi_id: int, unit: UnitRef, rows: Sequence[Row], period: PeriodRef | None) -> str:
        if rows and period is None:
            return f"{self.period(rows[0]).label}, its first period, is not complete yet"
        units, definitions = self._days
        grain = period.grain if period else self.refs[kpi_id].grain
        if self.known_at and (recorded := self._first_and_last(unit.id, grain, period).get(kpi_id)):
            return not_known_yet(self.known_at, *recorded)
        absence = Absence(unit, self.described[kpi_id], self.calendar(kpi_id), grain, period, self.day)
        return absence.why(units.get(unit.id), definitions.get(kpi_id))

    def _first_and_last(
        self, unit_id: int, grain: str, period: PeriodRef | None
    ) -> dict[int, tuple[datetime, datetime]]:
        """KPI id -> when a number of the period was recorded first and last, ever. One query for all KPIs of a unit."""
        key = unit_id, grain, period and period.start
        if key not in self._recorded:
            self._recorded[key] = first_and_last_recorded(self.refs, *key)
        return self._recorded[key]

    def reading(
        self, kpi_id: int, unit: UnitRef, rows: Sequence[Row], *, period: PeriodRef | None, include_open: bool = False
    ) -> Reading:
        """The reading of `period`, or of the last complete one, from this KPI's and unit's rows, oldest first."""
        kpi = self.refs[kpi_id]
        place = _place(rows, period, self.day, include_open)
        if place is None:
            reason, through = self._why_absent(kpi_id, unit, rows, period), self.complete_through(kpi_id)
            return Reading(kpi, unit, period, None, scoring.NO_DATA, None, reason=reason, complete_through=through)
        row = rows[place]
        is_open = row.open_on(self.day)
        hidden = is_open and not include_open
        before, last_year = (_row_at(rows, place, start) for start in self.almanacs[kpi_id].earlier(row))
        change = row.value - before.value if before and None not in (row.value, before.value) else None
        variance = _variance(row, kpi.direction)
        return Reading(
            kpi=kpi,
            unit=unit,
            period=self.period(row),
            value=row.value,
            status=OPEN if hidden else row.status,
            score=None if hidden else row.score,
            target=row.target,
            target_low=row.target_low,
            target_high=row.target_high,
            red_limit=row.red_limit,
            stretch=row.stretch,
            variance=variance,
            variance_pct=_variance_pct(variance, row, kpi.unit_of_measure),
            numerator=row.numerator,
            denominator=row.denominator,
            rows=row.rows,
            reason=row.reason,
            is_open=is_open,
            is_provisional=row.is_provisional,
            previous=before.value if before else None,
            change=change,
            change_is_good=_is_good(change, kpi.direction, before, row),
            previous_status=before.status if before else "",
            last_year=last_year.value if last_year else None,
            sparkline=_past(rows[max(0, place + 1 - SPARKLINE_PERIODS) : place + 1]),
            complete_through=self.complete_through(kpi_id),
            result_id=row.id,
            verdict=self.verdict(row),
        )


def book_of(kpi: Kpi, day: date) -> Book:
    """The book of one KPI. Raises NotYours where it has no definition."""
    book = Book([kpi.pk], day)
    if kpi.pk not in book.refs:
        raise NotYours(f"{kpi.code} has no definition yet.")
    return book


def versions_on(kpi_ids: Iterable[int], day: date) -> dict[int, KpiVersion]:
    """kpi id -> the version in force on `day`, or the newest one where none is. One query."""
    found = KpiVersion.objects.kept().filter(kpi__in=set(kpi_ids)).select_related("kpi", "kpi__owner", "dataset")
    return standing(found.order_by("number"), day)


def _place(rows: Sequence[Row], period: PeriodRef | None, day: date, include_open: bool) -> int | None:
    for place in range(len(rows) - 1, -1, -1):
        row = rows[place]
        if period is not None:
            if row.period_start == period.start:
                return place
        elif include_open or not row.open_on(day):
            return place
    return None


def _row_at(rows: Sequence[Row], before: int, start: date | None) -> Row | None:
    """The row of the period that begins on `start`, looked for backwards from the place `before`."""
    for place in range(before - 1, -1, -1):
        if start is None or rows[place].period_start < start:
            return None
        if rows[place].period_start == start:
            return rows[place]
    return None


def _past(rows: Sequence[Row]) -> tuple[Past, ...]:
    return tuple([Past(row.period_start, row.value) for row in rows])


def goals_of(row) -> scoring.Goals:
    """The targets that stand beside a result."""
    return scoring.Goals(row.target, row.target_low, row.target_high, row.red_limit, row.stretch)


def _variance(row: Row, direction: str) -> float | None:
    return scoring.variance_of(row.value, direction, goals_of(row))


def _variance_pct(variance: float | None, row: Row, unit_of_measure: str) -> float | None:
    if variance is None or unit_of_measure == "percent" or not row.target:
        return None
    return 100 * variance / abs(row.target)


def _is_good(change: float | None, direction: str, before: Row | None, row: Row) -> bool | None:
    """Whether the change goes the favourable way; None when nothing changed or no way is favourable."""
    if not change or direction == scoring.NONE:
        return None
    if direction == scoring.BAND:
        then, now = _variance(before, direction), _variance(row, direction)
        return None if then is None or now is None or then == now else now > then
    return (change > 0) == (direction == scoring.HIGHER)
