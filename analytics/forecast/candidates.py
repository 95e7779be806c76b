"""The candidates: siblings with one signature, from training values to a path with its interval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from analytics.forecast.smoothing import Smoothing, fit
from analytics.inputs import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Point forecasts and interval, (horizon,) each."""

    mean: Floats
    low: Floats
    high: Floats


# training values (n,), horizon, seasonal periods rising (empty for none), normal quantile of the interval
Candidate: TypeAlias = Callable[[Floats, int, tuple[int, ...], float], Path]


def naive(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """The last value; spread of the steps x sqrt(h)."""
    spread = _deviation(np.diff(values)) * np.sqrt(np.arange(1, horizon + 1))
    return _path(np.full(horizon, values[-1]), spread, z)


def seasonal_naive(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """The value one (longest) season ago; spread of the seasonal steps x sqrt(seasons ahead)."""
    m = max(seasons, default=1)
    steps = np.arange(horizon)
    spread = _deviation(values[m:] - values[:-m]) * np.sqrt(steps // m + 1)
    return _path(values[values.size - m + steps % m], spread, z)


def ets(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """Exponential smoothing: level, damped trend and (shortest) season, by the corrected information criterion.

    For positive values the logarithms compete first, with the full model (a multiplicative season, intervals above
    zero); their criterion is put on the scale of the values by the Jacobian, 2 sum(log y).
    """
    m = min(seasons, default=1)
    if values.min() <= 0 or not _logs_fit_better(values, m):
        plain = _best_form(values, m)
        return _path(plain.forecast(horizon), plain.spread(horizon), z)
    logs = np.log(values)
    model = _best_form(logs, m)
    path = _path(model.forecast(horizon), model.spread(horizon), z)
    top = float(logs.max()) + 5  # a runaway trend of logarithms must not overflow
    return Path(*(np.exp(np.minimum(part, top)) for part in (path.mean, path.low, path.high)))


def _logs_fit_better(values: Floats, season: int) -> bool:
    """Whether the full model fits better on logarithms, by the criterion on the scale of the values."""
    logs = np.log(values)
    there = _fit(logs.tobytes(), True, season).aicc + 2 * float(logs.sum())
    return there < _fit(values.tobytes(), True, season).aicc


def theta(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """Theta: simple smoothing with half the slope of a straight line, on values without their season.

    The M3 winner in the form of Hyndman and Billah (2003), International Journal of Forecasting 19, 287-290. Season:
    classical indices, ratios for positive values, else differences.
    """
    m = min(seasons, default=1)
    index, ratios = _season_index(values, m)
    place = np.arange(values.size) % m
    flat = values / index[place] if ratios else values - index[place]
    model = _fit(flat.tobytes(), False, 1)
    slope = float(np.polyfit(np.arange(flat.size), flat, 1)[0]) / 2
    decay = (1 - (1 - model.alpha) ** flat.size) / model.alpha
    steps = np.arange(horizon)
    mean = np.asarray(model.level + slope * (steps + decay), dtype=np.float64)
    ahead = (values.size + steps) % m
    path = _path(mean, model.spread(horizon), z)
    parts = (path.mean, path.low, path.high)
    return Path(*(part * index[ahead] if ratios else part + index[ahead] for part in parts))


def combined(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """Mean of ETS and theta, which errs less than either more often than not (M4)."""
    a, b = ets(values, horizon, seasons, z), theta(values, horizon, seasons, z)
    return Path((a.mean + b.mean) / 2, (a.low + b.low) / 2, (a.high + b.high) / 2)


def mstl(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """One or several seasons by STL (statsmodels), the rest by smoothing; each season repeats its last cycle.

    Source: Bandara, Hyndman, Bergmeir (2021), MSTL.
    """
    from statsmodels.tsa.seasonal import MSTL

    seasons = tuple(m for m in seasons if 2 * m < values.size)  # STL wants more than two whole cycles
    if not seasons:
        model = _best_form(values, 1)
        return _path(model.forecast(horizon), model.spread(horizon), z)
    parts = np.asarray(MSTL(values, periods=seasons).fit().seasonal).reshape(values.size, len(seasons))
    model = _best_form(values - parts.sum(axis=1), 1)
    steps = np.arange(horizon)
    season = sum((parts[values.size - m + steps % m, i] for i, m in enumerate(seasons)), np.zeros(horizon))
    return _path(model.forecast(horizon) + season, model.spread(horizon), z)


def arima(values: Floats, horizon: int, seasons: tuple[int, ...], z: float) -> Path:
    """The airline model (0,1,1)(0,1,1) of Box and Jenkins, by statsmodels; slow, so asked for by name."""
    import warnings

    from statsmodels.tsa.arima.model import ARIMA

    m = min(seasons, default=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimiser's remarks; the back-test judges the outcome
        model = ARIMA(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, m) if m > 1 else (0, 0, 0, 0))
        result = model.fit().get_forecast(horizon)
    return _path(np.asarray(result.predicted_mean), np.asarray(result.se_mean), z)


CANDIDATES: dict[str, Candidate] = {
    "naive": naive,
    "seasonal_naive": seasonal_naive,
    "ets": ets,
    "theta": theta,
    "combined": combined,
    "mstl": mstl,
    "arima": arima,
}
DEFAULT = ("naive", "seasonal_naive", "ets", "theta", "combined", "mstl")


def _best_form(values: Floats, season: int) -> Smoothing:
    return min((_fit(values.tobytes(), trend, m) for trend, m in _forms(season)), key=lambda model: model.aicc)


def _forms(season: int) -> list[tuple[bool, int]]:
    return [(trend, m) for m in ((1, season) if season > 1 else (1,)) for trend in (False, True)]


@lru_cache(maxsize=256)
def _fit(values: bytes, trend: bool, season: int) -> Smoothing:
    """`fit`, remembered: a back-test asks for ETS alone and within the combination."""
    return fit(np.frombuffer(values), trend=trend, season=season)


def _season_index(values: Floats, m: int) -> tuple[Floats, bool]:
    """(m,) classical seasonal indices about a centred moving average, and whether they are ratios."""
    ratios = bool(values.min() > 0)
    if m == 1 or values.size < 2 * m:
        return (np.ones(m) if ratios else np.zeros(m)), ratios
    window = np.ones(m + 1) / m
    window[[0, -1]] /= 2
    if m % 2:
        window = np.ones(m) / m
    half = window.size // 2
    smooth = np.convolve(values, window, mode="valid")
    middle = values[half : half + smooth.size]
    detrended = middle / smooth if ratios else middle - smooth
    place = (np.arange(smooth.size) + half) % m
    index = np.array([detrended[place == i].mean() for i in range(m)])
    return (index / index.mean() if ratios else index - index.mean()), ratios


def _path(mean: Floats, spread: Floats, z: float) -> Path:
    return Path(mean, mean - z * spread, mean + z * spread)


def _deviation(errors: Floats) -> float:
    """Root mean square, 0 for none."""
    return float(np.sqrt((errors**2).mean())) if errors.size else 0.0
