"""What to do first: WSJF, RICE, ICE, and weighted scoring with the sensitivity of its ranking.

Scores are comparable only within one round of rating. Ties share a rank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analytics.inputs import BadInput, EmptyInput, ZeroDenominator, number


class MissingRating(BadInput):
    """An option lacks a rating for a criterion that has a weight."""


@dataclass(frozen=True, slots=True)
class Score:
    """One priority score with the method that made it."""

    score: float
    method: str


@dataclass(frozen=True, slots=True)
class WeightedOption:
    """An option's weighted mean rating and its rank (1 is best, ties share a rank)."""

    name: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class WeightSensitivity:
    """The weight (share of the total, others scaled) at which another option takes the first place."""

    criterion: str
    weight: float
    winner_below: str | None
    switches_below_at: float | None
    winner_above: str | None
    switches_above_at: float | None


@dataclass(frozen=True, slots=True)
class WeightedRanking:
    """Options in order of rank, and how far each weight can move before the winner changes."""

    options: tuple[WeightedOption, ...]
    weights: tuple[tuple[str, float], ...]
    sensitivity: tuple[WeightSensitivity, ...]


def wsjf(*, value: float, time_criticality: float, risk_reduction: float, size: float) -> Score:
    """Weighted shortest job first: (value + time criticality + risk reduction) / size, relative ratings >= 0.

    Raises ZeroDenominator for size 0, OutOfRange. Source: Reinertsen (2009), Product Development Flow; SAFe.
    """
    delay = sum(
        number(part, name, at_least=0)
        for name, part in (("value", value), ("time_criticality", time_criticality), ("risk_reduction", risk_reduction))
    )
    return Score(delay / _divisor(size, "size"), "WSJF")


def rice(*, reach: float, impact: float, confidence: float, effort: float) -> Score:
    """Reach x impact x confidence / effort; confidence is a share from 0 to 1, not a percentage.

    Raises ZeroDenominator for effort 0, OutOfRange. Source: Intercom (2016).
    """
    number(reach, "reach", at_least=0)
    number(impact, "impact", at_least=0)
    number(confidence, "confidence", at_least=0, at_most=1)
    return Score(reach * impact * confidence / _divisor(effort, "effort"), "RICE")


def ice(*, impact: float, confidence: float, ease: float, how: Literal["product", "mean"] = "product") -> Score:
    """Impact, confidence and ease, 0 to 10 each: their product (default) or their mean. Raises OutOfRange."""
    parts = [
        number(part, name, at_least=0, at_most=10)
        for name, part in (("impact", impact), ("confidence", confidence), ("ease", ease))
    ]
    return Score(float(np.prod(parts)) if how == "product" else sum(parts) / 3, f"ICE ({how})")


def weighted_ranking(ratings: Mapping[str, Mapping[str, float]], weights: Mapping[str, float]) -> WeightedRanking:
    """Weighted mean of each option's ratings, ranked, with the weight at which the winner would change.

    ratings: option -> criterion -> rating, higher is better, one scale for all. weights: criterion -> weight >= 0, any
    total. Sensitivity moves one criterion's share from 0 to 1 and scales the others in proportion.
    Raises EmptyInput, MissingRating, ZeroDenominator (all weights zero), OutOfRange.
    """
    if not ratings or not weights:
        raise EmptyInput("Weighted scoring needs at least one option and one criterion.")
    names, criteria = list(ratings), list(weights)
    for name in names:
        if missing := [criterion for criterion in criteria if criterion not in ratings[name]]:
            raise MissingRating(f"{name} has no rating for {', '.join(missing)}.")
    table = np.array([[number(ratings[name][c], f"{name}/{c}") for c in criteria] for name in names])
    raw = np.array([number(weights[criterion], f"weight of {criterion}", at_least=0) for criterion in criteria])
    if raw.sum() == 0:
        raise ZeroDenominator("All weights are zero; give at least one criterion a weight.")
    shares = raw / raw.sum()
    scores = table @ shares
    ranks = 1 + (scores[:, None] < scores[None, :] - 1e-12).sum(axis=1)
    options = sorted(map(WeightedOption, names, scores.tolist(), ranks.tolist()), key=lambda o: (o.rank, o.name))
    sensitivity = tuple(_switches(names, criteria[i], table, shares, i) for i in range(len(criteria)))
    return WeightedRanking(tuple(options), tuple(zip(criteria, shares.tolist(), strict=True)), sensitivity)


def _switches(names: list[str], criterion: str, table: np.ndarray, shares: np.ndarray, i: int) -> WeightSensitivity:
    """Scores are linear in the share of criterion i: rest + share x (rating - rest), so crossings are exact."""
    others = np.delete(shares, i)
    share = float(shares[i])
    if others.size == 0 or others.sum() == 0:
        return WeightSensitivity(criterion, share, None, None, None, None)
    rest = np.delete(table, i, axis=1) @ (others / others.sum())
    slope = table[:, i] - rest
    winner = int(np.argmax(rest + share * slope))
    below: tuple[float, int] | None = None
    above: tuple[float, int] | None = None
    for rival in range(len(names)):
        gap = slope[winner] - slope[rival]
        if rival == winner or gap == 0:
            continue
        crossing = float((rest[rival] - rest[winner]) / gap)
        if gap > 0 and 0 <= crossing <= share and (below is None or crossing > below[0]):
            below = (crossing, rival)
        if gap < 0 and share <= crossing <= 1 and (above is None or crossing < above[0]):
            above = (crossing, rival)
    return WeightSensitivity(
        criterion,
        share,
        names[below[1]] if below else None,
        below[0] if below else None,
        names[above[1]] if above else None,
        above[0] if above else None,
    )


def _divisor(value: float, name: str) -> float:
    if value == 0:
        raise ZeroDenominator(f"{name} is zero; estimate it before ranking.")
    return number(value, name, above=0)
