"""Internal rates of return: all of them, or the word that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike

from analytics.finance.value import discount_factors
from analytics.inputs import BadInput, EmptyInput, Floats, LengthMismatch, OutOfRange, number, vector
from analytics.wording import percent

LOWEST, HIGHEST = -0.9999, 1e6  # rates searched, per period or per year


class SameSign(BadInput):
    """Money flows one way only, so the question has no answer."""


@dataclass(frozen=True, slots=True)
class Irr:
    """Rates at which the net present value is zero. outcome: one, none or several; `rate` only if there is one.

    sign_changes: of the flows in time order; more than one is why there may be several rates.
    """

    rates: tuple[float, ...]
    outcome: str
    sign_changes: int
    words: str

    @property
    def rate(self) -> float | None:
        """The rate, if there is exactly one."""
        return self.rates[0] if self.outcome == "one" else None


@dataclass(frozen=True, slots=True)
class Mirr:
    """Modified internal rate of return with the two rates it assumes."""

    rate: float
    finance_rate: float
    reinvest_rate: float


def irr(flows: ArrayLike) -> Irr:
    """Internal rates of return per period.

    flows: (n,), flow_0 now, one per period. Flows of one sign: outcome none. Rates from -99.99 % to 10^8 % are found;
    two that fall together (the value touches zero without crossing it) are not.
    Raises EmptyInput, NotFinite. Source: Brealey, Myers, Allen, ch. 5.
    """
    array = vector(flows, "flows")
    return _irr(array, np.arange(array.size, dtype=np.float64))


def xirr(flows: ArrayLike, dates: Sequence[date]) -> Irr:
    """Internal rates of return per year of dated flows, actual days / 365 as Excel's XIRR.

    flows: (n,); dates: (n,), any order; the earliest is time 0. Raises EmptyInput, NotFinite, LengthMismatch.
    """
    array = vector(flows, "flows")
    if len(dates) != array.size:
        raise LengthMismatch(f"{array.size} flows for {len(dates)} dates.")
    start = min(dates)
    years = np.array([(day - start).days / 365 for day in dates])
    order = np.argsort(years, kind="stable")
    return _irr(array[order], years[order])


def mirr(flows: ArrayLike, *, finance_rate: float, reinvest_rate: float) -> Mirr:
    """(FV of inflows at reinvest_rate / PV of outflows at finance_rate)^(1/n) - 1, n periods: one answer always.

    flows: (n + 1,), flow_0 now. Rates per period, above -1. Raises SameSign, EmptyInput, NotFinite, OutOfRange.
    Source: Excel MIRR.
    """
    array = vector(flows, "flows")
    number(finance_rate, "finance_rate", above=-1)
    number(reinvest_rate, "reinvest_rate", above=-1)
    if not ((array > 0).any() and (array < 0).any()):
        raise SameSign("MIRR needs money out and money in; these flows go one way only.")
    periods = array.size - 1
    outflows = float((-np.minimum(array, 0)) @ discount_factors(finance_rate, array.size))
    inflows = float(np.maximum(array, 0) @ (1 + reinvest_rate) ** (periods - np.arange(array.size, dtype=np.float64)))
    return Mirr((inflows / outflows) ** (1 / periods) - 1, finance_rate, reinvest_rate)


def _irr(flows: Floats, times: Floats) -> Irr:
    if flows.size == 0:
        raise EmptyInput("There are no flows.")
    signs = np.sign(flows[flows != 0])
    changes = int((signs[1:] != signs[:-1]).sum())
    if changes == 0:
        return Irr((), "none", 0, "The flows go one way only, so no rate makes their value zero.")
    if times[-1] == times[0]:
        raise OutOfRange("All flows fall on one day, so there is no rate.")
    rates = _roots(flows, times)
    if not rates:
        return Irr((), "none", changes, "No rate makes the value zero; use MIRR.")
    if len(rates) == 1:
        return Irr(rates, "one", changes, f"The internal rate of return is {percent(rates[0], 2)}.")
    listed = ", ".join(percent(rate, 2) for rate in rates)
    return Irr(rates, "several", changes, f"{len(rates)} rates make the value zero ({listed}); use MIRR or NPV.")


def _roots(flows: Floats, times: Floats) -> tuple[float, ...]:
    """Scan x = log(1 + rate), dense around rate 0, then bisect each change of sign."""
    edge = np.linspace(-1, 1, 4001)
    x = np.where(edge < 0, -np.log1p(LOWEST), np.log1p(HIGHEST)) * np.sign(edge) * np.abs(edge) ** 2.5
    value = _scaled_values(x, flows, times)
    signs = np.sign(value)
    zeros = [float(point) for point in x[value == 0]]
    zeros += [_bisect(float(x[i]), float(x[i + 1]), flows, times) for i in np.flatnonzero(signs[1:] * signs[:-1] < 0)]
    return tuple(float(np.expm1(point)) for point in sorted(zeros))


def _scaled_values(x: Floats, flows: Floats, times: Floats) -> Floats:
    """Present value at each log-rate, scaled so that the largest factor is 1: its sign survives any length and rate."""
    exponents = -np.outer(x, times)
    return np.asarray(np.exp(exponents - exponents.max(axis=1, keepdims=True)) @ flows)


def _bisect(low: float, high: float, flows: Floats, times: Floats) -> float:
    at_low = _scaled_values(np.array([low]), flows, times)[0]
    for _ in range(200):
        middle = (low + high) / 2
        at_middle = _scaled_values(np.array([middle]), flows, times)[0]
        if at_middle == 0 or middle in (low, high):
            return middle
        if (at_middle < 0) == (at_low < 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2
