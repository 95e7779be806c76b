"""Present value, benefit-cost ratio, return on investment, payback, real and nominal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import Floats, ZeroDenominator, choice, not_negative, number, vector

MOST = 100_000  # periods

FIRST_FLOW = {"now": 0, "end_of_period": 1}


@dataclass(frozen=True, slots=True)
class PresentValue:
    """Net present value with the convention that made it."""

    npv: float
    rate: float
    first_flow: str


@dataclass(frozen=True, slots=True)
class Payback:
    """Periods until the cumulative flow first reaches zero and stays there; None if it never does."""

    periods: float | None
    discounted_at: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Returns:
    """Ratios of present benefits and costs. ROI is net of costs; benefits / costs is named the benefit ratio."""

    benefits: float
    costs: float
    net: float
    bcr: float
    roi: float
    benefit_ratio: float
    rate: float


@dataclass(frozen=True, slots=True)
class RealRate:
    """Nominal and real rate of the same worth: 1 + nominal = (1 + real)(1 + inflation)."""

    nominal: float
    real: float
    inflation: float


def npv(rate: float, flows: ArrayLike, *, first_flow: Literal["now", "end_of_period"] = "now") -> PresentValue:
    """Sum of flow_t / (1 + rate)^t.

    rate: per period, as a share, above -1. flows: (n,), one per period, costs negative. first_flow: "now" (default,
    t from 0, as numpy-financial) or "end_of_period" (t from 1, as Excel's NPV, which discounts the first flow too).
    Raises EmptyInput, NotFinite, OutOfRange. Source: Brealey, Myers, Allen, Principles of Corporate Finance, ch. 2.
    """
    number(rate, "rate", above=-1)
    choice(first_flow, "first_flow", FIRST_FLOW)
    array = vector(flows, "flows")
    return PresentValue(float((array * discount_factors(rate, array.size, first_flow)).sum()), rate, first_flow)


def discount_factors(rate: float, n: int, first_flow: Literal["now", "end_of_period"] = "now") -> Floats:
    """(n,) factors (1 + rate)^-t. Raises OutOfRange, NotFinite."""
    number(rate, "rate", above=-1)
    number(n, "n", at_least=0, at_most=MOST)
    choice(first_flow, "first_flow", FIRST_FLOW)
    return np.asarray((1.0 + rate) ** -(np.arange(n) + float(FIRST_FLOW[first_flow])))


def periodic_rate(annual_rate: float, periods_per_year: int = 12) -> float:
    """The rate per period that compounds to the annual one: (1 + r)^(1/12) - 1, not r / 12. Raises OutOfRange."""
    number(annual_rate, "annual_rate", above=-1)
    return float((1 + annual_rate) ** (1 / number(periods_per_year, "periods_per_year", above=0)) - 1)


def payback(flows: ArrayLike, *, rate: float | None = None) -> Payback:
    """When the money is back, for good: linear within the period in which the cumulative flow passes zero.

    flows: (n,), flow_0 now, the rest at the ends of periods 1, 2, ... rate: discount first (discounted payback).
    Where the sum falls below zero again later, the last passing counts. Never below zero: 0 periods.
    Raises EmptyInput, NotFinite, OutOfRange.
    """
    array = vector(flows, "flows")
    if rate is not None:
        array = array * discount_factors(number(rate, "rate", above=-1), array.size)
    total = np.cumsum(array)
    total[np.abs(total) <= 1e-12 * np.abs(array).sum()] = 0.0
    under = np.flatnonzero(total < 0)
    if under.size == 0:
        return Payback(0.0, rate, "The money is never out.")
    last = int(under[-1])
    if last == array.size - 1:
        return Payback(None, rate, f"Not paid back within {array.size - 1} periods.")
    periods = last + float(-total[last] / (total[last + 1] - total[last]))
    return Payback(periods, rate, f"Paid back after {periods:.2f} periods.")


def returns(benefits: ArrayLike, costs: ArrayLike, *, rate: float = 0.0) -> Returns:
    """BCR = PV benefits / PV costs; ROI = (PV benefits - PV costs) / PV costs.

    benefits, costs: (n,) and (m,) amounts >= 0 per period from now on. rate: per period; 0 for plain sums. Some tools
    print benefits / costs as ROI: here that is `benefit_ratio`, equal to BCR, and never called ROI.
    Raises EmptyInput, NotFinite, NegativeValue, OutOfRange, ZeroDenominator (no costs).
    """
    number(rate, "rate", above=-1)
    gains, spent = not_negative(benefits, "benefits"), not_negative(costs, "costs")
    worth = float(gains @ discount_factors(rate, gains.size))
    price = float(spent @ discount_factors(rate, spent.size))
    if price == 0:
        raise ZeroDenominator("There are no costs, so there is no ratio to them; report the benefit alone.")
    return Returns(worth, price, worth - price, worth / price, (worth - price) / price, worth / price, rate)


def real_rate(nominal: float, inflation: float) -> RealRate:
    """Fisher: real = (1 + nominal) / (1 + inflation) - 1, not their difference. Raises OutOfRange."""
    number(nominal, "nominal", above=-1)
    number(inflation, "inflation", above=-1)
    return RealRate(nominal, (1 + nominal) / (1 + inflation) - 1, inflation)


def real_flows(nominal_flows: ArrayLike, inflation: float) -> Floats:
    """(n,) flows in today's money: flow_t / (1 + inflation)^t, t from 0. Raises EmptyInput, NotFinite, OutOfRange."""
    array = vector(nominal_flows, "nominal_flows")
    return array * discount_factors(number(inflation, "inflation", above=-1), array.size)
