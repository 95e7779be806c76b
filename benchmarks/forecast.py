"""Forecasts with back-test for 200 monthly series, and their accuracy against statsmodels' exponential smoothing.

Run: python -m benchmarks.forecast [series] [peers]. Seeded series of 84 months of six kinds; the last 12 are held out.
The peer, on the first `peers` series, is Holt-Winters by statsmodels with the form of the lowest AICc among level,
trend and season, additive and multiplicative: a stand-in for statsforecast's AutoETS, which clashes with the stack.
"""

from __future__ import annotations

import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from analytics.forecast.accuracy import naive_scale
from analytics.forecast.select import forecast

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


def peer(series: np.ndarray) -> float:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [
            ExponentialSmoothing(
                series[:-AHEAD],
                trend=trend,
                damped_trend=trend is not None,
                seasonal=season,
                seasonal_periods=SEASON if season else None,
                initialization_method="estimated",
            ).fit()
            for trend in (None, "add")
            for season in (None, "add", "mul")
        ]
    return mase(series, min(fits, key=lambda fit: fit.aicc).forecast(AHEAD))


def mase(series: np.ndarray, made: np.ndarray) -> float:
    return float(np.abs(series[-AHEAD:] - made).mean() / naive_scale(series[:-AHEAD], SEASON))


def main(count: int = 200, peers: int = 30) -> None:
    all_series = [make(seed) for seed in range(count)]
    start = time.perf_counter()
    with ProcessPoolExecutor(WORKERS) as pool:
        results = list(pool.map(ours, all_series, chunksize=10))
    seconds = time.perf_counter() - start
    chosen = {name: sum(c == name for _, c in results) for name in {c for _, c in results}}
    print(f"{count} monthly series of {MONTHS - AHEAD}, {AHEAD} ahead, 4 origins, 6 candidates, {WORKERS} processes")
    print(f"ours        {seconds:8.1f} s   MASE {np.mean([m for m, _ in results]):.3f}   chosen {chosen}")
    start = time.perf_counter()
    others = [peer(series) for series in all_series[:peers]]
    seconds = time.perf_counter() - start
    same = np.mean([m for m, _ in results[:peers]])
    print(f"peer        {seconds:8.1f} s   MASE {np.mean(others):.3f} on {peers} series, no back-test; ours {same:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
