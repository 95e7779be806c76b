"""A run of points on one side of the centre: a shift."""

from __future__ import annotations

from analytics.spc.rules.rule import Marks, Rule, Run, above, below, in_last


def same_side(code: str, k: int) -> Rule:
    """k points in a row on one side: 7 (NHS), 8 (Western Electric), 9 (Nelson). A point on the centre breaks it."""

    def find(run: Run) -> Marks:
        return in_last(above(run.z), k) == k, in_last(below(run.z), k) == k

    return Rule(code, f"{k} points in a row on the same side of the centre", k, find, on_attributes=True)
