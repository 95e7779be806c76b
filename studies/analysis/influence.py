"""What drives it? One measure against others: least squares, or logistic regression for yes and no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from analytics.wording import digits, percent

from .checks import data_check, shape_checks
from .words import (
    Analysis,
    CannotAnswer,
    Check,
    Estimate,
    Picture,
    Sample,
    Table,
    checks_of,
    column,
    numbers_of,
    statistic_words,
)

MOST_DRIVERS = 6
MOST_MEMBERS = 6
MOST_DOTS = 1_500
OTHER = "other"


def influence(sample: Sample, options: Mapping[str, Any]) -> Analysis:
    """options: value, drivers (columns), confidence. Raises CannotAnswer, BadInput."""
    name, drivers = options["value"], list(options["drivers"])
    if not drivers or len(drivers) > MOST_DRIVERS or name in drivers:
        raise CannotAnswer(f"Choose one to {MOST_DRIVERS} drivers, each other than {name}.")
    rows = _complete(sample, [name, *drivers])
    outcome = [row[0] for row in rows]
    if any(isinstance(value, str) for value in outcome):
        raise CannotAnswer(f"{name} is a text. The outcome is a number, or yes and no.")
    confidence = float(options.get("confidence") or 0.95)
    checks = data_check(sample, [name, *drivers])
    columns = [[row[place + 1] for row in rows] for place in range(len(drivers))]
    if all(isinstance(value, bool) for value in outcome):
        return _yes_no(name, drivers, outcome, columns, checks, confidence)
    amounts = [float(value) for value in outcome]
    checks += shape_checks(amounts, name, in_order=sample.in_order)
    single = len(drivers) == 1 and not any(isinstance(value, str | bool) for value in columns[0])
    return (_one if single else _many)(name, drivers, amounts, columns, checks, confidence)


def _complete(sample: Sample, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows that have every value."""
    rows = [
        row
        for row in zip(*(column(sample, name) for name in names), strict=True)
        if all(one is not None for one in row)
    ]
    if len(rows) < 10:
        raise CannotAnswer(f"{len(rows)} rows have all of {', '.join(names)}; at least 10 are needed.")
    return rows


# --- one number -----------------------------------------------------------------------------------------------------


def _one(
    name: str,
    drivers: list[str],
    amounts: list[float],
    columns: list[list[Any]],
    checks: Sequence[Check],
    confidence: float,
) -> Analysis:
    from analytics.hypothesis.correlation import correlation
    from analytics.hypothesis.regression import ols

    x = [float(value) for value in columns[0]]
    fit = ols(amounts, [[one] for one in x], drivers, confidence=confidence)
    found = correlation(x, amounts, confidence=confidence)
    ranked = correlation(x, amounts, method="spearman", confidence=confidence)
    slope, intercept = fit.terms[1], fit.terms[0]
    estimates = (
        Estimate(f"{name} per {drivers[0]}", slope.value, slope.low, slope.high),
        Estimate("correlation", found.effect.value, found.effect.low, found.effect.high),
        Estimate("rank correlation", ranked.effect.value, ranked.effect.low, ranked.effect.high),
        Estimate("share of variation explained", fit.r_squared, unit="share"),
    )
    return Analysis(
        method="Least squares line and correlation",
        reason="One numeric driver: the line that fits best, with the correlation beside it.",
        verdict=fit.sentence,
        estimates=estimates,
        checks=checks,
        assumptions=(*checks_of(fit.assumptions), Check("cause", None, "a relation is no proof of cause")),
        statistic=statistic_words(found),
        p=slope.p,
        n=fit.n,
        confidence=confidence,
        pictures=(_scatter(name, drivers[0], x, amounts, intercept.value, slope.value),),
        tables=(_terms_table(fit.terms, [term.p for term in fit.terms]),),
        numbers=numbers_of(estimates, p=slope.p),
    )


def _scatter(name: str, driver: str, x: list[float], y: list[float], intercept: float, slope: float) -> Picture:
    """Every k-th point, so that at most MOST_DOTS are drawn."""
    step = max(1, -(-len(x) // MOST_DOTS))
    data = {"x": x[::step], "y": y[::step], "x_name": driver, "y_name": name, "of": len(x)}
    return Picture("scatter", f"{name} against {driver}", {**data, "fit": {"intercept": intercept, "slope": slope}})


# --- several, or categories ------------------------------------------------------------------------------------------


def _many(
    name: str,
    drivers: list[str],
    amounts: list[float],
    columns: list[list[Any]],
    checks: Sequence[Check],
    confidence: float,
) -> Analysis:
    from analytics.hypothesis.regression import ols

    names, matrix, notes = _design(drivers, columns)
    fit = ols(amounts, matrix, names, confidence=confidence)
    terms = [term for term in fit.terms if term.name != "intercept"]
    adjusted, correction = _corrected([term.p for term in terms], confidence)
    ranked = sorted(zip(terms, adjusted, strict=True), key=lambda pair: -abs(pair[0].value))
    estimates = tuple(Estimate(term.name, term.value, term.low, term.high) for term, _ in ranked)
    shown = [term.name for term, p in ranked if p < 1 - confidence]
    verdict = f"Together they explain {percent(fit.r_squared)} of the variation of {name}. " + (
        f"Beyond chance: {', '.join(shown)}." if shown else "None is beyond chance."
    )
    explained = Estimate("share of variation explained", fit.r_squared, unit="share")
    return Analysis(
        method="Least squares with several drivers",
        reason="Several drivers or categories: each with the others held equal; numbers per standard deviation.",
        verdict=verdict,
        estimates=(*estimates, explained),
        checks=checks,
        assumptions=(*checks_of(fit.assumptions), Check("cause", None, "a relation is no proof of cause")),
        statistic=f"F = {digits(fit.f)}" if fit.f is not None else "",
        p=fit.p,
        n=fit.n,
        confidence=confidence,
        correction=correction,
        notes=notes,
        pictures=(_intervals(f"Effect on {name}", name, estimates, "amount"),),
        tables=(_terms_table(fit.terms, [fit.terms[0].p, *adjusted]),),
        numbers=numbers_of((*estimates, explained), p=fit.p),
    )


def _yes_no(
    name: str,
    drivers: list[str],
    outcome: list[bool],
    columns: list[list[Any]],
    checks: Sequence[Check],
    confidence: float,
) -> Analysis:
    from analytics.hypothesis.regression import logistic

    names, matrix, notes = _design(drivers, columns)
    fit = logistic([float(value) for value in outcome], matrix, names, confidence=confidence)
    adjusted, correction = _corrected([term.p for term in fit.terms[1:]], confidence)
    odds = sorted(zip(fit.odds_ratios, adjusted, strict=True), key=lambda pair: pair[1])
    estimates = tuple(Estimate(one.name, one.value, one.low, one.high) for one, _ in odds)
    shown = [one.name.removeprefix("odds ratio of ") for one, p in odds if p < 1 - confidence]
    auc = Estimate("area under the curve (0.5 is chance)", fit.auc)
    return Analysis(
        method="Logistic regression",
        reason=f"{name} is yes or no: odds ratios, each with the others held equal; numbers per standard deviation.",
        verdict=f"Beyond chance: {', '.join(shown)}." if shown else "None of these is shown to drive it.",
        estimates=(*estimates, auc),
        checks=checks,
        assumptions=(*checks_of(fit.assumptions), Check("cause", None, "a relation is no proof of cause")),
        p=fit.p,
        n=fit.n,
        confidence=confidence,
        correction=correction,
        notes=notes,
        pictures=(_intervals(f"Odds ratios for {name}", name, estimates, "ratio"),),
        tables=(_terms_table(fit.terms, [fit.terms[0].p, *adjusted]),),
        numbers=numbers_of((*estimates, auc), p=fit.p),
    )


def _design(
    drivers: Sequence[str], columns: Sequence[list[Any]]
) -> tuple[list[str], list[list[float]], tuple[str, ...]]:
    """Names and rows of the predictors: numbers per standard deviation, categories against their most frequent."""
    import numpy as np

    names: list[str] = []
    made: list[Any] = []
    notes: list[str] = []
    for driver, values in zip(drivers, columns, strict=True):
        if not any(isinstance(value, str | bool) for value in values):
            array = np.array(values, dtype=float)
            spread = float(array.std(ddof=1))
            if spread == 0:
                raise CannotAnswer(f"{driver} does not vary, so it drives nothing. Leave it out.")
            names.append(f"{driver} (per {digits(spread, 3)})")
            made.append((array - array.mean()) / spread)
            continue
        words = [str(value) for value in values]
        common = [member for member, _ in Counter(words).most_common()]
        if len(common) < 2:
            raise CannotAnswer(f"{driver} does not vary, so it drives nothing. Leave it out.")
        rest = set(common[MOST_MEMBERS:])
        kept = common[1:MOST_MEMBERS] + ([OTHER] if rest else [])
        notes.append(f"{driver}: compared with {common[0]}, its most frequent member.")
        for member in kept:
            names.append(f"{driver} {member}")
            made.append(np.array([(OTHER if word in rest else word) == member for word in words], dtype=float))
    return names, np.column_stack(made).tolist(), tuple(notes)


def _corrected(raw: list[float], confidence: float) -> tuple[list[float], str]:
    """p values after Holm's correction, and words for it."""
    from analytics.hypothesis.multiple import adjust

    if len(raw) < 2:
        return raw, ""
    made = adjust(raw, method="holm", alpha=1 - confidence)
    words = f"{len(raw)} coefficients: {sum(made.significant)} beyond chance after Holm's correction."
    return list(made.adjusted), words


def _intervals(title: str, value: str, estimates: Sequence[Estimate], unit: str) -> Picture:
    points = [{"name": one.name, "value": one.value, "low": one.low, "high": one.high} for one in estimates]
    return Picture("intervals", title, {"points": points, "unit": unit, "value": value})


def _terms_table(terms: Sequence[Any], p: Sequence[float]) -> Table:
    rows = [
        [term.name, term.value, term.low, term.high, one, term.inflation] for term, one in zip(terms, p, strict=True)
    ]
    return Table("Coefficients", ["Term", "Coefficient", "Low", "High", "p (Holm)", "Variance inflation"], rows)
