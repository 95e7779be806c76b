"""Whether a rule raises an alert, and when that alert is over. Pure: values in, decision out.

A rule looks at the last periods of one series. Each period is judged by itself: it breaches the rule, it is clear of
it, or neither (no value, no target, or between the limit and the limit at which the rule is clear again). From the
judgements `decide` says what to do, so that

- an alert is raised when `times` of the last `periods` breach and the newest is one of them;
- it is never raised twice for the same evidence: the newest breach must be newer than the one the last alert stood on;
- it is over when the newest period is clear and fewer than `times` of the last `periods` breach; what lies between the
  two limits neither raises nor ends it, so a value that wavers there cannot make it flap;
- after it was over, it is raised again only when the cool-down has passed.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Judgement(StrEnum):
    BREACH = "breach"
    CLEAR = "clear"
    NEITHER = "neither"


class Action(StrEnum):
    NOTHING = "nothing"
    RAISE = "raise"
    REOPEN = "reopen"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Point:
    """One period as judged. `key` names it and grows with time, such as its first day in ISO."""

    key: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Terms:
    """How much evidence a rule wants, and for how long it is silent after an alert was over."""

    times: int = 1
    periods: int = 1
    cool_down: timedelta = timedelta()

    def __post_init__(self) -> None:
        if not 1 <= self.times <= self.periods:
            raise ValueError(f"a rule fires at 1 or more of its periods, got {self.times} of {self.periods}")


@dataclass(frozen=True, slots=True)
class Last:
    """The last alert of the series. evidence: key of its newest breach. resolved_at None: it still stands.

    by_itself: it was resolved because the condition cleared, not by a person.
    """

    evidence: str
    resolved_at: datetime | None = None
    by_itself: bool = False


def decide(points: Sequence[Point], terms: Terms, last: Last | None, now: datetime) -> Action:
    """What to do about a series whose periods, the oldest first, are `points`; only the last `terms.periods` count."""
    window = points[-terms.periods :]
    if not window:
        return Action.NOTHING
    newest = window[-1]
    breaches = sum(point.judgement is Judgement.BREACH for point in window)
    if last is not None and last.resolved_at is None:
        is_over = newest.judgement is Judgement.CLEAR and breaches < terms.times
        return Action.RESOLVE if is_over else Action.NOTHING
    if newest.judgement is not Judgement.BREACH or breaches < terms.times:
        return Action.NOTHING
    if last is None:
        return Action.RAISE
    if now < last.resolved_at + terms.cool_down:
        return Action.NOTHING
    if newest.key > last.evidence:
        return Action.RAISE
    # The period was restated to be clear and then again to breach: it is the same alert, which stands again.
    return Action.REOPEN if newest.key == last.evidence and last.by_itself else Action.NOTHING


def evidence_of(points: Sequence[Point], terms: Terms) -> tuple[Point, ...]:
    """The breaches among the periods that count."""
    return tuple(point for point in points[-terms.periods :] if point.judgement is Judgement.BREACH)


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert of a replay: which period would have raised it, and which would have ended it (None: it stands)."""

    raised: str
    resolved: str | None = None


def replay(points: Sequence[Point], terms: Terms, moments: Sequence[datetime]) -> Iterator[Episode]:
    """The alerts that a rule would have raised, had it looked once at the end of each period (`moments`)."""
    last, raised = None, ""
    for place, (point, moment) in enumerate(zip(points, moments, strict=True)):
        match decide(points[max(0, place + 1 - terms.periods) : place + 1], terms, last, moment):
            case Action.RAISE:
                last, raised = Last(point.key), point.key
            case Action.RESOLVE:
                yield Episode(raised, point.key)
                last = Last(last.evidence, moment, by_itself=True)
    if last is not None and last.resolved_at is None:
        yield Episode(raised)


# --- judging one period ----------------------------------------------------------------------------------------------


def judge_value(value: float | None, limit: float | None, *, above: bool, margin: float = 0.0) -> Judgement:
    """Breach beyond `limit`; clear from the limit on, or from `margin` inside it. A limit that is just met is kept."""
    if value is None or limit is None or not (math.isfinite(value) and math.isfinite(limit)):
        return Judgement.NEITHER
    beyond = value - limit if above else limit - value
    if beyond > 0:
        return Judgement.BREACH
    return Judgement.CLEAR if beyond <= -margin else Judgement.NEITHER


def judge_band(value: float | None, low: float | None, high: float | None, *, margin: float = 0.0) -> Judgement:
    """Breach outside of the band; clear within it, by `margin` or more from either edge (at most its middle)."""
    if None in (value, low, high):
        return Judgement.NEITHER
    inner = min(margin, (high - low) / 2)
    judged = {
        judge_value(value, low, above=False, margin=inner),
        judge_value(value, high, above=True, margin=inner),
    }
    return next((one for one in (Judgement.BREACH, Judgement.NEITHER) if one in judged), Judgement.CLEAR)


def judge_status(status: str, wanted: Collection[str]) -> Judgement:
    """Breach in one of the `wanted` states; clear in any other one that says how the KPI stands."""
    if status in wanted:
        return Judgement.BREACH
    return Judgement.CLEAR if status in {"green", "amber", "red"} else Judgement.NEITHER


def judge_signals(kinds: Collection[str], wanted: Collection[str]) -> Judgement:
    """Breach where the chart has a signal of a wanted kind at the period, clear where it has none."""
    return Judgement.BREACH if set(kinds) & set(wanted) else Judgement.CLEAR


def judge_presence(value: float | None) -> Judgement:
    """Breach where a period that should have a value has none."""
    return Judgement.BREACH if value is None or not math.isfinite(value) else Judgement.CLEAR


def judge_lateness(hours_late: float) -> Judgement:
    """Breach when something promised is overdue."""
    return Judgement.BREACH if hours_late > 0 else Judgement.CLEAR
