"""Charts, signals and icons for thousands of series in one call: the same definitions, all series at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.inputs import (
    BadInput,
    Bools,
    EmptyInput,
    Floats,
    Ints,
    LengthMismatch,
    NegativeValue,
    OutOfRange,
    array_of,
)
from analytics.spc.chart import standardise
from analytics.spc.constants import d2
from analytics.spc.icons import MINIMUM, variation_kind
from analytics.spc.rules.rule import TOLERANCE, Rule, Run
from analytics.spc.rules.sets import rules_for

T = TypeVar("T", np.float64, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class BatchChart:
    """m charts of up to n points. points, lower, upper, sigma, z: (m, n), NaN where a series has no point.

    centre: (m,). count: (m,) points of each series. used: (m, n), which points made the limits. A series with fewer
    than 2 points in its limits, or none, is not usable: its centre and limits are NaN and it has no signal.
    """

    kind: str
    points: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats
    z: Floats
    count: Ints
    usable: Bools
    estimator: str
    used: Bools


@dataclass(frozen=True, slots=True, eq=False)
class BatchSignals:
    """high, low: (r, m, n), rule by series by point; both for a rule without a side. rules: the r rules in order."""

    rules: tuple[Rule, ...]
    high: Bools
    low: Bools

    @property
    def any(self) -> Bools:
        """(m, n): points that complete a pattern of any rule."""
        return np.asarray((self.high | self.low).any(axis=0))


def individuals_batch(values: ArrayLike, *, baseline: ArrayLike | None = None) -> BatchChart:
    """`individuals` (mean moving range) of every row; a missing point (NaN) is passed over, its neighbours joined.

    values: (m, n). baseline: which points make each row's limits: (m,) the number of leading ones, or (m, n) a mask;
    default all. Give a later phase by setting the points before it to NaN.
    Raises BadInput (not two-dimensional, infinite), LengthMismatch.
    """
    points = _table(values, "values")
    order, packed, count = _pack(points)
    used = _baseline(baseline, order, count, packed.shape)
    inner = np.where(used, packed, 0.0)
    n = used.sum(axis=1)
    pairs = used[:, 1:] & used[:, :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = inner.sum(axis=1) / n
        ranges = np.where(pairs, np.abs(np.diff(packed, axis=1)), 0.0).sum(axis=1) / pairs.sum(axis=1)
    usable = (n >= 2) & pairs.any(axis=1)
    centre, ranges = np.where(usable, centre, np.nan), np.where(usable, ranges, np.nan)
    sigma = np.where(np.isnan(points), np.nan, (ranges / d2(2))[:, None])
    estimator = "mean moving range / 1.128"
    return _batch_chart("individuals", points, centre, sigma, count, usable, estimator, _unpack(used, order))


def p_chart_batch(events: ArrayLike, sizes: ArrayLike, *, baseline: ArrayLike | None = None) -> BatchChart:
    """`p_chart` of every row. A point with a missing count or a size of zero has no share and is passed over.

    events, sizes: (m, n) counts. baseline: as `individuals_batch`.
    Raises BadInput, LengthMismatch, NegativeValue, OutOfRange (events above sizes).
    """
    counts, bases = _counts(events, sizes)
    if (counts > bases).any():
        raise OutOfRange("There are more events than units at some point.")
    return _rates("p", counts, bases, baseline, lambda centre: centre * (1 - centre), "binomial, p from the sums", 1.0)


def u_chart_batch(counts: ArrayLike, sizes: ArrayLike, *, baseline: ArrayLike | None = None) -> BatchChart:
    """`u_chart` of every row; points are passed over as in `p_chart_batch`.

    counts, sizes: (m, n), sizes in any unit. baseline: as `individuals_batch`.
    Raises BadInput, LengthMismatch, NegativeValue.
    """
    events, bases = _counts(counts, sizes)
    estimator = "Poisson, variance equal to the mean"
    return _rates("u", events, bases, baseline, lambda centre: centre, estimator, np.inf)


def sigma_z(chart: BatchChart) -> Floats:
    """(m,): Laney's factor of every row, the mean moving range of the standardised points in the limits / 1.128.

    NaN for a row that is not usable; 0 where its points do not vary.
    """
    order, _, _ = _pack(chart.points)
    z = chart.z if order is None else np.take_along_axis(chart.z, order, axis=1)
    used = chart.used if order is None else np.take_along_axis(chart.used, order, axis=1)
    pairs = used[:, 1:] & used[:, :-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        ranges = np.where(pairs, np.abs(np.diff(z, axis=1)), 0.0).sum(axis=1) / pairs.sum(axis=1)
    finite = np.isfinite(np.where(used, z, 0.0)).all(axis=1)
    return np.where(chart.usable, np.where(finite & pairs.any(axis=1), ranges / d2(2), 0.0), np.nan)


def widened(chart: BatchChart, factor: ArrayLike) -> BatchChart:
    """A p or u chart with the sigma of every row times its factor, as `laney_p` and `laney_u` have it.

    factor: (m,); 1 leaves a row as it is. Raises LengthMismatch.
    """
    factors = array_of(factor, "factor")
    if factors.shape != chart.centre.shape:
        raise LengthMismatch(f"{factors.size} factors for {chart.centre.size} series.")
    made = _batch_chart(
        chart.kind,
        chart.points,
        chart.centre,
        chart.sigma * factors[:, None],
        chart.count,
        chart.usable,
        f"{chart.estimator} x sigma_z",
        chart.used,
    )
    return _bounded(made, 1.0 if chart.kind == "p" else np.inf)


def signals_batch(chart: BatchChart, rules: str | Sequence[Rule] = "nelson") -> BatchSignals:
    """`signals` of every row; the sets and their use on attribute charts are the same. Raises OutOfRange."""
    chosen = rules_for(chart.kind, rules)
    order, packed, count = _pack(chart.points)
    if order is None:
        run = Run(chart.points, chart.z, chart.lower, chart.upper)
    else:
        z, lower, upper = (np.take_along_axis(a, order, axis=1) for a in (chart.z, chart.lower, chart.upper))
        run = Run(packed, z, lower, upper)
    shape = (len(chosen), *chart.points.shape)
    high, low = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    present = np.arange(packed.shape[1]) < np.where(chart.usable, count, 0)[:, None]
    for i, rule in enumerate(chosen):
        up, down = rule.find(run)
        high[i], low[i] = _unpack(up & present, order), _unpack(down & present, order)
    return BatchSignals(chosen, high, low)


def variation_kinds(
    chart: BatchChart, fired: BatchSignals, better: Sequence[str], *, minimum: int = MINIMUM
) -> list[str]:
    """`variation_icon` of the last point of every row: improving, concerning, neutral, common_cause, too_few_points.

    better: (m,) "higher", "lower" or "neither". Raises LengthMismatch.
    """
    rows = np.arange(len(chart.points))
    if len(better) != rows.size:
        raise LengthMismatch(f"{len(better)} directions for {rows.size} series.")
    last = _last_point(chart.points)
    high, low = fired.high[:, rows, last], fired.low[:, rows, last]
    hit = high | low
    first = hit.argmax(axis=0)
    sided = np.array([rule.sided for rule in fired.rules])
    kinds = []
    for row in range(rows.size):
        if chart.count[row] < minimum or not chart.usable[row]:
            kinds.append("too_few_points")
        elif not hit[:, row].any():
            kinds.append("common_cause")
        else:
            rule = first[row]
            side = "none" if not sided[rule] else "high" if high[rule, row] else "low"
            kinds.append(variation_kind(side, better[row]))
    return kinds


def assurance_kinds(
    chart: BatchChart, targets: ArrayLike, better: Sequence[str], *, minimum: int = MINIMUM
) -> list[str]:
    """`assurance_icon` of every row: passes, fails, hit_and_miss, no_direction, no_target, too_few_points.

    targets: (m,), NaN for none. better: (m,). Raises LengthMismatch.
    """
    goals = array_of(targets, "targets")
    rows = np.arange(len(chart.points))
    if goals.shape != rows.shape or len(better) != rows.size:
        raise LengthMismatch(f"{goals.size} targets and {len(better)} directions for {rows.size} series.")
    last = _last_point(chart.points)
    lower, upper = chart.lower[rows, last], chart.upper[rows, last]
    over, under = goals > upper + TOLERANCE * np.abs(upper), goals < lower - TOLERANCE * np.abs(lower)
    kinds = []
    for row in range(rows.size):
        if np.isnan(goals[row]):
            kinds.append("no_target")
        elif chart.count[row] < minimum or not chart.usable[row]:
            kinds.append("too_few_points")
        elif better[row] == "neither":
            kinds.append("no_direction")
        elif over[row] or under[row]:
            kinds.append("fails" if over[row] == (better[row] == "higher") else "passes")
        else:
            kinds.append("hit_and_miss")
    return kinds


def _counts(events: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    counts, bases = _table(events, "events"), _table(sizes, "sizes")
    if counts.shape != bases.shape:
        raise LengthMismatch(f"events are {counts.shape}, sizes {bases.shape}.")
    if (counts < 0).any() or (bases < 0).any():
        raise NegativeValue("A count or size is below zero.")
    return counts, bases


def _rates(
    kind: str,
    counts: Floats,
    bases: Floats,
    baseline: ArrayLike | None,
    variance: Callable[[Floats], Floats],
    estimator: str,
    cap: float,
) -> BatchChart:
    absent = np.isnan(counts) | np.isnan(bases) | (bases == 0)
    points = np.where(absent, np.nan, counts / np.where(absent, 1.0, bases))
    order, _, count = _pack(points)
    used = _unpack(_baseline(baseline, order, count, points.shape), order) & ~absent
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.where(used, counts, 0.0).sum(axis=1) / np.where(used, bases, 0.0).sum(axis=1)
    usable = used.sum(axis=1) >= 2
    centre = np.where(usable, np.minimum(centre, cap), np.nan)
    sigma = np.sqrt(variance(centre)[:, None] / np.where(absent, np.nan, bases))
    return _bounded(_batch_chart(kind, points, centre, sigma, count, usable, estimator, used), cap)


def _bounded(chart: BatchChart, cap: float) -> BatchChart:
    """Limits of shares and rates end at 0 and at `cap`."""
    np.clip(chart.lower, 0, None, out=chart.lower)
    np.clip(chart.upper, None, cap, out=chart.upper)
    return chart


def _batch_chart(
    kind: str,
    points: Floats,
    centre: Floats,
    sigma: Floats,
    count: Ints,
    usable: Bools,
    estimator: str,
    used: Bools,
) -> BatchChart:
    middle = centre[:, None]
    return BatchChart(
        kind,
        points,
        centre,
        middle - 3 * sigma,
        middle + 3 * sigma,
        sigma,
        standardise(points, middle, sigma),
        count,
        usable,
        estimator,
        used,
    )


def _table(values: ArrayLike, name: str) -> Floats:
    array = array_of(values, name)
    if array.ndim != 2:
        raise BadInput(f"{name} has {array.ndim} dimensions; pass series by points.", name)
    if array.shape[1] == 0:
        raise EmptyInput(f"{name} has no points.")
    if np.isinf(array).any():
        raise BadInput(f"{name} holds an infinite value; use NaN for a missing point.")
    return array


def _pack(points: Floats) -> tuple[Ints | None, Floats, Ints]:
    """Order that moves each row's points to the front, the points so moved, and how many there are."""
    absent = np.isnan(points)
    count = points.shape[1] - absent.sum(axis=1)
    if not absent.any():
        return None, points, count
    order = np.argsort(absent, axis=1, kind="stable")
    return order, np.take_along_axis(points, order, axis=1), count


def _unpack(packed: NDArray[T], order: Ints | None) -> NDArray[T]:
    if order is None:
        return packed
    result = np.empty_like(packed)
    np.put_along_axis(result, order, packed, axis=1)
    return result


def _baseline(baseline: ArrayLike | None, order: Ints | None, count: Ints, shape: tuple[int, ...]) -> Bools:
    """(m, n): which packed points make the limits."""
    present = np.arange(shape[1]) < count[:, None]
    if baseline is None:
        return np.asarray(present)
    given = np.asarray(baseline)
    if given.shape == shape:
        mask = given.astype(np.bool_)
        return np.asarray(present & (mask if order is None else np.take_along_axis(mask, order, axis=1)))
    if given.shape != count.shape:
        raise LengthMismatch(f"{given.size} baselines for {count.size} series.")
    return np.asarray(present & (np.arange(shape[1]) < given.astype(np.int64)[:, None]))


def _last_point(points: Floats) -> Ints:
    """(m,): index of each row's last point; the last column for a row without any."""
    return np.asarray(points.shape[1] - 1 - np.argmax(~np.isnan(points[:, ::-1]), axis=1))
