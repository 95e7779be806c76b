"""On which days an iCalendar event begins: once, or again and again by its rule (RFC 5545, 3.8.5)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from .ics_values import YEARS, IcsRefused, name_of, value_of

MOST_REPEATING = 50  # events with a rule in one file: each takes up to half a second where its rule fits no day
FOLLOWED = {"YEARLY", "MONTHLY"}


def starts_of(event, moved: set[date]) -> list[date]:
    """The days on which the event begins, in order; without those in `moved`, which other events of the series replace.

    A rule without an end is followed to the last of `YEARS`. Raises IcsRefused.
    """
    first = value_of(event, "DTSTART")
    if first is None:
        raise IcsRefused(f"The event {name_of(event)!r} has no start.")
    _whole_day(event, first)
    if first.year not in YEARS:
        raise outside(event, first.year)
    found = {first, *_listed(event, "RDATE")}
    if "RRULE" in event:
        found.update(_by_rule(event, first))
    return sorted(found - set(_listed(event, "EXDATE")) - moved)


def replaced(events) -> dict[str, set[date]]:
    """Series -> its days that an event of its own replaces or cancels (RECURRENCE-ID)."""
    days: dict[str, set[date]] = {}
    for event in events:
        if "RECURRENCE-ID" in event:
            day = value_of(event, "RECURRENCE-ID")
            days.setdefault(str(event.get("UID")), set()).add(_whole_day(event, day))
    return days


def outside(event, year: int) -> IcsRefused:
    """The refusal of an event in a year in which nobody plans."""
    return IcsRefused(
        f"The event {name_of(event)!r} lies in {year}: a year from {YEARS[0]} to {YEARS[-1]} is expected."
    )


def _by_rule(event, first: date) -> list[date]:
    from dateutil.rrule import rrulestr

    rule = _rule(event)
    if {"BYHOUR", "BYMINUTE", "BYSECOND"} & set(rule):
        raise IcsRefused(f"The event {name_of(event)!r} repeats at times of day: only whole days can be closed.")
    text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.upper().startswith("UNTIL="))
    try:
        if min(rule.get("INTERVAL", [1])) < 1:
            raise ValueError
        days = rrulestr(text, dtstart=datetime(first.year, first.month, first.day, tzinfo=UTC), cache=False)
        last = min([date(YEARS[-1], 12, 31), *(_day(until) for until in rule.get("UNTIL", []))])
        if "COUNT" not in rule:
            days = days.replace(until=datetime(last.year, last.month, last.day, tzinfo=UTC))
        found = [day.date() for day in days if day.year in YEARS]
    except (ValueError, TypeError, KeyError):
        found = []
    if not found:
        raise IcsRefused(f"The rule by which the event {name_of(event)!r} repeats fits no day: {text}.")
    return found


def _rule(event):
    """The event's rule. Raises IcsRefused unless it is the only one and goes by the year or the month."""
    rule = event["RRULE"]
    if isinstance(rule, list):
        raise IcsRefused(f"The event {name_of(event)!r} has several rules: only one can be followed.")
    try:
        how = "".join(rule.get("FREQ", [])).upper()
    except Exception:  # icalendar raises what it likes for what it could not read
        raise IcsRefused(f"The rule by which the event {name_of(event)!r} repeats cannot be read.") from None
    if how not in FOLLOWED:
        raise IcsRefused(
            f"The event {name_of(event)!r} repeats {how.lower() or 'by no rule'}: yearly and monthly events can be "
            "followed; days closed in every week belong to the hours of the calendar."
        )
    return rule


def _listed(event, part: str) -> Iterator[date]:
    """The days of EXDATE or RDATE, which stand in one line or in several."""
    lines = event.get(part, [])
    for line in lines if isinstance(lines, list) else [lines]:
        try:
            values = [value.dt for value in line.dts]
        except Exception:  # icalendar raises what it likes for what it could not read
            raise IcsRefused(f"The {part} of the event {name_of(event)!r} is no date that can be read.") from None
        yield from (_whole_day(event, value) for value in values)


def _whole_day(event, value) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        step = "Leave it out of the file, or make it an all-day event."
        raise IcsRefused(f"The event {name_of(event)!r} has times of day: only whole days can be closed. {step}")
    return value


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
