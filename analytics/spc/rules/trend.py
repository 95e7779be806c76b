"""Points steadily rising or falling."""

from __future__ import annotations

from analytics.spc.rules.rule import Marks, Rule, Run, in_last, steps


def trend(code: str, k: int) -> Rule:
    """k points in a row, each above (or below) the one before: 6 (Nelson, 5 steps), 7 (NHS, 6). A tie breaks it."""

    def find(run: Run) -> Marks:
        change = steps(run.points)
        return in_last(change > 0, k - 1) == k - 1, in_last(change < 0, k - 1) == k - 1

    return Rule(code, f"{k} points in a row, all rising or all falling", k, find, on_attributes=True)
