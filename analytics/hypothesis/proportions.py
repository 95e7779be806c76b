"""Shares: one against a value, two against each other."""

from __future__ import annotations

from math import asin, sqrt
from typing import Literal

import numpy as np
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Assumption, Effect, Finding, level, sentence
from analytics.inputs import OutOfRange, ZeroDenominator, choice, number

MOST = 10**15  # counts beyond it are no longer exact

INTERVALS = ("wilson", "exact", "wald")


def share_interval(
    events: int, n: int, *, method: Literal["wilson", "exact", "wald"] = "wilson", confidence: float = 0.95
) -> Effect:
    """A share and its interval.

    method: "wilson" (default), "exact" (Clopper-Pearson, never too short) or "wald" (p +- z se; collapses to nothing
    at 0 events, given only for comparison). Raises ZeroDenominator, OutOfRange.
    Source: Newcombe (1998), Statistics in Medicine 17, 857-872.
    """
    choice(method, "method", INTERVALS)
    _check(events, n)
    share = events / n
    if method == "wald":
        half = float(stats.norm.ppf(level(confidence))) * sqrt(share * (1 - share) / n)
        return Effect("share", share, max(0.0, share - half), min(1.0, share + half))
    if method == "exact":
        interval = stats.binomtest(events, n).proportion_ci(confidence, method="exact")
        return Effect("share", share, float(interval.low), float(interval.high))
    return Effect("share", *_wilson(events, n, confidence))


def one_proportion(events: int, n: int, against: float, *, confidence: float = 0.95) -> Finding:
    """Share of events less a fixed share; exact binomial, two-sided (not twice the one-sided p); Wilson interval.

    events, n: counts; against: 0 to 1. Raises ZeroDenominator, OutOfRange.
    """
    number(against, "against", at_least=0, at_most=1)
    share, low, high = _wilson(events, n, confidence)
    p = float(stats.binomtest(events, n, against).pvalue)
    effect = Effect(f"share less {against:g}", share - against, low - against, high - against)
    words = sentence(effect, p, confidence)
    return Finding(
        "exact binomial test", effect, None, "events", float(events), (), p, (n,), confidence, (INDEPENDENCE,), words
    )


def two_proportions(
    first_events: int, first_n: int, second_events: int, second_n: int, *, confidence: float = 0.95
) -> Finding:
    """Share of the first less share of the second, two-sided.

    z with the pooled share, no continuity correction (z^2 is the chi-square of the 2x2 table); where an expected count
    is below 5 the p is Fisher's and `test` says so. Interval: Newcombe's hybrid of two Wilson intervals. size: Cohen's
    h. Raises ZeroDenominator, OutOfRange. Source: Newcombe (1998), Statistics in Medicine 17, 873-890.
    """
    a, a_low, a_high = _wilson(first_events, first_n, confidence)
    b, b_low, b_high = _wilson(second_events, second_n, confidence)
    difference = a - b
    low = difference - sqrt((a - a_low) ** 2 + (b_high - b) ** 2)
    high = difference + sqrt((a_high - a) ** 2 + (b - b_low) ** 2)
    effect = Effect("difference of shares", difference, low, high)
    pooled = (first_events + second_events) / (first_n + second_n)
    error = sqrt(pooled * (1 - pooled) * (1 / first_n + 1 / second_n))
    z = difference / error if error > 0 else 0.0
    smallest = min(pooled, 1 - pooled) * min(first_n, second_n)
    enough = Assumption("expected counts of 5 or more", smallest >= 5, f"smallest {smallest:.1f}")
    test, p = "z test of two proportions", float(2 * stats.norm.sf(abs(z)))
    if smallest < 5:
        table = np.array([[first_events, first_n - first_events], [second_events, second_n - second_events]])
        test, p = "Fisher's exact test", float(stats.fisher_exact(table).pvalue)
    size = Effect("Cohen's h", cohen_h(a, b), None, None)
    n = (first_n, second_n)
    checks = (enough, INDEPENDENCE)
    return Finding(test, effect, size, "z", z, (), p, n, confidence, checks, sentence(effect, p, confidence))


def cohen_h(first: float, second: float) -> float:
    """Difference of two shares on the arcsine scale. Raises OutOfRange, NotFinite."""
    number(first, "first", at_least=0, at_most=1)
    number(second, "second", at_least=0, at_most=1)
    return 2 * asin(sqrt(first)) - 2 * asin(sqrt(second))


def _wilson(events: int, n: int, confidence: float) -> tuple[float, float, float]:
    """Share, low and high."""
    _check(events, n)
    interval = stats.binomtest(events, n).proportion_ci(number(confidence, "confidence", above=0, below=1), "wilson")
    return events / n, float(interval.low), float(interval.high)


def _check(events: int, n: int) -> None:
    if n == 0:
        raise ZeroDenominator("There are no observations, so there is no share.")
    number(n, "n", above=0, at_most=MOST)
    number(events, "events", at_least=0, at_most=n)
    if events != int(events) or n != int(n):
        raise OutOfRange(f"{events} events of {n}: counts are whole numbers.")
