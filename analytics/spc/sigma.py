"""Estimators of sigma for single values, by name: one viscosity series has 0.508 by moving range, 0.577 by SD."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from analytics.inputs import Floats, choice
from analytics.spc.constants import c4, d2

SCREEN = 3.267  # D4 of two points: the upper limit of a moving range, in mean moving ranges
MEDIAN_RANGE = 0.953872552  # median range of two standard normal values: sqrt(2) x 0.674490

Estimator: TypeAlias = Literal["moving_range", "median_moving_range", "standard_deviation"]
ESTIMATORS = {
    "moving_range": "mean moving range / 1.128",
    "median_moving_range": "median moving range / 0.954",
    "standard_deviation": "standard deviation (n - 1) / c4",
}


def describe(estimator: str, screen: bool) -> str:
    """The estimator in words, screened or not. Raises OutOfRange."""
    choice(estimator, "estimator", ESTIMATORS)
    return ESTIMATORS[estimator] + (", moving ranges above 3.267 times their mean left out" if screen else "")


def moving_ranges(values: Floats) -> Floats:
    """Distances between neighbours: (n,) to (n - 1,)."""
    return np.abs(np.diff(values))


def mean_moving_range(values: Floats, screen: bool) -> float:
    """Mean of the moving ranges; screened once: those above 3.267 times the mean are dropped (Nelson 1982)."""
    ranges = moving_ranges(values)
    if screen and ranges.size:
        ranges = ranges[ranges <= SCREEN * ranges.mean()]
    return float(ranges.mean())


def sigma_of(values: Floats, estimator: str, screen: bool) -> float:
    """Sigma of single values in time order, (n,) with n >= 2, in their unit."""
    if estimator == "median_moving_range":
        return float(np.median(moving_ranges(values))) / MEDIAN_RANGE
    if estimator == "standard_deviation":
        return float(values.std(ddof=1)) / c4(len(values))
    return mean_moving_range(values, screen) / d2(2)
