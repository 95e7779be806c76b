"""Which period an address asks for: `?grain=quarter&period=2015-04-01`; without it the newest with a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from doors.days import day_asked
from kpis.calendars import calendars_of, period_of
from kpis.views.addresses import same_page
from vendors.cards import newest_period_start
from vendors.models import Vendor
from vendors.periods import grain_of, last_complete

OFFERED = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """`periods`: what the chooser offers, the newest first."""

    day: date
    grain: str
    period: object
    periods: tuple


def asked_of(request, vendors: Sequence[Vendor]) -> Asked:
    """By the calendar of the first vendor. Three queries at most."""
    day = request.day
    grain = request.GET.get("grain", "")
    if grain not in Vendor.Cadence.values:
        grain = grain_of(vendors[0]) if len(vendors) == 1 else Vendor.Cadence.QUARTER
    calendar = calendars_of([vendors[0].unit_id], day)[vendors[0].unit_id]
    newest = newest_period_start(vendors, grain, day)
    newest = period_of(calendar, newest, grain) if newest else last_complete(calendar, grain, day)
    given = day_asked(request, "period", "the newest period is shown")
    period = period_of(calendar, given, grain) if given else newest
    last, offered = max(period, newest, key=lambda p: p.start), []
    last = calendar.next(last) if calendar.next(last).end <= day else last
    while len(offered) < OFFERED or last.start >= period.start:
        offered.append(last)
        last = calendar.previous(last)
    return Asked(day, grain, period, tuple(offered))


def chooser_of(request, asked: Asked, *, hidden: Sequence[tuple[str, str]] = ()) -> dict:
    """For components/chooser.html."""
    at = [period.start for period in asked.periods].index(asked.period.start)
    made = {
        "grains": [(value, label.removesuffix("ly"), value == asked.grain) for value, label in _grains()],
        "periods": [(p.start.isoformat(), p.label, p.start == asked.period.start) for p in asked.periods],
        "hidden": hidden,
    }
    if at + 1 < len(asked.periods):
        made["previous_url"] = same_page(request, period=asked.periods[at + 1].start)
    if at:
        made["next_url"] = same_page(request, period=asked.periods[at - 1].start)
    return made


def _grains() -> list[tuple[str, str]]:
    return [
        (value, {"week": "Weeks", "month": "Months", "quarter": "Quarters", "year": "Years"}[value])
        for value in Vendor.Cadence.values
    ]
