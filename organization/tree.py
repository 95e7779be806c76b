"""Changing the tree of units: add, move, rename, close. Each change keeps the closure `UnitPath` exact.

Placements say where a unit stands in which days; nothing is overwritten, so a question about last year is answered by
last year's tree. The path table follows from the placements alone and is rebuilt for the units that a change touches.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Max, Min, Q
from django.dispatch import Signal

from . import audit, members
from .changes import set_fields
from .fiscal import periods_changed
from .models import Unit, UnitAlias, UnitPath, UnitPlacement
from .order import as_read
from .zones import check_zone

ALWAYS = date(1900, 1, 1)
FOREVER = date.max
DEEPEST = 30

# Sent after the commit with `unit` and `from_day`: values above that unit have changed from that day on.
tree_changed = Signal()


class TreeRefused(Exception):
    """The change would make a tree that is not one; the message names the units and the next step."""


@transaction.atomic
def add_unit(
    *,
    code: str,
    name: str,
    by,
    parent: Unit | None = None,
    kind: str = Unit.Kind.DEPARTMENT,
    from_day: date | None = None,
    **values,
) -> Unit:
    """A new unit under `parent` (none: at the top) from `from_day` on; None: as long as its parent, at the top always.

    Raises TreeRefused, ValidationError.
    """
    from_day = from_day or (parent and first_day(parent)) or ALWAYS
    unit = plant(code=code, name=name, kind=kind, by=by, parent=parent, from_day=from_day, **values)
    grown([unit], from_day, by=by)
    return unit


def first_day(unit: Unit) -> date | None:
    """The day from which on the unit stands in the tree; None where it never did."""
    return unit.placements.aggregate(first=Min("valid_from"))["first"]


def grown(units: Collection[Unit], from_day: date, *, by) -> None:
    """After `plant`: write the paths of the new units, keep the new tops administered, and tell the rooms above."""
    rebuild_paths([unit.pk for unit in units])
    tops = Unit.objects.filter(pk__in=[unit.pk for unit in units], placements__parent=None)
    members.keep_administered(tops, from_day=from_day, by=by)
    if units:
        _announce(next(iter(units)), from_day)


def plant(*, code: str, name: str, kind: str, by, parent: Unit | None, from_day: date, **values) -> Unit:
    """A new unit whose paths are not yet there: who adds many calls `grown` once, in the same transaction."""
    _lock_tree()
    check_zone(values.get("timezone", ""))
    unit = Unit(code=code, name=name, kind=kind, **values)
    unit.full_clean()
    unit.save()
    _require_standing(parent, from_day, None)
    UnitPlacement.objects.create(unit=unit, parent=parent, valid_from=from_day)
    audit.record(by, "unit added", unit, unit=unit, parent=parent and parent.code, from_day=from_day)
    return unit


@transaction.atomic
def move_unit(unit: Unit, parent: Unit | None, *, from_day: date, by) -> None:
    """Let `unit` stand under `parent` from `from_day` on, whatever was planned for later days.

    The days before keep their tree. A day before its first lets it begin earlier, under its first parent, and leaves
    its later places alone. Raises TreeRefused for a cycle, a day outside the unit's life, or a parent that does not
    exist then.
    """
    _lock_tree()
    placements = list(unit.placements.order_by("valid_from"))
    if placements and from_day < placements[0].valid_from:
        _begin_earlier(placements[0], parent, from_day, by)
        return
    if not placements:
        raise TreeRefused(f"{unit} stands nowhere in the tree.")
    if parent == unit:
        raise TreeRefused(f"{unit} cannot stand below itself: choose another parent.")
    end = placements[-1].valid_to
    if end and from_day >= end:
        raise TreeRefused(f"{unit} was closed on {end}: choose an earlier day.")
    _require_standing(parent, from_day, end)
    before = [{"parent": p.parent_id, "from": p.valid_from, "to": p.valid_to} for p in placements]
    unit.placements.filter(valid_from__gte=from_day).delete()
    unit.placements.filter(Q(valid_to=None) | Q(valid_to__gt=from_day)).update(valid_to=from_day)
    UnitPlacement.objects.create(unit=unit, parent=parent, valid_from=from_day, valid_to=end)
    rebuild_paths(_ever_below(unit))
    if parent is None:
        members.keep_administered([unit], from_day=from_day, by=by)
    audit.record(by, "unit moved", unit, unit=unit, parent=parent and parent.code, from_day=from_day, before=before)
    _announce(unit, from_day)


def _begin_earlier(first: UnitPlacement, parent: Unit | None, from_day: date, by) -> None:
    """The unit stood where it stands first already before the tree was told of it."""
    unit, was = first.unit, first.valid_from
    if parent != first.parent:
        raise TreeRefused(
            f"{unit} begins on {was} under {first.parent or 'no other unit'}: choose that parent to let it begin "
            f"earlier, or a day from {was} on to move it."
        )
    _require_standing(parent, from_day, was)
    before = [{"parent": first.parent_id, "from": was, "to": first.valid_to}]
    unit.placements.filter(pk=first.pk).update(valid_from=from_day)
    rebuild_paths(_ever_below(unit))
    if parent is None:
        members.keep_administered([unit], from_day=from_day, by=by)
    audit.record(by, "unit moved", unit, unit=unit, parent=parent and parent.code, from_day=from_day, before=before)
    _announce(unit, from_day)


@transaction.atomic
def close_unit(unit: Unit, *, from_day: date, by) -> None:
    """From `from_day` on the unit stands nowhere; its past stays. Raises TreeRefused while units stand below it."""
    _lock_tree()
    placements = list(unit.placements.order_by("valid_from"))
    if placements and from_day <= placements[0].valid_from:
        raise TreeRefused(f"{unit} starts on {placements[0].valid_from}: it can be closed from the day after that.")
    if placements and placements[-1].valid_to and from_day > placements[-1].valid_to:
        raise TreeRefused(f"{unit} was closed on {placements[-1].valid_to} already.")
    children = unit.child_placements.filter(Q(valid_to=None) | Q(valid_to__gt=from_day)).select_related("unit")
    if names := sorted({str(placement.unit) for placement in children}):
        stand, them = ("stands", "it") if len(names) == 1 else ("stand", "them")
        raise TreeRefused(f"{', '.join(names[:5])} still {stand} under {unit} then: move or close {them} first.")
    unit.placements.filter(valid_from__gte=from_day).delete()
    unit.placements.filter(Q(valid_to=None) | Q(valid_to__gt=from_day)).update(valid_to=from_day)
    Unit.objects.filter(pk=unit.pk).update(is_active=False)
    unit.is_active = False
    rebuild_paths([unit.pk])
    audit.record(by, "unit closed", unit, unit=unit, from_day=from_day)
    _announce(unit, from_day)


@transaction.atomic
def change_unit(unit: Unit, *, by, **values) -> Unit:
    """Rename, or set kind, time zone and calendars. Only what differs is written. Raises ValidationError."""
    check_zone(values.get("timezone", ""))
    change = set_fields(unit, values)
    if not change:
        return unit
    unit.full_clean()
    unit.save(update_fields=list(change["after"]))
    audit.record(by, "unit changed", unit, unit=unit, **change)
    if "fiscal_calendar" in change["after"]:
        periods_changed.send(Unit, units=[unit.pk], by=by)
    return unit


@transaction.atomic
def add_alias(unit: Unit, *, system: str, code: str, by) -> UnitAlias:
    """Let extracts of `system` name the unit by `code`. Raises ValidationError when the code is taken."""
    alias = UnitAlias(unit=unit, system=system, code=code)
    alias.full_clean()
    alias.save()
    audit.record(by, "alias added", alias, unit=unit)
    return alias


@transaction.atomic
def remove_alias(alias: UnitAlias, *, by) -> None:
    audit.record(by, "alias removed", alias, unit=alias.unit)
    alias.delete()


@dataclass(frozen=True)
class Standing:
    """A unit in the tree of one day: `depth` steps below the shown roots."""

    unit: Unit
    parent_id: int | None
    depth: int


def standing(day: date, units: Collection[int]) -> list[Standing]:
    """The given units that stand in the tree of `day`, parents before children, siblings by name. Two queries."""
    placements = UnitPlacement.objects.in_force(day).filter(unit__in=units).select_related("unit")
    shown = {placement.unit_id for placement in placements}
    below: dict[int | None, list[UnitPlacement]] = {}
    for placement in placements:
        parent = placement.parent_id if placement.parent_id in shown else None
        below.setdefault(parent, []).append(placement)
    return list(_walk_down(below, None, 0))


def in_order(units: Iterable[Unit]) -> list[tuple[Unit, int]]:
    """Each of `units` with its depth below the highest among them, parents before children, siblings by name.

    As the tree stands last, so that closed units and those of later days have a place too. One query beside `units`.
    """
    given = {unit.pk: unit for unit in units}
    placed = UnitPlacement.objects.filter(unit__in=given).order_by("valid_from").values_list("unit_id", "parent_id")
    parents = dict.fromkeys(given) | dict(placed)
    below: dict[int | None, list[Unit]] = {}
    for pk, unit in given.items():
        below.setdefault(parents[pk] if parents[pk] in given else None, []).append(unit)

    def walk(parent: int | None, depth: int) -> Iterator[tuple[Unit, int]]:
        for unit in sorted(below.get(parent, []), key=lambda unit: (as_read(unit.name), unit.pk)):
            yield unit, depth
            yield from walk(unit.pk, depth + 1)

    return list(walk(None, 0))


def _walk_down(below: dict, parent: int | None, depth: int) -> Iterator[Standing]:
    for placement in sorted(below.get(parent, []), key=lambda p: (as_read(p.unit.name), p.unit_id)):
        yield Standing(placement.unit, placement.parent_id, depth)
        yield from _walk_down(below, placement.unit_id, depth + 1)


def rebuild_paths(units: Collection[int] | None = None) -> None:
    """Write the paths up from `units` (none given: all) as their placements have it. Raises TreeRefused on a cycle.

    Whoever changes a placement passes the unit and all that ever stood below it, within the same transaction.
    """
    placements: dict[int, list[tuple[int | None, date, date]]] = {}
    rows = UnitPlacement.objects.order_by("valid_from").values_list("unit_id", "parent_id", "valid_from", "valid_to")
    for unit, parent, start, end in rows:
        placements.setdefault(unit, []).append((parent, start, end or FOREVER))
    old, units = UnitPath.objects.all(), placements.keys() if units is None else units
    old.filter(descendant__in=list(units)).delete()
    UnitPath.objects.bulk_create(
        [
            UnitPath(
                ancestor_id=ancestor,
                descendant_id=unit,
                depth=depth,
                valid_from=start,
                valid_to=None if end == FOREVER else end,
            )
            for unit in units
            for ancestor, depth, start, end in _joined(_paths_up(unit, ALWAYS, FOREVER, placements, (unit,)))
        ],
        batch_size=5000,
    )


def _paths_up(unit: int, start: date, end: date, placements: dict, below: tuple[int, ...]) -> Iterator[tuple]:
    """(ancestor, depth, start, end) of every stretch of days within `start` to `end`, the unit itself at depth 0."""
    for parent, placed, until in placements.get(unit, []):
        first, last = max(start, placed), min(end, until)
        if first >= last:
            continue
        yield unit, len(below) - 1, first, last
        if parent in below:
            names = " > ".join(Unit.objects.in_bulk(list(below))[pk].code for pk in below)
            raise TreeRefused(f"On {first} a unit would stand below itself ({names}): choose another parent or day.")
        if len(below) > DEEPEST:
            raise TreeRefused(f"The tree would be deeper than {DEEPEST} levels.")
        if parent is not None:
            yield from _paths_up(parent, first, last, placements, (*below, parent))


def _joined(paths: Iterator[tuple]) -> Iterator[tuple]:
    """Stretches of the same ancestor and depth that touch, as one."""
    open_path = None
    for path in sorted(paths):
        if open_path and open_path[:2] == path[:2] and path[2] <= open_path[3]:
            open_path = (*open_path[:3], max(open_path[3], path[3]))
            continue
        if open_path:
            yield open_path
        open_path = path
    if open_path:
        yield open_path


def _require_standing(parent: Unit | None, start: date, end: date | None) -> None:
    """Raise TreeRefused unless `parent` stands in the tree for all days from `start` to `end`."""
    if parent is None:
        return
    days = start
    for placement in parent.placements.order_by("valid_from"):
        if placement.valid_from <= days < (placement.valid_to or FOREVER):
            days = placement.valid_to or FOREVER
    if days < (end or FOREVER):
        life = parent.placements.aggregate(first=Min("valid_from"), last=Max("valid_to"))
        known = f"from {life['first']}" + (f" to {life['last']}" if life["last"] else " on")
        raise TreeRefused(f"{parent} stands in the tree {known}, not {start} on: choose another day or parent.")


def _ever_below(unit: Unit) -> set[int]:
    return {unit.pk, *UnitPath.objects.filter(ancestor=unit).values_list("descendant_id", flat=True)}


def _lock_tree() -> None:
    """One change of the tree at a time: two moves at once could close a circle that neither sees."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('organization.tree'))")


def _announce(unit: Unit, from_day: date) -> None:
    transaction.on_commit(lambda: tree_changed.send(Unit, unit=unit, from_day=from_day))
