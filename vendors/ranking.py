"""Ranking bids: a weighted technical score and the lowest price over one's own. Pure.

technical = sum(w x mean score) / sum(w), evaluators counting alike, on a scale of 0 to 100.
total = price weight x (100 x lowest price / price) + (1 - price weight) x technical.
How far each weight can move before another bid wins is exact: `analytics.process.priority.weighted_ranking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .scoring import price_score

PRICE = "price"
SCALE = 10  # a score of 0 to 10 becomes one of 0 to 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A bid: its price, and each evaluator's score (0 to 10) by criterion."""

    key: str
    price: float
    scores: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """`by_criterion`: the mean score, 0 to 100. `spread`: the largest difference between two evaluators, 0 to 10."""

    key: str
    rank: int
    total: float
    technical: float
    price_score: float
    by_criterion: dict[str, float]
    spread: float


@dataclass(frozen=True, slots=True)
class Switch:
    """The share of the whole weight (0 to 1) at which another bid takes the first place; None: none does."""

    criterion: str
    share: float
    below: float | None
    winner_below: str | None
    above: float | None
    winner_above: str | None


@dataclass(frozen=True, slots=True)
class Ranking:
    offers: tuple[Ranked, ...]
    shares: dict[str, float]
    switches: tuple[Switch, ...]


def rank(offers: Sequence[Offer], weights: Mapping[str, float], price_weight: float) -> Ranking:
    """weights: criterion -> relative weight; price_weight: 0 to 1. Every offer has a score in every criterion."""
    from analytics.process.priority import weighted_ranking

    lowest = min(offer.price for offer in offers)
    whole = sum(weights.values())
    shares = {PRICE: price_weight} | {c: (1 - price_weight) * w / whole for c, w in weights.items()}
    means = {o.key: {c: SCALE * sum(o.scores[c]) / len(o.scores[c]) for c in weights} for o in offers}
    prices = {offer.key: price_score(offer.price, lowest) for offer in offers}
    found = weighted_ranking({key: {PRICE: prices[key], **means[key]} for key in means}, shares)
    by_key = {offer.key: offer for offer in offers}
    ranked = tuple(
        Ranked(
            key=option.name,
            rank=option.rank,
            total=option.score,
            technical=sum(weights[c] * means[option.name][c] for c in weights) / whole,
            price_score=prices[option.name],
            by_criterion=means[option.name],
            spread=max(max(scores) - min(scores) for scores in by_key[option.name].scores.values()),
        )
        for option in found.options
    )
    switches = tuple(
        Switch(s.criterion, s.weight, s.switches_below_at, s.winner_below, s.switches_above_at, s.winner_above)
        for s in found.sensitivity
    )
    return Ranking(ranked, shares, switches)
