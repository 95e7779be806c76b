"""Targets set within another's days: the standing one is split around them, and joined again when they are taken back.

No two targets of a kind hold on the same day, also here: the standing one keeps its days before and after, each part as
it was set. See docs/decisions/0009-targets-within-others.md. Callers hold the KPI's lock (`kpis.targets`).
"""

from datetime import date

from organization import audit

from .goals import Goal, plain
from .models import StandingTarget, Target


def can_split(other: Target, goal: Goal) -> bool:
    """Whether `other` holds on all the goal's days and on others; a total is that of all its days."""
    is_inside = other.valid_to is None or (goal.valid_to is not None and goal.valid_to <= other.valid_to)
    has_more = (other.valid_from, other.valid_to) != (goal.valid_from, goal.valid_to)
    return other.valid_from <= goal.valid_from and is_inside and has_more and not other.as_total


def split(other: Target, goal: Goal, *, by) -> StandingTarget:
    """Let `other` keep its days before and after the goal's. What it said is remembered, for `give_back`."""
    standing = other.part_of or _remembered(other)
    before, ends = _days(other), other.valid_to
    parts = [other]
    if other.valid_from < goal.valid_from:
        other.valid_to = goal.valid_from
        if goal.valid_to and goal.valid_to != ends:
            parts.append(_part(standing, other, goal.valid_to, ends))
    else:
        other.valid_from = goal.valid_to or other.valid_from  # it has other days, so the goal ends
    other.part_of = standing
    other.save(update_fields=["valid_from", "valid_to", "part_of"])
    audit.record(
        by,
        "target split",
        other,
        unit=other.unit,
        was=plain(other) | before,
        kept=[_days(part) for part in parts],
        around={"valid_from": goal.valid_from, "valid_to": goal.valid_to},
    )
    return standing


def become_override(part: Target) -> None:
    """All of a part's days get another number: it is set within what it was a part of. Unsaved."""
    part.overrides, part.part_of = part.part_of, None


def give_back(gone: Target, start: date, end: date | None) -> Target:
    """Let the days on which the override `gone` no longer holds say what stood there, in one with the parts beside."""
    standing = gone.overrides
    left = standing.parts.filter(valid_to=start).first()
    right = standing.parts.filter(valid_from=end).first() if end else None
    if left:
        left.valid_to = right.valid_to if right else end
        if right:
            right.delete()
        left.save(update_fields=["valid_to"])
    elif right:
        right.valid_from = start
        right.save(update_fields=["valid_from"])
    else:
        left = _part(standing, gone, start, end)
    _forget_unless_needed(standing)
    return left or right


def taken_back(gone: Target, *, gives_back: bool = True) -> Target | None:
    """What follows when a target was deleted: the part that holds again on its days, if it was set within another."""
    again = None
    if gone.overrides:
        if gives_back:
            again = give_back(gone, gone.valid_from, gone.valid_to)
        else:
            _forget_unless_needed(gone.overrides)
    if gone.part_of:
        _forget_without_parts(gone.part_of)
    return again


def _forget_without_parts(standing: StandingTarget) -> None:
    """With the last part that was taken back, nothing is left to hold again, but what it was within itself."""
    if standing.parts.exists():
        return
    standing.overrides.update(overrides=standing.within)
    StandingTarget.objects.filter(within=standing).update(within=standing.within)
    standing.delete()


def _forget_unless_needed(standing: StandingTarget) -> None:
    """Without an override there is nothing to give back: its parts are targets like any other."""
    if standing.overrides.exists() or StandingTarget.objects.filter(within=standing).exists():
        return
    standing.parts.update(part_of=None)
    outer = standing.within
    standing.delete()
    if outer:
        _forget_unless_needed(outer)


def _remembered(other: Target) -> StandingTarget:
    words = ("kpi", "unit", "value", "low", "high", "basis", "set_by", "set_at")
    return StandingTarget.objects.create(within=other.overrides, **{word: getattr(other, word) for word in words})


def _part(standing: StandingTarget, like: Target, start: date, end: date | None) -> Target:
    """A target of the segment and comparator of `like` that says on other days what `standing` says."""
    words = ("kpi", "unit", "value", "low", "high", "basis", "set_by")
    part = Target.objects.create(
        comparator=like.comparator,
        dimension=like.dimension,
        member=like.member,
        valid_from=start,
        valid_to=end,
        part_of=standing,
        overrides=standing.within,
        **{word: getattr(standing, word) for word in words},
    )
    Target.objects.filter(pk=part.pk).update(set_at=standing.set_at)
    return part


def _days(target: Target) -> dict[str, date | None]:
    return {"valid_from": target.valid_from, "valid_to": target.valid_to}
