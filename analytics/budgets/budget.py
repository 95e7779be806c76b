"""The budget of a window: what share was good, how much of the budget is used, what is left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from analytics.budgets.slices import Slices
from analytics.budgets.windows import Window
from analytics.inputs import choice, number

METHODS = {
    "Occurrences": "good events / all events",
    "Timeslices": "good slices / measured slices",
    "RatioTimeslices": "mean of the measured slices' good share",
}


@dataclass(frozen=True, slots=True)
class Objective:
    """`target`: the share that must be good, 0 to 1, both excluded, so that there is a budget.

    slice_target: Timeslices: from which share on a slice is good.
    """

    target: float
    method: str = "Occurrences"
    slice_target: float | None = None

    def __post_init__(self) -> None:
        number(self.target, "target", above=0, below=1)
        choice(self.method, "method", METHODS)
        if self.method == "Timeslices":
            number(math.nan if self.slice_target is None else self.slice_target, "slice_target", above=0, at_most=1)

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return 1 - self.target


@dataclass(frozen=True, slots=True)
class Budget:
    """A window's budget. good, total: events, or slices (RatioTimeslices: the sum of their shares).

    share: good / total, None where nothing was measured. allowed: what may be bad of the total. consumed: bad /
    allowed, above 1 when it is overdrawn. remaining: 1 - consumed. coverage: measured slices of those that have passed;
    time without events is no good time, it is left out and shown here.
    """

    start: datetime
    end: datetime
    good: float
    total: float
    share: float | None
    allowed: float
    consumed: float | None
    remaining: float | None
    coverage: float
    is_met: bool | None


def good_and_total(parts: Slices, objective: Objective) -> tuple[float, float]:
    """Good and all, as the objective's method counts them. Unmeasured slices count for neither."""
    measured = parts.measured()
    if objective.method == "Occurrences":
        return float(measured.good.sum()), float(measured.total.sum())
    shares = measured.good / measured.total
    if objective.method == "RatioTimeslices":
        return float(shares.sum()), float(shares.size)
    return float((shares >= (objective.slice_target or 1)).sum()), float(shares.size)


def budget_of(parts: Slices, objective: Objective, window: Window, *, at: datetime) -> Budget:
    """The budget of the window that holds `at`, by the slices that ended by then.

    The total is what was measured so far: a calendar window is judged by its own events, not by those still to come.
    Source: Google, The Site Reliability Workbook, ch. 2; OpenSLO v1, spec.budgetingMethod.
    """
    start, end = window.bounds(at)
    passed = min(end, at).timestamp()
    held = parts.between(start.timestamp(), passed - parts.seconds + 1)
    good, total = good_and_total(held, objective)
    expected = int((passed - start.timestamp()) // parts.seconds)
    coverage = min(1.0, held.measured().starts.size / expected) if expected else 0.0
    if total == 0:
        return Budget(start, end, 0.0, 0.0, None, 0.0, None, None, coverage, None)
    allowed = objective.budget * total
    consumed = (total - good) / allowed
    share = good / total
    return Budget(start, end, good, total, share, allowed, consumed, 1 - consumed, coverage, share >= objective.target)
