"""Changing how a series is charted: settings, baseline lock, excluded points, and re-bases by two people.

Each asks for the charts of the KPI to be made again; the verdict then says that, when and why its limits moved.
"""

from datetime import date, datetime

from django.db import IntegrityError, transaction

from organization import audit
from organization.models import Unit

from . import signalling
from .calendars import calendars_of
from .measures import grains_of
from .models import ChartPhase, ChartSetting, ExcludedPoint, Kpi, Result
from .workflow import SecondPersonNeeded


class ChartRefused(Exception):
    """A change of a chart that cannot be made; `field` names what to change."""

    def __init__(self, message: str, field: str = ""):
        self.field = field
        super().__init__(message)


@transaction.atomic
def set_chart(
    kpi: Kpi,
    unit: Unit,
    grain: str,
    *,
    by,
    reason: str,
    rule_set: str = ChartSetting.RuleSet.NHS,
    chart: str = ChartSetting.Chart.AUTO,
    baseline: str = ChartSetting.Baseline.FIRST,
    baseline_from: date | None = None,
    baseline_to: date | None = None,
) -> ChartSetting:
    """Choose rules, chart and baseline of a series. A lock names its first and last period, by any of their days.

    Raises ChartRefused (a lock of less than two periods, or across the start of a phase; no reason).
    """
    _require_reason(reason)
    locked = baseline == ChartSetting.Baseline.LOCKED
    lock = _lock(kpi, unit, grain, baseline_from, baseline_to) if locked else (None, None)
    values = {"rule_set": rule_set, "chart": chart, "baseline": baseline, "reason": reason.strip(), "changed_by": by}
    setting, _ = ChartSetting.objects.update_or_create(
        kpi=kpi,
        unit=unit,
        grain=_grain(kpi, grain),
        defaults=values | dict(zip(("baseline_from", "baseline_to"), lock, strict=True)),
    )
    details = {"rules": rule_set, "chart": chart, "baseline": baseline, "from": lock[0], "to": lock[1]}
    audit.record(by, "chart set", kpi, unit=unit, grain=grain, reason=reason, **details)
    signalling.request([kpi.pk], by=by)
    return setting


@transaction.atomic
def propose_phase(kpi: Kpi, unit: Unit, grain: str, starts_on: date, *, by, reason: str) -> ChartPhase:
    """Ask for new limits from the period on that holds `starts_on`. Raises ChartRefused."""
    _require_reason(reason)
    grain = _grain(kpi, grain)
    start = _period(kpi, starts_on, grain).start
    charted = _charted(kpi, unit, grain)
    if charted.filter(period_start__lt=start).count() < 2 or charted.filter(period_start__gte=start).count() < 2:
        raise ChartRefused("A phase has two complete periods or more, before and after its start.", "starts_on")
    phase = ChartPhase(kpi=kpi, unit=unit, grain=grain, starts_on=start, reason=reason.strip(), proposed_by=by)
    try:
        with transaction.atomic():
            phase.save()
    except IntegrityError:
        raise ChartRefused("There is a phase from this period on already, or it waits for approval.", "starts_on")
    audit.record(by, "re-base proposed", phase, unit=unit, kpi=kpi.code, grain=grain, starts_on=start, reason=reason)
    return phase


@transaction.atomic
def decide_phase(phase: ChartPhase, *, approve: bool, by, now: datetime, remark: str = "") -> ChartPhase:
    """A second person approves the re-base, and the limits move; or rejects it.

    Raises SecondPersonNeeded, ChartRefused.
    """
    phase = ChartPhase.objects.select_for_update(of=("self",)).select_related("kpi", "unit").get(pk=phase.pk)
    if phase.state != ChartPhase.State.PROPOSED:
        raise ChartRefused(f"This re-base is {phase.get_state_display().lower()} already.")
    if phase.proposed_by_id == by.pk:
        raise SecondPersonNeeded("You proposed this re-base: a second person must decide on it.")
    if not approve and not remark.strip():
        raise ChartRefused("Say why the re-base is rejected.", "remark")
    phase.state = ChartPhase.State.APPROVED if approve else ChartPhase.State.REJECTED
    phase.decided_by, phase.decided_at, phase.remark = by, now, remark.strip()[:500]
    phase.save(update_fields=["state", "decided_by", "decided_at", "remark"])
    action = "re-base approved" if approve else "re-base rejected"
    audit.record(by, action, phase, unit=phase.unit, kpi=phase.kpi.code, starts_on=phase.starts_on, remark=remark)
    if approve:
        signalling.request([phase.kpi_id], by=by)
    return phase


@transaction.atomic
def exclude_point(kpi: Kpi, unit: Unit, grain: str, day: date, *, by, reason: str) -> ExcludedPoint:
    """Leave the period that holds `day` out of limits and rules; it stays visible, with the reason.

    Raises ChartRefused.
    """
    _require_reason(reason)
    grain = _grain(kpi, grain)
    start = _period(kpi, day, grain).start
    if not _charted(kpi, unit, grain).filter(period_start=start).exists():
        raise ChartRefused("There is no complete period with a value that holds this day.", "day")
    if ExcludedPoint.objects.filter(kpi=kpi, unit=unit, grain=grain, period_start=start).exists():
        raise ChartRefused("This period is left out already.", "day")
    point = ExcludedPoint.objects.create(
        kpi=kpi, unit=unit, grain=grain, period_start=start, reason=reason.strip(), by=by
    )
    audit.record(by, "point left out", point, unit=unit, kpi=kpi.code, grain=grain, period=start, reason=reason)
    signalling.request([kpi.pk], by=by)
    return point


@transaction.atomic
def include_point(point: ExcludedPoint, *, by) -> None:
    """Take an exclusion back."""
    audit.record(by, "point taken back", point, unit=point.unit, kpi=point.kpi.code, period=point.period_start)
    signalling.request([point.kpi_id], by=by)
    point.delete()


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise ChartRefused("Say why: limits never move without a reason.", "reason")
    if len(reason) > 500:
        raise ChartRefused("A reason has at most 500 letters.", "reason")


def _grain(kpi: Kpi, grain: str) -> str:
    if not any(grain in grains_of(version) for version in kpi.versions.all()):
        raise ChartRefused(f"{kpi} is not kept by “{grain}”.", "grain")
    return grain


def _period(kpi: Kpi, day: date, grain: str):
    return calendars_of([kpi.unit_id], day)[kpi.unit_id].period_of(day, grain)


def _charted(kpi: Kpi, unit: Unit, grain: str):
    """The complete results with a value of a series."""
    rows = Result.objects.current().filter(kpi=kpi, unit=unit, grain=grain, dimension="", is_open=False)
    return rows.exclude(value=None)


def _lock(kpi: Kpi, unit: Unit, grain: str, start: date | None, end: date | None) -> tuple[date, date]:
    if start is None or end is None:
        raise ChartRefused("A lock names its first and its last period.", "baseline_from")
    first, last = (_period(kpi, day, grain).start for day in (start, end))
    inside = _charted(kpi, unit, grain).filter(period_start__range=(first, last)).count()
    if first >= last or inside < 2:
        raise ChartRefused("A lock holds two complete periods or more, and runs forward.", "baseline_to")
    phases = ChartPhase.objects.filter(kpi=kpi, unit=unit, grain=grain, state=ChartPhase.State.APPROVED)
    if phases.filter(starts_on__gt=first, starts_on__lte=last).exists():
        raise ChartRefused("A lock lies within one phase: a re-base was approved in between.", "baseline_to")
    return first, last
