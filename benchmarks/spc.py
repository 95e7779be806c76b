"""Limits and all eight Nelson rules for 3,000 series of 36 points: one batch call against a pandas loop per series.

Run: python -m benchmarks.spc [series]. Prints one line per way and the ratio; both must find the same signals.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from analytics.spc.batch import individuals_batch, signals_batch

POINTS = 36


def batch(values: np.ndarray) -> list[int]:
    fired = signals_batch(individuals_batch(values), "nelson")
    return [int(count) for count in (fired.high | fired.low).sum(axis=(1, 2))]


def pandas_loop(values: np.ndarray) -> list[int]:
    return [int(count) for count in np.sum([pandas_series(pd.Series(row)) for row in values], axis=0)]


def pandas_series(x: pd.Series) -> list[int]:
    """The eight rules as an analyst writes them with rolling windows."""
    centre, sigma = x.mean(), x.diff().abs().mean() / 1.1283791670955126
    z, step = (x - centre) / sigma, x.diff()
    turns = (step * step.shift() < 0).astype(int)
    high, low = (z > 0).astype(int), (z < 0).astype(int)

    def far(side: pd.Series, m: int, n: int) -> pd.Series:
        return side.astype(bool) & (side.rolling(n, min_periods=1).sum() >= m)

    rules = (
        z.abs() > 3,
        (high.rolling(9).sum() == 9) | (low.rolling(9).sum() == 9),
        ((step > 0).rolling(5).sum() == 5) | ((step < 0).rolling(5).sum() == 5),
        turns.rolling(12).sum() == 12,
        far((z > 2).astype(int), 2, 3) | far((z < -2).astype(int), 2, 3),
        far((z > 1).astype(int), 4, 5) | far((z < -1).astype(int), 4, 5),
        (z.abs() <= 1).rolling(15).sum() == 15,
        (z.abs() > 1).rolling(8).sum() == 8,
    )
    return [int(rule.sum()) for rule in rules]


def timed(work: Callable[[np.ndarray], list[int]], values: np.ndarray, runs: int) -> tuple[float, list[int]]:
    """Median wall seconds of some runs, and what was found."""
    seconds, found = [], []
    for _ in range(runs):
        start = time.perf_counter()
        found = work(values)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), found


def main(series: int = 3000) -> None:
    values = np.random.default_rng(1).normal(100, 10, (series, POINTS))
    fast, found = timed(batch, values, 5)
    slow, expected = timed(pandas_loop, values, 1)
    if found != expected:
        raise SystemExit(f"The two ways differ: {found} against {expected}")
    print(f"{series} series of {POINTS} points, limits and 8 Nelson rules; signals per rule {found}")
    print(f"batch        {fast:8.3f} s")
    print(f"pandas loop  {slow:8.3f} s   {slow / fast:.0f} times the batch")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
