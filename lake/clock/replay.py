"""From event logs to clocks: which stretches of time a case's clock ran or stood still. For all cases at once.

An event is a case as it was after one update. Conditions over its columns move the clock:

    idle     start: the clock runs (paused at once where `pause` holds)
    running  pause: it stands still.  stop: it has its result.
    paused   resume (or, without one, `pause` no longer holding): it runs again.  stop.
    stopped  final; or, by `after_stop`, it runs on when `stop` no longer holds, or the next start begins another clock
    any      cancel: the clock counts for nothing.  reset: all before it is forgotten, it starts anew.

At one event, cancel goes before stop, stop before reset, reset before pause. Each event is thus a function from state
to state; composing the functions of all events pair by pair gives every state in log2(longest case) passes over the
whole log, whatever the number of cases. Source: Hillis and Steele (1986), Data Parallel Algorithms, CACM 29(12).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lake.clock.pauses import Pauses, Seconds

Flags = NDArray[np.bool_]
AfterStop = Literal["final", "resume", "repeat"]
States = np.ndarray[tuple[int], np.dtype[np.uint8]]
Packed = np.ndarray[tuple[int], np.dtype[np.uint32]]


class State(IntEnum):
    """Of a clock. The last two are ends."""

    IDLE = 0
    RUNNING = 1
    PAUSED = 2
    STOPPED = 3
    CANCELLED = 4


_EVERYWHERE = np.uint32(sum(1 << 3 * state for state in State))  # the same state, wherever one comes from


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """A log, ordered by case and time, with what each condition says of each event.

    case: (n,) number of the case, ascending; at: (n,) seconds since 1970 UTC, ascending within a case. A condition that
    was not given is None and never holds; without `resume` a pause ends when `pause` no longer holds.
    """

    case: Seconds
    at: Seconds
    start: Flags
    stop: Flags | None = None
    pause: Flags | None = None
    resume: Flags | None = None
    cancel: Flags | None = None
    reset: Flags | None = None

    def __post_init__(self) -> None:
        same_case = self.case[1:] == self.case[:-1]
        if bool((self.case[1:] < self.case[:-1]).any()) or bool((self.at[1:] < self.at[:-1])[same_case].any()):
            raise ValueError("Events are ordered by case, and by time within a case.")

    def __len__(self) -> int:
        return len(self.case)

    def holds(self, condition: Flags | None) -> Flags:
        return np.zeros(len(self), dtype=np.bool_) if condition is None else condition


@dataclass(frozen=True, slots=True, eq=False)
class Clocks:
    """The clocks that started and were not reset, in order of case and time, and the segments of each.

    case, started, stopped: (clocks,) `stopped` is when the clock had its result or was cancelled, for an open clock
    the as-of time. state: as it is then. first_event, last_event: (clocks,) the events that started and that ended it
    (of an open clock: the newest). reset: whether a reset started it.
    segment_*: (segments,) the stretches from start to stop of each clock, without gaps: its number, from, to, state
    (RUNNING, PAUSED, or STOPPED from a stop until it ran on after all), and the event after which the case was so.
    """

    case: Seconds
    started: Seconds
    stopped: Seconds
    state: States
    first_event: Seconds
    last_event: Seconds
    reset: Flags
    segment_clock: Seconds
    segment_start: Seconds
    segment_end: Seconds
    segment_state: States
    segment_event: Seconds

    def __len__(self) -> int:
        return len(self.case)

    def only(self, chosen: Flags) -> Clocks:
        """The chosen clocks, numbered anew, with their segments."""
        number = np.cumsum(chosen) - 1
        kept = chosen[self.segment_clock]
        parts = [getattr(self, name)[chosen] for name in _OF_CLOCKS]
        parts += [number[self.segment_clock[kept]], *(getattr(self, name)[kept] for name in _OF_SEGMENTS)]
        return Clocks(*parts)

    @property
    def pauses(self) -> Pauses:
        """All stretches in which the clocks stood still."""
        still = self.segment_state != State.RUNNING
        return Pauses.of(self.segment_clock[still], self.segment_start[still], self.segment_end[still], len(self))


_OF_CLOCKS = ("case", "started", "stopped", "state", "first_event", "last_event", "reset")
_OF_SEGMENTS = ("segment_start", "segment_end", "segment_state", "segment_event")


def from_columns(started: Seconds, stopped: Seconds, cancelled: Flags, as_of: int) -> Clocks:
    """Clocks of rows that are a case each: row i starts, and stops unless `stopped` lies after `as_of` (such as NEVER).

    Only rows that started by then may be given.
    """
    cases = np.arange(len(started), dtype=np.int64)
    is_open = (stopped > as_of) & ~cancelled
    ends = np.minimum(stopped, as_of)
    state = np.where(cancelled, State.CANCELLED, np.where(is_open, State.RUNNING, State.STOPPED)).astype(np.uint8)
    running = np.full(len(cases), State.RUNNING, dtype=np.uint8)
    no = np.zeros(len(cases), dtype=np.bool_)
    return Clocks(cases, started, ends, state, cases, cases, no, cases, started, ends, running, cases)


def replay(events: Events, as_of: int, *, after_stop: AfterStop = "final", opened: Seconds | None = None) -> Clocks:
    """The clocks of a log as they stand at `as_of`; no event is later.

    opened: (n,) per event, the moment from which a case counts although its first logged event is later; the first
    clock of a case runs from there. Moments after the start (such as NEVER) change nothing.
    """
    if len(events) and int(events.at.max()) > as_of:
        raise ValueError("The log has events after the as-of time: leave them out, or ask for a later time.")
    after = states_after(events, after_stop)
    new_case = _new_case(events)
    before = np.where(new_case, State.IDLE, np.roll(after, 1))
    running_after = (after == State.RUNNING) | (after == State.PAUSED)
    resets = events.holds(events.reset) & running_after & (before != State.IDLE)
    begins = resets | (before == State.IDLE) & (after != State.IDLE)
    if after_stop == "repeat":
        begins |= (before == State.STOPPED) & running_after
    first, last = _extent(events.case, begins, resets, new_case)
    changed = np.maximum.accumulate(np.where(begins | (after != before), np.arange(len(events)), 0))
    ended = after[last] >= State.STOPPED
    end = np.where(ended, changed[last], last)
    started = events.at[first]
    if opened is not None:
        is_first = np.ones(len(first), dtype=np.bool_)
        is_first[1:] = events.case[first][1:] != events.case[first][:-1]
        started = np.where(is_first & ~resets[first], np.minimum(opened[first], started), started)
    stopped = np.where(ended, events.at[end], as_of)
    segments = _segments(events.at, after, first, end, ended, started, as_of)
    return Clocks(events.case[first], started, stopped, after[last], first, end, resets[first], *segments)


def states_after(events: Events, after_stop: AfterStop = "final") -> States:
    """(n,) the state of its case's clock after each event."""
    moves = _moves(events, after_stop)
    first = _new_case(events)
    moves[first] = (moves[first] & 7) * _EVERYWHERE  # whatever was before, a case begins idle
    longest = int(np.diff(np.append(np.flatnonzero(first), len(events))).max(initial=0))
    distance = 1
    while distance < longest:
        moves[distance:] = _composed(moves[:-distance], moves[distance:])
        distance *= 2
    return (moves & 7).astype(np.uint8)


def _moves(events: Events, after_stop: AfterStop) -> Packed:
    """(n,) per event the function from state to state, three bits a state, idle in the lowest."""
    start, stop, cancel = events.start, events.holds(events.stop), events.holds(events.cancel)
    pause, reset = events.holds(events.pause), events.holds(events.reset)
    resume = ~pause if events.resume is None else events.resume & ~pause
    going = np.where(pause, State.PAUSED, State.RUNNING)
    again = {
        "final": np.full(len(events), State.STOPPED),
        "resume": going,
        "repeat": np.where(start, going, State.STOPPED),
    }[after_stop]

    def otherwise(state: NDArray[np.int64]) -> NDArray[np.int64]:
        kept = np.where(reset, going, state)
        return np.where(cancel, State.CANCELLED, np.where(stop, State.STOPPED, kept))

    idle = np.where(start & ~cancel, np.where(stop, State.STOPPED, going), State.IDLE)
    paused = np.where(resume, State.RUNNING, State.PAUSED)
    by_state = (idle, otherwise(going), otherwise(paused), otherwise(again), np.full(len(events), State.CANCELLED))
    packed = np.zeros(len(events), dtype=np.uint32)
    for state, following in enumerate(by_state):
        packed |= following.astype(np.uint32) << np.uint32(3 * state)
    return packed


def _composed(earlier: Packed, later: Packed) -> Packed:
    """First `earlier`, then `later`."""
    packed = np.zeros(len(earlier), dtype=np.uint32)
    for state in State:
        between = (earlier >> np.uint32(3 * state)) & np.uint32(7)
        packed |= ((later >> (between * np.uint32(3))) & np.uint32(7)) << np.uint32(3 * state)
    return packed


def _new_case(events: Events) -> Flags:
    first = np.ones(len(events), dtype=np.bool_)
    first[1:] = events.case[1:] != events.case[:-1]
    return first


def _extent(case: Seconds, begins: Flags, resets: Flags, new_case: Flags) -> tuple[Seconds, Seconds]:
    """First and last event of each clock that no reset took the place of."""
    first = np.flatnonzero(begins)
    borders = np.flatnonzero(begins | new_case)  # a clock lasts until the next one begins, or its case ends
    following = np.append(borders, len(case))[np.searchsorted(borders, first, side="right")]
    replaced = np.zeros(len(first), dtype=np.bool_)
    inside = following < len(case)
    replaced[inside] = resets[following[inside]]
    return first[~replaced], following[~replaced] - 1


def _segments(
    at: Seconds, after: States, first: Seconds, end: Seconds, ended: Flags, started: Seconds, as_of: int
) -> tuple[Seconds, Seconds, Seconds, States, Seconds]:
    """Clock, start, end, state and event of the stretches between the events of each clock."""
    counts = end - first + ~ended
    clock = np.repeat(np.arange(len(first)), counts)
    event = np.arange(len(clock)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    stops = np.append(at[1:], as_of)[event] if len(event) else at[:0]
    stops = np.where(~ended[clock] & (event == end[clock]), as_of, stops)
    early = np.flatnonzero(started < at[first])  # before the first logged event the clock ran
    order = np.argsort(np.concatenate((early, clock)), kind="stable")
    return (
        np.concatenate((early, clock))[order],
        np.concatenate((started[early], at[event]))[order],
        np.concatenate((at[first[early]], stops))[order],
        np.concatenate((np.full(len(early), State.RUNNING, dtype=np.uint8), after[event]))[order],
        np.concatenate((first[early], event))[order],
    )
