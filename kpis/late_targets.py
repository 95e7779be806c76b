"""Targets set after the fact: for periods that are complete, whose status was read already. They need a reason.

It stands with who and when on the targets' page, on the KPI's, and in the audit trail. What rates nothing (a floor, a
budget) is none, nor are days without a complete result.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from organization.models import Unit, UnitPath

from .goals import TargetError
from .models import Kpi, LateTarget, Result, Target
from .models.targets import Comparator

LONGEST_REASON = 500
RATING = (Comparator.TARGET, Comparator.RED_LIMIT, Comparator.STRETCH)


class ReasonNeeded(TargetError):
    """Complete periods would be rated anew, and nobody says why."""

    def __init__(self, first: date, last: date, kpi: Kpi):
        begin = f"begins on {first:%-d %b %Y}" if first == last else f"begin from {first:%-d %b %Y} to {last:%-d %b %Y}"
        which = "The complete period" if first == last else "Complete periods"
        super().__init__(f"{which} of {kpi.name} that {begin} would be rated anew: say why, as the reason.", "reason")


@dataclass(frozen=True, slots=True)
class Change:
    """The days on which another target holds than before, for a unit and everything below it."""

    kpi: Kpi
    unit: Unit
    comparator: str
    start: date
    end: date | None
    did: str = LateTarget.Did.SET


def of(target: Target, did: str = LateTarget.Did.SET) -> Change:
    return Change(target.kpi, target.unit, target.comparator, target.valid_from, target.valid_to, did)


def note(changes: Iterable[Change], *, reason: str, by) -> str:
    """Keep who changed what of complete periods, and why; the reason if any was, for the trail. Raises ReasonNeeded."""
    reason, late = reason.strip()[:LONGEST_REASON], {}
    for change in changes:
        if change.comparator in RATING and (days := _complete(change)):
            found = late.setdefault((change.kpi.pk, change.unit.pk, change.comparator, change.did), (change, set()))
            found[1].update(days)
    for change, days in late.values():
        if not reason:
            raise ReasonNeeded(min(days), max(days), change.kpi)
        LateTarget.objects.create(
            kpi=change.kpi,
            unit=change.unit,
            comparator=change.comparator,
            did=change.did,
            first=min(days),
            last=max(days),
            reason=reason,
            by=by,
        )
    return reason if late else ""


def late_targets(kpi: Kpi, units: Iterable[int], start: date, end: date) -> list[LateTarget]:
    """What was set after the fact for these units, of periods that begin from `start` to before `end`."""
    found = LateTarget.objects.filter(kpi=kpi, unit__in=units, first__lt=end, last__gte=start)
    return list(found.select_related("unit", "by")[:20])


def above(unit: Unit) -> Iterable[int]:
    """The unit and those above it on any day, whose targets it may have had."""
    return UnitPath.objects.filter(descendant=unit).values_list("ancestor", flat=True)


def _complete(change: Change) -> tuple[date, ...]:
    """The first days of the first and of the last complete period with a value that it changes; none: empty."""
    below = UnitPath.objects.filter(ancestor=change.unit).values("descendant")
    found = Result.objects.current().filter(
        kpi=change.kpi, unit__in=below, is_open=False, value__isnull=False, period_start__gte=change.start
    )
    if change.end:
        found = found.filter(period_start__lt=change.end)
    days = found.order_by("period_start").values_list("period_start", flat=True)
    first = days.first()
    return (first, days.last()) if first else ()
