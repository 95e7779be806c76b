"""Why there is no number: what a unit, a definition and a dataset say about a period that has no result."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Max, Min, Q

from kpis.calendars import period_of
from kpis.models import KpiVersion, Result
from organization.models import UnitPlacement

from .described import Described
from .words import PeriodRef, UnitRef

Kind = KpiVersion.Kind
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """From `first` up to, not including, `end` (None: without an end)."""

    first: date
    end: date | None


def days_of_units() -> dict[int, Days]:
    """unit id -> the days on which it exists. One query."""
    found = UnitPlacement.objects.values("unit").annotate(
        first=Min("valid_from"), end=Max("valid_to"), endless=Count("pk", filter=Q(valid_to=None))
    )
    return {row["unit"]: Days(row["first"], None if row["endless"] else row["end"]) for row in found}


def days_of_definitions(kpi_ids: Iterable[int]) -> dict[int, Days]:
    """KPI id -> the days on which it has a definition in use. One query."""
    kept = KpiVersion.objects.kept().filter(kpi__in=set(kpi_ids)).exclude(valid_to__lte=F("valid_from"))
    found = kept.values("kpi").annotate(
        first=Min("valid_from"), end=Max("deprecated_from"), used=Count("pk", filter=Q(deprecated_from=None))
    )
    return {row["kpi"]: Days(row["first"], None if row["used"] else row["end"]) for row in found}


def first_and_last_recorded(
    kpi_ids: Iterable[int], unit_id: int, grain: str, start: date | None
) -> dict[int, tuple[datetime, datetime]]:
    """KPI id -> when its number at the unit, of the period that begins on `start` or of any (None), was recorded first
    and last, also one that was replaced. One query."""
    of_period = {} if start is None else {"period_start": start}
    found = Result.objects.ever().filter(kpi__in=set(kpi_ids), unit=unit_id, grain=grain, dimension="", **of_period)
    times = found.values("kpi").annotate(first=Min("recorded_at"), last=Max("recorded_at"))
    return {row["kpi"]: (row["first"], row["last"]) for row in times}


def not_known_yet(known_at: datetime, first: datetime, last: datetime) -> str:
    """Why nothing was known at `known_at`, of a number that was recorded `first` and `last` then; a clause."""
    if first > known_at:
        return f"its first number was recorded on {_said(first.astimezone(known_at.tzinfo))}, which is later"
    if last > known_at:
        following = _said(last.astimezone(known_at.tzinfo))
        return f"the number of before was withdrawn, and the last one was recorded on {following}, which is later"
    return "the number of before was withdrawn"


@dataclass(frozen=True, slots=True)
class Absence:
    """One number that there is not. `period` None: there is none at all, by `grain`, as looked at on `day`."""

    unit: UnitRef
    kpi: Described
    calendar: object
    grain: str
    period: PeriodRef | None
    day: date

    def why(self, exists: Days | None, defined: Days | None) -> str:
        """A clause without a full stop."""
        begins = self.period.start if self.period else self.day
        if begins > self.day:
            return f"{self.period.label} has not begun"
        return self._of_unit(exists, begins) or self._of_definition(defined, begins) or self._of_data(begins)

    def _of_unit(self, exists: Days | None, begins: date) -> str:
        last = self.period.end - DAY if self.period else begins
        if exists and exists.first > last:
            return f"{self.unit.name} exists from {_said(exists.first)} on, which is in {self._label(exists.first)}"
        if exists and exists.end and exists.end <= begins:
            gone = exists.end - DAY
            return f"{self.unit.name} exists up to {_said(gone)}, which is in {self._label(gone)}"
        return ""

    def _of_definition(self, defined: Days | None, begins: date) -> str:
        if defined and defined.first > begins:
            first = period_of(self.calendar, defined.first, self.grain)
            first = first if first.start == defined.first else period_of(self.calendar, first.end, self.grain)
            return f"its definition holds from {_said(defined.first)} on, and its first period is {first.label}"
        if defined and defined.end and defined.end <= begins:
            return f"it is out of use from {_said(defined.end)} on"
        return ""

    def _of_data(self, begins: date) -> str:
        within = f" in {self.period.label}" if self.period else ""
        through = self.kpi.complete_through
        if self.kpi.kind == Kind.MANUAL:
            return f"none was entered and approved{within}"
        if self.kpi.kind == Kind.DERIVED:
            return f"the KPIs that it is made of have none at {self.unit.name}{within}"
        if self.kpi.loaded_at is None:
            return f"no extract of {self.kpi.dataset} was loaded yet"
        if self.period and through and begins > through:
            return f"{self.kpi.dataset} is complete through {_said(through)}, before {self.period.label}"
        return f"{self.kpi.dataset} has no row of {self.unit.name}{within}"

    def _label(self, day: date) -> str:
        return period_of(self.calendar, day, self.grain).label


def _said(day: date) -> str:
    return f"{day:%-d %b %Y}"
