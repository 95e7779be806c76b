"""Counts in a table: chi-square, and Fisher's exact test for two by two."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import INDEPENDENCE, Assumption, Effect, Finding, level, sentence
from analytics.inputs import BadInput, Floats, NegativeValue, NotFinite, OutOfRange, ZeroDenominator, number, table

MOST = 10**15  # counts beyond it are no longer exact


def chi_square(counts: ArrayLike, *, correction: bool = False, confidence: float = 0.95) -> Finding:
    """Are rows and columns independent?

    counts: (r, c), r and c >= 2. correction: Yates for 2x2, off by default. effect: Cramer's V (0 to 1), interval
    from the noncentral chi-square. An expected count below 5 breaks an assumption: collect categories or use
    `fisher`. Raises BadInput, NotFinite, NegativeValue, ZeroDenominator (a row or column of zeros).
    Source: Agresti, Categorical Data Analysis, 3rd ed., ch. 3; Smithson (2003), Confidence Intervals, ch. 5.
    """
    cells = _counts(counts)
    result = stats.chi2_contingency(cells, correction=correction)
    statistic, p, df = float(result.statistic), float(result.pvalue), int(result.dof)
    n, smaller = cells.sum(), min(cells.shape) - 1
    # V of the population that would show at most (at least) this statistic with the tail's chance
    low, high = (
        sqrt(_noncentrality(statistic, df, share) / (n * smaller))
        for share in (level(confidence), 1 - level(confidence))
    )
    effect = Effect("Cramer's V", sqrt(statistic / (n * smaller)), low, min(1.0, high))
    smallest = float(result.expected_freq.min())
    checks = (Assumption("expected counts of 5 or more", smallest >= 5, f"smallest {smallest:.1f}"), INDEPENDENCE)
    name = "chi-square test of independence" + (" (Yates)" if correction and cells.shape == (2, 2) else "")
    words = sentence(effect, p, confidence)
    return Finding(name, effect, None, "chi-square", statistic, (float(df),), p, (int(n),), confidence, checks, words)


def fisher(counts: ArrayLike, *, confidence: float = 0.95) -> Finding:
    """Fisher's exact test of a 2x2 table, two-sided by the sum of tables no likelier than this one.

    effect: sample odds ratio with Woolf's interval; 0.5 is added to every cell if one is zero, and `name` says so.
    Raises OutOfRange (not 2x2), NotFinite, NegativeValue, ZeroDenominator. Source: Agresti, 3rd ed., 3.5.
    """
    seen = _counts(counts)
    if seen.shape != (2, 2):
        raise OutOfRange(f"Fisher's test here is for 2x2, the table is {seen.shape}; use chi_square.")
    number(float(seen.sum()), "the sum of counts", at_most=MOST)
    if (seen != np.round(seen)).any():
        raise OutOfRange("Fisher's test counts whole cases; a count has decimals.", "counts")
    p = float(stats.fisher_exact(seen.astype(np.int64)).pvalue)
    has_zero = bool((seen == 0).any())
    cells = seen + 0.5 if has_zero else seen
    ratio = float(cells[0, 0] * cells[1, 1] / (cells[0, 1] * cells[1, 0]))
    half = float(stats.norm.ppf(level(confidence))) * sqrt(float((1 / cells).sum()))
    name = "odds ratio (0.5 added to each cell)" if has_zero else "odds ratio"
    effect = Effect(name, ratio, exp(log(ratio) - half), exp(log(ratio) + half))
    words = sentence(effect, p, confidence)
    n = (int(seen.sum()),)
    return Finding("Fisher's exact test", effect, None, "none", None, (), p, n, confidence, (INDEPENDENCE,), words)


def _counts(values: ArrayLike) -> Floats:
    counts = table(values, "counts")
    if min(counts.shape) < 2:
        raise BadInput(f"The table has shape {counts.shape}; at least 2 rows and 2 columns are needed.")
    if not np.isfinite(counts).all():
        raise NotFinite("A count is missing.")
    if (counts < 0).any():
        raise NegativeValue("A count is below zero.")
    if (counts.sum(axis=0) == 0).any() or (counts.sum(axis=1) == 0).any():
        raise ZeroDenominator("A row or column has no counts; leave it out.")
    return counts


def _noncentrality(statistic: float, df: int, share: float) -> float:
    """Noncentrality at which P(noncentral chi-square <= statistic) is `share`, by bisection; 0 if there is none."""
    if stats.chi2.cdf(statistic, df) < share:
        return 0.0
    low, high = 0.0, statistic * 4 + 50
    for _ in range(80):
        middle = (low + high) / 2
        if stats.ncx2.cdf(statistic, df, max(middle, 1e-12)) > share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
