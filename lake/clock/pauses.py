"""Pauses of many cases in one place, and what they cover once overlapping ones count once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Seconds = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Pauses:
    """The pauses of case i are those from offsets[i] up to offsets[i + 1], in any order; they may overlap.

    offsets: (cases + 1,); starts, ends: (pauses,) seconds since 1970 UTC; one that ends before it starts is nothing.
    """

    offsets: Seconds
    starts: Seconds
    ends: Seconds

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.ends) or not len(self.offsets) or self.offsets[-1] != len(self.starts):
            raise ValueError(
                f"The offsets end at {self.offsets[-1:]}, but there are {len(self.starts)} starts and {len(self.ends)} "
                "ends of pauses."
            )

    @classmethod
    def of(cls, case: Seconds, starts: Seconds, ends: Seconds, cases: int) -> Pauses:
        """From one row a pause: `case` is the number of its case, from 0 up to `cases`."""
        case = np.asarray(case, dtype=np.int64)
        if len(case) and not (case.min() >= 0 and case.max() < cases):
            raise ValueError(f"A pause belongs to no case: their numbers run from 0 to {cases - 1}.")
        order = np.argsort(case, kind="stable")
        offsets = np.zeros(cases + 1, dtype=np.int64)
        np.cumsum(np.bincount(case, minlength=cases), out=offsets[1:])
        return cls(offsets, np.asarray(starts, np.int64)[order], np.asarray(ends, np.int64)[order])

    @property
    def cases(self) -> int:
        return len(self.offsets) - 1

    def part(self, first: int, last: int) -> Pauses:
        """The pauses of the cases `first` up to, not including, `last`; shares memory."""
        low, high = self.offsets[first], self.offsets[last]
        return Pauses(self.offsets[first : last + 1] - low, self.starts[low:high], self.ends[low:high])


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Merged pauses, ordered by case and start, on axes of working seconds that begin at 0 with each case.

    offsets: as in Pauses; starts: where a pause begins to add to those before it; length: how much it adds.
    """

    offsets: Seconds
    starts: Seconds
    length: Seconds

    @property
    def total(self) -> Seconds:
        """(cases,) what all pauses of a case cover together."""
        summed = _summed(self.length)
        return summed[self.offsets[1:]] - summed[self.offsets[:-1]]

    def where_used_up(self, target: Seconds) -> Seconds:
        """(cases,) where on its axis a case has run for `target`: each pause that begins before that moves it on."""
        case = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        summed = _summed(self.length)
        run_before = self.starts - (summed[:-1] - summed[self.offsets[case]])
        moved = _summed(np.where(run_before < target[case], self.length, 0))
        return target + moved[self.offsets[1:]] - moved[self.offsets[:-1]]


def merged(offsets: Seconds, starts: Seconds, ends: Seconds, span: int) -> Covered:
    """Count overlapping pauses once.

    starts, ends: on the axis of their case, from 0 to `span`. Each case is moved to a stretch of its own of one long
    axis; there one sort and one running maximum do for all cases what a loop would do for each.
    """
    cases = len(offsets) - 1
    stretch = span + 1
    case = np.repeat(np.arange(cases, dtype=np.int64), np.diff(offsets))
    base = case * stretch
    starts, ends = starts + base, ends + base
    if len(starts) > 1 and not bool((starts[1:] >= starts[:-1]).all()):
        order = np.argsort(starts, kind="stable")  # nearly in order, by case: nine times as fast as quicksort
        starts, ends = starts[order], ends[order]
    reach = np.maximum.accumulate(ends)
    if len(reach):  # what the pauses before reach; the base of a case lies above all of the case before
        starts[1:] = np.maximum(starts[1:], reach[:-1])
    length = np.maximum(ends - starts, 0)
    starts -= base
    return Covered(offsets, starts, length)


def _summed(values: Seconds) -> Seconds:
    """(n + 1,) running sum, from 0."""
    summed = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, out=summed[1:])
    return summed
