"""Adding and changing the calendars that units share; their content is `business_calendars` and `fiscal`."""

from django.db import transaction

from . import audit
from .changes import set_fields
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
    change = set_fields(calendar, values)
    if not change:
        return calendar
    calendar.full_clean()
    calendar.save(update_fields=list(change["after"]))
    audit.record(by, "calendar changed", calendar, **change)
    if isinstance(calendar, FiscalCalendar):
        periods_changed.send(FiscalCalendar, units=list(calendar.unit_set.values_list("pk", flat=True)), by=by)
    return calendar
