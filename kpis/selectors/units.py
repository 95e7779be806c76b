"""Units as a person may see them."""

from collections.abc import Iterable
from datetime import date

from organization.access import VIEW, Access
from organization.models import Unit, UnitPath
from organization.order import as_read

from .words import NotYours, UnitRef


def require_visible(unit: Unit, access: Access) -> None:
    """Raises NotYours."""
    if not access.allows(VIEW, unit):
        raise NotYours("There is no such unit, or it is not yours to see.")


def unit_ref(unit: Unit) -> UnitRef:
    return UnitRef(unit.pk, unit.code, unit.name, unit.kind)


def units_by_id(ids: Iterable[int], access: Access) -> dict[int, UnitRef]:
    """Those of `ids` that the person may see, by name. One query."""
    seen = Unit.objects.filter(pk__in=set(ids) & access.units(VIEW))
    return {unit.pk: unit_ref(unit) for unit in sorted(seen, key=lambda unit: as_read(unit.name))}


def neighbours(unit: Unit, day: date, access: Access) -> tuple[tuple[UnitRef, ...], tuple[UnitRef, ...], int]:
    """(units from the top to `unit`, units directly below it, number of those that stay hidden). Two queries."""
    seen, paths = access.units(VIEW), UnitPath.objects.in_force(day)
    above = _refs(paths.filter(descendant=unit).order_by("-depth"), "ancestor")
    below = _refs(paths.filter(ancestor=unit, depth=1), "descendant")
    shown = tuple(sorted((ref for ref in below if ref.id in seen), key=lambda ref: as_read(ref.name)))
    return tuple(ref for ref in above if ref.id in seen), shown, len(below) - len(shown)


def _refs(paths, end: str) -> list[UnitRef]:
    """The units at one end of some paths."""
    names = (f"{end}__{name}" for name in ("id", "code", "name", "kind"))
    return [UnitRef(*unit) for unit in paths.values_list(*names)]
