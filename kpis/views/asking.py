"""What an address asks for: the day from which one looks, the grain, and the period. Every state is in the address.

`period` is `latest` (each KPI's last complete period) or any day of the period, by habit its first. What cannot be read
is said in a message and left out, so that an old or broken link still opens.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib import messages

from doors.days import day_asked, day_from
from kpis.calendars import calendars_of, period_of
from kpis.models import KpiVersion, Scorecard
from kpis.selectors.scorecard import first_unit_of
from lake.instants import Clock
from organization.clocks import UTC_CLOCK
from organization.models import Unit

from .addresses import same_page

LATEST = "latest"
GRAINS = dict(KpiVersion.Grain.choices)
CHOOSER_NAMES = ("unit", "grain", "period", "as_of", "known", "page")
PERIODS_OFFERED = 13
MOST_PERIODS = 120


@dataclass(frozen=True, slots=True)
class Asked:
    """`period` None is the latest complete one of each KPI. `calendar` is that of the scorecard's unit.

    `known_on` None: as it is known now; a day ends by `clock`, that of who looks.
    """

    day: date
    grain: str
    period: object | None
    calendar: object
    include_open: bool = False
    known_on: date | None = None
    clock: Clock = UTC_CLOCK

    @property
    def known_at(self) -> datetime | None:
        return self.clock.end_of(self.known_on) if self.known_on else None

    @property
    def is_open(self) -> bool:
        return self.period is not None and self.period.end > self.day

    @property
    def period_parameter(self) -> str:
        return self.period.start.isoformat() if self.period else LATEST


def asked_of(request, unit_id: int, finest: str = KpiVersion.Grain.MONTH) -> Asked:
    """Day, grain and period of the address, by the reporting calendar of the unit. One query."""
    day = day_of(request)
    grain = request.GET.get("grain", finest)
    if grain not in grains_from(finest):
        grain = finest
    calendar = calendars_of({unit_id}, day)[unit_id]
    known_on = day_asked(request, "known", "this is what is known now")
    period, include_open = _period(request, calendar, grain), request.GET.get("open") == "1"
    return Asked(day, grain, period, calendar, include_open, known_on, request.clock)


def day_of(request) -> date:
    """The day from which one looks: `as_of` of the address, else that of the session or the installation."""
    return day_asked(request, "as_of", f"this is as of {request.day:%-d %b %Y}") or date.fromordinal(
        request.day.toordinal()
    )


def grains_from(finest: str) -> list[str]:
    """The grains a scorecard of this grain can be read at."""
    order = list(GRAINS)
    return order[order.index(finest) :] if finest in order else order


def unit_of(request, scorecard: Scorecard, day: date) -> Unit | None:
    """The unit of the address by its code, or the highest unit that the person may see and the scorecard reaches.

    None where there is none: the door answers 404.
    """
    code = request.GET.get("unit", "")
    if code:
        return Unit.objects.visible_to(request.access).filter(code=code).first() if "\0" not in code else None
    return first_unit_of(scorecard, request.access, day)


def chooser(request, asked: Asked, *, finest: str, units=(), starts: Iterable[date] = ()) -> dict:
    """What components/chooser.html takes.

    units: (code, name, is chosen, level). starts: first days of periods that have results, offered beside the recent.
    """
    period, step = asked.period, asked.period or _newest(asked, starts)
    before, after = asked.calendar.previous(step), asked.calendar.next(step)
    kept = [(name, value) for name in request.GET if name not in CHOOSER_NAMES for value in request.GET.getlist(name)]
    return {
        "units": units,
        "grains": [(grain, GRAINS[grain], grain == asked.grain) for grain in grains_from(finest)],
        "periods": [(LATEST, "Latest complete", period is None), *_offered(asked, starts)],
        "previous_url": same_page(request, period=before.start.isoformat()) if before.start.year > 1900 else "",
        "next_url": same_page(request, period=after.start.isoformat()) if period and after.start <= asked.day else "",
        "as_of": day_from(request.GET.get("as_of", "")) or "",
        "as_of_label": "as of",
        "hidden": kept,
    }


def starts_of(readings: Iterable) -> set[date]:
    """First days of the periods that these readings and their lines show."""
    return {past.start for reading in readings for past in reading.sparkline}


def _offered(asked: Asked, starts: Iterable[date]) -> list[tuple[str, str, bool]]:
    calendar, period = asked.calendar, period_of(asked.calendar, asked.day, asked.grain)
    offered = {}
    for _ in range(PERIODS_OFFERED):
        offered[period.start] = period
        period = calendar.previous(period)
    for start in starts:
        found = period_of(calendar, start, asked.grain)
        offered[found.start] = found
    if asked.period:
        offered[asked.period.start] = asked.period
    newest = sorted(offered.values(), key=lambda p: p.start, reverse=True)[:MOST_PERIODS]
    return [
        (
            p.start.isoformat(),
            f"{p.label} (open)" if p.end > asked.day else p.label,
            asked.period is not None and p.start == asked.period.start,
        )
        for p in newest
    ]


def _newest(asked: Asked, starts: Iterable[date]):
    """The newest complete period that has results, or the one that holds the day."""
    found = [period_of(asked.calendar, start, asked.grain) for start in starts]
    complete = [period for period in found if period.end <= asked.day]
    newest = max(complete, key=lambda p: p.start, default=None)
    return newest or asked.calendar.previous(period_of(asked.calendar, asked.day, asked.grain))


def _period(request, calendar, grain: str):
    given = request.GET.get("period", LATEST)
    if given in ("", LATEST):
        return None
    day = day_from(given)
    if day is None:
        messages.warning(request, f"“{given[:20]}” is not a period, so this shows the latest one.")
        return None
    return period_of(calendar, day, grain)
