"""Anhøj's rules for run charts: an unusually long run, or unusually few crossings of the median.

They look at the whole series, not at a window, so they stand beside the other rules rather than among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import comb, log2

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import number, vector

WORDS = (
    ("anhoej_shift", "a run on one side of the median longer than round(log2 of useful points) + 3"),
    ("anhoej_crossings", "fewer crossings of the median than chance gives in 95 of 100 series"),
)


@dataclass(frozen=True, slots=True)
class RunChart:
    """The counts, their limits and the verdicts. Indices are those of the input.

    run_end: where the longest run first grew beyond its limit, if it did. last_useful: last point off the median.
    """

    median: float
    useful: int
    longest_run: int
    longest_run_limit: int
    crossings: int
    crossings_limit: int
    is_shift: bool
    is_few_crossings: bool
    run_end: int | None
    run_is_above: bool | None
    last_useful: int | None


def run_chart(values: ArrayLike, *, median: float | None = None) -> RunChart:
    """Anhøj rules on values in time order.

    values: (n,), n >= 1. median: the centre line if it is locked; default: the median of the values. Points on it are
    not useful and neither break nor lengthen a run. Shift: longest run > round(log2(useful)) + 3. Few crossings:
    crossings < the 5 % quantile of Binomial(useful - 1, 1/2). Fewer than 10 useful points: counted, never a signal.
    Raises EmptyInput, NotFinite. Source: Anhøj and Olesen (2014), PLoS ONE 9(11) e113825.
    """
    array = vector(values, "values")
    centre = float(np.median(array)) if median is None else number(median, "median")
    off = np.flatnonzero(np.abs(array - centre) > 1e-12 * max(abs(centre), 1e-300))
    is_above = array[off] > centre
    useful = off.size
    if useful == 0:
        return RunChart(centre, 0, 0, 0, 0, 0, False, False, None, None, None)
    lengths = _run_lengths(is_above)
    limit = round(log2(useful)) + 3
    crossings = int((is_above[1:] != is_above[:-1]).sum())
    crossings_limit = _binomial_quantile(useful - 1)
    enough = useful >= 10
    over = np.flatnonzero(lengths > limit)
    is_shift = bool(enough and over.size)
    return RunChart(
        centre,
        useful,
        int(lengths.max()),
        limit,
        crossings,
        crossings_limit,
        is_shift,
        enough and crossings < crossings_limit,
        int(off[over[0]]) if is_shift else None,
        bool(is_above[over[0]]) if is_shift else None,
        int(off[-1]),
    )


def _run_lengths(sides: np.ndarray) -> np.ndarray:
    """Length of the run that each point ends, so far."""
    index = np.arange(sides.size)
    starts = np.concatenate([[True], sides[1:] != sides[:-1]])
    return index - np.maximum.accumulate(np.where(starts, index, 0)) + 1


@cache
def _binomial_quantile(n: int) -> int:
    """Smallest k with P(X <= k) >= 0.05 for X ~ Binomial(n, 1/2): exact in whole numbers, 20 x sum >= 2^n."""
    total, k = 1, 0
    while 20 * total < 2**n:
        k += 1
        total += comb(n, k)
    return k
