"""The window over which an objective holds: rolling, or aligned to the calendar of a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.inputs import OutOfRange, choice

MOST = 1000  # units in one window

DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Window:
    """`count` units long. Rolling months, quarters and years have 30, 90 and 365 days; calendar ones their own length.

    zone: IANA name; where days begin. Calendar weeks start on Monday; several units are counted from 1970 on, so that
    windows tile time and do not move with the day that looks at them.
    """

    count: int = 30
    unit: str = "day"
    is_rolling: bool = True
    zone: str = "UTC"

    def __post_init__(self) -> None:
        choice(self.unit, "unit", DAYS)
        if not 1 <= self.count <= MOST:
            raise OutOfRange(f"A window has one {self.unit} or more, up to {MOST:,}; not {self.count}.")

    def bounds(self, at: datetime) -> tuple[datetime, datetime]:
        """Start and end of the window that holds `at` (aware), in UTC; a rolling one ends at `at`."""
        if at.tzinfo is None:
            raise OutOfRange("The moment has no time zone: pass an aware datetime.")
        if self.is_rolling:
            return at.astimezone(UTC) - timedelta(days=self.count * DAYS[self.unit]), at.astimezone(UTC)
        zone = ZoneInfo(self.zone)
        start, end = self._days(at.astimezone(zone).date())
        return _midnight(start, zone), _midnight(end, zone)

    def seconds(self, at: datetime) -> float:
        """How long the window around `at` is; a day of a clock change has 23 or 25 hours."""
        start, end = self.bounds(at)
        return (end - start).total_seconds()

    def _days(self, day: date) -> tuple[date, date]:
        if self.unit in MONTHS:
            length = self.count * MONTHS[self.unit]
            months = (day.year - 1970) * 12 + day.month - 1
            first = months - months % length
            return _month(first), _month(first + length)
        epoch = date(1970, 1, 1) if self.unit == "day" else date(1969, 12, 29)  # a Monday
        length = self.count * DAYS[self.unit]
        start = day - timedelta(days=(day - epoch).days % length)
        return start, start + timedelta(days=length)


def _month(number: int) -> date:
    return date(1970 + number // 12, number % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
