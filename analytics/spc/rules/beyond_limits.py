"""One point beyond a control limit."""

from __future__ import annotations

import numpy as np

from analytics.spc.rules.rule import TOLERANCE, Marks, Rule, Run


def beyond_limits(code: str) -> Rule:
    """A point outside the drawn limits, which may be floored, capped or unequal around the centre."""
    return Rule(code, "1 point beyond a control limit", 1, _find, on_attributes=True)


def _find(run: Run) -> Marks:
    high = run.points > run.upper + TOLERANCE * np.abs(run.upper)
    low = run.points < run.lower - TOLERANCE * np.abs(run.lower)
    return high, low
