"""Opening windows as people write them: `Mon-Fri 09:00-12:00, 13:00-17:00`, in one line or in several."""

import re
from collections.abc import Iterable
from datetime import time

from .business_calendars import Window

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LINE = re.compile(r"(?P<first>[A-Za-z]{3})(?:\s*[-–]\s*(?P<last>[A-Za-z]{3}))?\s+(?P<windows>[0-9].*)\Z")
PART = re.compile(r"(?P<opens>[0-9]{1,2}:[0-9]{2})\s*[-–]\s*(?P<closes>[0-9]{1,2}:[0-9]{2})\Z")


class WeekFault(Exception):
    """A line that is no window; the message names it."""


def read_week(text: str) -> list[Window]:
    """The windows of a week: a line, or a part between semicolons, for each weekday or stretch of them.

    24:00 is midnight at the day's end; Fri-Mon goes over the weekend. Raises WeekFault.
    """
    windows = []
    parts = [(n, part.strip()) for n, line in enumerate(text.splitlines(), start=1) for part in line.split(";")]
    for number, line in parts:
        if not line:
            continue
        found = LINE.match(line)
        if not found:
            raise WeekFault(f"Line {number}, {line[:40]!r}, is no window: write one such as Mon-Fri 09:00-17:00.")
        first = _weekday(found["first"], number)
        last = _weekday(found["last"] or found["first"], number)
        days = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
        windows += [Window(day, *times) for times in _windows(found["windows"], f"Line {number}: ") for day in days]
    return windows


def read_day(text: str) -> list[tuple[time, time]]:
    """The windows of one day, such as `09:00-12:00, 13:00-15:00`; nothing: it is closed. Raises WeekFault."""
    return _windows(text)


def _windows(text: str, place: str = "") -> list[tuple[time, time]]:
    windows = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = PART.match(part)
        if not found:
            raise WeekFault(f"{place}{part[:40]!r} is no window: write one such as 09:00-12:00.")
        windows.append((_time(found["opens"], place), _time(found["closes"], place)))
    return windows


def write_week(windows: Iterable[Window]) -> list[str]:
    """The same in words, a line a weekday."""
    lines = []
    for weekday, name in enumerate(WEEKDAYS):
        open_then = [f"{w.opens:%H:%M}-{w.closes:%H:%M}" for w in sorted(windows) if w.weekday == weekday]
        lines += [f"{name} {window}" for window in open_then]
    return lines


def _weekday(name: str, line: int) -> int:
    if name.capitalize() not in WEEKDAYS:
        raise WeekFault(f"Line {line}: {name!r} is no weekday; write {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(name.capitalize())


def _time(text: str, place: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise WeekFault(f"{place}{text} is no time of day.")
    return time(hour, minute)
