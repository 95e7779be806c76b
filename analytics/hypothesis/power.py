"""How many are needed, and what could be seen with those there are. Sizes are rounded up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt

from scipy import optimize, stats

from analytics.hypothesis.finding import level
from analytics.inputs import OutOfRange, number

MOST = 10**12  # observations

LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class SampleSize:
    """Whole numbers per group and in total, with the power that they give."""

    per_group: int
    total: int
    power: float
    alpha: float
    test: str


def size_for_means(
    difference: float, deviation: float, *, power: float = 0.8, alpha: float = 0.05, paired: bool = False
) -> SampleSize:
    """Two-sided t test of two groups of equal size, or of pairs (deviation: SD of the differences).

    difference: the smallest worth finding, not 0; deviation: SD within a group, > 0, same unit. Noncentral t.
    Raises OutOfRange, NotFinite. Source: Cohen (1988), Statistical Power Analysis, 2nd ed., ch. 2.
    """
    d = _effect(difference) / number(deviation, "deviation", above=0)
    needed = _smallest(lambda n: means_power(n, d, alpha=alpha, paired=paired), 2, power, alpha)
    test = "paired t test" if paired else "two-sample t test"
    return SampleSize(
        needed, needed if paired else 2 * needed, means_power(needed, d, alpha=alpha, paired=paired), alpha, test
    )


def means_power(n: int, d: float, *, alpha: float = 0.05, paired: bool = False) -> float:
    """Power of the two-sided t test with n per group (or n pairs) at standardised difference d.

    Raises OutOfRange, NotFinite.
    """
    number(n, "n", at_least=2, at_most=MOST)
    number(d, "d")
    df, shift = (n - 1, abs(d) * sqrt(n)) if paired else (2 * n - 2, abs(d) * sqrt(n / 2))
    critical = float(stats.t.ppf(level(1 - alpha), df))
    if shift > critical + 12:  # certain to 1e-30, and the noncentral t of SciPy is NaN far out
        return 1.0
    return float(stats.nct.sf(critical, df, shift)) + (float(stats.nct.cdf(-critical, df, shift)) if shift < 5 else 0.0)


def size_for_proportions(first: float, second: float, *, power: float = 0.8, alpha: float = 0.05) -> SampleSize:
    """Two-sided z test of two shares, equal groups: n = (z_a + z_b)^2 (p1 q1 + p2 q2) / (p1 - p2)^2, unpooled.

    first, second: shares above 0 and below 1, not equal. Raises OutOfRange. Source: Fleiss, Levin, Paik (2003),
    Statistical Methods for Rates and Proportions, 3rd ed., ch. 4.
    """
    number(first, "first", above=0, below=1)
    number(second, "second", above=0, below=1)
    gap = _effect(first - second)
    spread = first * (1 - first) + second * (1 - second)
    _check(power, alpha)
    z = float(stats.norm.ppf(level(1 - alpha)))
    n = ceil((z + float(stats.norm.ppf(power))) ** 2 * spread / gap**2 - 1e-9)
    reached = float(stats.norm.cdf(abs(gap) * sqrt(n / spread) - z))
    return SampleSize(n, 2 * n, reached, alpha, "z test of two proportions")


def size_for_anova(effect: float, groups: int, *, power: float = 0.8, alpha: float = 0.05) -> SampleSize:
    """One-way analysis of variance of k equal groups; effect: Cohen's f (SD of the means / SD within), > 0.

    per_group is rounded up first, total is k times it (statsmodels' solver returns the total, unrounded).
    Noncentral F. Raises OutOfRange. Source: Cohen (1988), ch. 8.
    """
    number(effect, "effect", above=0, at_most=1000)
    number(groups, "groups", at_least=2, at_most=10_000)

    def reached(n: int) -> float:
        df = (groups - 1, groups * (n - 1))
        return float(stats.ncf.sf(stats.f.ppf(1 - alpha, *df), *df, effect**2 * n * groups))

    needed = _smallest(reached, 2, power, alpha)
    return SampleSize(needed, needed * groups, reached(needed), alpha, "one-way analysis of variance")


def detectable_difference(
    n: int, deviation: float, *, power: float = 0.8, alpha: float = 0.05, paired: bool = False
) -> float:
    """The smallest difference of means that n per group (or n pairs) would find, in the unit of the deviation."""
    _check(power, alpha)
    number(n, "n", at_least=2, at_most=MOST)
    number(deviation, "deviation", above=0)
    gap = optimize.brentq(lambda d: means_power(n, d, alpha=alpha, paired=paired) - power, 1e-9, 100)
    return float(gap) * deviation


def _smallest(reached: Callable[[int], float], lowest: int, power: float, alpha: float) -> int:
    _check(power, alpha)
    low, high = lowest - 1, lowest
    while reached(high) < power:
        low, high = high, high * 2
        if high > LARGEST:
            raise OutOfRange("The effect is so small that a billion would not do; look for a larger one.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) >= power else (middle, high)
    return high


def _check(power: float, alpha: float) -> None:
    number(alpha, "alpha", above=0, below=1)
    number(power, "power", above=alpha, below=1)


def _effect(value: float) -> float:
    if number(value, "difference") == 0:
        raise OutOfRange("A difference of 0 cannot be found with any number; state the smallest one that matters.")
    return value
