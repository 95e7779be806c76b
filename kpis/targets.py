"""Setting targets, one or a grid of them; phasing a year's total.

A target holds for its unit and everything below, for its days, for all rows or for one segment. Two targets of the same
KPI, unit, segment and comparator never hold on the same day: a writer locks the KPI first, so neither do two that are
set at the same moment. Every change asks for the KPI's results to be scored again (`kpis.requests`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from organization import audit
from organization.models import Unit

from . import requests
from .calendars import calendars_of
from .goals import Goal, TargetError, TargetOverlap, check, limit_faults, plain
from .models import AnnualTarget, Kpi, Target
from .models.targets import Comparator
from .phase_weights import weights_of
from .phasing import PhasingError, phase


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with one cell of a pasted grid; `row` counts from 0."""

    row: int
    column: str
    message: str


class GridRefused(Exception):
    """Nothing of the grid was set; `errors` name every faulty cell."""

    def __init__(self, errors: Sequence[CellError]):
        self.errors = tuple(errors)
        super().__init__(f"{len(errors)} of the cells cannot be set, so none was. First: {errors[0].message}")


@transaction.atomic
def set_target(goal: Goal, *, by) -> Target:
    """Set one target. Raises TargetOverlap, TargetError."""
    (kpi,) = _locked([goal.kpi])
    target = _insert(goal, kpi, by)
    for _, fault in limit_faults([target]):
        raise fault
    _tell([target], "target set", by)
    return target


@transaction.atomic
def set_many(goals: Sequence[Goal], *, by) -> list[Target]:
    """Set a grid of targets, all or none. A cell with exactly the days of a target that stands changes its value.

    Raises GridRefused with the fault of every cell.
    """
    errors: list[CellError] = []
    done: list[tuple[int, Target]] = []
    kpis = {kpi.pk: kpi for kpi in _locked({goal.kpi.pk: goal.kpi for goal in goals}.values())}
    for row, goal in enumerate(goals):
        try:
            done.append((row, _replace(goal, by) or _insert(goal, kpis[goal.kpi.pk], by)))
        except TargetError as fault:
            errors.append(CellError(row, fault.field or "value", str(fault)))
    rows = {target.pk: row for row, target in done}
    for target, fault in limit_faults([target for _, target in done]):
        errors.append(CellError(rows[target.pk], fault.field or "value", str(fault)))
    if errors:
        raise GridRefused(sorted(errors, key=lambda error: error.row))
    targets = [target for _, target in done]
    _tell(targets, "targets set", by)
    return targets


@transaction.atomic
def end_target(target: Target, last_day: date, *, by) -> Target:
    """Let `target` hold up to and including `last_day`. Raises TargetError, also for a total."""
    if target.as_total:
        raise TargetError("This is the total of its days: remove it, and set another for other days.", "valid_to")
    _locked([target.kpi])
    end = last_day + timedelta(days=1)
    if end <= target.valid_from or (target.valid_to and end > target.valid_to):
        raise TargetError(f"Choose a day within {target.valid_from} to {target.valid_to or 'later'}.", "valid_to")
    before, target.valid_to = target.valid_to, end
    target.save(update_fields=["valid_to"])
    audit.record(by, "target ended", target, unit=target.unit, before=before, after=end)
    requests.rescore(target.kpi, f"target of {target.kpi.code}", by=by)
    return target


@transaction.atomic
def remove_target(target: Target, *, by) -> None:
    """Take a target back as if it had never been set; the audit trail keeps it. Raises TargetError for a phase."""
    if target.annual_id:
        raise TargetError("This is a part of an annual target: take that one back instead.")
    _locked([target.kpi])
    audit.record(by, "target removed", target, unit=target.unit, was=plain(target))
    target.delete()
    requests.rescore(target.kpi, f"target of {target.kpi.code}", by=by)


@transaction.atomic
def set_annual(
    kpi: Kpi,
    unit: Unit,
    total: Decimal,
    *,
    year_of: date,
    phasing: str,
    by,
    decimals: int = 2,
    comparator: str = Comparator.TARGET,
) -> AnnualTarget:
    """Phase `total` over the months of the fiscal year that holds `year_of`; the months add up to it exactly.

    Setting it again for the same year replaces the phases. Raises TargetOverlap, TargetError.
    """
    (kpi,) = _locked([kpi])
    calendar = calendars_of([kpi.unit_id], year_of)[kpi.unit_id]
    year = calendar.period_of(year_of, "year")
    months = calendar.periods("month", year.start, year.end)
    try:
        parts = phase(total, weights_of(kpi, unit, months, calendar, phasing), decimals)
    except PhasingError as fault:
        raise TargetError(str(fault), "phasing") from None
    was = AnnualTarget.objects.filter(kpi=kpi, unit=unit, comparator=comparator, year_start=year.start).first()
    if was:
        was.delete()
    annual = AnnualTarget.objects.create(
        kpi=kpi,
        unit=unit,
        comparator=comparator,
        year_start=year.start,
        year_end=year.end,
        total=total,
        decimals=decimals,
        phasing=phasing,
        set_by=by,
    )
    basis = f"{annual.get_phasing_display()} of {total}"
    for month, part in zip(months, parts, strict=True):
        goal = Goal(kpi, unit, month.start, month.end, part, comparator=comparator, basis=basis, as_total=True)
        _insert(goal, kpi, by, annual=annual)
    audit.record(by, "annual target set", annual, unit=unit, total=total, phasing=phasing, was=was and was.total)
    requests.rescore(kpi, f"annual target of {kpi.code}", by=by)
    return annual


@transaction.atomic
def remove_annual(annual: AnnualTarget, *, by) -> None:
    """Take an annual target and its phases back."""
    (kpi,) = _locked([annual.kpi])
    audit.record(by, "annual target removed", annual, unit=annual.unit, total=annual.total)
    annual.delete()
    requests.rescore(kpi, f"annual target of {kpi.code}", by=by)


def _locked(kpis: Iterable[Kpi]) -> list[Kpi]:
    """Only one writer at a time sets targets of a KPI; several are locked in one order."""
    ids = [kpi.pk for kpi in kpis]
    return list(Kpi.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _insert(goal: Goal, kpi: Kpi, by, annual: AnnualTarget | None = None) -> Target:
    check(goal, is_phase=annual is not None)
    ends_after = Q(valid_to=None) | Q(valid_to__gt=goal.valid_from)
    same = _same(goal).filter(ends_after).select_related("unit", "kpi")
    if goal.valid_to:
        same = same.filter(valid_from__lt=goal.valid_to)
    if other := same.order_by("valid_from").first():
        raise TargetOverlap(other)
    return Target.objects.create(
        kpi=kpi,
        unit=goal.unit,
        dimension=goal.dimension,
        member=goal.member,
        comparator=goal.comparator,
        value=goal.value,
        low=goal.low,
        high=goal.high,
        valid_from=goal.valid_from,
        valid_to=goal.valid_to,
        basis=goal.basis[:200],
        as_total=goal.as_total,
        annual=annual,
        set_by=by,
    )


def _replace(goal: Goal, by) -> Target | None:
    """The target with exactly these days gets the new value; the audit trail keeps the old one."""
    target = _same(goal).filter(valid_from=goal.valid_from, valid_to=goal.valid_to, annual=None).first()
    if target is None:
        return None
    check(goal)
    before = plain(target)
    target.value, target.low, target.high, target.set_by = goal.value, goal.low, goal.high, by
    target.as_total = goal.as_total
    target.basis = goal.basis[:200] or target.basis
    target.save()
    audit.record(by, "target changed", target, unit=target.unit, before=before, after=plain(target))
    return target


def _same(goal: Goal):
    return Target.objects.filter(
        kpi=goal.kpi, unit=goal.unit, comparator=goal.comparator, dimension=goal.dimension, member=goal.member
    )


def _tell(targets: Sequence[Target], action: str, by) -> None:
    """One audit entry for each KPI and unit, and one request to score the KPI again."""
    groups: dict[tuple[int, int], list[Target]] = {}
    for target in targets:
        groups.setdefault((target.kpi_id, target.unit_id), []).append(target)
    for group in groups.values():
        audit.record(by, action, group[0], unit=group[0].unit, targets=[plain(target) for target in group])
    for kpi in {target.kpi_id: target.kpi for target in targets}.values():
        requests.rescore(kpi, f"target of {kpi.code}", by=by)
