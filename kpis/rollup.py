"""The score of a scorecard's node from its children. Pure.

Conventions (measures.md section 5, "Roll-up" and "Missing data"):

- weighted mean: sum(w s) / sum(w) over the children that have a score; weights are relative.
- coverage = sum(w of children with a score) / sum(w of applicable ones); below the node's minimum there is no score.
- not applicable (for information, no target, never measured here) leaves both sums; missing leaves the first only.
- each child says what its parent does when it has no score: leave it out, have no score either, count it as 0, or take
  its last score of not more than some periods ago (the caller carries it; it then counts as a score).
- a gate: while the child is red, the parent's score is at most the cap.
- a node is green from a score of 80 (the score of a target that has a stretch), amber from 50, red below. Because an
  average hides failures, the counts by status always stand beside it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .scoring import AMBER, GREEN, INFO, NO_DATA, NO_TARGET, RED

WEIGHTED_MEAN, WORST, COUNTS = "weighted_mean", "worst", "counts"
REWEIGHT, PROPAGATE, CARRY, ZERO = "reweight", "propagate", "carry", "zero"
GREEN_FROM, AMBER_FROM = 80.0, 50.0
INSUFFICIENT = "insufficient_data"  # the status of a node of which too little has a score


@dataclass(frozen=True, slots=True)
class Child:
    """A child as its parent sees it. `score` None: missing, or, with `applies` false, not applicable.

    `counts` are the KPIs below it by status, the child itself included if it is one.
    """

    key: int
    weight: float
    score: float | None
    status: str
    applies: bool = True
    missing: str = REWEIGHT
    gate_cap: float | None = None
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rolled:
    """`shares`: each child's part of the weight in per cent; `shares_used`: of those that count."""

    score: float | None
    status: str
    coverage_pct: float | None
    counts: dict[str, int]
    shares: dict[int, float]
    shares_used: dict[int, float]
    note: str = ""


def roll_up(children: Sequence[Child], method: str = WEIGHTED_MEAN, minimum_coverage_pct: float = 60) -> Rolled:
    """Score, status, coverage and counts of the node over `children`."""
    counts = _counts(children)
    shares = _shares(children)
    applicable = [child for child in children if child.applies]
    scored = [_counted(child) for child in applicable]
    scored = [child for child in scored if child.score is not None]
    used = _shares(scored)
    coverage = _coverage(scored, applicable)

    def rolled(score: float | None, note: str = "", status: str | None = None) -> Rolled:
        return Rolled(score, status or status_of_score(score), coverage, counts, shares, used, note)

    if method == COUNTS:
        return rolled(None, status=worst_status(counts))
    missing = next((c for c in applicable if c.score is None and c.missing == PROPAGATE), None)
    if missing is not None:
        return rolled(None, "Insufficient data: one part has no score and must not be left out.", INSUFFICIENT)
    if not coverage:  # nothing has a score, or what has one weighs nothing
        return rolled(None)
    if coverage < minimum_coverage_pct:
        note = f"Insufficient data: {coverage:.0f} % of the weight has a score, below {minimum_coverage_pct:g} %."
        return rolled(None, note, INSUFFICIENT)
    score = min(c.score for c in scored) if method == WORST else _weighted_mean(scored)
    caps = [c.gate_cap for c in children if c.gate_cap is not None and c.status == RED]
    if caps and score > min(caps):
        return rolled(float(min(caps)), f"Held at {min(caps):g}: a gate is red.")
    return rolled(score)


def status_of_score(score: float | None) -> str:
    if score is None:
        return NO_DATA
    return GREEN if score >= GREEN_FROM else AMBER if score >= AMBER_FROM else RED


def worst_status(counts: dict[str, int]) -> str:
    order = (RED, AMBER, GREEN, NO_DATA, NO_TARGET, INFO)
    return next((status for status in order if counts.get(status)), NO_DATA)


def _counted(child: Child) -> Child:
    """A missing child that counts as 0."""
    if child.score is None and child.missing == ZERO:
        return Child(child.key, child.weight, 0.0, child.status, gate_cap=child.gate_cap)
    return child


def _weighted_mean(children: Iterable[Child]) -> float:
    children = list(children)
    return sum(c.weight * c.score for c in children) / sum(c.weight for c in children)


def _coverage(scored: Sequence[Child], applicable: Sequence[Child]) -> float | None:
    whole = sum(c.weight for c in applicable)
    return 100 * sum(c.weight for c in scored) / whole if whole > 0 else None


def _shares(children: Sequence[Child]) -> dict[int, float]:
    whole = sum(child.weight for child in children)
    return {child.key: 100 * child.weight / whole for child in children} if whole > 0 else {}


def _counts(children: Iterable[Child]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for child in children:
        total.update(child.counts)
    return dict(total)
