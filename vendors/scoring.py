"""Score of a vendor from its criteria. Pure: plain values in, plain values out.

Conventions (operations.md 4.2, B1 to B3):

- A criterion's number becomes a score of 0 to 100 by its curve. Linear: 0 at the floor, 100 at the target, straight
  between, never outside. Step: the score of the best step that the number reaches, 0 before the first. Price ratio:
  100 x lowest / own, the lowest being that of all vendors on the same template.
- score = sum(w s) / sum(w) over the criteria that have a score. A missing one is left out and the others weigh more
  ("exclude"), or it counts as 0 ("zero"). coverage = the weight that has a number, of the whole weight; below the
  template's minimum there is no score.
- A gate closes when its number is worse than its limit (a limit just met is met): the grade is at most the gate's,
  whatever the average says. The score itself stays as it is, so that both can be read. A gate without a number does
  not close.
- Grades: A from 90, B from 75, C from 60, D from 40, E below.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

LINEAR, STEP, PRICE_RATIO = "linear", "step", "price_ratio"
HIGHER, LOWER = "higher", "lower"
EXCLUDE, ZERO = "exclude", "zero"
GRADES = (("A", 90.0), ("B", 75.0), ("C", 60.0), ("D", 40.0), ("E", 0.0))
WHOLE = 100
TOLERANCE = 1e-9  # a score that is 90 but for rounding in binary is a 90


class CurveError(ValueError):
    """A curve that scores nothing sensibly; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Curve:
    """How a number becomes a score. `steps`: (limit, score) in the order of the limits."""

    kind: str
    direction: str = HIGHER
    floor: float | None = None
    target: float | None = None
    steps: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """A criterion with its number and score; None: missing. `gate_grade` is the best grade while the gate is closed."""

    key: str
    weight: float
    score: float | None
    value: float | None = None
    direction: str = HIGHER
    gate_at: float | None = None
    gate_grade: str = ""


@dataclass(frozen=True, slots=True)
class CardScore:
    """`used`: the weight of each criterion that counts, in per cent; `closed`: the gates that hold the grade."""

    score: float | None
    grade: str
    coverage_pct: float
    used: dict[str, float]
    closed: tuple[str, ...]
    note: str = ""


def check_curve(curve: Curve) -> None:
    """Raises CurveError."""
    numbers = [curve.floor, curve.target, *(part for step in curve.steps for part in step)]
    if any(number is not None and not math.isfinite(number) for number in numbers):
        raise CurveError("Every limit of a curve is a finite number.")
    if curve.kind == LINEAR:
        if curve.floor is None or curve.target is None or curve.floor == curve.target:
            raise CurveError("A linear curve needs a floor (score 0) and another number as its target (score 100).")
        if (curve.target > curve.floor) != (curve.direction == HIGHER):
            raise CurveError("Where higher is better the target lies above the floor, else below it.")
    elif curve.kind == STEP:
        _check_steps(curve)
    elif curve.direction != LOWER:
        raise CurveError("A price ratio rewards the lowest number: choose lower is better.")


def _check_steps(curve: Curve) -> None:
    if not curve.steps:
        raise CurveError("A step curve needs at least one step, such as 90: 100.")
    limits, scores = zip(*curve.steps, strict=True)
    if any(later <= earlier for earlier, later in zip(limits, limits[1:], strict=False)):
        raise CurveError("Steps stand in the order of their limits, each limit once.")
    if not all(0 <= score <= WHOLE for score in scores):
        raise CurveError("A step's score is from 0 to 100.")
    ordered = sorted(scores, reverse=curve.direction == LOWER)
    if list(scores) != ordered:
        raise CurveError("A better number cannot have a lower score: check the order of the steps' scores.")


def score_of(value: float | None, curve: Curve, lowest: float | None = None) -> float | None:
    """0 to 100, or None without a number. `lowest`: the lowest price of all compared, for a price ratio."""
    if value is None or not math.isfinite(value):
        return None
    if curve.kind == LINEAR:
        return WHOLE * min(1.0, max(0.0, (value - curve.floor) / (curve.target - curve.floor)))
    if curve.kind == STEP:
        return _step(value, curve)
    return price_score(value, lowest)


def price_score(price: float, lowest: float | None) -> float | None:
    """100 x lowest / price: the lowest price has 100, twice the price 50. None where a price is not above 0."""
    if lowest is None or price <= 0 or lowest <= 0:
        return None
    return min(float(WHOLE), WHOLE * lowest / price)


def _step(value: float, curve: Curve) -> float:
    if curve.direction == HIGHER:
        reached = [score for limit, score in curve.steps if value >= limit]
        return reached[-1] if reached else 0.0
    reached = [score for limit, score in curve.steps if value <= limit]
    return reached[0] if reached else 0.0


def card_score(criteria: Sequence[Measured], missing: str = EXCLUDE, minimum_coverage_pct: float = 0) -> CardScore:
    """Score, grade, coverage and the weights used, over `criteria` whose weights are relative."""
    whole = sum(criterion.weight for criterion in criteria)
    known = [criterion for criterion in criteria if criterion.score is not None]
    coverage = WHOLE * sum(c.weight for c in known) / whole if whole > 0 else 0.0
    counted = criteria if missing == ZERO else known
    weight = sum(criterion.weight for criterion in counted)
    closed = tuple(criterion.key for criterion in criteria if is_closed(criterion))
    if weight <= 0 or not known:
        return CardScore(None, "", coverage, {}, closed, "No criterion has a number.")
    used = {criterion.key: WHOLE * criterion.weight / weight for criterion in counted}
    if coverage < minimum_coverage_pct:
        note = f"{coverage:.0f} % of the weight has a number, below the {minimum_coverage_pct:g} % that a score needs."
        return CardScore(None, "", coverage, used, closed, note)
    score = min(100.0, max(0.0, sum(c.weight * (c.score or 0.0) for c in counted) / weight))
    caps = [criterion.gate_grade for criterion in criteria if is_closed(criterion)]
    return CardScore(score, max([grade_of(score), *caps]), coverage, used, closed)


def is_closed(criterion: Measured) -> bool:
    """Whether its gate holds the grade."""
    if criterion.gate_at is None or not criterion.gate_grade or criterion.value is None:
        return False
    if criterion.direction == HIGHER:
        return criterion.value < criterion.gate_at
    return criterion.value > criterion.gate_at


def grade_of(score: float) -> str:
    return next(grade for grade, least in GRADES if score >= least - TOLERANCE or not least)
