"""Setting targets, one or a grid of them; phasing a year's total.

A target holds for its unit and everything below, for its days, for all rows or for one segment. Two targets of the same
KPI, unit, segment and comparator never hold on the same day: a writer locks the KPI first, so neither do two that are
set at the same moment. One that is set within the days of a longer one is refused, or that one is split around it
(`kpis.overrides`). What rates complete periods anew needs a reason (`kpis.late_targets`). Every change asks for the
KPI's results to be scored again (`kpis.requests`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from organization import audit
from organization.models import Unit

from . import late_targets, overrides, requests
from .calendars import calendars_of
from .goals import Goal, TargetError, TargetOverlap, check, limit_faults, plain
from .kept_targets import refuse_kept
from .models import AnnualTarget, Kpi, LateTarget, Target
from .models.targets import Comparator
from .phase_weights import weights_of
from .phasing import PhasingError, phase


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with one cell of a pasted grid; `row` counts from 0. can_split: as that of TargetOverlap."""

    row: int
    column: str
    message: str
    can_split: bool = False


class GridRefused(Exception):
    """Nothing of the grid was set; `errors` name every faulty cell."""

    def __init__(self, errors: Sequence[CellError]):
        self.errors = tuple(errors)
        super().__init__(f"{len(errors)} of the cells cannot be set, so none was. First: {errors[0].message}")


@transaction.atomic
def set_target(goal: Goal, *, by, reason: str = "", by_keeper: bool = False) -> Target:
    """Set one target. reason: why complete periods are rated anew. by_keeper: by the room that keeps it
    (`kept_targets`). Raises TargetOverlap, TargetError, ReasonNeeded.
    """
    (kpi,) = _locked([goal.kpi])
    if not by_keeper:
        refuse_kept(kpi, goal.unit.pk, goal.comparator, goal.dimension)
    target = (_replace(goal, by, only_parts=True) if goal.split_standing else None) or _insert(goal, kpi, by)
    for _, fault in limit_faults([target]):
        raise fault
    _tell([target], "target set", by, reason)
    return target


@transaction.atomic
def set_many(goals: Sequence[Goal], *, by, reason: str = "") -> list[Target]:
    """Set a grid of targets, all or none. A cell with exactly the days of a target that stands changes its value.

    Raises GridRefused with the fault of every cell, ReasonNeeded.
    """
    errors: list[CellError] = []
    done: list[tuple[int, Target]] = []
    kpis = {kpi.pk: kpi for kpi in _locked({goal.kpi.pk: goal.kpi for goal in goals}.values())}
    for row, goal in enumerate(goals):
        try:
            refuse_kept(goal.kpi, goal.unit.pk, goal.comparator, goal.dimension)
            done.append((row, _replace(goal, by) or _insert(goal, kpis[goal.kpi.pk], by)))
        except TargetError as fault:
            errors.append(CellError(row, fault.field or "value", str(fault), getattr(fault, "can_split", False)))
    rows = {target.pk: row for row, target in done}
    for target, fault in limit_faults([target for _, target in done]):
        errors.append(CellError(rows[target.pk], fault.field or "value", str(fault)))
    if errors:
        raise GridRefused(sorted(errors, key=lambda error: error.row))
    fresh = Target.objects.select_related("kpi", "unit").in_bulk(rows)  # one may have been split by a later one
    targets = [fresh[target.pk] for _, target in done]
    _tell(targets, "targets set", by, reason)
    return targets


@transaction.atomic
def end_target(target: Target, last_day: date, *, by, reason: str = "") -> Target:
    """Let `target` hold up to and including `last_day`; the days after it go back to what it was set within.

    Raises TargetError, also for a total; ReasonNeeded.
    """
    if target.as_total:
        raise TargetError("This is the total of its days: remove it, and set another for other days.", "valid_to")
    target = _still_there(target)
    _refuse_kept(target)
    end = last_day + timedelta(days=1)
    if end <= target.valid_from or (target.valid_to and end > target.valid_to):
        raise TargetError(f"Choose a day within {target.valid_from} to {target.valid_to or 'later'}.", "valid_to")
    before, target.valid_to = target.valid_to, end
    target.save(update_fields=["valid_to"])
    again = overrides.give_back(target, end, before) if target.overrides and end != before else None
    back = {"holds_again": plain(again)} if again else {}
    back |= _late([replace(late_targets.of(target, LateTarget.Did.ENDED), start=end, end=before)], by, reason)
    audit.record(by, "target ended", target, unit=target.unit, before=before, after=end, **back)
    requests.rescore(target.kpi, f"target of {target.kpi.code}", by=by)
    return target


@transaction.atomic
def remove_target(
    target: Target, *, by, gives_back: bool = True, reason: str = "", by_keeper: bool = False
) -> Target | None:
    """Take a target back as if it had never been set; the audit trail keeps it. Raises TargetError for a phase,
    ReasonNeeded.

    The days of one that was set within another say again what that one says, which is returned; unless it is to hold
    no more either (`gives_back`).
    """
    if target.annual_id:
        raise TargetError("This is a part of an annual target: take that one back instead.")
    target = _still_there(target)
    if not by_keeper:
        _refuse_kept(target)
    was, name = plain(target), target.pk
    target.delete()
    again = overrides.taken_back(target, gives_back=gives_back)
    target.pk = name
    back = {"holds_again": plain(again)} if again else {}
    back |= _late([late_targets.of(target, LateTarget.Did.REMOVED)], by, reason)
    audit.record(by, "target removed", target, unit=target.unit, was=was, **back)
    requests.rescore(target.kpi, f"target of {target.kpi.code}", by=by)
    return again


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
    reason: str = "",
) -> AnnualTarget:
    """Phase `total` over the months of the fiscal year that holds `year_of`; the months add up to it exactly.

    Setting it again for the same year replaces the phases. Raises TargetOverlap, TargetError, ReasonNeeded.
    """
    (kpi,) = _locked([kpi])
    refuse_kept(kpi, unit.pk, comparator)
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
    why = _late([_of_year(annual)], by, reason)
    audit.record(by, "annual target set", annual, unit=unit, total=total, phasing=phasing, was=was and was.total, **why)
    requests.rescore(kpi, f"annual target of {kpi.code}", by=by)
    return annual


@transaction.atomic
def remove_annual(annual: AnnualTarget, *, by, reason: str = "") -> None:
    """Take an annual target and its phases back. Raises ReasonNeeded."""
    (kpi,) = _locked([annual.kpi])
    why = _late([replace(_of_year(annual), did=LateTarget.Did.REMOVED)], by, reason)
    audit.record(by, "annual target removed", annual, unit=annual.unit, total=annual.total, **why)
    annual.delete()
    requests.rescore(kpi, f"annual target of {kpi.code}", by=by)


def _locked(kpis: Iterable[Kpi]) -> list[Kpi]:
    """Only one writer at a time sets targets of a KPI; several are locked in one order."""
    ids = [kpi.pk for kpi in kpis]
    return list(Kpi.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _still_there(target: Target) -> Target:
    """The target as it is now, its KPI locked. Raises TargetError."""
    _locked([target.kpi])
    people = ("kpi", "unit", "part_of__within", "overrides__within")
    found = Target.objects.select_related(*people).filter(pk=target.pk).first()
    if found is None:
        raise TargetError("Somebody took this target back meanwhile: look again.")
    return found


def _refuse_kept(target: Target) -> None:
    """One that was set within a kept one can always go: then that one holds again."""
    if not target.overrides_id:
        refuse_kept(target.kpi, target.unit_id, target.comparator, target.dimension)


def _insert(goal: Goal, kpi: Kpi, by, annual: AnnualTarget | None = None) -> Target:
    check(goal, is_phase=annual is not None)
    ends_after = Q(valid_to=None) | Q(valid_to__gt=goal.valid_from)
    same = _same(goal).filter(ends_after).select_related("unit", "kpi", "part_of__within", "overrides")
    if goal.valid_to:
        same = same.filter(valid_from__lt=goal.valid_to)
    standing = None
    if other := same.order_by("valid_from").first():
        can_split = annual is None and overrides.can_split(other, goal)
        if not (can_split and goal.split_standing):
            raise TargetOverlap(other, can_split=can_split)
        standing = overrides.split(other, goal, by=by)
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
        overrides=standing,
        set_by=by,
    )


def _replace(goal: Goal, by, *, only_parts: bool = False) -> Target | None:
    """The target with exactly these days gets the new value; the audit trail keeps the old one.

    Of a part of a standing target, the new value is set within that one.
    """
    target = _same(goal).filter(valid_from=goal.valid_from, valid_to=goal.valid_to, annual=None).first()
    if target is None or (only_parts and target.part_of is None):
        return None
    check(goal)
    before = plain(target)
    target.value, target.low, target.high, target.set_by = goal.value, goal.low, goal.high, by
    target.as_total = goal.as_total
    if target.part_of:
        overrides.become_override(target)
        target.basis = ""
    target.basis = goal.basis[:200] or target.basis
    target.save()
    audit.record(by, "target changed", target, unit=target.unit, before=before, after=plain(target))
    return target


def _same(goal: Goal):
    return Target.objects.filter(
        kpi=goal.kpi, unit=goal.unit, comparator=goal.comparator, dimension=goal.dimension, member=goal.member
    )


def _of_year(annual: AnnualTarget) -> late_targets.Change:
    return late_targets.Change(annual.kpi, annual.unit, annual.comparator, annual.year_start, annual.year_end)


def _late(changes: Iterable[late_targets.Change], by, reason: str) -> dict[str, str]:
    """What the trail says of a change of complete periods. Raises ReasonNeeded."""
    kept = late_targets.note(changes, reason=reason, by=by)
    return {"after_the_fact": kept} if kept else {}


def _tell(targets: Sequence[Target], action: str, by, reason: str) -> None:
    """One audit entry for each KPI and unit, and one request to score the KPI again. Raises ReasonNeeded."""
    why = _late(map(late_targets.of, targets), by, reason)
    groups: dict[tuple[int, int], list[Target]] = {}
    for target in targets:
        groups.setdefault((target.kpi_id, target.unit_id), []).append(target)
    for group in groups.values():
        audit.record(by, action, group[0], unit=group[0].unit, targets=[plain(target) for target in group], **why)
    for kpi in {target.kpi_id: target.kpi for target in targets}.values():
        requests.rescore(kpi, f"target of {kpi.code}", by=by)
