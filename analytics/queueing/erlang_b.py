"""Erlang B: lines without a queue, where a call that finds all of them busy is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincc, gammaln, xlogy

from analytics.inputs import Floats, array_of, broadcast, number

LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines, offered load in Erlangs, and the share of calls that is lost."""

    lines: int
    load: float
    blocking: float


def erlang_b(load: float, lines: int) -> Lines:
    """Blocking probability of `lines` servers at an offered load.

    load: calls x mean holding time / interval, in Erlangs, >= 0. lines: 0 to 10,000. Any arrival that is Poisson, any
    distribution of holding times. Raises OutOfRange, NotFinite. Source: Cooper (1981), Introduction to Queueing
    Theory, ch. 3; B(17, 10) = 0.012949, not the 0.0183 or 0.0095 of a published page.
    """
    number(load, "load", at_least=0)
    number(lines, "lines", at_least=0, at_most=LARGEST)
    return Lines(int(lines), load, float(blocking([load], [lines])[0]))


def lines_required(load: float, *, max_blocking: float) -> Lines:
    """The fewest lines that lose at most this share of calls. Raises OutOfRange, NotFinite."""
    number(load, "load", at_least=0, at_most=LARGEST)
    number(max_blocking, "max_blocking", above=0, at_most=1)
    low, high = -1, max(1, int(2 * load) + 50)
    while high - low > 1:
        middle = (low + high) // 2
        if blocking([load], [middle])[0] <= max_blocking:
            high = middle
        else:
            low = middle
    return erlang_b(load, high)


def blocking(load: ArrayLike, lines: ArrayLike) -> Floats:
    """Erlang B for arrays that broadcast, without a loop over lines and without checks.

    B = Poisson(n; A) / P(Poisson(A) <= n), the denominator being a regularised incomplete gamma function. Where both
    underflow (far fewer lines than load) the sum 1 + n/A + n(n-1)/A^2 + ... takes over. Relative error below 1e-9.
    """
    a, n = broadcast(load=array_of(load, "load"), lines=array_of(lines, "lines"))
    with np.errstate(under="ignore", divide="ignore", invalid="ignore"):
        below = gammaincc(n + 1, a)
        result = np.where(below > 0, np.exp(xlogy(n, a) - a - gammaln(n + 1)) / below, np.nan)
    for index in map(tuple, np.argwhere(below < 1e-250)):
        steps = np.arange(int(n[index]))
        result[index] = 1 / (1 + np.cumprod((n[index] - steps) / a[index]).sum())
    return np.asarray(np.clip(result, 0.0, 1.0))
