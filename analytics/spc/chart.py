"""The control chart as a value, and how its points divide into phases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from analytics.inputs import Bools, Floats, Ints, OutOfRange, TooFewPoints

PROVISIONAL_BELOW = 12  # points in the limits; fewer are shown, with a note


@dataclass(frozen=True, slots=True)
class Layout:
    """How limits are laid over the points; limits never move unless this changes.

    phases: index of the first point of each later phase: (26,) makes two. Limits and run rules start anew in each.
    baseline: limits of each phase come from its first `baseline` points only (locked); None: from all of them.
    excluded: indices of points with a known special cause: drawn, but neither in the limits nor in a rule.
    """

    phases: tuple[int, ...] = ()
    baseline: int | None = None
    excluded: tuple[int, ...] = ()


WHOLE = Layout()


@dataclass(frozen=True, slots=True, eq=False)
class ControlChart:
    """Points and their limits; every array is (n,), one entry per point, in time order.

    points, centre, lower, upper: in the unit of the plotted statistic. sigma: standard error of the plotted statistic.
    z: signed distance from the centre in sigmas (for a transformed chart, on the scale of its limits).
    positions: index of each point in the caller's input. phase: 0, 1, ... excluded, in_limits: which points were left
    out, and which made the limits. companion: the chart of spread, or the lower arm of a cusum.
    """

    kind: str
    points: Floats
    centre: Floats
    lower: Floats
    upper: Floats
    sigma: Floats
    z: Floats
    positions: Ints
    phase: Ints
    excluded: Bools
    in_limits: Bools
    estimator: str
    notes: tuple[str, ...] = ()
    sigma_z: tuple[float, ...] = ()
    companion: ControlChart | None = field(default=None)

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """A layout applied to n points."""

    phase: Ints
    excluded: Bools
    in_limits: Bools

    def parts(self) -> Iterator[tuple[Bools, Bools]]:
        """Per phase: which points it holds, and which of them make its limits."""
        for number in range(int(self.phase[-1]) + 1):
            held = self.phase == number
            yield held, held & self.in_limits


def divide(n: int, layout: Layout, *, at_least: int) -> Division:
    """`layout` over n points. Raises OutOfRange, and TooFewPoints for a phase with too few points in its limits."""
    starts = list(layout.phases)
    if starts != sorted(set(starts)) or any(not 0 < start < n for start in starts):
        raise OutOfRange(f"Phases start at rising indices between 1 and {n - 1}, got {layout.phases}.")
    if any(not 0 <= index < n for index in layout.excluded):
        raise OutOfRange(f"Excluded points {layout.excluded} are not all among the {n} points.")
    if layout.baseline is not None and layout.baseline < at_least:
        raise TooFewPoints(f"A baseline of {layout.baseline} points; at least {at_least} needed.")
    marks = np.zeros(n, dtype=np.int64)
    marks[starts] = 1
    phase = np.cumsum(marks)
    excluded = np.zeros(n, dtype=np.bool_)
    excluded[list(layout.excluded)] = True
    in_limits = ~excluded
    if layout.baseline is not None:
        first = np.concatenate([[0], starts]).astype(np.int64)[phase]
        in_limits &= np.arange(n) - first < layout.baseline
    for number in range(len(starts) + 1):
        used = int((in_limits & (phase == number)).sum())
        if used < at_least:
            raise TooFewPoints(f"Phase {number + 1} has {used} usable points; at least {at_least} needed.")
    return Division(phase, excluded, in_limits)


def standardise(points: Floats, centre: Floats, sigma: Floats) -> Floats:
    """Distance from the centre in sigmas, any shape that broadcasts; NaN stays NaN.

    A rounding error's distance is zero. Where sigma is zero a point off the centre is infinitely far.
    """
    gap = points - centre
    gap = np.where(np.abs(gap) <= 1e-12 * np.abs(centre), 0.0, gap)
    spread = np.broadcast_to(sigma, gap.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((spread == 0) & (gap == 0), 0.0, gap / spread)


def chart_of(
    kind: str,
    points: Floats,
    division: Division,
    *,
    centre: Floats,
    sigma: Floats,
    estimator: str,
    floor: float | None = None,
    cap: float | None = None,
    width: float | Floats = 3.0,
    companion: ControlChart | None = None,
    sigma_z: tuple[float, ...] = (),
    notes: tuple[str, ...] = (),
    positions: Ints | None = None,
) -> ControlChart:
    """A chart with limits at centre +- width x sigma, kept within floor and cap, and the notes that a reader needs."""
    lower, upper = centre - width * sigma, centre + width * sigma
    if floor is not None:
        lower = np.maximum(lower, floor)
    if cap is not None:
        upper = np.minimum(upper, cap)
    return ControlChart(
        kind,
        points,
        centre,
        lower,
        upper,
        sigma,
        standardise(points, centre, sigma),
        np.arange(len(points), dtype=np.int64) if positions is None else positions,
        division.phase,
        division.excluded,
        division.in_limits,
        estimator,
        notes + notes_on(division, sigma),
        sigma_z,
        companion,
    )


def notes_on(division: Division, sigma: Floats) -> tuple[str, ...]:
    """What a reader must know before trusting the limits."""
    notes = []
    for number, (held, used) in enumerate(division.parts(), start=1):
        where = f"Phase {number}: " if division.phase[-1] else ""
        if used.sum() < PROVISIONAL_BELOW:
            notes.append(f"{where}limits are provisional, from {used.sum()} of the {PROVISIONAL_BELOW} points needed.")
        if (sigma[held] == 0).all():
            notes.append(f"{where}the points in the limits do not vary, so limits and centre are one line.")
    return tuple(notes)
