"""A/B tests: were people split as planned, and which decision rule may be applied when?"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

from numpy.typing import ArrayLike
from scipy import stats

from analytics.hypothesis.finding import Effect, p_words
from analytics.hypothesis.proportions import two_proportions
from analytics.inputs import BadInput, LengthMismatch, NegativeValue, ZeroDenominator, choice, number, vector
from analytics.wording import percent

SRM_ALPHA = 0.001  # a split this unlikely is a fault of the experiment, not chance


class TooEarly(BadInput):
    """A fixed-horizon test was read before its planned number, which multiplies false alarms."""


class SampleRatioMismatch(BadInput):
    """The arms are not split as planned, so their difference means nothing."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Chi-square of the seen against the planned split."""

    statistic: float
    p: float
    is_mismatch: bool
    seen: tuple[float, ...]
    planned: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AbResult:
    """effect: share of B less share of A. decision: b_better, a_better, or no_decision."""

    effect: Effect
    relative: float | None
    p: float
    decision: str
    rule: str
    ratio: SampleRatio
    sentence: str


def sample_ratio(counts: ArrayLike, planned: ArrayLike, *, alpha: float = SRM_ALPHA) -> SampleRatio:
    """Sample ratio mismatch: are the arms as large as the plan says?

    counts: (k,) units per arm; planned: (k,) weights > 0. alpha: 0.001 by default, as the check is made for every test.
    Raises LengthMismatch, NegativeValue, ZeroDenominator. Source: Fabijan et al. (2019), KDD, 2156-2164.
    """
    seen, weights = vector(counts, "counts", at_least=2), vector(planned, "planned", at_least=2)
    if seen.size != weights.size:
        raise LengthMismatch(f"{seen.size} arms, {weights.size} planned.")
    if (seen < 0).any() or (weights <= 0).any():
        raise NegativeValue("Counts are 0 or more and planned weights above 0.")
    if seen.sum() == 0:
        raise ZeroDenominator("Nobody is in any arm yet.")
    expected = seen.sum() * weights / weights.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum())
    p = float(stats.chi2.sf(statistic, seen.size - 1))
    shares = (seen / seen.sum()).tolist(), (weights / weights.sum()).tolist()
    return SampleRatio(statistic, p, p < alpha, tuple(shares[0]), tuple(shares[1]))


def ab_test(
    a_events: int,
    a_n: int,
    b_events: int,
    b_n: int,
    *,
    rule: Literal["fixed", "sequential"] = "fixed",
    planned_n: int | None = None,
    planned_split: tuple[float, float] = (1.0, 1.0),
    confidence: float = 0.95,
    expected_effect: float = 0.01,
) -> AbResult:
    """Share of B against share of A under one decision rule, chosen before the start.

    rule: "fixed" (default): one look, when both arms together have planned_n (TooEarly before, and without a plan);
    two-proportion z test with Newcombe's interval. "sequential": may be read at any time; always-valid p and interval
    by a normal mixture over effects of about `expected_effect` (a difference of shares): wider, but never misled by
    peeking. Raises SampleRatioMismatch, TooEarly, ZeroDenominator, OutOfRange.
    Source: Johari, Koomen, Pekelis, Walsh (2017), KDD, 1517-1525.
    """
    choice(rule, "rule", ("fixed", "sequential"))
    ratio = sample_ratio((a_n, b_n), planned_split)
    if ratio.is_mismatch:
        raise SampleRatioMismatch(
            f"The arms hold {percent(ratio.seen[0], 1)} and {percent(ratio.seen[1], 1)} instead of "
            f"{percent(ratio.planned[0], 1)} and {percent(ratio.planned[1], 1)} "
            f"({p_words(ratio.p)}); find the fault before reading the result."
        )
    if rule == "fixed":
        if planned_n is None or a_n + b_n < planned_n:
            raise TooEarly(
                f"{a_n + b_n} of the planned {planned_n or 'unstated'} units; wait, or plan a sequential test."
            )
        finding = two_proportions(b_events, b_n, a_events, a_n, confidence=confidence)
        effect, p = finding.effect, finding.p
    else:
        effect, p = _always_valid(a_events, a_n, b_events, b_n, 1 - confidence, expected_effect)
    decision = "no_decision" if p >= 1 - confidence else "b_better" if effect.value > 0 else "a_better"
    relative = effect.value / (a_events / a_n) if a_events else None
    words = {"b_better": "B is better", "a_better": "A is better", "no_decision": "No decision"}[decision]
    return AbResult(
        Effect("B less A", effect.value, effect.low, effect.high),
        relative,
        p,
        decision,
        rule,
        ratio,
        f"{words}: B less A is {percent(effect.value, 2, signed=True)} ({percent(confidence)} interval "
        f"{percent(effect.low, 2, signed=True)} to {percent(effect.high, 2, signed=True)}, {p_words(p)}, {rule} rule).",
    )


def _always_valid(a_events: int, a_n: int, b_events: int, b_n: int, alpha: float, tau: float) -> tuple[Effect, float]:
    """Mixture sequential probability ratio test: prior N(0, tau^2) on the difference, whose variance v is estimated."""
    number(tau, "expected_effect", above=0)
    number(alpha, "1 - confidence", above=0, below=1)
    for events, n in ((a_events, a_n), (b_events, b_n)):
        if n == 0:
            raise ZeroDenominator("An arm is empty, so there is nothing to compare.")
        number(events, "events", at_least=0, at_most=n)
    a, b = a_events / a_n, b_events / b_n
    difference = b - a
    # half an event is added to each cell, so that arms without events do not claim certainty
    sa, sb = (a_events + 0.5) / (a_n + 1), (b_events + 0.5) / (b_n + 1)
    v = sa * (1 - sa) / a_n + sb * (1 - sb) / b_n
    log_ratio = 0.5 * log(v / (v + tau**2)) + tau**2 * difference**2 / (2 * v * (v + tau**2))
    half = sqrt(v * (v + tau**2) / tau**2 * (2 * log(1 / alpha) + log((v + tau**2) / v)))
    p = min(1.0, exp(-log_ratio)) if log_ratio > 0 else 1.0
    return Effect("B less A", difference, difference - half, difference + half), p
