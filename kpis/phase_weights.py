"""By what a year's total is phased: evenly, by working days, like the year before."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from organization.models import Unit

from .models import AnnualTarget, Kpi
from .phasing import PhasingError


def weights_of(kpi: Kpi, unit: Unit, months: Sequence, calendar, phasing: str) -> list[Decimal | int]:
    """What each month weighs in a year's total. Raises PhasingError."""
    if phasing == AnnualTarget.Phasing.EVEN:
        return [1] * len(months)
    if phasing == AnnualTarget.Phasing.WORKING_DAYS:
        return working_days(unit, months)
    before = [calendar.same_last_year(month) for month in months]
    results = kpi.results.current().filter(unit=unit, grain="month", dimension="")
    values = dict(results.filter(period_start__in=[p.start for p in before if p]).values_list("period_start", "value"))
    found = [values.get(period.start) if period else None for period in before]
    if any(value is None for value in found):
        missing = next(m.label for m, value in zip(months, found, strict=True) if value is None)
        raise PhasingError(f"There is no result a year before {missing} to follow: phase evenly instead.")
    return [Decimal(str(value)) for value in found]


def working_days(unit: Unit, months: Sequence) -> list[int]:
    """Days of each period on which the unit's business calendar is open; Monday to Friday where it has none."""
    from organization.business_calendars import calendar_of, rules_of

    calendar = calendar_of(unit, months[0].start)
    rules = rules_of(calendar) if calendar else []
    counts = []
    for month in months:
        days = (month.start + timedelta(days=n) for n in range((month.end - month.start).days))
        counts.append(sum(_is_open(day, rules) for day in days))
    return counts


def _is_open(day: date, rules) -> bool:
    covering = next((rule for rule in rules if rule.covers(day)), None)
    return bool(covering.open_on(day)) if covering else day.weekday() < 5
