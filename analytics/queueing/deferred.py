"""Deferred work (mail, cases, back office): hours needed, and how a backlog ages against its due date."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from numpy.typing import ArrayLike

from analytics.inputs import not_negative, number, same_length


@dataclass(frozen=True, slots=True)
class RequiredHours:
    """Paid hours for a period's arrivals and the backlog to clear in it."""

    hours: float
    work_hours: float
    utilisation: float


@dataclass(frozen=True, slots=True)
class BacklogDay:
    """A day's work, in items. late: done after their due date; overdue: waiting beyond it at the day's end.

    oldest: age in days of the oldest item left, None if nothing is left.
    """

    day: int
    arrived: float
    done: float
    late: float
    backlog: float
    overdue: float
    oldest: int | None


@dataclass(frozen=True, slots=True)
class BacklogPlan:
    """Day by day; on_time: share of the items done that were done in time, None if none was done.

    cleared_on: first day that ends without a backlog, None if none does.
    """

    days: tuple[BacklogDay, ...]
    on_time: float | None
    cleared_on: int | None


def required_hours(
    *, arrivals: float, aht_hours: float, backlog: float = 0.0, utilisation: float = 0.85
) -> RequiredHours:
    """(arrivals + backlog to clear) x handling time / utilisation, in hours.

    arrivals, backlog: items >= 0; aht_hours > 0; utilisation: worked share of paid time, above 0 to 1.
    Raises OutOfRange, NotFinite.
    """
    number(arrivals, "arrivals", at_least=0)
    number(backlog, "backlog", at_least=0)
    work = (arrivals + backlog) * number(aht_hours, "aht_hours", above=0)
    return RequiredHours(work / number(utilisation, "utilisation", above=0, at_most=1), work, utilisation)


def backlog_plan(
    *,
    arrivals: ArrayLike,
    hours: ArrayLike,
    aht_hours: float,
    due_days: int,
    utilisation: float = 0.85,
    opening: ArrayLike = (0.0,),
) -> BacklogPlan:
    """Oldest first, day by day: what is done, what is late, what waits.

    arrivals, hours: (d,) items and paid hours per day; an item can be worked on the day it arrives. due_days: an item
    is in time up to and including the day of arrival + due_days. opening: (k,) items waiting before day 0 by age, the
    first 1 day old. Items may be parts (a rate plan, not a simulation of single cases).
    Raises EmptyInput, NegativeValue, NotFinite, LengthMismatch, OutOfRange.
    """
    items, paid = not_negative(arrivals, "arrivals"), not_negative(hours, "hours")
    same_length(arrivals=items, hours=paid)
    number(aht_hours, "aht_hours", above=0)
    number(due_days, "due_days", at_least=0)
    number(utilisation, "utilisation", above=0, at_most=1)
    waiting = not_negative(opening, "opening")
    line = deque((-age, float(n)) for age, n in reversed(list(enumerate(waiting, start=1))) if n > 0)
    days = []
    for day, (arrived, time) in enumerate(zip(items.tolist(), paid.tolist(), strict=True)):
        if arrived > 0:
            line.append((day, arrived))
        done, late = _work(line, time * utilisation / aht_hours, day - due_days)
        days.append(
            BacklogDay(
                day,
                arrived,
                done,
                late,
                sum(n for _, n in line),
                sum(n for came, n in line if came < day - due_days + 1),
                day - line[0][0] if line else None,
            )
        )
    done = sum(day.done for day in days)
    on_time = None if done == 0 else 1 - sum(day.late for day in days) / done
    return BacklogPlan(
        tuple(days), on_time, next((day.day for day in days if not day.oldest and day.backlog == 0), None)
    )


def _work(line: deque[tuple[int, float]], capacity: float, last_in_time: int) -> tuple[float, float]:
    """Take items from the front until capacity is used; items that came before `last_in_time` are late."""
    done = late = 0.0
    while line and capacity > 1e-12:
        came, n = line.popleft()
        taken = min(n, capacity)
        capacity -= taken
        done += taken
        late += taken if came < last_in_time else 0.0
        if n - taken > 1e-12:
            line.appendleft((came, n - taken))
    return done, late
