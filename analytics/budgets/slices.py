"""Counts per stretch of time: what every budget is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import (
    BadInput,
    Floats,
    Ints,
    OutOfRange,
    array_of,
    not_negative,
    number,
    same_length,
    vector,
)

LAST_SECOND = 253_402_300_799  # of the year 9999


class PartAboveWhole(BadInput):
    """More good events than events."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Equal stretches of time, each with its good and all events; a stretch without events was not measured.

    starts: (n,) seconds since 1970 UTC, rising, multiples of `seconds` apart; good, total: (n,) counts, 0 <= good <=
    total. Stretches that are missing were not measured either.
    """

    starts: Ints
    good: Floats
    total: Floats
    seconds: int

    def between(self, start: float, end: float) -> Slices:
        """The slices that begin in [start, end), seconds since 1970 UTC."""
        low, high = np.searchsorted(self.starts, [start, end], side="left")
        return Slices(self.starts[low:high], self.good[low:high], self.total[low:high], self.seconds)

    def measured(self) -> Slices:
        """Those with an event."""
        held = self.total > 0
        return Slices(self.starts[held], self.good[held], self.total[held], self.seconds)

    @property
    def ends_at(self) -> int | None:
        """The end of the last slice; None without one."""
        return int(self.starts[-1]) + self.seconds if self.starts.size else None


def slices(starts: ArrayLike, good: ArrayLike, total: ArrayLike, *, seconds: int) -> Slices:
    """Checked slices; none at all is allowed. Raises PartAboveWhole, BadInput (not rising), LengthMismatch."""
    number(seconds, "seconds", at_least=1)
    moments = array_of(starts, "starts")
    if moments.size == 0:
        return Slices(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), seconds)
    if (np.abs(vector(moments, "starts")) > LAST_SECOND).any():
        raise OutOfRange("starts holds a second that no calendar has.", "starts")
    begins = moments.astype(np.int64)
    right, every = not_negative(good, "good"), not_negative(total, "total")
    same_length(starts=begins.astype(np.float64), good=right, total=every)
    if (np.diff(begins) < seconds).any():
        raise BadInput(f"Slices must rise by their length of {seconds} s at least; sort and sum them first.")
    above = np.flatnonzero(right > every)
    if above.size:
        raise PartAboveWhole(f"Slice {above[0]} has {right[above[0]]:g} good events of {every[above[0]]:g}.")
    return Slices(begins, right, every, seconds)
