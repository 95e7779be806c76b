"""The two-of-three rule of NHS Making Data Count."""

from __future__ import annotations

from analytics.spc.rules.rule import TOLERANCE, Marks, Rule, Run, above, below, in_last


def near_limit(code: str) -> Rule:
    """2 of 3 points in a row between 2 and 3 sigma, all three on the same side; the third point is marked.

    A point beyond 3 sigma is not near the limit but past it, and does not count as one of the two.
    """

    def find(run: Run) -> Marks:
        near_high = above(run.z, 2) & (run.z <= 3 + TOLERANCE)
        near_low = below(run.z, 2) & (run.z >= -3 - TOLERANCE)
        high = (in_last(near_high, 3) >= 2) & (in_last(above(run.z), 3) == 3)
        low = (in_last(near_low, 3) >= 2) & (in_last(below(run.z), 3) == 3)
        return high, low

    return Rule(code, "2 of 3 points in a row between 2 and 3 sigma, all three on the same side", 3, find)
