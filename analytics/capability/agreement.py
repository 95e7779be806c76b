"""Agreement of people who rate by words: Cohen's and Fleiss' kappa."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import ndtri

from analytics.inputs import BadInput, ConstantSeries, EmptyInput, LengthMismatch, TooFewPoints, number


class MissingRating(BadInput):
    """An item was not rated by everybody."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Kappa with its interval, the agreement seen and the one that chance gives, and the verdict on kappa.

    by_category: kappa of each category against all others; None where it was used for everything or nothing.
    """

    method: str
    items: int
    raters: int
    kappa: float
    low: float
    high: float
    seen: float
    by_chance: float
    by_category: tuple[tuple[str, float | None], ...]
    verdict: str


def cohen_kappa(
    first: Sequence[str], second: Sequence[str], *, confidence: float = 0.95, accept: float = 0.7
) -> Agreement:
    """Two raters (or a rater and the known truth) over the same items.

    first, second: (n,) categories. Interval: normal, with the large-sample standard error of Fleiss, Cohen and
    Everitt (1969). accept: kappa from which the rating is acceptable. Raises EmptyInput, LengthMismatch,
    ConstantSeries (both used one and the same category only, so chance agreement is complete).
    Source: Cohen (1960), Educational and Psychological Measurement 20, 37-46.
    """
    if len(first) != len(second):
        raise LengthMismatch(f"{len(first)} ratings against {len(second)}.")
    if len(first) == 0:
        raise EmptyInput("There are no ratings.")
    names = sorted({*first, *second})
    place = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    for a, b in zip(first, second, strict=True):
        table[place[a], place[b]] += 1
    share = table / len(first)
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    seen, chance = float(np.trace(share)), float(rows @ columns)
    if chance == 1:
        raise ConstantSeries("Both used one category for everything, so agreement cannot be told from chance.")
    kappa = (seen - chance) / (1 - chance)
    crossed = rows[None, :] + columns[:, None]
    inner = (np.diag(share) * (1 - (rows + columns) * (1 - kappa)) ** 2).sum()
    off = share - np.diag(np.diag(share))
    outer = (1 - kappa) ** 2 * (off * crossed**2).sum()
    rest = (kappa - chance * (1 - kappa)) ** 2
    error = sqrt(max(0.0, float(inner + outer - rest)) / len(first)) / (1 - chance)
    by_category = tuple((name, _one_against_rest(share, rows, columns, i)) for i, name in enumerate(names))
    return _agreement("Cohen", len(first), 2, kappa, error, seen, chance, by_category, confidence, accept)


def fleiss_kappa(ratings: Sequence[Sequence[str]], *, confidence: float = 0.95, accept: float = 0.7) -> Agreement:
    """Several raters, each rating every item; the raters need not be the same people.

    ratings: (n,) items of m >= 2 categories each. Interval: normal, with the standard error under no agreement of
    Fleiss, Nee and Landis (1979). Raises EmptyInput, TooFewPoints, MissingRating, ConstantSeries.
    Source: Fleiss (1971), Psychological Bulletin 76(5), 378-382.
    """
    if len(ratings) == 0:
        raise EmptyInput("There are no ratings.")
    raters = len(ratings[0])
    if raters < 2:
        raise TooFewPoints("Agreement needs at least 2 raters.")
    if any(len(item) != raters for item in ratings):
        raise MissingRating(f"Every item needs {raters} ratings, as the first has.")
    names = sorted({name for item in ratings for name in item})
    counts = np.array([[list(item).count(name) for name in names] for item in ratings], dtype=np.float64)
    n, m = len(ratings), raters
    use = counts.sum(axis=0) / (n * m)
    seen = float(((counts**2).sum(axis=1) - m).mean() / (m * (m - 1)))
    chance = float((use**2).sum())
    if chance == 1:
        raise ConstantSeries("Everybody used one category for everything, so agreement cannot be told from chance.")
    spread = use * (1 - use)
    variance = 2 / (n * m * (m - 1)) * (spread.sum() ** 2 - (spread * (1 - 2 * use)).sum()) / spread.sum() ** 2
    inside = (counts * (m - counts)).sum(axis=0) / (n * m * (m - 1))
    by_category = tuple((name, float(1 - inside[i] / spread[i])) for i, name in enumerate(names))
    kappa = (seen - chance) / (1 - chance)
    return _agreement("Fleiss", n, m, kappa, sqrt(float(variance)), seen, chance, by_category, confidence, accept)


def _one_against_rest(share: np.ndarray, rows: np.ndarray, columns: np.ndarray, i: int) -> float | None:
    seen = share[i, i] + 1 - rows[i] - columns[i] + share[i, i]
    chance = rows[i] * columns[i] + (1 - rows[i]) * (1 - columns[i])
    return None if chance == 1 else float((seen - chance) / (1 - chance))


def _agreement(
    method: str,
    items: int,
    raters: int,
    kappa: float,
    error: float,
    seen: float,
    chance: float,
    by_category: tuple[tuple[str, float | None], ...],
    confidence: float,
    accept: float,
) -> Agreement:
    half = float(ndtri(0.5 + number(confidence, "confidence", above=0, below=1) / 2)) * error
    verdict = "acceptable" if kappa >= accept else "not acceptable"
    low, high = max(-1.0, kappa - half), min(1.0, kappa + half)
    return Agreement(method, items, raters, kappa, low, high, seen, chance, by_category, verdict)
