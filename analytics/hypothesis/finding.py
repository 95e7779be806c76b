"""The one result of every test, and the assumptions it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analytics.inputs import Floats, number
from analytics.wording import digits, percent


@dataclass(frozen=True, slots=True)
class Assumption:
    """What the test takes for granted, whether the data bear it out (None: cannot be checked), and the evidence."""

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate in its own unit with its interval; low and high are None where the method has none."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """One pairwise comparison after an analysis of variance, p adjusted for all pairs."""

    first: int
    second: int
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Finding:
    """A test's answer. effect: what a manager asks for, in the unit of the data; size: without unit, for comparison.

    df: degrees of freedom, none for exact tests. statistic: None where the test has none (Fisher).
    """

    test: str
    effect: Effect
    size: Effect | None
    statistic_name: str
    statistic: float | None
    df: tuple[float, ...]
    p: float
    n: tuple[int, ...]
    confidence: float
    assumptions: tuple[Assumption, ...]
    sentence: str
    pairs: tuple[Pair, ...] = ()

    @property
    def is_significant(self) -> bool:
        """p below 1 - confidence."""
        return self.p < 1 - self.confidence


def level(confidence: float) -> float:
    """Upper quantile's share for a two-sided interval: 0.975 for 0.95. Raises OutOfRange."""
    return 0.5 + number(confidence, "confidence", above=0, below=1) / 2


def p_words(p: float) -> str:
    """p as a page prints it."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def verdict(p: float, confidence: float) -> str:
    """The plain half of a sentence: a difference beyond chance, or none shown (which is not "none")."""
    if p < 1 - confidence:
        return f"This is more than chance would give ({p_words(p)})."
    return f"Chance alone could give this ({p_words(p)}); a difference is not shown, nor is it ruled out."


def sentence(effect: Effect, p: float, confidence: float) -> str:
    """Effect, interval, verdict."""
    interval = ""
    if effect.low is not None and effect.high is not None:
        interval = f" ({percent(confidence)} interval {digits(effect.low)} to {digits(effect.high)})"
    return f"{effect.name[0].upper()}{effect.name[1:]}: {digits(effect.value)}{interval}. {verdict(p, confidence)}"


def normality(values: Floats, name: str) -> Assumption:
    """Shapiro-Wilk at 5 %; from 30 values on a mean is near enough to normal, so it is left open."""
    label = f"{name} normally distributed"
    if values.size < 3 or np.ptp(values) == 0:
        return Assumption(label, None, "too few or equal values to check")
    p = float(stats.shapiro(values[:5000]).pvalue)
    if p < 0.05 and values.size >= 30:
        return Assumption(
            label, None, f"Shapiro-Wilk {p_words(p)}: not normal, but {values.size} values carry the mean"
        )
    return Assumption(label, p >= 0.05, f"Shapiro-Wilk {p_words(p)}")


def equal_variances(groups: list[Floats]) -> Assumption:
    """Brown-Forsythe (Levene about the median) at 5 %."""
    if all(np.ptp(group) == 0 for group in groups):
        return Assumption("equal variances", None, "no variation to compare")
    p = float(stats.levene(*groups, center="median").pvalue)
    return Assumption("equal variances", p >= 0.05, f"Brown-Forsythe {p_words(p)}")


INDEPENDENCE = Assumption("independent observations", None, "follows from how the data were collected")
