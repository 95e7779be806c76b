"""Control chart constants d2, d3 and c4, computed rather than copied, for subgroups of 2 to 100.

d2 and d3 are mean and standard deviation of the range of n standard normal values, c4 the mean of their standard
deviation. Source: Montgomery, Introduction to Statistical Quality Control, 7th ed., appendix VI.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import erf, exp, lgamma, sqrt

import numpy as np

from analytics.inputs import Floats, OutOfRange

LARGEST = 100
_EDGE = 8.5  # beyond it the normal density is below 1e-16


@lru_cache(maxsize=1)
def _nodes() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(160)
    return nodes, weights


def _phi(x: Floats) -> Floats:
    return np.array([0.5 * (1 + erf(value / sqrt(2))) for value in x.ravel()]).reshape(x.shape)


@lru_cache(maxsize=1)
def _triangle() -> tuple[Floats, Floats, Floats]:
    """F(x), F(y) and weights of a rule over all pairs x < y."""
    nodes, weights = _nodes()
    x = _EDGE * nodes
    width = _EDGE * (nodes + 1)
    y = x[:, None] + width[None, :]
    return _phi(x), _phi(y), np.outer(_EDGE * weights, _EDGE * weights)


def _check(n: int) -> int:
    if n != int(n) or not 2 <= n <= LARGEST:
        raise OutOfRange(f"Subgroup size {n} has no constant; sizes are 2 to {LARGEST}.")
    return int(n)


@lru_cache(maxsize=LARGEST)
def d2(n: int) -> float:
    """Mean range of n standard normal values. Raises OutOfRange."""
    nodes, weights = _nodes()
    share = _phi(_EDGE * nodes)
    return float(_EDGE * weights @ (1 - share ** _check(n) - (1 - share) ** n))


@lru_cache(maxsize=LARGEST)
def d3(n: int) -> float:
    """Standard deviation of the range of n standard normal values. Raises OutOfRange."""
    _check(n)
    low, high, weights = _triangle()
    low = low[:, None]
    square = 2 * float((weights * (1 - high**n - (1 - low) ** n + (high - low) ** n)).sum())
    return sqrt(square - d2(n) ** 2)


@cache
def c4(n: int) -> float:
    """Mean standard deviation (n - 1) of n standard normal values. Raises OutOfRange for n < 2."""
    if n < 2:
        raise OutOfRange(f"A standard deviation needs two values, got {n}.")
    return sqrt(2 / (n - 1)) * exp(lgamma(n / 2) - lgamma((n - 1) / 2))


def c5(n: int) -> float:
    """Standard deviation of that standard deviation: sqrt(1 - c4^2)."""
    return sqrt(1 - c4(n) ** 2)
