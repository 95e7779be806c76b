"""Uncertain inputs: each turns uniform draws into its own, so that correlation can be laid over any mix of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import betaincinv, ndtri

from analytics.inputs import BadInput, Floats, number, vector


class WrongShape(BadInput):
    """The points of a distribution are not in order, or leave it no width."""


class Distribution(Protocol):
    """Anything with a quantile function and a best guess."""

    @property
    def base(self) -> float:
        """The value used when this input is not varied."""

    def quantile(self, u: Floats) -> Floats:
        """Values at the shares `u` (0 to 1), any shape."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value without uncertainty."""

    value: float

    def __post_init__(self) -> None:
        number(self.value, "value")

    @property
    def base(self) -> float:
        return self.value

    def quantile(self, u: Floats) -> Floats:
        return np.full(np.shape(u), float(self.value))


@dataclass(frozen=True, slots=True)
class Triangular:
    """Lowest, likeliest, highest; straight sides. Cautious: it gives the ends more weight than PERT."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _check_order(self.low, self.mode, self.high)

    @property
    def base(self) -> float:
        return self.mode

    def quantile(self, u: Floats) -> Floats:
        width, left = self.high - self.low, self.mode - self.low
        turn = left / width
        rising = self.low + np.sqrt(u * width * left)
        falling = self.high - np.sqrt((1 - u) * width * (width - left))
        return np.asarray(np.where(u < turn, rising, falling))


@dataclass(frozen=True, slots=True)
class Pert:
    """Lowest, likeliest, highest as a beta curve with mean (low + weight mode + high) / (weight + 2), weight 4."""

    low: float
    mode: float
    high: float
    weight: float = 4.0

    def __post_init__(self) -> None:
        _check_order(self.low, self.mode, self.high)
        number(self.weight, "weight", above=0)

    @property
    def base(self) -> float:
        return self.mode

    def quantile(self, u: Floats) -> Floats:
        width = self.high - self.low
        a = 1 + self.weight * (self.mode - self.low) / width
        b = 1 + self.weight * (self.high - self.mode) / width
        return np.asarray(self.low + width * betaincinv(a, b, u))


@dataclass(frozen=True, slots=True)
class Normal:
    """Mean and standard deviation (0 for none)."""

    mean: float
    deviation: float

    def __post_init__(self) -> None:
        number(self.mean, "mean")
        number(self.deviation, "deviation", at_least=0)

    @property
    def base(self) -> float:
        return self.mean

    def quantile(self, u: Floats) -> Floats:
        return np.asarray(self.mean + self.deviation * ndtri(u))


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Median and P90 of a value that cannot be negative and has a long tail (a cost, a duration)."""

    median: float
    p90: float

    def __post_init__(self) -> None:
        number(self.median, "median", above=0)
        if number(self.p90, "p90") < self.median:
            raise WrongShape(f"P90 {self.p90:g} is below the median {self.median:g}.")

    @property
    def base(self) -> float:
        return self.median

    def quantile(self, u: Floats) -> Floats:
        sigma = np.log(self.p90 / self.median) / ndtri(0.9)
        return np.asarray(self.median * np.exp(sigma * ndtri(u)))


@dataclass(frozen=True, slots=True)
class Empirical:
    """Values seen in the past, interpolated between (percentile R7); nothing outside them can happen."""

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        vector(self.values, "values")

    @property
    def base(self) -> float:
        return float(np.median(self.values))

    def quantile(self, u: Floats) -> Floats:
        ordered = np.sort(np.asarray(self.values, dtype=np.float64))
        return np.asarray(np.interp(u, np.linspace(0, 1, ordered.size), ordered))


def _check_order(low: float, mode: float, high: float) -> None:
    for value, name in ((low, "low"), (mode, "mode"), (high, "high")):
        number(value, name)
    if not (low <= mode <= high and low < high):
        raise WrongShape(f"low {low:g}, mode {mode:g}, high {high:g}: they must rise, and low be below high.")
