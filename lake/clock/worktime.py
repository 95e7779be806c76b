"""Working time of many cases at once: a table of cumulative working seconds, looked up twice and subtracted.

Every instant is a whole second since 1970 in UTC (`seconds_of` makes them from datetimes), so that a day on which
clocks change has its 23 or 25 hours. The table knows its opening spans only from `first` to `last`; an instant outside
raises OutsideTable, because time that nobody described would count as closed. Definitions:
docs/algorithms/business-time.md.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lake.clock.pauses import Covered, Pauses, Seconds, merged

NEVER = int(np.iinfo(np.int64).max)
STEPS = (900, 60)  # a quarter of an hour where the boundaries allow, else a minute
MOST_STEPS = 8_000_000
BLOCK = 1 << 17  # cases at a time: their intermediate arrays stay in the processor's cache
THREADS = 2


class OutsideTable(ValueError):
    """An instant lies outside the time that the table describes, or the target is not used up within it."""


def seconds_of(instants: ArrayLike) -> Seconds:
    """Whole seconds since 1970 of UTC instants (datetime64 of any unit, or integers as they are); fractions drop."""
    values = np.asarray(instants)
    if values.dtype.kind == "M":
        values = values.astype("datetime64[s]")
    whole: Seconds = values.astype(np.int64, copy=False)
    return whole


@dataclass(frozen=True, slots=True, eq=False)
class WorkTable:
    """The working time from `first` to `last`. Make one with `from_spans` or `always`.

    starts, ends, before: (spans,) opening spans, and the working seconds before each; total: of the whole table.
    step: seconds per entry of the dense table, 0 if there is none and spans are searched instead.
    worked, is_open: (entries,) working seconds before each step, and whether the step is open.
    """

    first: int
    last: int
    starts: Seconds
    ends: Seconds
    before: Seconds
    total: int
    step: int
    worked: Seconds
    is_open: NDArray[np.bool_]

    @classmethod
    def from_spans(cls, starts: ArrayLike, ends: ArrayLike, first: int, last: int) -> WorkTable:
        """From opening spans (start inside, end outside), ordered and not overlapping; cut to `first` and `last`.

        Raises ValueError for spans out of order, OutsideTable if `last` is before `first`.
        """
        if last < first:
            raise OutsideTable(f"The table would end ({last}) before it begins ({first}).")
        opens, closes = seconds_of(starts), seconds_of(ends)
        if bool((closes < opens).any()) or bool((opens[1:] < closes[:-1]).any()):
            raise ValueError("Opening spans run forward and do not overlap: sort and join them first.")
        opens, closes = np.clip(opens, first, last), np.clip(closes, first, last)
        kept = opens < closes
        opens, closes = opens[kept], closes[kept]
        before = np.concatenate(([0], np.cumsum(closes - opens)))
        step = _step_of(opens, closes, first, last)
        worked, is_open = _dense(opens, closes, first, last, step)
        return cls(first, last, opens, closes, before[:-1], int(before[-1]), step, worked, is_open)

    @classmethod
    def always(cls, first: int, last: int) -> WorkTable:
        """Open around the clock: actual instead of business time."""
        return cls.from_spans([first], [last], first, last)

    def at(self, instants: ArrayLike) -> Seconds:
        """(n,) working seconds from the table's beginning up to each instant. Raises OutsideTable."""
        values = seconds_of(instants)
        self._check_covered(values)
        return _in_blocks(len(values), lambda a, b: self._at(values[a:b]))

    def elapsed(self, starts: ArrayLike, stops: ArrayLike, pauses: Pauses | None = None) -> Seconds:
        """(n,) working seconds from start to stop of each case, less those that its pauses cover. Raises OutsideTable.

        A case that stops before it starts has used nothing. Pauses may reach beyond their case and the table.
        """
        begins, finishes = self._cases(starts, stops, pauses)

        def block(a: int, b: int) -> Seconds:
            low = self._at(begins[a:b])
            used: Seconds = np.maximum(self._at(finishes[a:b]) - low, 0)
            if pauses is None:
                return used
            return used - self._covered(pauses.part(a, b), low, used).total

        return _in_blocks(len(begins), block)

    def paused(self, starts: ArrayLike, stops: ArrayLike, pauses: Pauses) -> Seconds:
        """(n,) working seconds between start and stop that the pauses of each case cover. Raises OutsideTable."""
        begins, finishes = self._cases(starts, stops, pauses)

        def block(a: int, b: int) -> Seconds:
            low = self._at(begins[a:b])
            return self._covered(pauses.part(a, b), low, np.maximum(self._at(finishes[a:b]) - low, 0)).total

        return _in_blocks(len(begins), block)

    def due(
        self, starts: ArrayLike, targets: ArrayLike, pauses: Pauses | None = None, *, beyond: int | None = None
    ) -> Seconds:
        """(n,) the first instant at which each case has run for its target of working seconds: then it is used up.

        Pauses that begin before the target is used up move it on by the working time that they cover. `beyond` stands
        for an instant after the table's end; without it that raises OutsideTable.
        """
        begins, seconds = seconds_of(starts), seconds_of(targets)
        low = self.at(begins)
        used_up = low + seconds
        if pauses is not None:
            self._cases(begins, begins, pauses)
            used_up = low + self._covered(pauses, low, self.total - low).where_used_up(seconds)
        return np.maximum(self.instant_of(used_up, beyond=beyond), begins)

    def instant_of(self, worked: ArrayLike, *, beyond: int | None = None) -> Seconds:
        """(n,) the first instant by which so many working seconds of the table have passed: the inverse of `at`.

        At a closing time that is the closing time, not the next opening. More than the table has: `beyond`, or
        OutsideTable.
        """
        seconds = seconds_of(worked)
        too_late = seconds > self.total
        if beyond is None and bool(too_late.any()):
            raise OutsideTable(
                f"{int(too_late.sum())} targets are not used up before {_words(self.last)}, where the table ends. "
                "Make the table longer, or open the calendar."
            )
        if not len(self.starts):
            return np.where(too_late, beyond or 0, self.first)
        span = np.searchsorted(self.before, seconds, side="left") - 1
        span = np.clip(span, 0, len(self.starts) - 1)
        found = self.starts[span] + np.maximum(seconds - self.before[span], 0)
        found = np.where(seconds <= 0, self.first, found)
        return found if beyond is None else np.where(too_late, beyond, found)

    def spans_between(self, start: int, stop: int) -> list[tuple[int, int]]:
        """The opening spans between two instants, cut to them: for showing one case. Raises OutsideTable."""
        self._check_covered(np.array([start, stop]))
        low, high = np.searchsorted(self.ends, start, "right"), np.searchsorted(self.starts, stop, "left")
        return [
            (max(int(opens), start), min(int(closes), stop))
            for opens, closes in zip(self.starts[low:high], self.ends[low:high], strict=True)
        ]

    def _cases(self, starts: ArrayLike, stops: ArrayLike, pauses: Pauses | None) -> tuple[Seconds, Seconds]:
        begins, finishes = seconds_of(starts), seconds_of(stops)
        if len(begins) != len(finishes) or (pauses is not None and pauses.cases != len(begins)):
            raise ValueError("Every case has one start, one stop, and its list of pauses.")
        self._check_covered(begins)
        self._check_covered(finishes)
        return begins, finishes

    def _check_covered(self, instants: Seconds) -> None:
        if not len(instants):
            return
        low, high = int(instants.min()), int(instants.max())
        if low < self.first or high > self.last:
            raise OutsideTable(
                f"The instants run from {_words(low)} to {_words(high)}, but the working time is known only from "
                f"{_words(self.first)} to {_words(self.last)}. Ask for more opening spans."
            )

    def _at(self, instants: Seconds) -> Seconds:
        """As `at`, for instants that were checked."""
        if self.step:
            offset = instants - self.first
            entry = offset // self.step
            offset -= entry * self.step
            offset *= self.is_open[entry]
            offset += self.worked[entry]
            return offset
        if not len(self.starts):
            return np.zeros(len(instants), dtype=np.int64)
        span = np.searchsorted(self.starts, instants, side="right") - 1
        span = np.maximum(span, 0)
        return self.before[span] + np.clip(instants, self.starts[span], self.ends[span]) - self.starts[span]

    def _covered(self, pauses: Pauses, low: Seconds, used: Seconds) -> Covered:
        """The pauses of some cases, put on the working axis of each (monotone, so it may be cut and merged there)."""
        counts = np.diff(pauses.offsets)
        base, most = np.repeat(low, counts), np.repeat(used, counts)
        ends = []
        for instants in (pauses.starts, pauses.ends):
            axis = self._at(np.clip(instants, self.first, self.last))
            axis -= base
            ends.append(np.clip(axis, 0, most, out=axis))
        return merged(pauses.offsets, ends[0], ends[1], self.total)


def _step_of(opens: Seconds, closes: Seconds, first: int, last: int) -> int:
    """The largest step on which every boundary lies; 0 if there is none, or its table would be too long."""
    for step in STEPS:
        on_step = not bool(((opens - first) % step).any()) and not bool(((closes - first) % step).any())
        if on_step and (last - first) // step < MOST_STEPS and len(opens) > 1:
            return step
    return 0


def _dense(opens: Seconds, closes: Seconds, first: int, last: int, step: int) -> tuple[Seconds, NDArray[np.bool_]]:
    """Working seconds before each step and whether it is open; one entry more, for the instant `last` itself."""
    if not step:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.bool_)
    changes = np.zeros((last - first) // step + 2, dtype=np.int64)
    np.add.at(changes, (opens - first) // step, 1)
    np.add.at(changes, (closes - first) // step, -1)
    is_open = np.cumsum(changes[:-1]).astype(np.bool_)
    worked = np.zeros(len(is_open), dtype=np.int64)
    np.cumsum(is_open[:-1] * np.int64(step), out=worked[1:])
    return worked, is_open


def _in_blocks(cases: int, work: Callable[[int, int], Seconds]) -> Seconds:
    """`work` on blocks of cases, in two threads: NumPy lets go of the interpreter inside its loops."""
    if cases <= BLOCK:
        return work(0, cases)
    result = np.empty(cases, dtype=np.int64)

    def fill(first: int) -> None:
        last = min(first + BLOCK, cases)
        result[first:last] = work(first, last)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(fill, range(0, cases, BLOCK)):
            pass
    return result


def _words(instant: int) -> str:
    return str(np.datetime64(instant, "s")).replace("T", " ")
