"""Which reporting calendar and time zone hold at a unit; fiscal calendars as the arithmetic of `lake.periods`."""

from datetime import date

from django.dispatch import Signal

from lake.periods import Calendar

from .models import FiscalCalendar, Unit
from .zones import nearest, timezone_of

__all__ = ["calendar_of", "fiscal_calendar_of", "periods_changed", "timezone_of", "years_said"]

# Sent with `units` (ids) and `by`, in the transaction of the change: they, and units below, divide their year anew.
periods_changed = Signal()

KINDS = {FiscalCalendar.Kind.MONTHS: "month", FiscalCalendar.Kind.ISO_WEEKS: "month"}


def calendar_of(fiscal: FiscalCalendar | None) -> Calendar:
    """The rule that turns days into periods; without a fiscal calendar, calendar months and ISO weeks."""
    if fiscal is None:
        return Calendar()
    is_iso = fiscal.kind == FiscalCalendar.Kind.ISO_WEEKS
    return Calendar(
        kind=KINDS.get(fiscal.kind, fiscal.kind),
        fiscal_start_month=fiscal.start_month,
        week_start=0 if is_iso else fiscal.week_starts_on,
        year_end_month=(fiscal.start_month - 2) % 12 + 1,
        anchor=fiscal.anchor,
    )


def years_said(fiscal: FiscalCalendar, day: date) -> str:
    """The first days of the fiscal year of `day` and of the next, and the weeks of years that are made of weeks."""
    calendar = calendar_of(fiscal)
    this = calendar.period_of(day, "year")
    said = []
    for year in (this, calendar.next(this)):
        weeks = f" and has {year.span.days // 7} weeks" if calendar.kind != "month" else ""
        said.append(f"{year.label} starts on {year.start:%a %-d %b %Y}{weeks}")
    return f"{said[0]}, {said[1]}."


def fiscal_calendar_of(unit: Unit, day: date) -> FiscalCalendar | None:
    """The unit's own fiscal calendar, or that of the nearest unit above it on `day`."""
    return nearest(unit, day, "fiscal_calendar")
