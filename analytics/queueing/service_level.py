"""The five contact service levels that centres print under one name, and the level of a day."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike

from analytics.inputs import OutOfRange, ZeroDenominator, not_negative, number, same_length

FORMULAS = {
    1: "(answered in T + abandoned in T) / (answered + abandoned)",
    2: "answered in T / answered",
    3: "answered in T / (answered + abandoned)",
    4: "answered in T / (answered + abandoned after T)",
    5: "(answered in T + abandoned in a short time) / (answered + abandoned)",
}


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """A share with the counts it came from and the formula's number and words."""

    value: float
    numerator: float
    denominator: float
    formula: int
    words: str


def service_level(
    *,
    answered_within: float,
    answered: float,
    abandoned: float = 0.0,
    abandoned_within: float = 0.0,
    abandoned_short: float = 0.0,
    formula: int = 4,
) -> ServiceLevel:
    """Contact service level by one of five formulas; 4 by default: whoever hangs up before T cannot have been late.

    Counts (or shares of one total): answered within T, answered, abandoned, of those within T, of those within a
    shorter time. Raises OutOfRange (a part above its whole, unknown formula), ZeroDenominator (no contacts).
    Source: ICMI QueueTips (July 2002), Service Level Calculations.
    """
    if formula not in FORMULAS:
        raise OutOfRange(f"Formula {formula} is not known; choose 1 to 5.")
    number(answered, "answered", at_least=0)
    number(abandoned, "abandoned", at_least=0)
    number(answered_within, "answered_within", at_least=0, at_most=answered)
    number(abandoned_within, "abandoned_within", at_least=0, at_most=abandoned)
    number(abandoned_short, "abandoned_short", at_least=0, at_most=abandoned)
    offered = answered + abandoned
    above, below = {
        1: (answered_within + abandoned_within, offered),
        2: (answered_within, answered),
        3: (answered_within, offered),
        4: (answered_within, offered - abandoned_within),
        5: (answered_within + abandoned_short, offered),
    }[formula]
    if below <= 0:
        raise ZeroDenominator("There is no contact to count, so there is no service level.")
    return ServiceLevel(above / below, above, below, formula, FORMULAS[formula])


def day_service_level(calls: ArrayLike, levels: ArrayLike) -> ServiceLevel:
    """The level of a day from its intervals: sum(calls x level) / sum(calls), never the mean of the levels.

    calls: (n,) >= 0, the denominators of the levels; levels: (n,) shares. Raises ZeroDenominator, LengthMismatch.
    """
    weights, shares = not_negative(calls, "calls"), not_negative(levels, "levels")
    same_length(calls=weights, levels=shares)
    if weights.sum() == 0:
        raise ZeroDenominator("The day has no calls, so there is no service level.")
    in_time, total = float(weights @ shares), float(weights.sum())
    return ServiceLevel(in_time / total, in_time, total, 0, "sum of calls x level / sum of calls")
