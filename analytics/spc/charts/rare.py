"""Charts for rare events: opportunities between them (g) and time between them (t). High is good on both."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import choice, not_negative
from analytics.spc.chart import WHOLE, ControlChart, Layout, chart_of, divide, standardise
from analytics.spc.sigma import describe, sigma_of

POWER = 3.6  # Nelson (1994): an exponential time to this root is nearly normal


def g_chart(between: ArrayLike, *, centre: Literal["mean", "median"] = "mean", layout: Layout = WHOLE) -> ControlChart:
    """Cases between events, geometric: limits g +- 3 sqrt(g (g + 1)), not below 0.

    between: (n,) counts of cases from one event to the next. centre: "mean" (default) or "median" (0.693 g, the
    theoretical median, which halves the points for run rules; the limits stay those of the mean).
    Raises EmptyInput, TooFewPoints, NotFinite, NegativeValue, OutOfRange. Source: Benneyan (2001), Health Care
    Management Science 4, 305-318.
    """
    choice(centre, "centre", ("mean", "median"))
    array = not_negative(between, "between", at_least=2)
    division = divide(array.size, layout, at_least=2)
    mean = np.empty_like(array)
    for held, used in division.parts():
        mean[held] = array[used].mean()
    sigma = np.sqrt(mean * (mean + 1))
    chart = chart_of("g", array, division, centre=mean, sigma=sigma, estimator="geometric, from the mean", floor=0.0)
    if centre == "mean":
        return chart
    median = mean * np.log(2)
    return replace(chart, centre=median, z=standardise(array, median, sigma))


def t_chart(between: ArrayLike, *, layout: Layout = WHOLE) -> ControlChart:
    """Time between events: an individuals chart of t^(1/3.6), its centre and limits drawn back in units of time.

    between: (n,) times >= 0 in one unit. sigma and z are on the transformed scale, which the rules use.
    Raises EmptyInput, TooFewPoints, NotFinite, NegativeValue. Source: Nelson (1994), Journal of Quality Technology
    26(3), 239-241; Montgomery, 7th ed., 7.3.5.
    """
    array = not_negative(between, "between", at_least=2)
    roots = array ** (1 / POWER)
    division = divide(array.size, layout, at_least=2)
    centre, sigma = np.empty_like(array), np.empty_like(array)
    for held, used in division.parts():
        centre[held] = roots[used].mean()
        sigma[held] = sigma_of(roots[used], "moving_range", False)
    words = f"{describe('moving_range', False)} of time^(1/3.6)"
    chart = chart_of("t", roots, division, centre=centre, sigma=sigma, estimator=words, floor=0.0)
    return replace(chart, points=array, centre=chart.centre**POWER, lower=chart.lower**POWER, upper=chart.upper**POWER)
