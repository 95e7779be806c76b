"""Did it work? Interrupted time series: level and slope before and after, alone or against a comparison series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import Assumption, Effect, level, p_words, verdict
from analytics.inputs import ConstantSeries, Floats, OutOfRange, TooFewPoints, number, same_length, vector
from analytics.wording import digits, percent

FEWEST = 8  # points on either side, as reviews of such studies demand


@dataclass(frozen=True, slots=True, eq=False)
class Interruption:
    """What changed at the interruption. Errors allow for autocorrelation up to `lags`.

    level_change: at the first point after; slope_change: per period; effect_at_end: against the continued old line at
    the last point. fitted, expected: (n,) the model, and the old line carried on (equal before).
    design: single or comparison (then every change is that of the series less that of the comparison).
    """

    level_change: Effect
    level_p: float
    slope_change: Effect
    slope_p: float
    effect_at_end: Effect
    slope_before: Effect
    at: int
    n: int
    lags: int
    design: str
    fitted: Floats
    expected: Floats
    assumptions: tuple[Assumption, ...]
    sentence: str


def interrupted(
    values: ArrayLike,
    at: int,
    *,
    comparison: ArrayLike | None = None,
    season: int | None = None,
    lags: int | None = None,
    confidence: float = 0.95,
) -> Interruption:
    """Segmented regression y = a + b t + c D + d D (t - at) (+ a sine and cosine of `season`), Newey-West errors.

    values: (n,) in time order; at: index of the first point after the change, at least 3 points before and after.
    comparison: (n,) a like series without the change, for what else happened at that time: the model then has all four
    terms for each series and reports the differences. season: periods per year (12 for months); needs two years.
    lags of the errors: floor(4 (n / 100)^(2/9)) by default. Intervals by t with the residual degrees of freedom.
    Raises TooFewPoints, NotFinite, LengthMismatch, OutOfRange, ConstantSeries. Source: Bernal, Cummins, Gasparrini
    (2017), International Journal of Epidemiology 46(1), 348-355; Newey and West (1987), Econometrica 55, 703-708.
    """
    y = vector(values, "values", at_least=6)
    other = None if comparison is None else vector(comparison, "comparison")
    if other is not None:
        same_length(values=y, comparison=other)
    n = y.size
    if at != int(at) or not 0 < at < n:
        raise OutOfRange(f"The change is at {at}; it must be an index between 1 and {n - 1}.")
    if at < 3 or n - at < 3:
        raise TooFewPoints(f"{at} points before and {n - at} after the change; at least 3 on either side are needed.")
    if np.ptp(y) == 0:
        raise ConstantSeries("The series does not vary, so there is no change to explain.")
    if season is not None and n < 2 * number(season, "season", at_least=2):
        raise TooFewPoints(f"{n} points do not hold two seasons of {season}.")
    used = int(4 * (n / 100) ** (2 / 9)) if lags is None else int(number(lags, "lags", at_least=0))
    matrix = _terms(n, int(at), season)
    # differencing the two series gives the four difference terms at once, and their errors stay in time order
    response = y if other is None else y - other
    return _report(response, y, matrix, int(at), used, confidence, "single" if other is None else "comparison")


def _terms(n: int, at: int, season: int | None) -> Floats:
    t = np.arange(n, dtype=np.float64)
    after = (t >= at).astype(np.float64)
    columns = [np.ones(n), t, after, after * (t - at)]
    if season is not None:
        columns += [np.sin(2 * np.pi * t / season), np.cos(2 * np.pi * t / season)]
    return np.column_stack(columns)


def _report(
    response: Floats, y: Floats, matrix: Floats, at: int, lags: int, confidence: float, design: str
) -> Interruption:
    from statsmodels.regression.linear_model import OLS

    n = y.size
    plain = OLS(response, matrix).fit()
    robust = plain.get_robustcov_results("HAC", maxlags=lags, use_correction=True, use_t=True)
    params, cov = np.asarray(robust.params), np.asarray(robust.cov_params())
    df = n - matrix.shape[1]
    t = float(stats.t.ppf(level(confidence), df))

    def estimate(name: str, weights: Floats) -> tuple[Effect, float]:
        value, error = float(weights @ params), float(np.sqrt(max(0.0, weights @ cov @ weights)))
        p = float(2 * stats.t.sf(abs(value) / error, df)) if error > 0 else float(value == 0)
        return Effect(name, value, value - t * error, value + t * error), p

    unit = np.eye(matrix.shape[1])
    step, step_p = estimate("change of level", unit[2])
    slope, slope_p = estimate("change of slope per period", unit[3])
    end, end_p = estimate("effect at the last point", unit[2] + unit[3] * (n - 1 - at))
    before, _ = estimate("slope before", unit[1])
    change = np.where(np.arange(n) >= at, params[2] + params[3] * matrix[:, 3], 0.0)
    residuals = np.asarray(plain.resid)
    fitted = y - residuals
    checks = _checks(residuals, at, lags, design)
    interval = f"{percent(confidence)} interval {digits(end.low)} to {digits(end.high)}"
    words = (
        f"At the last point the effect is {digits(end.value, signed=True)} ({interval}): "
        f"level {digits(step.value, signed=True)} ({p_words(step_p)}), "
        f"slope {digits(slope.value, signed=True)} per period ({p_words(slope_p)}). {verdict(end_p, confidence)}"
    )
    return Interruption(
        step, step_p, slope, slope_p, end, before, at, n, lags, design, fitted, fitted - change, checks, words
    )


def _checks(residuals: Floats, at: int, lags: int, design: str) -> tuple[Assumption, ...]:
    from statsmodels.stats.stattools import durbin_watson

    after = residuals.size - at
    watson = float(durbin_watson(residuals)) if np.ptp(residuals) > 0 else 2.0
    return (
        Assumption(f"{FEWEST} points or more on either side", min(at, after) >= FEWEST, f"{at} before, {after} after"),
        Assumption("straight lines before and after", None, "look at the chart"),
        Assumption("nothing else changed at that time", design == "comparison" or None, f"{design} series"),
        Assumption("errors allow for neighbours", True, f"Durbin-Watson {watson:.2f}, Newey-West with {lags} lags"),
    )
