"""Points going up and down by turns: two sources mixed, or over-adjustment."""

from __future__ import annotations

import numpy as np

from analytics.spc.rules.rule import Marks, Rule, Run, in_last, steps


def alternating(code: str, k: int) -> Rule:
    """k points in a row, each step in the opposite direction of the one before (k - 1 steps, k - 2 turns)."""

    def find(run: Run) -> Marks:
        change = steps(run.points)
        turns = np.zeros(change.shape, dtype=np.bool_)
        turns[..., 1:] = change[..., 1:] * change[..., :-1] < 0
        found = in_last(turns, k - 2) == k - 2
        return found, found

    return Rule(code, f"{k} points in a row alternating up and down", k, find, on_attributes=True, sided=False)
