"""Where the ratio of a running period will land, and how likely that keeps a promise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.inputs import OutOfRange, number

MOST = 1_000_000  # cases to come

PRIOR = 1.0  # one good and one bad case (Laplace), so that a spotless history is no certainty


@dataclass(frozen=True, slots=True)
class Landing:
    """expected, low, high: shares at the period's end (80 % interval); chance: of reaching the required share.

    remaining: cases still to come, as expected; can_be_bad: how many of them may be bad (None: the promise is lost).
    """

    expected: float
    low: float
    high: float
    chance: float
    remaining: int
    can_be_bad: int | None


def landing(
    good: int, total: int, remaining: float, *, required: float, history: Sequence[tuple[int, int]] = ()
) -> Landing:
    """The period's end by a beta-binomial: what is counted stays, each case to come is good at the rate so far.

    good of total: counted in the period; remaining: cases expected until its end; required: share, 0 to 1;
    history: (good, total) of earlier periods, which inform the rate as much as the cases of this one.
    Raises OutOfRange. Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4 (predictive distribution).
    """
    from scipy.stats import betabinom

    number(required, "required", above=0, at_most=1)
    for part, whole in [(good, total), *history]:
        if not 0 <= part <= whole:
            raise OutOfRange(f"{part} good of {whole} cases cannot be: count again.")
    more = max(0, round(number(remaining, "remaining", at_least=0, at_most=MOST)))
    a = PRIOR + good + sum(part for part, _ in history)
    b = PRIOR + (total - good) + sum(whole - part for part, whole in history)
    end = total + more
    if end == 0:
        raise OutOfRange("There is no case, neither counted nor expected: nothing lands.")
    needed = max(0, math.ceil(required * end - 1e-9) - good)
    coming = betabinom(more, a, b)
    chance = 1.0 if needed == 0 else 0.0 if needed > more else float(coming.sf(needed - 1))
    low, high = (float(coming.ppf(q)) for q in (0.1, 0.9))
    expected = good + more * a / (a + b)
    can_be_bad = more - needed if needed <= more else None
    return Landing(expected / end, (good + low) / end, (good + high) / end, chance, more, can_be_bad)
