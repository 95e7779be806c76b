"""What a rule is, and what it looks at.

Every rule works on arrays (..., n), time last, so that the same code reads one chart and thousands. NaN stands for "no
point" and may only follow the last point of a series. Comparisons are strict with a tolerance of 1e-9 sigma: a point
exactly on the centre or on a limit is inside, and breaks a run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from analytics.inputs import Bools, Floats, Ints

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Consecutive points of one phase, (..., n) each: values, distance from the centre in sigmas, and the limits."""

    points: Floats
    z: Floats
    lower: Floats
    upper: Floats


# Where a pattern is completed: on the high (or rising) side, on the low (or falling) one; both if it has no side.
Marks: TypeAlias = tuple[Bools, Bools]


@dataclass(frozen=True, slots=True)
class Rule:
    """One test for a special cause.

    span: how many points make the pattern, the marked one being the last. on_attributes: may be used on charts of
    counts and shares, whose points are not normal. sided: a high and a low form exist.
    """

    code: str
    words: str
    span: int
    find: Callable[[Run], Marks]
    on_attributes: bool = False
    sided: bool = True


def in_last(flags: Bools, k: int) -> Ints:
    """How many of the last k points, this one included, carry the flag: (..., n) to (..., n)."""
    count = np.cumsum(flags, axis=-1, dtype=np.int64)
    result = count.copy()
    result[..., k:] -= count[..., :-k]
    return result


def above(z: Floats, distance: float = 0.0) -> Bools:
    """Strictly more than `distance` sigmas above the centre."""
    return z > distance + TOLERANCE


def below(z: Floats, distance: float = 0.0) -> Bools:
    """Strictly more than `distance` sigmas below the centre."""
    return z < -distance - TOLERANCE


def steps(points: Floats) -> Floats:
    """Sign of the change from the point before, 0 for the first: (..., n) to (..., n)."""
    change = np.zeros_like(points)
    change[..., 1:] = np.sign(np.diff(points, axis=-1))
    return change
