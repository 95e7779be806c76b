"""When a unit works: versions with weekly windows, public holidays, days that differ; and the open hours they give.

`opening_spans` is the one function that turns all this into exact spans of UTC; the rest changes what it reads.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.dispatch import Signal

from . import audit
from .models import BusinessCalendar, CalendarDay, CalendarVersion, OpeningWindow, Unit
from .zones import check_zone, nearest

calendar_changed = Signal()  # calendar, by: sent in the transaction of the change
ONE_DAY = timedelta(days=1)
LONGEST = 3660  # days in one question


class CalendarRefused(Exception):
    """The windows overlap, the country is unknown, or the days run backwards; the message says which."""


@dataclass(frozen=True, order=True)
class Window:
    """Open from `opens` to `closes` on `weekday` (0 Monday); `closes` at or before `opens` is on the next day."""

    weekday: int
    opens: time
    closes: time

    @property
    def minutes(self) -> tuple[float, float]:
        """Start and end in minutes since Monday 00:00; the end may lie in the next week."""
        start, end = _minutes(self.opens), _minutes(self.closes)
        return self.weekday * 1440 + start, self.weekday * 1440 + (end if end > start else end + 1440)


@dataclass(frozen=True)
class Rules:
    """A calendar version as plain values. days: a day -> its own windows; an empty tuple is a closed day."""

    start: date
    end: date | None
    timezone: str
    windows: tuple[Window, ...] = ()
    days: dict[date, tuple[tuple[time, time], ...]] = field(default_factory=dict)
    country: str = ""
    subdivision: str = ""

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def open_on(self, day: date) -> tuple[tuple[time, time], ...]:
        """The windows that open on `day`: its own, none on a public holiday, else those of its weekday."""
        if day in self.days:
            return self.days[day]
        if self.country and day in _holidays(self.country, self.subdivision, day.year):
            return ()
        return tuple((window.opens, window.closes) for window in self.windows if window.weekday == day.weekday())


def opening_spans(rules: Sequence[Rules], first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Open spans (start, end) in UTC that touch the local days `first` to `last`, both included; ordered, not touching.

    A window belongs to the day on which it opens, so the night before `first` counts as far as it reaches into it. On a
    day when clocks change, local times mean what the wall clock shows: 22:00 to 06:00 is 7 hours in spring and 9 in
    autumn; a time that does not exist counts as the moment of the jump, of a time that comes twice the first opens and
    the second closes. Raises CalendarRefused for more than ten years.
    """
    if last < first:
        return []
    if (last - first).days > LONGEST:
        raise CalendarRefused(f"Ask for at most {LONGEST} days at once.")
    spans = []
    day = first - ONE_DAY
    while day <= last:
        version = next((rule for rule in rules if rule.covers(day)), None)
        if version:
            zone = ZoneInfo(version.timezone)
            for opens, closes in version.open_on(day):
                until = day if closes > opens else day + ONE_DAY
                span = _moment(day, opens, zone, fold=0), _moment(until, closes, zone, fold=1)
                if span[0] < span[1] and span[1] > _moment(first, time(0), zone, fold=0):
                    spans.append(span)
        day += ONE_DAY
    return _joined(spans)


def rules_of(calendar: BusinessCalendar) -> list[Rules]:
    """All versions of `calendar`, by their start. Three queries."""
    versions = calendar.versions.order_by("valid_from").prefetch_related("windows", "days")
    return [
        Rules(
            start=version.valid_from,
            end=version.valid_to,
            timezone=version.timezone,
            windows=tuple(Window(w.weekday, w.opens, w.closes) for w in version.windows.all()),
            days=_own_days(version.days.all()),
            country=version.country,
            subdivision=version.subdivision,
        )
        for version in versions
    ]


def calendar_of(unit: Unit, day: date) -> BusinessCalendar | None:
    """The unit's own calendar, or that of the nearest unit above it on `day`."""
    return nearest(unit, day, "business_calendar")


def check_windows(windows: Collection[Window]) -> None:
    """Raise CalendarRefused when two windows of the week overlap, also over midnight and from Sunday to Monday."""
    week = 7 * 1440
    spans = sorted((window.minutes, window) for window in windows)
    for (span, window), (following, other) in zip(spans, spans[1:], strict=False):
        if following[0] < span[1]:
            raise CalendarRefused(f"{_words(window)} overlaps {_words(other)}: change one of them.")
    if len(spans) > 1 and spans[-1][0][1] - week > spans[0][0][0]:
        raise CalendarRefused(f"{_words(spans[-1][1])} overlaps {_words(spans[0][1])}: change one of them.")


def check_country(country: str, subdivision: str = "") -> None:
    """Raise CalendarRefused unless the public holidays of that country (and its part) are known."""
    import holidays

    known = holidays.list_supported_countries(include_aliases=False)
    if country and country not in known:
        raise CalendarRefused(f"{country!r} is not a country with known holidays: write its ISO code, such as FR.")
    if subdivision and subdivision not in known.get(country, []):
        named = ", ".join(known.get(country, [])[:12]) or "none"
        raise CalendarRefused(f"{subdivision!r} is not a part of {country or 'no country'}. Known are: {named}.")


@transaction.atomic
def add_version(
    calendar: BusinessCalendar,
    *,
    timezone: str,
    windows: Iterable[Window],
    by,
    valid_from: date = date(1900, 1, 1),
    country: str = "",
    subdivision: str = "",
) -> CalendarVersion:
    """The calendar as it holds from `valid_from` on; the version in force before ends there.

    Days that differ, from then on, go with it: a closed Christmas stays closed under new opening hours.
    Raises CalendarRefused, ValidationError (time zone).
    """
    windows = list(windows)
    check_zone(timezone)
    check_windows(windows)
    check_country(country, subdivision)
    BusinessCalendar.objects.select_for_update().get(pk=calendar.pk)
    if calendar.versions.filter(valid_from=valid_from).exists():
        raise CalendarRefused(f"{calendar} has a version from {valid_from:%-d %b %Y} already: choose another day.")
    version = CalendarVersion.objects.create(
        calendar=calendar,
        valid_from=valid_from,
        valid_to=_made_room(calendar, valid_from),
        timezone=timezone,
        country=country,
        subdivision=subdivision,
    )
    OpeningWindow.objects.bulk_create(
        OpeningWindow(version=version, weekday=w.weekday, opens=w.opens, closes=w.closes) for w in windows
    )
    _take_days_over(version)
    audit.record(by, "calendar version added", calendar, valid_from=valid_from, timezone=timezone, windows=len(windows))
    calendar_changed.send(BusinessCalendar, calendar=calendar, by=by)
    return version


def _made_room(calendar: BusinessCalendar, day: date) -> date | None:
    """The version in force before ends on `day`; returns on which day the next one begins."""
    earlier = calendar.versions.filter(valid_from__lt=day)
    earlier.filter(Q(valid_to=None) | Q(valid_to__gt=day)).update(valid_to=day)
    return (
        calendar.versions.filter(valid_from__gt=day).order_by("valid_from").values_list("valid_from", flat=True).first()
    )


def _take_days_over(version: CalendarVersion) -> None:
    """The days that differ within the version's own, which stood with earlier versions."""
    begins = version.valid_from
    ahead = CalendarDay.objects.filter(
        version__calendar=version.calendar, version__valid_from__lt=begins, day__gte=begins
    )
    (ahead.filter(day__lt=version.valid_to) if version.valid_to else ahead).update(version=version)


@transaction.atomic
def set_day(version: CalendarVersion, day: date, *, windows: Iterable[tuple[time, time]], name: str, by) -> None:
    """`day` has its own windows; none: it is closed. Replaces what was said of that day. Raises CalendarRefused."""
    windows = list(windows)
    check_windows([Window(day.weekday(), opens, closes) for opens, closes in windows])
    version.days.filter(day=day).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(version=version, day=day, name=name, opens=opens, closes=closes)
        for opens, closes in (windows or [(None, None)])
    )
    audit.record(by, "calendar day set", version.calendar, day=day, name=name, windows=len(windows))
    calendar_changed.send(BusinessCalendar, calendar=version.calendar, by=by)


@transaction.atomic
def clear_day(version: CalendarVersion, day: date, *, by) -> None:
    """`day` is as its weekday again. Raises CalendarRefused where it was not set to differ."""
    if not version.days.filter(day=day).delete()[0]:
        raise CalendarRefused(f"{day:%-d %b %Y} is not set to differ.")
    audit.record(by, "calendar day cleared", version.calendar, day=day)
    calendar_changed.send(BusinessCalendar, calendar=version.calendar, by=by)


def version_on(calendar: BusinessCalendar, day: date) -> CalendarVersion:
    """The version in force on `day`. Raises CalendarRefused when there is none."""
    version = calendar.versions.in_force(day).first()
    if version is None:
        raise CalendarRefused(f"{calendar} has no version in force on {day:%-d %b %Y}: add one first.")
    return version


@lru_cache(maxsize=2000)
def _holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    import holidays

    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


def _own_days(days: Iterable[CalendarDay]) -> dict[date, tuple[tuple[time, time], ...]]:
    own: dict[date, tuple[tuple[time, time], ...]] = {}
    for row in days:
        window = ((row.opens, row.closes),) if row.opens is not None else ()
        own[row.day] = own.get(row.day, ()) + window
    return own


def _moment(day: date, at: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """The moment at which clocks in `zone` show `at`; inside a jump forward, the moment of the jump itself."""
    local = datetime.combine(day, at, tzinfo=zone)
    early, late = local.replace(fold=0), local.replace(fold=1)
    if early.utcoffset() < late.utcoffset():  # a gap: read with the offset after the jump it is too early, and back
        return _jump(late.astimezone(UTC), early.astimezone(UTC), zone)
    return local.replace(fold=fold).astimezone(UTC)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the zone's offset changes, by halving, to the second."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def _minutes(at: time) -> float:
    return at.hour * 60 + at.minute + at.second / 60


def _words(window: Window) -> str:
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[window.weekday]
    return f"{weekday} {window.opens:%H:%M}–{window.closes:%H:%M}"
