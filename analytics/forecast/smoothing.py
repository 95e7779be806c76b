"""Exponential smoothing with additive errors (ETS), fitted to many parameter sets at once.

statsmodels fits one model in some 100 ms; a back-test of hundreds of series needs a hundredth of that. All parameter
sets of a grid run through the series together as one array, and a finer grid around the best follows.
Source: Hyndman, Koehler, Ord, Snyder (2008), Forecasting with Exponential Smoothing, ch. 2, 5 and 6 (class 1 variance).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from analytics.inputs import Floats

_SEASONS_TO_START = 5  # averaged for the first seasonal states; from two alone the noise of both stays in


@dataclass(frozen=True, slots=True, eq=False)
class Smoothing:
    """A fitted model: alpha (level), beta (trend, as a share of alpha), gamma (season), phi (damping), last states.

    sse: sum of squared one-step errors; k: parameters and initial states counted by the information criterion.
    """

    alpha: float
    beta: float
    gamma: float
    phi: float
    level: float
    slope: float
    seasonal: Floats
    sse: float
    n: int
    k: int

    @property
    def sigma(self) -> float:
        """Standard deviation of the one-step errors."""
        return float(np.sqrt(self.sse / max(1, self.n - self.k)))

    @property
    def aicc(self) -> float:
        """Corrected information criterion, constants dropped, so that only models of one series compare."""
        room = max(1, self.n - self.k - 2)
        return self.n * float(np.log(max(self.sse, 1e-300) / self.n)) + 2 * self.k + 2 * self.k * (self.k + 1) / room

    def forecast(self, horizon: int) -> Floats:
        """(horizon,) point forecasts."""
        steps = np.arange(1, horizon + 1)
        damped = np.cumsum(self.phi**steps)
        season = self.seasonal[(self.n + steps - 1) % self.seasonal.size]
        return np.asarray(self.level + self.slope * damped + season)

    def spread(self, horizon: int) -> Floats:
        """(horizon,) standard deviations of the forecast errors: sigma sqrt(1 + c_1^2 + ... + c_(h-1)^2)."""
        j = np.arange(1, horizon)
        season = (j % self.seasonal.size == 0) if self.seasonal.size > 1 else np.zeros(j.size, dtype=np.bool_)
        c = self.alpha * (1 + self.beta * np.cumsum(self.phi**j)) + self.gamma * season
        return np.asarray(self.sigma * np.sqrt(np.concatenate([[1.0], 1 + np.cumsum(c**2)])))


def fit(values: Floats, *, trend: bool, season: int) -> Smoothing:
    """Least squares over the grid.

    values: (n,), n >= 2 seasons. trend: a damped trend. season: its length, 1 for none (additive). Initial states come
    from the first five seasons (or eight values); they are not optimised.
    """
    level, slope, seasonal = _start(values, trend, season)
    grid = _grid(trend, season > 1)
    for scale in (0.5, 0.25, 0.0):
        sse, levels, slopes, seasons = _run(values, grid, level, slope, seasonal)
        winner = int(np.argmin(sse))
        best = grid[:, winner]
        if scale:
            grid = _around(best, trend, season > 1, scale)
    k = 2 + (3 if trend else 0) + (season if season > 1 else 0)
    alpha, beta, gamma, phi = (float(parameter) for parameter in best)
    states = float(levels[winner]), float(slopes[winner]), seasons[:, winner]
    return Smoothing(alpha, beta, gamma, phi, *states, sse=float(sse[winner]), n=values.size, k=k)


def _start(values: Floats, trend: bool, season: int) -> tuple[float, float, Floats]:
    first = values[: max(_SEASONS_TO_START * season, 8)]
    t = np.arange(first.size)
    slope = float(np.polyfit(t, first, 1)[0]) if first.size >= 2 else 0.0
    seasonal = np.zeros(season)
    if season > 1:
        rest = first - slope * (t - t.mean())
        seasonal = np.array([rest[i::season].mean() for i in range(season)])
        seasonal -= seasonal.mean()
    adjusted = first - seasonal[t % season]
    slope = float(np.polyfit(t, adjusted, 1)[0]) if trend and first.size >= 2 else 0.0
    level = float(adjusted.mean() - slope * (t.mean() + 1)) if trend else float(adjusted.mean())
    return level, slope, seasonal


@cache
def _grid(trend: bool, seasonal: bool) -> Floats:
    """(4, P): alpha, beta share, gamma, phi."""
    alphas = (0.01, 0.05, 0.12, 0.22, 0.35, 0.5, 0.7, 0.9)
    betas = (0.01, 0.08, 0.25, 0.6) if trend else (0.0,)
    gammas = (0.005, 0.1, 0.3) if seasonal else (0.0,)
    phis = (0.85, 0.97) if trend else (1.0,)
    return np.array([(a, b, g * (1 - a), p) for a, b, g, p in product(alphas, betas, gammas, phis)]).T


def _around(best: Floats, trend: bool, seasonal: bool, scale: float) -> Floats:
    """A finer grid about the best set, kept inside the usual region (0 < gamma < 1 - alpha, 0.8 <= phi <= 0.98)."""
    alpha, beta, gamma, phi = best
    steps = np.array([-0.1, 0.0, 0.1]) * scale
    axes = (
        np.clip(alpha + steps * 1.5, 0.001, 0.995),
        np.clip(beta + steps * 2, 0.0005, 0.99) if trend else np.zeros(1),
        np.clip(gamma + steps, 0.0005, 0.99) if seasonal else np.zeros(1),
        np.clip(phi + steps * 0.6, 0.8, 0.98) if trend else np.ones(1),
    )
    grid = np.array(list(product(*axes))).T
    grid[2] = np.minimum(grid[2], 1 - grid[0])
    return np.asarray(np.column_stack([best, grid]))


def _run(
    values: Floats, grid: Floats, level: float, slope: float, seasonal: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Sum of squared one-step errors and last states of every parameter set, (P,) each and (season, P)."""
    alpha, beta, gamma, phi = grid
    trend_gain = alpha * beta
    size = grid.shape[1]
    levels, slopes = np.full(size, level), np.full(size, slope)
    season = np.repeat(seasonal[:, None], size, axis=1)
    sse = np.zeros(size)
    m = seasonal.size
    for t, value in enumerate(values.tolist()):
        damped = phi * slopes
        base = levels + damped
        error = value - base - season[t % m]
        sse += error * error
        levels = base + alpha * error
        slopes = damped + trend_gain * error
        if m > 1:
            season[t % m] += gamma * error
    return sse, levels, slopes, season
