"""Which reporting calendar units keep: their own, or that of the nearest unit above. For many units at once."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from organization.fiscal import calendar_of
from organization.models import UnitPath

if TYPE_CHECKING:
    from lake.periods import Calendar, Period


def calendars_of(units: Iterable[int], day: date) -> dict[int, "Calendar"]:
    """unit id -> calendar, by the tree of `day`; ordinary months where nobody above has one. One query."""
    units = set(units)
    paths = (
        UnitPath.objects.in_force(day)
        .filter(descendant__in=units, ancestor__fiscal_calendar__isnull=False)
        .select_related("ancestor__fiscal_calendar")
        .order_by("-depth")
    )
    found = {path.descendant_id: calendar_of(path.ancestor.fiscal_calendar) for path in paths}
    return {unit: found.get(unit) or calendar_of(None) for unit in units}


@lru_cache(maxsize=20_000)
def period_of(calendar: "Calendar", day: date, grain: str) -> "Period":
    """The period that holds `day`; remembered, since pages name the same few periods again and again."""
    return calendar.period_of(day, grain)
