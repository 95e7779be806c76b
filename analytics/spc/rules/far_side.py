"""Most of a few points far out on one side: a shift before it is a run."""

from __future__ import annotations

from analytics.spc.rules.rule import Marks, Rule, Run, above, below, in_last


def far_side(code: str, m: int, n: int, distance: float) -> Rule:
    """m of n consecutive points more than `distance` sigmas out on the same side, the marked one among them.

    Marked as soon as the m are there: two of two are two of three, whatever the third.
    """

    def find(run: Run) -> Marks:
        high, low = above(run.z, distance), below(run.z, distance)
        return high & (in_last(high, n) >= m), low & (in_last(low, n) >= m)

    words = f"{m} of {n} points in a row more than {distance:g} sigma from the centre, on the same side"
    return Rule(code, words, n, find)
