"""Least squares and logistic regression, with the checks that tell whether to believe them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import Assumption, Effect, level, p_words
from analytics.inputs import (
    BadInput,
    ConstantSeries,
    Floats,
    LengthMismatch,
    NotFinite,
    OutOfRange,
    TooFewPoints,
    table,
    vector,
)
from analytics.wording import digits, percent


class Collinear(BadInput):
    """A predictor is a combination of the others (or constant), so its own effect cannot be told."""


class Separated(BadInput):
    """A predictor splits the outcomes perfectly, so a logistic coefficient would be infinite."""


@dataclass(frozen=True, slots=True)
class Term:
    """One coefficient: change of the outcome (or of its log odds) per unit of the predictor, others held."""

    name: str
    value: float
    error: float
    low: float
    high: float
    p: float
    inflation: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients, fit and residual checks. fitted, residuals: (n,). r_squared: uncentred without an intercept.

    influential: indices of points with Cook's distance above 4 / n. f: None where the fit is perfect.
    """

    model: str
    terms: tuple[Term, ...]
    n: int
    df: int
    r_squared: float
    adjusted_r_squared: float
    error: float
    f: float | None
    p: float
    fitted: Floats
    residuals: Floats
    influential: tuple[int, ...]
    assumptions: tuple[Assumption, ...]
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """Coefficients in log odds with their odds ratios; auc: chance that a case ranks above a non-case."""

    terms: tuple[Term, ...]
    odds_ratios: tuple[Effect, ...]
    n: int
    events: int
    pseudo_r_squared: float
    p: float
    auc: float
    fitted: Floats
    assumptions: tuple[Assumption, ...]
    sentence: str


def ols(
    y: ArrayLike,
    predictors: ArrayLike,
    names: Sequence[str],
    *,
    intercept: bool = True,
    confidence: float = 0.95,
) -> Fit:
    """Ordinary least squares with classic standard errors.

    y: (n,); predictors: (n, k) or (n,) for one; names: (k,). Checks at 5 %: residuals normal (Shapiro-Wilk), even
    spread (Breusch-Pagan), neighbours unrelated (Durbin-Watson 1.5 to 2.5, for data in time order), inflation below 5.
    Raises TooFewPoints (fewer than k + 3), LengthMismatch, NotFinite, ConstantSeries, Collinear, OutOfRange.
    Source: Montgomery, Peck, Vining, Introduction to Linear Regression Analysis, 5th ed.; computed by statsmodels.
    """
    from statsmodels.regression.linear_model import OLS

    outcome, matrix, labels = _design(y, predictors, names, intercept)
    if np.ptp(outcome) == 0:
        raise ConstantSeries("The outcome does not vary, so nothing explains it.", "y")
    with np.errstate(divide="ignore", invalid="ignore"):  # a perfect fit divides by its error of zero
        result = _fitted(OLS(outcome, matrix))
        terms = _terms(result, labels, matrix, confidence)
        f = float(result.fvalue)
    n = outcome.size
    main = [term for term in terms if term.name != "intercept"]
    words = "; ".join(_term_words(term, confidence) for term in main)
    return Fit(
        "least squares" if intercept else "least squares through the origin",
        terms,
        n,
        int(result.df_resid),
        float(result.rsquared),
        float(result.rsquared_adj),
        float(np.sqrt(result.mse_resid)),
        f if np.isfinite(f) else None,
        float(result.f_pvalue) if np.isfinite(f) else 0.0,
        np.asarray(result.fittedvalues),
        np.asarray(result.resid),
        _influential(np.asarray(result.resid), matrix),
        _residual_checks(np.asarray(result.resid), matrix, terms),
        f"{words}. The model explains {percent(result.rsquared)} of the variation.",
    )


def _fitted(model: Any) -> Any:
    """The fit of a statsmodels model. Raises Collinear where it finds that it cannot tell the predictors apart."""
    from statsmodels.tools.sm_exceptions import SingularMatrixWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", SingularMatrixWarning)
        try:
            return model.fit()
        except SingularMatrixWarning as fault:
            raise Collinear(
                "A predictor holds values of very different sizes; leave the odd ones out.", "predictors"
            ) from fault


def logistic(y: ArrayLike, predictors: ArrayLike, names: Sequence[str], *, confidence: float = 0.95) -> LogisticFit:
    """Logistic regression of a yes/no outcome, with intercept, by maximum likelihood; Wald intervals.

    y: (n,) of 0 and 1; predictors: (n, k) or (n,). pseudo_r_squared: McFadden. p: likelihood ratio of the whole model.
    Checks: 10 events and 10 non-events per predictor, inflation below 5.
    Raises as `ols`, OutOfRange (y other than 0 and 1), Separated. Source: Hosmer, Lemeshow, Sturdivant, Applied
    Logistic Regression, 3rd ed.; computed by statsmodels.
    """
    outcome, matrix, labels = _design(y, predictors, names, True)
    if not np.isin(outcome, (0, 1)).all():
        raise OutOfRange("The outcome of a logistic regression is 0 or 1.", "y")
    if np.ptp(outcome) == 0:
        raise ConstantSeries("Every outcome is the same, so nothing tells them apart.", "y")
    result, fitted = _fitted_logit(outcome, matrix)
    terms = _terms(result, labels, matrix, confidence)
    odds = tuple(
        Effect(f"odds ratio of {term.name}", *(exp(min(700.0, x)) for x in (term.value, term.low, term.high)))
        for term in terms[1:]
    )
    events = int(outcome.sum())
    rarer = min(events, outcome.size - events)
    k = len(terms) - 1
    checks = (
        Assumption("10 events per predictor", rarer >= 10 * k, f"{rarer} of the rarer outcome for {k} predictors"),
        _inflation_check(terms),
    )
    words = "; ".join(f"{e.name} {digits(e.value, 3)} ({digits(e.low, 3)} to {digits(e.high, 3)})" for e in odds)
    p = float(result.llr_pvalue)
    return LogisticFit(
        terms,
        odds,
        outcome.size,
        events,
        float(result.prsquared),
        p,
        _area_under_curve(outcome, fitted),
        fitted,
        checks,
        f"{words[0].upper()}{words[1:]}. {'The model' if p < 1 - confidence else 'Not shown that the model'} "
        f"predicts better than the overall share ({p_words(p)}).",
    )


def _fitted_logit(outcome: Floats, matrix: Floats) -> tuple[Any, Floats]:
    """The fit, and the chance that it gives each row. Raises Separated, told by these and not by a warning."""
    from statsmodels.discrete.discrete_model import Logit

    separated = Separated("A predictor splits the outcomes perfectly; combine categories or drop it.", "predictors")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = Logit(outcome, matrix).fit(disp=0, maxiter=100)
        except np.linalg.LinAlgError as error:
            raise separated from error
        fitted = np.asarray(result.predict())
        if np.abs(outcome - fitted).max() < 1e-4 or not np.isfinite(result.bse).all() or result.bse.max() > 1e4:
            raise separated
    return result, fitted


def _area_under_curve(outcome: Floats, fitted: Floats) -> float:
    """How often a row with the outcome has the higher chance of the two: the ROC curve's area, by ranks."""
    ranks, events = stats.rankdata(fitted), int(outcome.sum())
    return float((ranks[outcome == 1].sum() - events * (events + 1) / 2) / (events * (outcome.size - events)))


def _design(
    y: ArrayLike, predictors: ArrayLike, names: Sequence[str], intercept: bool
) -> tuple[Floats, Floats, list[str]]:
    outcome = vector(y, "y")
    matrix = table(predictors, "predictors")
    if matrix.shape[0] != outcome.size or matrix.shape[1] != len(names):
        raise LengthMismatch(f"y has {outcome.size} rows, predictors are {matrix.shape}, names {len(names)}.")
    if not np.isfinite(matrix).all():
        raise NotFinite("A predictor has a missing value; leave that row out.")
    labels = list(names)
    if intercept:
        matrix, labels = np.column_stack([np.ones(outcome.size), matrix]), ["intercept", *labels]
    if outcome.size < matrix.shape[1] + 2:
        raise TooFewPoints(f"{outcome.size} rows for {matrix.shape[1]} coefficients; at least 2 more are needed.")
    scale = np.abs(matrix).max(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(matrix / scale, tol=1e-10 * outcome.size) < matrix.shape[1]:
        raise Collinear("A predictor is constant or a combination of the others; drop it.", "predictors")
    return outcome, matrix, labels


def _terms(result: Any, labels: list[str], matrix: Floats, confidence: float) -> tuple[Term, ...]:
    interval = np.asarray(result.conf_int(2 * (1 - level(confidence))))
    return tuple(
        Term(
            label,
            float(result.params[i]),
            float(result.bse[i]),
            float(interval[i, 0]),
            float(interval[i, 1]),
            float(result.pvalues[i]),
            None if label == "intercept" else _inflation(matrix, i),
        )
        for i, label in enumerate(labels)
    )


def _inflation(matrix: Floats, i: int) -> float:
    """Variance inflation factor: 1 / (1 - R^2 of this predictor on the others)."""
    others, own = np.delete(matrix, i, axis=1), matrix[:, i]
    if others.shape[1] == 0:
        return 1.0
    rest = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
    centred = own - own.mean() if np.ptp(others, axis=0).min() == 0 else own
    return float(centred @ centred / (rest @ rest))


def _inflation_check(terms: Sequence[Term]) -> Assumption:
    worst = max((term.inflation for term in terms if term.inflation is not None), default=1.0)
    return Assumption("predictors not collinear", worst < 5, f"largest variance inflation {worst:.2f}")


def _influential(residuals: Floats, matrix: Floats) -> tuple[int, ...]:
    """Cook's distance: e^2 / (k s^2) x h / (1 - h)^2, with h the leverage."""
    if _is_perfect(residuals, matrix):
        return ()
    n, k = matrix.shape
    leverage = np.minimum(np.einsum("ij,ji->i", matrix, np.linalg.pinv(matrix)), 1 - 1e-12)
    cook = residuals**2 / (k * (residuals @ residuals) / (n - k)) * leverage / (1 - leverage) ** 2
    return tuple(np.flatnonzero(cook > 4 / n).tolist())


def _is_perfect(residuals: Floats, matrix: Floats) -> bool:
    return bool(np.abs(residuals).max() <= 1e-10 * max(1.0, float(np.abs(matrix).max())))


def _residual_checks(residuals: Floats, matrix: Floats, terms: Sequence[Term]) -> tuple[Assumption, ...]:
    from statsmodels.stats.diagnostic import het_breuschpagan
    from statsmodels.stats.stattools import durbin_watson

    if _is_perfect(residuals, matrix):
        return (Assumption("residuals to check", None, "the fit is perfect"), _inflation_check(terms))
    shapiro = float(stats.shapiro(residuals[:5000]).pvalue)
    watson = float(durbin_watson(residuals))
    with_intercept = matrix if np.ptp(matrix[:, 0]) == 0 else np.column_stack([np.ones(len(matrix)), matrix])
    spread = float(het_breuschpagan(residuals, with_intercept)[1])
    return (
        Assumption("residuals normal", shapiro >= 0.05, f"Shapiro-Wilk {p_words(shapiro)}"),
        Assumption("even spread of residuals", spread >= 0.05, f"Breusch-Pagan {p_words(spread)}"),
        Assumption("neighbouring residuals unrelated", 1.5 <= watson <= 2.5, f"Durbin-Watson {watson:.2f}"),
        _inflation_check(terms),
    )


def _term_words(term: Term, confidence: float) -> str:
    return (
        f"One more {term.name} goes with {digits(term.value, signed=True)} "
        f"({percent(confidence)} interval {digits(term.low)} to {digits(term.high)}, {p_words(term.p)})"
    )
