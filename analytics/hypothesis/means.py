"""Differences of means: Welch (default) and pooled t, paired t, one sample against a value."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Effect, Finding, equal_variances, level, normality, sentence
from analytics.inputs import ConstantSeries, choice, number, same_length, vector


def t_test(
    first: ArrayLike, second: ArrayLike, *, variances: Literal["unequal", "equal"] = "unequal", confidence: float = 0.95
) -> Finding:
    """Mean of the first less mean of the second, two-sided.

    first, second: (n,), (m,), one unit, n and m >= 2. variances: "unequal" (default, Welch) or "equal" (pooled).
    size: Hedges' g (pooled SD, small-sample corrected), without interval.
    Raises EmptyInput, TooFewPoints, NotFinite, OutOfRange, ConstantSeries (neither group varies).
    Source: Welch (1947), Biometrika 34, 28-35.
    """
    choice(variances, "variances", ("unequal", "equal"))
    a, b = vector(first, "first", at_least=2), vector(second, "second", at_least=2)
    va, vb = float(a.var(ddof=1)), float(b.var(ddof=1))
    n, m = a.size, b.size
    pooled = ((n - 1) * va + (m - 1) * vb) / (n + m - 2)
    if pooled == 0:
        raise ConstantSeries("Neither group varies, so a t test cannot judge their difference.")
    if variances == "equal":
        error, df = sqrt(pooled * (1 / n + 1 / m)), float(n + m - 2)
    else:
        error = sqrt(va / n + vb / m)
        df = error**4 / ((va / n) ** 2 / (n - 1) + (vb / m) ** 2 / (m - 1))
    difference = float(a.mean() - b.mean())
    effect, statistic, p = _judge("difference of means", difference, error, df, confidence)
    size = Effect("Hedges' g", difference / sqrt(pooled) * (1 - 3 / (4 * (n + m) - 9)), None, None)
    checks = [normality(a, "first"), normality(b, "second"), INDEPENDENCE]
    if variances == "equal":
        checks.insert(2, equal_variances([a, b]))
    name = "Welch t test" if variances == "unequal" else "Student t test, pooled variance"
    words = sentence(effect, p, confidence)
    return Finding(name, effect, size, "t", statistic, (df,), p, (n, m), confidence, tuple(checks), words)


def paired_t(first: ArrayLike, second: ArrayLike, *, confidence: float = 0.95) -> Finding:
    """Mean of the differences first - second of the same units, two-sided.

    first, second: (n,) in the same order of units, n >= 2. size: mean difference / SD of the differences.
    Raises as `t_test`, LengthMismatch.
    """
    a, b = vector(first, "first", at_least=2), vector(second, "second", at_least=2)
    same_length(first=a, second=b)
    return _one_sample(a - b, 0.0, "mean difference", "paired t test", confidence)


def one_sample_t(values: ArrayLike, against: float, *, confidence: float = 0.95) -> Finding:
    """Mean of the values less a fixed value, two-sided. values: (n,), n >= 2. Raises as `t_test`."""
    return _one_sample(
        vector(values, "values", at_least=2),
        number(against, "against"),
        f"mean less {against:g}",
        "one-sample t test",
        confidence,
    )


def _one_sample(values: np.ndarray, against: float, what: str, test: str, confidence: float) -> Finding:
    deviation = float(values.std(ddof=1))
    if deviation == 0:
        raise ConstantSeries("The values do not vary, so a t test cannot judge them.")
    n = values.size
    difference = float(values.mean()) - against
    effect, statistic, p = _judge(what, difference, deviation / sqrt(n), n - 1.0, confidence)
    size = Effect("Cohen's d of the differences", difference / deviation, None, None)
    checks = (normality(values, "differences"), INDEPENDENCE)
    words = sentence(effect, p, confidence)
    return Finding(test, effect, size, "t", statistic, (n - 1.0,), p, (n,), confidence, checks, words)


def _judge(what: str, difference: float, error: float, df: float, confidence: float) -> tuple[Effect, float, float]:
    half = float(stats.t.ppf(level(confidence), df)) * error
    statistic = difference / error
    return (
        Effect(what, difference, difference - half, difference + half),
        statistic,
        float(2 * stats.t.sf(abs(statistic), df)),
    )
