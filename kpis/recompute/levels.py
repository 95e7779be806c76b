"""Which units a row counts for: the unit of its code and all above it, by the tree of its day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from itertools import count, pairwise

from datasets.models import Dataset
from datasets.scope import unit_codes
from organization.models import UnitPath

FOREVER = date.max


def levels_of(dataset: Dataset) -> list:
    """`lake.plan.UnitLevel` for every code that rows may hold, and for the home unit (code None). One or two queries.

    A vendor or unit code that is not known on a row's day counts for the home unit.
    """
    from lake.plan import UnitLevel

    codes = dict(unit_codes(dataset).items())
    stretches = _stretches({*codes.values(), dataset.unit_id} - {None})
    depths = _lasting_depths(chain for found in stretches.values() for _, _, chain in found)
    return [
        UnitLevel(code, unit, depths[unit], start, end if end != FOREVER else None)
        for code, home in [*codes.items(), (None, dataset.unit_id)]
        for start, end, chain in stretches.get(home, [])
        for unit in chain
    ]


def _lasting_depths(chains: Iterable[tuple[int, ...]]) -> dict[int, int]:
    """One depth for each unit, the same on all days, so that a period in which it moves up or down counts once for it.

    It is the smallest that the unit ever has, or the next that no unit has that ever stands above or below it.
    """
    first: dict[int, int] = {}
    line: dict[int, set[int]] = defaultdict(set)
    for chain in chains:
        for depth, unit in enumerate(chain):
            first[unit] = min(depth, first.get(unit, depth))
            line[unit].update(chain)
    found: dict[int, int] = {}
    for unit in sorted(first, key=lambda unit: (first[unit], unit)):
        taken = {found[other] for other in line[unit] if other in found}
        found[unit] = next(depth for depth in count(first[unit]) if depth not in taken)
    return found


def _stretches(units: set[int]) -> dict[int, list[tuple[date, date, tuple[int, ...]]]]:
    """unit -> [(start, end, chain)]: the longest stretches of days with one chain of units, root first, itself last."""
    paths: dict[int, list[tuple[int, int, date, date]]] = defaultdict(list)
    for path in UnitPath.objects.filter(descendant__in=units):
        end = path.valid_to or FOREVER
        paths[path.descendant_id].append((path.depth, path.ancestor_id, path.valid_from, end))
    found: dict[int, list] = {}
    for unit, ways in paths.items():
        days = sorted({day for _, _, start, end in ways for day in (start, end)})
        for start, end in pairwise(days):
            here = [(depth, ancestor) for depth, ancestor, first, last in ways if first <= start < last]
            if here:
                chain = tuple(ancestor for _, ancestor in sorted(here, reverse=True))
                found.setdefault(unit, []).append((start, end, chain))
    return found
