"""The individuals and moving range chart (XmR), the chart of a KPI."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import Floats, vector
from analytics.spc.chart import WHOLE, ControlChart, Division, Layout, chart_of, divide
from analytics.spc.constants import d2, d3
from analytics.spc.sigma import Estimator, describe, mean_moving_range, moving_ranges, sigma_of


def individuals(
    values: ArrayLike, *, estimator: Estimator = "moving_range", screen: bool = False, layout: Layout = WHOLE
) -> ControlChart:
    """Natural process limits, mean +- 3 sigma, with the moving range chart as companion.

    values: (n,) one per period in time order, in the KPI's unit; n >= 2 in the limits of every phase.
    estimator: "moving_range" (default: mean moving range / 1.128, hence the 2.66), "median_moving_range" (/ 0.954) or
    "standard_deviation" (/ c4). screen: leave out moving ranges above 3.267 times their mean, which narrows the limits
    and is said in `estimator`. The moving range chart has a point for every value but the first of each phase.
    Raises EmptyInput, TooFewPoints, NotFinite, OutOfRange. Source: Montgomery, 7th ed., 6.4.
    """
    array = vector(values, "values", at_least=2)
    division = divide(array.size, layout, at_least=2)
    words = describe(estimator, screen)
    centre, sigma = np.empty_like(array), np.empty_like(array)
    for held, used in division.parts():
        centre[held] = array[used].mean()
        sigma[held] = sigma_of(array[used], estimator, screen)
    return chart_of(
        "individuals",
        array,
        division,
        centre=centre,
        sigma=sigma,
        estimator=words,
        companion=_moving_range_chart(array, division, screen),
    )


def _moving_range_chart(array: Floats, division: Division, screen: bool) -> ControlChart | None:
    points, centre, positions = [], [], []
    for held, used in division.parts():
        shown = np.flatnonzero(held & ~division.excluded)
        points.append(moving_ranges(array[shown]))
        positions.append(shown[1:])
        centre.append(np.full(shown.size - 1, mean_moving_range(array[used], screen)))
    where = np.concatenate(positions)
    middle = np.concatenate(centre)
    return chart_of(
        "moving_range",
        np.concatenate(points),
        Division(division.phase[where], division.excluded[where], division.in_limits[where]),
        centre=middle,
        sigma=middle * d3(2) / d2(2),
        estimator="mean moving range, upper limit 3.267 times it",
        floor=0.0,
        positions=where,
    )
