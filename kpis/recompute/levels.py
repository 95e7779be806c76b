"""Which units a row counts for: the unit of its code and all above it, by the tree of its day."""

from collections import defaultdict
from datetime import date
from itertools import pairwise

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
    return [
        UnitLevel(code, unit, depth, start, end if end != FOREVER else None)
        for code, home in [*codes.items(), (None, dataset.unit_id)]
        for start, end, chain in stretches.get(home, [])
        for depth, unit in enumerate(chain)
    ]


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
