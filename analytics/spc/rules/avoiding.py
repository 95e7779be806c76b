"""Points that avoid the centre: two processes on one chart."""

from __future__ import annotations

import numpy as np

from analytics.spc.rules.rule import Marks, Rule, Run, above, below, in_last


def avoiding(code: str, k: int, *, both_sides: bool = False) -> Rule:
    """k points in a row more than 1 sigma out, on either side (Minitab); both_sides: not all on one side (qcc)."""

    def find(run: Run) -> Marks:
        high, low = above(run.z, 1), below(run.z, 1)
        found = in_last(high | low, k) == k
        if both_sides:
            found = found & (in_last(high, k) > 0) & (in_last(low, k) > 0)
        return np.asarray(found), np.asarray(found)

    words = f"{k} points in a row more than 1 sigma from the centre" + (", on both sides" if both_sides else "")
    return Rule(code, words, k, find, sided=False)
