"""Forecasts with back-test for 200 monthly series, and their accuracy against statsforecast's AutoETS on all of them.

Run: python -m benchmarks.forecast [series], after python -m benchmarks.peers. Seeded series of 84 months of six kinds;
the last 12 are held out. The peer forecasts without a back-test, in one process.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from analytics.forecast.accuracy import naive_scale
from analytics.forecast.select import forecast
from benchmarks import peers

MONTHS, AHEAD, SEASON, WORKERS = 84, 12, 12, 2


def make(seed: int) -> np.ndarray:
    """One monthly series: season and trend of different strengths, a random walk in some, multiplicative in some."""
    rng = np.random.default_rng(seed)
    t = np.arange(MONTHS)
    pattern = rng.normal(size=SEASON) * (0.02, 0.1, 0.25)[seed % 3]
    level = 100 * np.exp(rng.normal(0, 0.003) * t + pattern[t % SEASON])
    noise = rng.normal(0, 0.05, MONTHS)
    return level * np.exp(noise if seed % 2 else np.cumsum(noise) / 3)


def ours(series: np.ndarray) -> tuple[float, str]:
    made = forecast(series[:-AHEAD], AHEAD, seasons=(SEASON,))
    return mase(series, made.mean), made.chosen


def mase(series: np.ndarray, made: np.ndarray) -> float:
    return float(np.abs(series[-AHEAD:] - made).mean() / naive_scale(series[:-AHEAD], SEASON))


def main(count: int = 200) -> None:
    all_series = [make(seed) for seed in range(count)]
    start = time.perf_counter()
    with ProcessPoolExecutor(WORKERS) as pool:
        results = list(pool.map(ours, all_series, chunksize=10))
    seconds, processor = time.perf_counter() - start, sum(os.times()[2:4])  # of the workers, their imports included
    chosen = {name: sum(c == name for _, c in results) for name in {c for _, c in results}}
    print(f"{count} monthly series of {MONTHS - AHEAD}, {AHEAD} ahead, 4 origins, 6 candidates, {WORKERS} processes")
    error = np.mean([m for m, _ in results])
    print(f"ours        {seconds:8.1f} s ({processor:.1f} s of processor time)   MASE {error:.3f}   chosen {chosen}")
    known = [series[:-AHEAD].tolist() for series in all_series]
    peer = peers.ask("auto_ets.py", {"series": known, "season": SEASON, "ahead": AHEAD})
    made = [mase(series, np.array(one)) for series, one in zip(all_series, peer["forecasts"], strict=True)]
    print(f"AutoETS     {peer['seconds']:8.1f} s   MASE {np.mean(made):.3f}, no back-test")
    print(f"ratio of MASE, ours to AutoETS: {error / np.mean(made):.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
