"""Warnings of open cases: at so many percent of the target and at the breach, once each whatever restarts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slas.models import Agreement, ClockWarning

from .timing import holder_at

if TYPE_CHECKING:
    from .compute import Counted, Part

BREACH = 100


def warn(agreement: Agreement, counted: Counted) -> list[ClockWarning]:
    """Note each threshold that an open case has reached; returns those that are new.

    The row is the memory: its unique key lets a repeated run, or two at once, warn no second time.
    """
    wanted = [warning for part in counted.parts for warning in _reached(agreement, part)]
    if not wanted:
        return []
    known = set(
        ClockWarning.objects.filter(agreement=agreement, case__in={warning.case for warning in wanted}).values_list(
            "target_code", "case", "threshold"
        )
    )
    new = [w for w in wanted if (w.target_code, w.case, w.threshold) not in known]
    ClockWarning.objects.bulk_create(new, ignore_conflicts=True, batch_size=1000)
    return new


def _reached(agreement: Agreement, part: Part) -> list[ClockWarning]:
    """The thresholds that the open clocks of a target have reached, and when they did."""
    import numpy as np

    from lake.clock import NEVER, State

    timed, clocks = part.timed, part.timed.clocks
    open_ = clocks.state < State.STOPPED
    if not open_.any():
        return []
    found = []
    used = np.nan_to_num(timed.used_pct, nan=0)
    late = timed.verdict == "missed"
    for threshold in sorted({*timed.target.warn_at, BREACH}):
        hit = np.flatnonzero(open_ & (late if threshold == BREACH else used >= threshold))
        if not len(hit):
            continue
        reached = _moments(part, hit, threshold)
        holders = holder_at(part.log, timed.target.clock.holder_column, clocks, np.full(len(clocks), NEVER))
        found += [
            ClockWarning(
                agreement=agreement,
                target_code=timed.target.code,
                case=part.log.ids[clocks.case[place]],
                threshold=threshold,
                due_at=None if timed.due[place] == NEVER else _instant(timed.due[place]),
                reached_at=_instant(moment),
                holder=str(holders[place] or ""),
            )
            for place, moment in zip(hit, reached, strict=True)
        ]
    return found


def _moments(part: Part, hit, threshold: int):
    """When that share of the target was used up."""
    import numpy as np

    timed, clocks = part.timed, part.timed.clocks
    if threshold == BREACH:
        return timed.due[hit]
    chosen = np.zeros(len(clocks), dtype=bool)
    chosen[hit] = True
    own = clocks.only(chosen)
    share = np.maximum(timed.target_s[hit], 0) * threshold // 100
    return part.time.table.due(own.started, share, own.pauses, beyond=part.time.table.last)


def _instant(seconds) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
