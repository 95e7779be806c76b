"""How far off a forecast was, each measure with its denominator stated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import Floats, TooFewPoints, choice, number, same_length, vector

SMAPE_SCALES = {"0-2": 1.0, "0-200": 100.0}


@dataclass(frozen=True, slots=True)
class Accuracy:
    """None where a denominator is zero. mae, rmse, mean_error in the unit of the values; the rest are ratios.

    wape: sum |A - F| / sum |A|. bias: sum (F - A) / sum |A|, above 0 is too high. mape: mean |A - F| / |A|, over the
    actual. smape: mean 2 |A - F| / (|A| + |F|). mase: mae / in-sample mae of the seasonal naive. coverage: share of
    actuals inside the interval.
    """

    n: int
    mae: float
    rmse: float
    mean_error: float
    wape: float | None
    bias: float | None
    mape: float | None
    smape: float | None
    smape_scale: str
    mase: float | None
    coverage: float | None


def accuracy(
    actual: ArrayLike,
    forecast: ArrayLike,
    *,
    training: ArrayLike | None = None,
    season: int = 1,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    smape_scale: Literal["0-2", "0-200"] = "0-2",
) -> Accuracy:
    """Errors of a forecast.

    actual, forecast: (n,). training: the values the forecast was made from, for MASE, whose scale is their mean
    absolute step at lag `season`. low, high: (n,) interval for coverage. smape_scale: "0-2" (default) or "0-200".
    Raises EmptyInput, NotFinite, LengthMismatch, TooFewPoints (training not longer than the season), OutOfRange.
    Source: Hyndman and Koehler (2006), International Journal of Forecasting 22, 679-688.
    """
    choice(smape_scale, "smape_scale", SMAPE_SCALES)
    a, f = vector(actual, "actual"), vector(forecast, "forecast")
    same_length(actual=a, forecast=f)
    error = f - a
    size = np.abs(error)
    total, both = float(np.abs(a).sum()), np.abs(a) + np.abs(f)
    smape = 2 * np.divide(size, both, out=np.zeros_like(size), where=both > 0)  # 0 against 0 is no error
    coverage = None
    if low is not None and high is not None:
        lower, upper = vector(low, "low"), vector(high, "high")
        same_length(actual=a, low=lower, high=upper)
        coverage = float(((lower <= a) & (a <= upper)).mean())
    scale = None if training is None else naive_scale(vector(training, "training"), season)
    mae = float(size.mean())
    return Accuracy(
        a.size,
        mae,
        float(np.sqrt((error**2).mean())),
        float(error.mean()),
        float(size.sum()) / total if total > 0 else None,
        float(error.sum()) / total if total > 0 else None,
        float((size / np.abs(a)).mean()) if (a != 0).all() else None,
        float(smape.mean()) * SMAPE_SCALES[smape_scale],
        smape_scale,
        mae / scale if scale else None,
        coverage,
    )


def naive_scale(training: Floats, season: int) -> float:
    """Mean absolute step at lag `season` of the training values. Raises TooFewPoints, OutOfRange."""
    number(season, "season", at_least=1)
    if training.size <= season:
        raise TooFewPoints(f"{training.size} training values do not reach over a season of {season}.")
    return float(np.abs(training[season:] - training[:-season]).mean())
