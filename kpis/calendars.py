"""Which reporting calendar a unit keeps: its own, or that of the nearest unit above it."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from organization.models import FiscalCalendar, UnitPath

if TYPE_CHECKING:
    from lake.periods import Calendar, Period

WEEKS = {FiscalCalendar.Kind.WEEKS_445, FiscalCalendar.Kind.WEEKS_454, FiscalCalendar.Kind.WEEKS_544}


def calendars_of(units: Iterable[int], day: date) -> dict[int, "Calendar"]:
    """unit id -> calendar, by the tree of `day`; ordinary months where nobody above has one. One query."""
    units = set(units)
    rows = (
        UnitPath.objects.in_force(day)
        .filter(descendant__in=units, ancestor__fiscal_calendar__isnull=False)
        .order_by("-depth")
        .values_list(
            "descendant_id",
            "ancestor__fiscal_calendar__kind",
            "ancestor__fiscal_calendar__start_month",
            "ancestor__fiscal_calendar__week_starts_on",
            "ancestor__fiscal_calendar__anchor",
        )
    )
    found = {unit: calendar_of(kind, start, week, anchor) for unit, kind, start, week, anchor in rows}
    return {unit: found.get(unit) or calendar_of() for unit in units}


@lru_cache(maxsize=256)
def calendar_of(kind: str = "months", start_month: int = 1, week_starts_on: int = 0, anchor: str = "last"):
    """The arithmetic of a `FiscalCalendar`'s values."""
    from lake.periods import Calendar

    if kind in {FiscalCalendar.Kind.MONTHS, FiscalCalendar.Kind.ISO_WEEKS}:
        week = 0 if kind == FiscalCalendar.Kind.ISO_WEEKS else week_starts_on
        return Calendar(kind="month", fiscal_start_month=start_month, week_start=week)
    return Calendar(kind=kind, week_start=week_starts_on, year_end_month=(start_month - 2) % 12 + 1, anchor=anchor)


@lru_cache(maxsize=20_000)
def period_of(calendar: "Calendar", day: date, grain: str) -> "Period":
    """The period that holds `day`; remembered, since pages name the same few periods again and again."""
    return calendar.period_of(day, grain)
