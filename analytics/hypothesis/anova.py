"""Several means: one-way analysis of variance, classic and Welch, with all pairs compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Effect, Finding, Pair, equal_variances, normality, sentence
from analytics.inputs import ConstantSeries, Floats, TooFewPoints, choice, number, vector


def anova(
    groups: Sequence[ArrayLike], *, variances: Literal["equal", "unequal"] = "equal", confidence: float = 0.95
) -> Finding:
    """Do k groups have one mean?

    groups: k >= 2 of (n_i,), n_i >= 2, one unit. variances: "equal" (default, classic F and Tukey-Kramer pairs) or
    "unequal" (Welch's F and Games-Howell pairs). effect: eta squared, the share of variation between groups; size:
    omega squared, the same less its bias. pairs: differences first - second with simultaneous intervals.
    Raises TooFewPoints, EmptyInput, NotFinite, ConstantSeries, OutOfRange.
    Source: Montgomery, Design and Analysis of Experiments, 9th ed., ch. 3; Welch (1951), Biometrika 38, 330-336.
    """
    choice(variances, "variances", ("equal", "unequal"))
    number(confidence, "confidence", above=0, below=1)
    rows = [vector(group, f"group {i + 1}", at_least=2) for i, group in enumerate(groups)]
    k, n = len(rows), sum(row.size for row in rows)
    if k < 2:
        raise TooFewPoints("At least 2 groups are needed.")
    spreads = [np.ptp(row) for row in rows]
    if max(spreads) == 0 or (variances == "unequal" and min(spreads) == 0):
        raise ConstantSeries("A group does not vary, so its mean cannot be judged; drop it or use equal variances.")
    grand = np.concatenate(rows).mean()
    between = float(sum(row.size * (row.mean() - grand) ** 2 for row in rows))
    within = float(sum(((row - row.mean()) ** 2).sum() for row in rows))
    if variances == "equal":
        f, df = between / (k - 1) / (within / (n - k)), (k - 1.0, float(n - k))
    else:
        f, df = _welch(rows)
    p = float(stats.f.sf(f, *df))
    effect = Effect("share of variation between groups", between / (between + within), None, None)
    error = within / (n - k)
    size = Effect("omega squared", max(0.0, (between - (k - 1) * error) / (between + within + error)), None, None)
    checks = [normality(np.concatenate([row - row.mean() for row in rows]), "residuals"), INDEPENDENCE]
    if variances == "equal":
        checks.insert(1, equal_variances(rows))
    name = "one-way analysis of variance" if variances == "equal" else "Welch analysis of variance"
    sizes, words = tuple(row.size for row in rows), sentence(effect, p, confidence)
    pairs = _pairs(rows, variances == "equal", confidence)
    return Finding(name, effect, size, "F", f, df, p, sizes, confidence, tuple(checks), words, pairs)


def _welch(rows: list[Floats]) -> tuple[float, tuple[float, float]]:
    k = len(rows)
    weights = np.array([row.size / row.var(ddof=1) for row in rows])
    means = np.array([row.mean() for row in rows])
    sizes = np.array([row.size for row in rows])
    centre = weights @ means / weights.sum()
    loss = float(((1 - weights / weights.sum()) ** 2 / (sizes - 1)).sum())
    f = float(weights @ (means - centre) ** 2 / (k - 1)) / (1 + 2 * (k - 2) / (k**2 - 1) * loss)
    return f, (k - 1.0, (k**2 - 1) / (3 * loss))


@lru_cache(maxsize=256)
def _critical_range(confidence: float, k: int, df: float) -> float:
    """Quantile of the studentized range, a slow integral that all pairs of equal variance share."""
    return float(stats.studentized_range.ppf(confidence, k, df))


def _pairs(rows: list[Floats], equal: bool, confidence: float) -> tuple[Pair, ...]:
    """Tukey-Kramer, or Games-Howell with a variance and degrees of freedom per pair."""
    k, n = len(rows), sum(row.size for row in rows)
    error = sum(float(((row - row.mean()) ** 2).sum()) for row in rows) / (n - k)
    pairs = []
    for i in range(k):
        for j in range(i + 1, k):
            a, b = rows[i], rows[j]
            va, vb = (error / a.size, error / b.size) if equal else (a.var(ddof=1) / a.size, b.var(ddof=1) / b.size)
            df = float(n - k) if equal else float((va + vb) ** 2 / (va**2 / (a.size - 1) + vb**2 / (b.size - 1)))
            width = sqrt((va + vb) / 2)
            difference = float(a.mean() - b.mean())
            half = _critical_range(confidence, k, df) * width
            p = float(stats.studentized_range.sf(abs(difference) / width, k, df))
            pairs.append(Pair(i, j, difference, difference - half, difference + half, min(1.0, max(0.0, p))))
    return tuple(pairs)
