"""Adding and changing the calendars that units share; their content is `business_calendars` and `fiscal`."""

from django.db import transaction

from . import audit
from .fiscal import periods_changed
from .models import BusinessCalendar, FiscalCalendar


@transaction.atomic
def add(kind: type[BusinessCalendar] | type[FiscalCalendar], /, *, by, **values) -> BusinessCalendar | FiscalCalendar:
    """A new calendar. Raises ValidationError."""
    calendar = kind(**values)
    calendar.full_clean()
    calendar.save()
    audit.record(by, "calendar added", calendar)
    return calendar


@transaction.atomic
def change(calendar: BusinessCalendar | FiscalCalendar, *, by, **values) -> BusinessCalendar | FiscalCalendar:
    """Set `values`; results of the units that use it must be computed anew. Raises ValidationError."""
    before = {name: getattr(calendar, name) for name in values}
    if before == values:
        return calendar
    for name, value in values.items():
        setattr(calendar, name, value)
    calendar.full_clean()
    calendar.save(update_fields=list(values))
    audit.record(by, "calendar changed", calendar, before=before, after=values)
    if isinstance(calendar, FiscalCalendar):
        periods_changed.send(FiscalCalendar, units=list(calendar.unit_set.values_list("pk", flat=True)), by=by)
    return calendar
