"""Tests on ranks: Mann-Whitney for two groups, Kruskal-Wallis for several."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, sqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Assumption, Effect, Finding, level, sentence
from analytics.inputs import ConstantSeries, Floats, TooFewPoints, choice, vector

METHODS = ("auto", "exact", "continuity", "none")


def mann_whitney(
    first: ArrayLike,
    second: ArrayLike,
    *,
    method: Literal["auto", "exact", "continuity", "none"] = "auto",
    confidence: float = 0.95,
) -> Finding:
    """Is one group shifted against the other? Two-sided; effect: Hodges-Lehmann shift, the median of all differences.

    first, second: (n,), (m,). method of p: "exact" (no ties), "continuity" (normal, corrected), "none" (normal), or
    "auto" (default: exact for small samples without ties, else continuity). The same data give 0.111, 0.1113, 0.0864.
    Interval of the shift by ordered differences (normal approximation of its rank). size: rank-biserial correlation,
    2 P(first > second) - 1 with ties halved. Raises EmptyInput, NotFinite, OutOfRange, ConstantSeries.
    Source: Hollander, Wolfe, Chicken (2014), Nonparametric Statistical Methods, 3rd ed., ch. 4.
    """
    choice(method, "method", METHODS)
    a, b = vector(first, "first"), vector(second, "second")
    if np.ptp(np.concatenate([a, b])) == 0:
        raise ConstantSeries("All values are equal, so there is no order to compare.")
    ties = np.unique(np.concatenate([a, b])).size < a.size + b.size
    chosen = method
    if method == "auto":
        chosen = "exact" if not ties and min(a.size, b.size) <= 8 else "continuity"
    options: dict[str, Any] = {"method": "exact" if chosen == "exact" else "asymptotic"}
    result = stats.mannwhitneyu(a, b, use_continuity=chosen == "continuity", **options)
    effect = _shift(a, b, confidence)
    p = min(1.0, float(result.pvalue))
    size = Effect("rank-biserial correlation", float(2 * result.statistic / (a.size * b.size) - 1), None, None)
    checks = (
        INDEPENDENCE,
        Assumption("same shape in both groups", None, "needed to read the shift as a shift of medians"),
        Assumption("no ties", not ties, "ties present" if ties else "none"),
    )
    name = f"Mann-Whitney test ({'normal, no correction' if chosen == 'none' else chosen})"
    n = (a.size, b.size)
    words = sentence(effect, p, confidence)
    return Finding(name, effect, size, "U", float(result.statistic), (), p, n, confidence, checks, words)


def kruskal(groups: Sequence[ArrayLike], *, confidence: float = 0.95) -> Finding:
    """Do several groups have the same distribution, or is one shifted?

    groups: k >= 2 of (n_i,). effect: epsilon squared, the share of the rank variation between groups (0 to 1), without
    interval. p: chi-square with k - 1, corrected for ties. Raises TooFewPoints, EmptyInput, NotFinite, ConstantSeries.
    Source: Kruskal and Wallis (1952), JASA 47, 583-621.
    """
    rows = [vector(group, f"group {i + 1}") for i, group in enumerate(groups)]
    if len(rows) < 2:
        raise TooFewPoints("At least 2 groups are needed.")
    everything = np.concatenate(rows)
    if np.ptp(everything) == 0:
        raise ConstantSeries("All values are equal, so there is no order to compare.")
    result = stats.kruskal(*rows)
    h, p = float(result.statistic), float(result.pvalue)
    effect = Effect("share of rank variation between groups", h / (everything.size - 1), None, None)
    small = min(row.size for row in rows)
    checks = (INDEPENDENCE, Assumption("5 values or more per group", small >= 5, f"smallest group has {small}"))
    n = tuple(row.size for row in rows)
    words = sentence(effect, p, confidence)
    return Finding("Kruskal-Wallis test", effect, None, "H", h, (len(rows) - 1.0,), p, n, confidence, checks, words)


def _shift(a: Floats, b: Floats, confidence: float) -> Effect:
    differences = np.sort((a[:, None] - b[None, :]).ravel())
    n, m = a.size, b.size
    spread = float(stats.norm.ppf(level(confidence))) * sqrt(n * m * (n + m + 1) / 12)
    rank = n * m / 2 - spread
    low = high = None
    if rank >= 1:
        low, high = float(differences[floor(rank) - 1]), float(differences[ceil(n * m - rank)])
    return Effect("shift (median of all differences)", float(np.median(differences)), low, high)
