"""Points too close to the centre: limits from the wrong subgroups, or mixed streams."""

from __future__ import annotations

import numpy as np

from analytics.spc.rules.rule import TOLERANCE, Marks, Rule, Run, in_last


def hugging(code: str, k: int) -> Rule:
    """k points in a row within 1 sigma of the centre, either side; a point exactly at 1 sigma is within."""

    def find(run: Run) -> Marks:
        found = in_last(np.abs(run.z) <= 1 + TOLERANCE, k) == k
        return found, found

    return Rule(code, f"{k} points in a row within 1 sigma of the centre", k, find, sided=False)
