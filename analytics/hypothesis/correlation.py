"""Do two measures move together? It does not say that one moves the other."""

from __future__ import annotations

from math import atanh, sqrt, tanh
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Assumption, Effect, Finding, level, normality, sentence
from analytics.inputs import ConstantSeries, choice, same_length, vector


def correlation(
    x: ArrayLike, y: ArrayLike, *, method: Literal["pearson", "spearman"] = "pearson", confidence: float = 0.95
) -> Finding:
    """Pearson (straight line) or Spearman (any rising or falling relation), two-sided.

    x, y: (n,) pairs, n >= 4. Interval by Fisher's z, variance 1 / (n - 3), for Spearman (1 + r^2 / 2) / (n - 3) (Bonett
    and Wright 2000). p: t with n - 2. Raises TooFewPoints, LengthMismatch, NotFinite, ConstantSeries, OutOfRange.
    """
    choice(method, "method", ("pearson", "spearman"))
    a, b = vector(x, "x", at_least=4), vector(y, "y", at_least=4)
    same_length(x=a, y=b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        raise ConstantSeries("One of the measures does not vary, so nothing moves with it.")
    n = a.size
    result = stats.pearsonr(a, b) if method == "pearson" else stats.spearmanr(a, b)
    r, p = float(result.statistic), float(result.pvalue)
    checks: list[Assumption] = [INDEPENDENCE]
    if method == "pearson":
        checks = [normality(a, "x"), normality(b, "y"), INDEPENDENCE]
    if abs(r) >= 1 - 1e-12:
        effect = Effect(f"{method.title()} correlation", float(np.sign(r)), float(np.sign(r)), float(np.sign(r)))
        statistic = None
    else:
        variance = (1 if method == "pearson" else 1 + r**2 / 2) / (n - 3)
        half = float(stats.norm.ppf(level(confidence))) * sqrt(variance)
        effect = Effect(f"{method.title()} correlation", r, tanh(atanh(r) - half), tanh(atanh(r) + half))
        statistic = r * sqrt((n - 2) / (1 - r**2))
    size = Effect("r squared", r**2, None, None)
    words = sentence(effect, p, confidence)
    name = f"{method.title()} correlation"
    return Finding(name, effect, size, "t", statistic, (n - 2.0,), p, (n,), confidence, tuple(checks), words)
