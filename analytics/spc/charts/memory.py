"""Charts with a memory, for small sustained shifts: EWMA and tabular CUSUM."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import ConstantSeries, Floats, choice, number, vector
from analytics.spc.chart import WHOLE, ControlChart, Division, Layout, chart_of, divide
from analytics.spc.sigma import Estimator, describe, sigma_of


def ewma(
    values: ArrayLike,
    *,
    weight: float = 0.2,
    width: float = 3.0,
    limits: Literal["time_varying", "asymptotic"] = "time_varying",
    centre: float | None = None,
    sigma: float | None = None,
    estimator: Estimator = "moving_range",
    layout: Layout = WHOLE,
) -> ControlChart:
    """z_t = weight x_t + (1 - weight) z_(t-1), z_0 = centre.

    values: (n,) in time order, in their unit. weight: above 0, up to 1. width: limits in sigmas of z.
    limits: "time_varying" (default, as qcc: sigma sqrt(w / (2 - w) (1 - (1 - w)^(2 t)))) or "asymptotic" (as NIST:
    without the last factor). centre, sigma: standards given; else estimated in each phase as by `individuals`.
    Raises EmptyInput, TooFewPoints, NotFinite, OutOfRange. Source: Montgomery, 7th ed., 9.2.
    """
    number(weight, "weight", above=0, at_most=1)
    number(width, "width", above=0)
    choice(limits, "limits", ("time_varying", "asymptotic"))
    array = vector(values, "values", at_least=2)
    division = divide(array.size, layout, at_least=2)
    middle, spread = _standards(array, division, centre, sigma, estimator)
    points, errors = np.empty_like(array), np.empty_like(array)
    for held, _ in division.parts():
        z = middle[held][0]
        shown = np.flatnonzero(held)
        for i in shown:
            # an excluded point is drawn at the level it found and does not move it
            z = z if division.excluded[i] else weight * array[i] + (1 - weight) * z
            points[i] = z
        steps = np.cumsum(~division.excluded[shown])
        growth = 1 - (1 - weight) ** (2 * steps) if limits == "time_varying" else np.ones(shown.size)
        errors[shown] = spread[shown] * np.sqrt(weight / (2 - weight) * growth)
    words = "given" if sigma is not None else describe(estimator, False)
    return chart_of("ewma", points, division, centre=middle, sigma=errors, width=width, estimator=words)


def cusum(
    values: ArrayLike,
    *,
    target: float | None = None,
    sigma: float | None = None,
    slack: float = 0.5,
    decision: float = 5.0,
    estimator: Estimator = "moving_range",
    layout: Layout = WHOLE,
) -> ControlChart:
    """Tabular cusum: S+ = max(0, S+ + x - target - k) as chart, -S- = min(0, ...) as its companion.

    values: (n,) in time order. target, sigma: standards given; else mean and sigma of each phase as by `individuals`.
    slack: k in sigmas (half the shift to be found quickly). decision: h in sigmas; a sum beyond it signals, a sum
    equal to it does not, and sums are not reset. Points and limits in the unit of the values.
    Raises EmptyInput, TooFewPoints, NotFinite, OutOfRange, ConstantSeries. Source: Montgomery, 7th ed., 9.1.
    """
    number(slack, "slack", at_least=0)
    number(decision, "decision", above=0)
    array = vector(values, "values", at_least=2)
    division = divide(array.size, layout, at_least=2)
    middle, spread = _standards(array, division, target, sigma, estimator)
    if (spread == 0).any():
        raise ConstantSeries("The values do not vary, so a cusum has no scale; pass sigma.")
    upper, lower = np.empty_like(array), np.empty_like(array)
    for held, _ in division.parts():
        high = low = 0.0
        for i in np.flatnonzero(held):
            if not division.excluded[i]:
                gap, k = array[i] - middle[i], slack * spread[i]
                high, low = max(0.0, high + gap - k), min(0.0, low + gap + k)
            upper[i], lower[i] = high, low
    words = "given" if sigma is not None else describe(estimator, False)
    zero = np.zeros_like(array)
    chart = chart_of("cusum", upper, division, centre=zero, sigma=spread, width=decision, estimator=words)
    arm = chart_of("cusum_lower", lower, division, centre=zero, sigma=spread, width=decision, estimator=words)
    return replace(chart, lower=zero, companion=replace(arm, upper=zero))


def _standards(
    array: Floats, division: Division, centre: float | None, sigma: float | None, estimator: str
) -> tuple[Floats, Floats]:
    describe(estimator, False)
    middle, spread = np.empty_like(array), np.empty_like(array)
    for held, used in division.parts():
        middle[held] = array[used].mean() if centre is None else number(centre, "centre")
        spread[held] = sigma_of(array[used], estimator, False) if sigma is None else number(sigma, "sigma", above=0)
    return middle, spread
