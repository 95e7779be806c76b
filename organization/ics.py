"""Closed days from an iCalendar file: each all-day event closes its days."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction

from . import audit
from .business_calendars import calendar_changed, version_on
from .models import BusinessCalendar, CalendarDay

LARGEST = 2 * 2**20
MOST_DAYS = 5000
YEARS = range(1990, 2100)


class IcsRefused(Exception):
    """The file is no calendar, or holds what cannot be taken over exactly; the message names the event."""


def read_days(content: bytes) -> dict[date, str]:
    """Day -> name of its event, from the all-day events of the file. Raises IcsRefused.

    Timed events are refused rather than rounded to days, and repeating ones rather than followed without an end.
    """
    from icalendar import Calendar

    if len(content) > LARGEST:
        raise IcsRefused(f"The file is larger than {LARGEST // 2**20} MB: export only the holidays.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise IcsRefused("The file is not written in UTF-8, as iCalendar files are: export it as .ics again.") from None
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, IndexError, KeyError, TypeError):
        calendars, events = [], []
    if not calendars:
        raise IcsRefused("This is not an iCalendar file: export it as .ics again.")
    events = [event for event in events if str(event.get("STATUS", "")).upper() != "CANCELLED"]
    days: dict[date, str] = {}
    for event in events:
        for day in _days_of(event):
            days[day] = _name(event)
            if len(days) > MOST_DAYS:
                raise IcsRefused(f"The file closes more than {MOST_DAYS:,} days: export fewer years.")
    if not days:
        raise IcsRefused("The file has no all-day event, so no day would be closed.")
    return dict(sorted(days.items()))


@transaction.atomic
def close_days(calendar: BusinessCalendar, days: dict[date, str], *, by) -> int:
    """Close `days`, in place of what an earlier import closed; days set by hand stay. Returns how many are closed.

    Each day belongs to the version in force then; days of no version are left out, for nothing is open on them.
    Raises CalendarRefused when that leaves none.
    """
    version_on(calendar, next((day for day in days if calendar.versions.in_force(day).exists()), min(days)))
    closed = kept = 0
    for version in calendar.versions.all():
        version.days.filter(source="ics").delete()
        by_hand = set(version.days.values_list("day", flat=True))
        inside = [day for day in days if version.valid_from <= day and (not version.valid_to or day < version.valid_to)]
        CalendarDay.objects.bulk_create(
            CalendarDay(version=version, day=day, name=days[day][:200], source="ics")
            for day in inside
            if day not in by_hand
        )
        kept += len(by_hand.intersection(inside))
        closed += len(set(inside) - by_hand)
    audit.record(by, "calendar days imported", calendar, closed=closed, kept_by_hand=kept)
    calendar_changed.send(BusinessCalendar, calendar=calendar, by=by)
    return closed


def _days_of(event) -> Iterator[date]:
    name = _name(event)
    if "RRULE" in event or "RDATE" in event:
        raise IcsRefused(f"The event {name!r} repeats: export its days one by one.")
    first, end, duration = (_value(event, part) for part in ("DTSTART", "DTEND", "DURATION"))
    if first is None:
        raise IcsRefused(f"The event {name!r} has no start.")
    if isinstance(first, datetime) or not isinstance(first, date):
        step = "Leave it out of the file, or make it an all-day event."
        raise IcsRefused(f"The event {name!r} has times of day: only whole days can be closed. {step}")
    last = _last_day(first, end, duration)
    if last is None or last < first:
        raise IcsRefused(f"The event {name!r} does not end after it starts.")
    if first.year not in YEARS or last.year not in YEARS:
        wrong = first.year if first.year not in YEARS else last.year
        raise IcsRefused(f"The event {name!r} lies in {wrong}: a year from {YEARS[0]} to {YEARS[-1]} is expected.")
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _last_day(first: date, end: object, duration: object) -> date | None:
    """The event's last day, of which the file names the day after, or how long it is; None where that is no day."""
    if end is not None:
        return end - timedelta(days=1) if isinstance(end, date) and not isinstance(end, datetime) else None
    if duration is None:
        return first
    try:
        return first + duration - timedelta(days=1) if isinstance(duration, timedelta) else None
    except OverflowError:
        return date.max


def _value(event, part: str):
    """What the event says there, None where it says nothing. Raises IcsRefused for what cannot be read."""
    found = event.get(part)
    if isinstance(found, list):
        raise IcsRefused(f"The event {_name(event)!r} has several {part}: only one can be followed.")
    try:
        return None if found is None else found.dt
    except Exception:  # icalendar raises what it likes for what it could not read
        raise IcsRefused(f"The {part} of the event {_name(event)!r} is no date that can be read.") from None


def _name(event) -> str:
    return str(event.get("SUMMARY", "") or "closed").replace("\0", "")[:200]
