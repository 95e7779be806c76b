"""By which clock pages show the times of cases: by that of the calendar whose office hours they are judged by.

A case goes by the calendar that its row names, as the clock run did; what is of no one case (the board's moment, a
warning, a stretch that does not count) by the agreement's calendar of the day. Where clocks run day and night that is
the clock by which days are counted. What REST answers stays in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from datasets.facts import contract_of
from lake.instants import Clock
from organization.models import BusinessCalendar
from slas.models import Agreement, AgreementVersion, ServiceTarget

from .calendars import ALWAYS, zones_noted

TO_THE_SECOND, WITH_WEEKDAY = "%-d %b %Y, %H:%M:%S", "%a %-d %b %Y, %H:%M"
OTHERS = "Where the calendar of a case has another clock, its zone stands behind the time."


UTC_CLOCK = Clock("UTC")


@dataclass(frozen=True)
class CaseTimes:
    """clock: of the agreement. zones: what rows note of the calendar that governs them -> its zone."""

    clock: Clock
    zones: Mapping[str, str] = field(default_factory=dict)

    def of(self, row: Mapping[str, Any]) -> Clock:
        """The clock of a row's own calendar."""
        return Clock(self.zones.get(row["calendar_version"] or "", self.clock.zone))

    def noted(self, rows: Sequence[dict[str, Any]], beside: Clock | None = None) -> str:
        """Note its own `clock` in each row of a list; returns by which clocks they are, as a sentence or two.

        beside: the clock of what else the page shows; without it a list of one clock goes by that one.
        """
        own = {self.of(row) for row in rows}
        main = beside or (own.pop() if len(own) == 1 else self.clock)
        for row in rows:
            clock = self.of(row)
            row["clock"] = Clock(clock.zone, is_named=clock != main)
        others = any(row["clock"].is_named for row in rows)
        return f"{main.said} {OTHERS}" if others else main.said


def times_of(agreement: Agreement, day: date) -> CaseTimes:
    """The clocks of an agreement's calendars, as they stand on the day."""
    versions = list(agreement.versions.governing().select_related("calendar").order_by("valid_from", "number"))
    versions = versions or list(agreement.versions.select_related("calendar").order_by("number"))
    zones = zones_noted({version.calendar for version in versions if version.calendar})
    counted = _counted_in(agreement, versions)
    zones[ALWAYS] = counted
    begun = [version for version in versions if version.valid_from <= day] or versions[:1]
    calendar = begun[-1].calendar if begun else None
    return CaseTimes(Clock(_zone_on(calendar, day) or counted if calendar else counted), zones)


def _zone_on(calendar: BusinessCalendar, day: date) -> str | None:
    """The zone of the calendar's version of the day, or of its first one."""
    known = calendar.versions.order_by("valid_from")
    last = known.filter(valid_from__lte=day).last() or known.first()
    return last.timezone if last else None


def _counted_in(agreement: Agreement, versions: list[AgreementVersion]) -> str:
    """The zone in which the days of cases are counted, or those of the rows of a promise without a clock."""
    if agreement.dataset is not None:
        return contract_of(agreement.dataset).reporting_timezone
    targets = ServiceTarget.objects.filter(version__in=versions).select_related("clock__dataset", "measure__dataset")
    for target in targets.order_by("version__valid_from", "position", "pk"):
        rule = getattr(target, "clock", None) or getattr(target, "measure", None)
        if rule is not None:
            return contract_of(rule.dataset).reporting_timezone
    return "UTC"
