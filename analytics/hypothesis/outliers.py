"""Grubbs' test for one outlier."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.inputs import ConstantSeries, number, vector


@dataclass(frozen=True, slots=True)
class Outlier:
    """The value farthest from the mean and whether it is an outlier; a signal to look, not a licence to delete."""

    index: int
    value: float
    statistic: float
    critical: float
    p: float
    is_outlier: bool
    alpha: float


def grubbs(values: ArrayLike, *, alpha: float = 0.05) -> Outlier:
    """Two-sided test of the farthest value of a normal sample: G = max |x - mean| / s.

    values: (n,), n >= 3. p: Bonferroni bound from t with n - 2, at most 1. Test one value at a time; several outliers
    hide each other. Raises TooFewPoints, NotFinite, ConstantSeries, OutOfRange. Source: Grubbs (1969), Technometrics
    11, 1-21; NIST/SEMATECH e-Handbook 1.3.5.17.1.
    """
    number(alpha, "alpha", above=0, below=1)
    array = vector(values, "values", at_least=3)
    deviation = float(array.std(ddof=1))
    if deviation == 0:
        raise ConstantSeries("The values do not vary, so none is an outlier.")
    n = array.size
    gaps = np.abs(array - array.mean())
    index = int(np.argmax(gaps))
    g = float(gaps[index] / deviation)
    t2 = float(stats.t.ppf(1 - alpha / (2 * n), n - 2)) ** 2
    critical = (n - 1) / sqrt(n) * sqrt(t2 / (n - 2 + t2))
    room = (n - 1) ** 2 - n * g**2  # zero or less at the largest G there can be
    p = 0.0 if room <= 0 else min(1.0, 2 * n * float(stats.t.sf(sqrt(n * (n - 2) * g**2 / room), n - 2)))
    return Outlier(index, float(array[index]), g, critical, p, g > critical, alpha)
