"""By what rows are gathered: a few coarse groupings or one fine one, whichever costs less."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import expm1, prod

from lake.engine.layout import Layout
from lake.engine.scans import GroupingSet

# What a group costs to begin, to merge between threads and to roll up, in rows of the same statement.
GROUP_COST = 20


@dataclass(frozen=True)
class Grouping:
    """One grouping of the rows: by segment, by the units of some depths and by some dimensions, by their numbers."""

    depths: frozenset[int]
    dimensions: frozenset[int]

    def __or__(self, other: "Grouping") -> "Grouping":
        return Grouping(self.depths | other.depths, self.dimensions | other.dimensions)

    def holds(self, one: GroupingSet) -> bool:
        return one.unit in self.depths and (one.dimension is None or one.dimension in self.dimensions)


def cheapest(sets: Iterable[GroupingSet], rows: int, groups: Callable[[Grouping], float]) -> list[Grouping]:
    """The groupings that hold all sets: one a dimension, joined while that is cheaper; those of few groups first.

    Every row goes once into each grouping, and every group has a price of its own.
    """

    def cost(grouping: Grouping) -> float:
        return rows + GROUP_COST * groups(grouping)

    by_dimension: dict[int | None, set[int]] = {}
    for one in sets:
        by_dimension.setdefault(one.dimension, set()).add(one.unit)
    found = [
        Grouping(frozenset(depths), frozenset() if dimension is None else frozenset({dimension}))
        for dimension, depths in by_dimension.items()
    ]
    while len(found) > 1:
        saved, first, second = max(
            ((cost(a) + cost(b) - cost(a | b), a, b) for a, b in combinations(found, 2)), key=lambda pair: pair[0]
        )
        if saved <= 0:
            break
        found = [grouping for grouping in found if grouping not in (first, second)] + [first | second]
    return sorted(found, key=groups)


def expected_groups(layout: Layout, rows: int, members: Sequence[int]) -> Callable[[Grouping], float]:
    """How many groups a grouping has if rows fall at random; members: about how many each dimension has."""

    def groups(grouping: Grouping) -> float:
        units = max(layout.units[depth] for depth in grouping.depths)
        places = layout.segments * units * prod(max(1, members[number]) for number in grouping.dimensions)
        return -places * expm1(-rows / places)

    return groups
