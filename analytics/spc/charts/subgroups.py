"""Charts of subgroup means with their ranges or standard deviations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import EmptyInput, Floats, TooFewPoints, choice, vector
from analytics.spc.chart import WHOLE, ControlChart, Division, Layout, chart_of, divide
from analytics.spc.constants import c4, c5, d2, d3

POOLED = "pooled"


@dataclass(frozen=True, slots=True)
class Spread:
    """A statistic of spread within a subgroup: how it is taken, its mean and standard deviation at sigma 1."""

    kind: str
    of: Callable[[Floats], float]
    mean: Callable[[int], float]
    deviation: Callable[[int], float]
    words: str


RANGE = Spread("range", lambda x: float(np.ptp(x)), d2, d3, "mean of subgroup range / d2")
DEVIATION = Spread("standard_deviation", lambda x: float(x.std(ddof=1)), c4, c5, "mean of subgroup SD / c4")


def xbar_r(
    subgroups: Sequence[ArrayLike],
    *,
    estimator: Literal["range", "pooled"] = "range",
    short_last: Literal["leave_out", "use"] = "leave_out",
    layout: Layout = WHOLE,
) -> ControlChart:
    """Means of subgroups with limits from their ranges; the R chart is the companion.

    subgroups: k >= 2 of 2 to 100 values each (a (k, n) array, or a sequence of unequal rows), in one unit.
    estimator: "range" (default: unweighted mean of R_i / d2(n_i)) or "pooled" (square root of the pooled variance).
    short_last: "leave_out" (default): a last subgroup smaller than all others, as an unfinished period has, is drawn
    but never enters the limits; or "use". Limits: grand mean +- 3 sigma / sqrt(n_i), the grand mean weighted by size.
    Raises EmptyInput, TooFewPoints, NotFinite, OutOfRange. Source: Montgomery, 7th ed., 6.2.
    """
    return _xbar(subgroups, RANGE, estimator, short_last, layout)


def xbar_s(
    subgroups: Sequence[ArrayLike],
    *,
    estimator: Literal["standard_deviation", "pooled"] = "standard_deviation",
    short_last: Literal["leave_out", "use"] = "leave_out",
    layout: Layout = WHOLE,
) -> ControlChart:
    """As `xbar_r`, from the subgroups' standard deviations (n - 1); the S chart is the companion.

    estimator: "standard_deviation" (default: unweighted mean of S_i / c4(n_i)) or "pooled".
    Raises EmptyInput, TooFewPoints, NotFinite, OutOfRange. Source: Montgomery, 7th ed., 6.3.
    """
    return _xbar(subgroups, DEVIATION, estimator, short_last, layout)


def within_sigma(groups: Sequence[Floats], spread: Spread, estimator: str) -> float:
    """Sigma within subgroups: unweighted mean of spread_i / constant(n_i), or the pooled standard deviation."""
    if estimator == POOLED:
        squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
        return float(np.sqrt(squares / sum(len(group) - 1 for group in groups)))
    return float(np.mean([spread.of(group) / spread.mean(len(group)) for group in groups]))


def rows_of(subgroups: Sequence[ArrayLike]) -> list[Floats]:
    """Subgroups as float arrays. Raises EmptyInput, TooFewPoints (none, or a subgroup of one), NotFinite."""
    if len(subgroups) == 0:
        raise EmptyInput("There are no subgroups; at least 2 needed.")
    rows = [vector(row, f"subgroup {i + 1}", at_least=2) for i, row in enumerate(subgroups)]
    if len(rows) < 2:
        raise TooFewPoints("There is one subgroup; at least 2 needed.")
    return rows


def _xbar(
    subgroups: Sequence[ArrayLike], spread: Spread, estimator: str, short_last: str, layout: Layout
) -> ControlChart:
    choice(estimator, "estimator", (spread.kind, POOLED))
    choice(short_last, "short_last", ("leave_out", "use"))
    rows = rows_of(subgroups)
    sizes = np.array([row.size for row in rows])
    division = divide(len(rows), layout, at_least=2)
    notes: tuple[str, ...] = ()
    if short_last == "leave_out" and len(rows) > 2 and sizes[-1] < sizes[:-1].min() and division.in_limits[-1]:
        division.in_limits[-1] = False
        notes = (f"The last subgroup has {sizes[-1]} values and did not enter the limits.",)
    centre, sigma = np.empty(len(rows)), np.empty(len(rows))
    for held, used in division.parts():
        chosen = [rows[i] for i in np.flatnonzero(used)]
        centre[held] = np.concatenate(chosen).mean()
        sigma[held] = within_sigma(chosen, spread, estimator)
    return chart_of(
        "xbar",
        np.array([row.mean() for row in rows]),
        division,
        centre=centre,
        sigma=sigma / np.sqrt(sizes),
        estimator="pooled standard deviation of the subgroups" if estimator == POOLED else spread.words,
        companion=_spread_chart(rows, sizes, sigma, spread, division),
        notes=notes,
    )


def _spread_chart(
    rows: list[Floats], sizes: np.ndarray, sigma: Floats, spread: Spread, division: Division
) -> ControlChart:
    return chart_of(
        spread.kind,
        np.array([spread.of(row) for row in rows]),
        division,
        centre=sigma * np.array([spread.mean(int(n)) for n in sizes]),
        sigma=sigma * np.array([spread.deviation(int(n)) for n in sizes]),
        estimator=spread.words,
        floor=0.0,
    )
