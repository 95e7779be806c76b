"""Do groups vary equally?"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Effect, Finding, level, normality, sentence
from analytics.inputs import ConstantSeries, TooFewPoints, choice, vector

METHODS = {"brown_forsythe": "Brown-Forsythe test", "levene": "Levene test", "bartlett": "Bartlett test"}


def variance_test(
    groups: Sequence[ArrayLike],
    *,
    method: Literal["brown_forsythe", "levene", "bartlett"] = "brown_forsythe",
    confidence: float = 0.95,
) -> Finding:
    """Equality of variances of k groups.

    groups: k >= 2 of (n_i,), n_i >= 2. method: "brown_forsythe" (default, deviations from the median, robust), "levene"
    (from the mean) or "bartlett" (for normal data only). effect: ratio of the largest to the smallest standard
    deviation; for two groups first / second, with the interval of the F distribution (normal data).
    Raises TooFewPoints, NotFinite, ConstantSeries (a group does not vary), OutOfRange.
    Source: Brown and Forsythe (1974), JASA 69, 364-367.
    """
    choice(method, "method", METHODS)
    rows = [vector(group, f"group {i + 1}", at_least=2) for i, group in enumerate(groups)]
    if len(rows) < 2:
        raise TooFewPoints("At least 2 groups are needed.")
    deviations = np.array([row.std(ddof=1) for row in rows])
    if (deviations == 0).any():
        raise ConstantSeries(f"Group {int(np.argmin(deviations)) + 1} does not vary, so there is no ratio to it.")
    if method == "bartlett":
        statistic, p = map(float, stats.bartlett(*rows))
        df: tuple[float, ...] = (len(rows) - 1.0,)
    else:
        result = stats.levene(*rows, center="median" if method == "brown_forsythe" else "mean")
        statistic, p = float(result.statistic), float(result.pvalue)
        df = (len(rows) - 1.0, float(sum(row.size for row in rows) - len(rows)))
    if len(rows) == 2:
        ratio = float(deviations[0] / deviations[1])
        freedom = (rows[0].size - 1, rows[1].size - 1)
        low, high = (ratio / sqrt(float(stats.f.ppf(q, *freedom))) for q in (level(confidence), 1 - level(confidence)))
        effect = Effect("ratio of standard deviations", ratio, low, high)
    else:
        effect = Effect("largest / smallest standard deviation", float(deviations.max() / deviations.min()), None, None)
    checks = (*(normality(row, f"group {i + 1}") for i, row in enumerate(rows)), INDEPENDENCE)
    n, words = tuple(row.size for row in rows), sentence(effect, p, confidence)
    symbol = "Bartlett's K" if method == "bartlett" else "W"
    return Finding(METHODS[method], effect, None, symbol, statistic, df, p, n, confidence, checks, words)
