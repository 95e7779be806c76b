"""Counting the clocks of a target: what each used of its time, when that was (or is) used up, and the verdict.

The verdict comes from seconds, not from comparing moments: a case that used exactly its target is met, wherever closed
time and pauses lie. A case with a due date is judged by that moment instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slas.models import ClockRule, ServiceTarget

from .calendars import WorkingTime
from .reading import Log
from .rows import CANCELLED, IN_FLIGHT, MET, MISSED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lake.clock import Clocks
    from lake.clock.pauses import Seconds


@dataclass(frozen=True, eq=False)
class Timed:
    """The clocks of one target and, for each, what was counted. Times that are not known are NEVER.

    target_s is -1 where a due date lies before the start, or nobody knows the start.
    """

    target: ServiceTarget
    clocks: Clocks
    elapsed: Seconds
    actual: Seconds
    paused: Seconds
    target_s: Seconds
    original_due: Seconds
    due: Seconds
    verdict: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.elapsed)

    @property
    def used_pct(self) -> NDArray[np.float64]:
        """NaN where there is no time to use."""
        import numpy as np

        allowed = np.where(self.target_s > 0, self.target_s, np.nan)
        share: NDArray[np.float64] = 100 * self.elapsed / allowed
        return share

    @property
    def counted(self) -> Seconds:
        """When each counts: as it stopped or missed, or (by the target's choice) as it opened; NEVER: nowhere."""
        import numpy as np

        from lake.clock import NEVER

        done = (self.verdict == MET) | (self.verdict == MISSED)
        if self.target.counted_in == ServiceTarget.CountedIn.OPENED:
            return np.where(done, self.clocks.started, NEVER)
        return np.where(self.verdict == MET, self.clocks.stopped, np.where(self.verdict == MISSED, self.due, NEVER))


def clocks_of(log: Log, target: ServiceTarget, as_of: int) -> Clocks:
    """All clocks that the target's rule starts in the log; whether the target is about each case is not asked yet."""
    import numpy as np

    from lake.clock import Events, from_columns, replay

    rule = target.clock
    if rule.source == ClockRule.Source.COLUMNS:
        stopped = log.moments(rule.stopped_column)
        cancelled = log.holds(rule.cancel)
        return from_columns(log.at, stopped, np.zeros(len(log), dtype=bool) if cancelled is None else cancelled, as_of)
    start = log.holds(rule.start)
    events = Events(
        log.case,
        log.at,
        start=np.ones(len(log), dtype=bool) if start is None else start,
        stop=log.holds(rule.stop),
        pause=log.holds(rule.pause),
        resume=log.holds(rule.resume),
        cancel=log.holds(rule.cancel),
        reset=_resets(log, target),
    )
    opened = log.moments(rule.started_column) if rule.started_column else None
    return replay(events, as_of, after_stop=rule.after_stop, opened=opened)


def timed(target: ServiceTarget, clocks: Clocks, log: Log, time: WorkingTime, as_of: int) -> Timed:
    """Count the clocks, all of the target, by this working time. Raises lake.clock.OutsideTable."""
    import numpy as np

    from lake.clock import NEVER, WorkTable

    table, pauses = time.table, clocks.pauses
    always = WorkTable.always(table.first, table.last)
    stopped = np.maximum(clocks.stopped, clocks.started)
    elapsed = table.elapsed(clocks.started, stopped, pauses)
    paused = table.paused(clocks.started, stopped, pauses)
    actual = always.elapsed(clocks.started, stopped, pauses)
    if target.clock.due_column:
        promised = log.moments(target.clock.due_column, end_of_day=True)[clocks.last_event]
        known = promised != NEVER
        due = np.where(known, promised, as_of)
        if target.threshold_seconds:
            due = table.due(due, np.full(len(due), target.threshold_seconds), beyond=NEVER)
        due = np.where(known, due, NEVER)
        begun = known & (promised > clocks.started) & _knows_start(target.clock)
        allowed = np.where(begun, table.elapsed(clocks.started, np.minimum(due, table.last)), -1)
        verdict = _verdict(clocks, stopped > due)
        return Timed(target, clocks, elapsed, actual, paused, allowed, due, due, verdict)
    allowed = np.full(len(clocks), target.threshold_seconds, dtype=np.int64)
    original = table.due(clocks.started, allowed, beyond=NEVER)
    due = table.due(clocks.started, allowed, pauses, beyond=NEVER)
    return Timed(target, clocks, elapsed, actual, paused, allowed, original, due, _verdict(clocks, elapsed > allowed))


def about(target: ServiceTarget, clocks: Clocks, log: Log) -> NDArray[np.bool_]:
    """(clocks,) whether the target's condition holds of the case, as it was at the clock's last event."""
    import numpy as np

    holds = log.holds(target.condition)
    chosen = np.ones(len(clocks), dtype=bool) if holds is None else holds[clocks.last_event]
    if target.clock.due_column:
        from lake.clock import NEVER

        chosen = chosen & (log.moments(target.clock.due_column)[clocks.last_event] != NEVER)
    return chosen


def holder_at(log: Log, column: str, clocks: Clocks, instants: Seconds) -> NDArray[np.object_]:
    """(clocks,) the value of the column in the newest event of the case up to each moment; None where there is none."""
    import numpy as np

    holders = log.texts(column)
    if holders is None or not len(clocks):
        return np.full(len(clocks), None, dtype=object)
    span = int(log.at.max()) + 2
    place = np.searchsorted(log.case * span + log.at, clocks.case * span + np.clip(instants, 0, span - 1), "right") - 1
    place = np.maximum(place, clocks.first_event)
    found: NDArray[np.object_] = holders[place]
    return found


def _knows_start(rule: ClockRule) -> bool:
    """Columns may name a due date alone; the clock then begins with it."""
    return rule.source == ClockRule.Source.EVENTS or bool(rule.started_column)


def _verdict(clocks: Clocks, is_late: NDArray[np.bool_]) -> NDArray[np.object_]:
    import numpy as np

    from lake.clock import State

    ended = clocks.state == State.STOPPED
    verdict = np.where(is_late, MISSED, np.where(ended, MET, IN_FLIGHT)).astype(object)
    verdict[clocks.state == State.CANCELLED] = CANCELLED
    return verdict


def _resets(log: Log, target: ServiceTarget):
    """Where the clock starts anew: the rule's condition, and a change of priority if the agreement chose that."""
    import numpy as np

    rule = target.clock
    resets = log.holds(rule.reset)
    if rule.on_priority_change != ClockRule.OnPriorityChange.RESET:
        return resets
    values = log.texts(rule.priority_column) if rule.priority_column else log.holds(target.condition)
    if values is None:
        return resets
    changed = np.zeros(len(log), dtype=bool)
    changed[1:] = (values[1:] != values[:-1]) & (log.case[1:] == log.case[:-1])
    return changed if resets is None else changed | resets
