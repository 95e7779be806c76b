"""Which members made the change of a total."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.drivers.mix import NotAdditive
from analytics.inputs import LengthMismatch, same_length, vector


@dataclass(frozen=True, slots=True)
class Contribution:
    """One member's part. share_of_change is None where the total hardly moved; growth is None from zero."""

    member: str
    before: float
    after: float
    change: float
    share_of_change: float | None
    growth: float | None


@dataclass(frozen=True, slots=True)
class Contributions:
    """Members by size of their change, largest first; the changes add up to the change of the total."""

    before: float
    after: float
    change: float
    members: tuple[Contribution, ...]
    notes: tuple[str, ...]


def contributions(
    members: Sequence[str], before: ArrayLike, after: ArrayLike, *, totals: tuple[float, float] | None = None
) -> Contributions:
    """Change of each member and its share of the change of the total.

    members: (k,); before, after: (k,) additive amounts in one unit (sums and counts; use `mix_rate` for ratios).
    totals: known totals before and after; NotAdditive if the members miss them by over 1e-9.
    Shares are withheld where the total change is below 5 % of the sum of absolute changes: they would mislead.
    Raises EmptyInput, LengthMismatch, NotFinite, NotAdditive.
    """
    start, end = vector(before, "before"), vector(after, "after")
    same_length(before=start, after=end)
    if len(members) != start.size:
        raise LengthMismatch(f"{len(members)} members for {start.size} values.")
    for total, array, when in zip(totals or (), (start, end), ("before", "after"), strict=False):
        if abs(array.sum() - total) > 1e-9 * max(1.0, abs(total)):
            raise NotAdditive(f"The members add up to {array.sum():g} {when}, the total is {total:g}.")
    change = end - start
    total_change = float(change.sum())
    clear = abs(total_change) >= 0.05 * float(np.abs(change).sum()) and total_change != 0
    rows = [
        Contribution(
            members[i],
            float(start[i]),
            float(end[i]),
            float(change[i]),
            float(change[i] / total_change) if clear else None,
            float(change[i] / abs(start[i])) if start[i] != 0 else None,
        )
        for i in np.argsort(-np.abs(change), kind="stable").tolist()
    ]
    notes = () if clear else ("The changes nearly cancel, so no shares of the total change are given.",)
    return Contributions(float(start.sum()), float(end.sum()), total_change, tuple(rows), notes)
