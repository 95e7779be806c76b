"""How far a result swings with each of its assumptions: the tornado, and the value at which it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from analytics.inputs import EmptyInput, OutOfRange, number

Evaluate: TypeAlias = Callable[[Mapping[str, float]], float]


@dataclass(frozen=True, slots=True)
class Swing:
    """One assumption moved from low to high, the others at their base."""

    name: str
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def swing(self) -> float:
        """How far the result moves from low to high."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Swings in falling order."""

    base: float
    swings: tuple[Swing, ...]


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """The value of one assumption at which the result equals the limit; None if it does not within the range."""

    name: str
    value: float | None
    limit: float
    low: float
    high: float


def sensitivity(
    evaluate: Evaluate, base: Mapping[str, float], ranges: Mapping[str, tuple[float, float]]
) -> Sensitivity:
    """One at a time: the result with each assumption at its low and its high.

    evaluate: from all assumptions to one number. base: their base values. ranges: low and high for those to move.
    Raises EmptyInput (no ranges), OutOfRange (a range for an unknown assumption, or low above high), NotFinite.
    """
    if not ranges:
        raise EmptyInput("Give a range for at least one assumption.")
    swings = []
    for name, (low, high) in ranges.items():
        if name not in base:
            raise OutOfRange(f"{name} is not an assumption; known are {', '.join(base)}.")
        number(high, f"high of {name}", at_least=number(low, f"low of {name}"))
        swings.append(Swing(name, low, high, evaluate({**base, name: low}), evaluate({**base, name: high})))
    return Sensitivity(evaluate(base), tuple(sorted(swings, key=lambda swing: -swing.swing)))


def breakpoint_of(
    evaluate: Evaluate, base: Mapping[str, float], name: str, low: float, high: float, *, limit: float = 0.0
) -> Breakpoint:
    """Where the result crosses the limit as one assumption moves between low and high, by bisection.

    For a result that is continuous in the assumption. Same side at both ends: value None.
    Raises OutOfRange, NotFinite.
    """
    if name not in base:
        raise OutOfRange(f"{name} is not an assumption; known are {', '.join(base)}.")
    number(high, "high", above=number(low, "low"))
    left, right = low, high
    start = evaluate({**base, name: left}) - limit
    end = evaluate({**base, name: right}) - limit
    if start == 0 or end == 0:
        return Breakpoint(name, left if start == 0 else right, limit, low, high)
    if (start < 0) == (end < 0):
        return Breakpoint(name, None, limit, low, high)
    for _ in range(200):
        middle = (left + right) / 2
        gap = evaluate({**base, name: middle}) - limit
        if gap == 0 or middle in (left, right):
            return Breakpoint(name, middle, limit, low, high)
        if (gap < 0) == (start < 0):
            left = middle
        else:
            right = middle
    return Breakpoint(name, (left + right) / 2, limit, low, high)
