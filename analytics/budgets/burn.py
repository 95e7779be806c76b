"""How fast the budget burns, whom that should wake, and when it will be gone.

Burn rate 1 uses the budget up exactly at the window's end. An alert fires when a long and a short window both burn
faster than its threshold: the long one shows that it matters, the short one that it still goes on.
Source: Google, The Site Reliability Workbook, ch. 5, "Multiwindow, Multi-Burn-Rate Alerts".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.budgets.budget import Budget, Objective, good_and_total
from analytics.budgets.slices import Slices
from analytics.inputs import number


@dataclass(frozen=True, slots=True)
class Policy:
    """Alert when `share` of the budget goes in the long window, and the short one burns as fast."""

    long: timedelta
    short: timedelta
    share: float
    urgency: str

    def threshold(self, period: timedelta) -> float:
        """The burn rate from which on it fires: 14.4 for 2 % of 30 days in 1 h; 13.44 where the window has 28 days."""
        return self.share * period / self.long


POLICIES = (
    Policy(timedelta(hours=1), timedelta(minutes=5), 0.02, "page"),
    Policy(timedelta(hours=6), timedelta(minutes=30), 0.05, "page"),
    Policy(timedelta(days=1), timedelta(hours=2), 0.10, "ticket"),
    Policy(timedelta(days=3), timedelta(hours=6), 0.10, "ticket"),
)


@dataclass(frozen=True, slots=True)
class Alert:
    """A policy at a moment. A rate is None where its window is shorter than a slice or nothing was measured in it.

    is_firing: both rates above the threshold; None where a rate is missing, so that it cannot be told.
    """

    policy: Policy
    threshold: float
    long_rate: float | None
    short_rate: float | None
    is_firing: bool | None


def burn_rate(parts: Slices, objective: Objective, *, at: datetime, over: timedelta) -> float | None:
    """Bad share of the slices that ended in the last `over`, divided by the budget. None where there is none."""
    number(over.total_seconds(), "over", above=0)
    if over.total_seconds() < parts.seconds:
        return None
    moment = at.timestamp()
    first = moment - over.total_seconds()
    good, total = good_and_total(parts.between(first, moment - parts.seconds + 1), objective)
    return (1 - good / total) / objective.budget if total else None


def alerts(
    parts: Slices, objective: Objective, *, at: datetime, period: timedelta, policies: Sequence[Policy] = POLICIES
) -> tuple[Alert, ...]:
    """Every policy at the moment. period: the length of the objective's window."""
    found = []
    for policy in policies:
        threshold = policy.threshold(period)
        long = burn_rate(parts, objective, at=at, over=policy.long)
        short = burn_rate(parts, objective, at=at, over=policy.short)
        firing = None if long is None or short is None else long > threshold and short > threshold
        found.append(Alert(policy, threshold, long, short, firing))
    return tuple(found)


def exhausted_in(budget: Budget, rate: float | None, *, period: timedelta) -> timedelta | None:
    """How long the rest lasts at this burn rate: remaining x period / rate; zero if it is gone, None if it never ends.

    Rate 14.4 uses a whole budget of 30 days in 2.08 days, not in two hours.
    """
    if budget.remaining is None or rate is None:
        return None
    if budget.remaining <= 0:
        return timedelta(0)
    return budget.remaining * period / rate if rate > 0 else None
