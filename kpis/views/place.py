"""From where one looks at a KPI, as the address says it: unit, grain, period, the day, and as known on which day.

    /kpis/made_sla/?unit=north&grain=month&period=2025-03-01&as_of=2025-05-03&known=2025-05-10&by=priority

`as_of` moves the whole page to another day; `known` keeps the day, but shows what was recorded by then,
by the clock of who looks.

What is missing has a default; what cannot be read is said and left out; a unit of others is a 404.
"""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.urls import reverse
from django.utils.text import capfirst

from doors.days import day_asked
from kpis.measures import grains_of
from kpis.models import Kpi, KpiVersion
from kpis.selectors.catalogue import first_unit
from kpis.selectors.readings import Book, book_of
from kpis.selectors.words import NotYours
from lake.instants import Clock
from organization.access import VIEW
from organization.clocks import UTC_CLOCK
from organization.models import Unit

from .asking import LATEST, day_of

NEWEST = "the newest is shown"


@dataclass(frozen=True, slots=True)
class Place:
    """`book` is the KPI's of the day. `period` None: the last complete one. `known_on` None: as it is known now."""

    kpi: Kpi
    book: Book
    unit: Unit
    grain: str
    grains: tuple[str, ...]
    period: object
    known_on: date | None
    day: date
    day_is_chosen: bool = False
    clock: Clock = UTC_CLOCK

    @property
    def version(self) -> KpiVersion:
        return self.book.versions[self.kpi.pk]

    @property
    def known_at(self) -> datetime | None:
        return self.clock.end_of(self.known_on) if self.known_on else None

    def query(self, **changes) -> str:
        """The address' query for the same place with `changes` (None leaves one out)."""
        words = {
            "unit": self.unit.code,
            "grain": self.grain if self.grain != self.version.grain else None,
            "period": self.period.start.isoformat() if self.period else None,
            "as_of": self.day.isoformat() if self.day_is_chosen else None,
            "known": self.known_on.isoformat() if self.known_on else None,
        }
        words |= changes
        return urlencode({name: value for name, value in words.items() if value not in (None, "")})

    def url(self, name: str = "kpi", **changes) -> str:
        return f"{reverse(name, args=[self.kpi.code])}?{self.query(**changes)}"


def place_of(request, kpi: Kpi) -> Place:
    """Raises Http404 for a unit that is not the person's to see, and for a KPI without a definition."""
    day = day_of(request)
    try:
        book = book_of(kpi, day)
    except NotYours as fault:
        raise Http404(str(fault)) from None
    version = book.versions[kpi.pk]
    grains = grains_of(version)
    grain = request.GET.get("grain") or version.grain
    if grain not in grains:
        messages.warning(request, f"{kpi.name} is not kept by “{grain[:20]}”: shown by {version.grain}.")
        grain = version.grain
    start = None if request.GET.get("period") == LATEST else day_asked(request, "period", NEWEST)
    return Place(
        kpi=kpi,
        book=book,
        unit=_unit(request, kpi),
        grain=grain,
        grains=grains,
        period=book.calendar(kpi.pk).period_of(start, grain) if start else None,
        known_on=day_asked(request, "known", NEWEST),
        day=day,
        day_is_chosen=day != request.day,
        clock=request.clock,
    )


def sentence(clause: str) -> str:
    """The reason for which a number is missing, to begin a text with; empty where there is none."""
    return f"{capfirst(clause)}. " if clause else ""


def _unit(request, kpi: Kpi) -> Unit:
    code = request.GET.get("unit")
    wanted = {"code": code[:80]} if code else {"pk": first_unit(kpi, request.access)}
    if code and "\0" in code:
        raise Http404
    unit = Unit.objects.filter(pk__in=request.access.units(VIEW), **wanted).first()
    if unit is None:
        raise Http404(f"There is no unit {code!r}, or it is not yours to see.")
    return unit
