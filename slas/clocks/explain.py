"""Explaining one clock: what ran, what stood still and why, who had the case, and how its due time came about.

Everything is counted again from the case's own events by the same functions as the clock run, so that the page proves
the row rather than repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from datasets.scan import fetch
from datasets.scope import authorised_rows
from organization.access import Access
from slas.models import Agreement, AgreementVersion, ServiceTarget

from .compute import Part, count
from .listing import due_in_days
from .reading import plain
from .rows import MISSED

if TYPE_CHECKING:
    from lake.clock import Pauses

RUNNING, PAUSED, REOPENED, CLOSED = "running", "paused", "reopened", "out_of_hours"
WORDS = {RUNNING: "Running", PAUSED: "Paused", REOPENED: "Stopped, then reopened", CLOSED: "Out of hours"}


class NoSuchClock(Exception):
    """There is no such case and target, or the person may not see it."""


@dataclass(frozen=True)
class Interval:
    """A stretch of a clock. business_s: working seconds in it; used_s: of the target, at its end; why: of a pause."""

    start: datetime
    end: datetime
    kind: str
    business_s: int
    used_s: int
    used_pct: float | None
    holder: str = ""
    why: str = ""
    has_due: bool = False

    @property
    def label(self) -> str:
        return WORDS[self.kind]

    @property
    def actual_s(self) -> int:
        return int((self.end - self.start).total_seconds())


@dataclass(frozen=True)
class Moved:
    """How a pause moved the due time: by the working time that it covers before the target was used up."""

    start: datetime
    end: datetime
    why: str
    business_s: int
    due: datetime | None


@dataclass(frozen=True)
class Held:
    """What one holder had: working seconds while the clock ran, and their share of the target; and while it stood."""

    holder: str
    business_s: int
    paused_s: int
    share_pct: float | None
    at_breach: bool


@dataclass(frozen=True)
class Explanation:
    """row: as the derived dataset has it. due is None where the target is never used up."""

    row: dict[str, Any]
    version: AgreementVersion
    target: ServiceTarget
    intervals: list[Interval]
    original_due: datetime | None
    moved: list[Moved]
    due: datetime | None
    held: list[Held]
    by_date: bool
    due_in_days: bool = False

    @property
    def late_s(self) -> int:
        """Seconds, day and night, from the due time to the end of a missed clock; 0 if it was not missed.

        Of a due day without a time: whole days.
        """
        ended = self.row["stopped_at"] or self.row["as_of"]
        if self.row["verdict"] != MISSED or self.due is None or ended is None:
            return 0
        seconds = max(0, int((ended.replace(tzinfo=UTC) - self.due).total_seconds()))
        return (round((seconds - 1) / 86400) + 1) * 86400 if self.due_in_days else seconds


def rows_of_case(agreement: Agreement, case: str, access: Access) -> list[dict[str, Any]]:
    """The case's rows that the person may see, one a target and cycle. Raises NoSuchClock."""
    if agreement.dataset is None or agreement.dataset.current_version is None:
        raise NoSuchClock("No clock has run yet.")
    rows = authorised_rows(agreement.dataset, access)
    named = "'" + case.replace("'", "''") + "'"
    sql = f'select * from ({rows.relation}) where "case" = {named} order by target, cycle'
    found = fetch(sql, rows.facts.files)
    if not found:
        raise NoSuchClock(f"There is no case {case} here.")
    return found


def explain(agreement: Agreement, row: dict[str, Any]) -> Explanation:
    """Explain the clock of a row that `rows_of_case` gave. Raises NoSuchClock if the log no longer has it."""
    version = agreement.versions.select_related("calendar", "agreement").get(number=row["agreement_version"])
    as_of = row["as_of"].replace(tzinfo=UTC) if row["as_of"] else None
    counted = count([version], case=row["case"], as_of=as_of, apart=True)
    part = next((part for part in counted.parts if part.timed.target.code == row["target"]), None)
    place = (row["cycle"] or 1) - 1
    if part is None or place >= len(part.timed):
        raise NoSuchClock(f"The log no longer has the case {row['case']}: run the clocks again.")
    intervals = _intervals(part, place)
    due = _instant(part.timed.due[place])
    return Explanation(
        row=row,
        version=version,
        target=part.timed.target,
        intervals=intervals,
        original_due=_instant(part.timed.original_due[place]),
        moved=_moved(part, place),
        due=due,
        held=_held(intervals, int(part.timed.target_s[place]), row["held_at_breach"] or ""),
        by_date=bool(part.timed.target.clock.due_column),
        due_in_days=row["target"] in due_in_days(agreement),
    )


def _intervals(part: Part, place: int) -> list[Interval]:
    """The clock's segments, joined where nothing changed; running ones are cut by the calendar."""
    table, clocks, log, rule = part.time.table, part.timed.clocks, part.log, part.timed.target.clock
    holders, reasons = log.texts(rule.holder_column), log.texts(rule.reason_column)
    allowed, due = int(part.timed.target_s[place]), int(part.timed.due[place])
    pieces: list[tuple[int, int, str, str, str]] = []
    for number in _segments_of(part, place):
        event = clocks.segment_event[number]
        kind = (RUNNING, PAUSED, REOPENED)[clocks.segment_state[number] - 1]
        why = plain(reasons, event) if kind == PAUSED else ""
        piece = (int(clocks.segment_start[number]), int(clocks.segment_end[number]), kind, plain(holders, event), why)
        if pieces and pieces[-1][2:] == piece[2:]:
            pieces[-1] = (pieces[-1][0], *piece[1:])
        elif piece[0] < piece[1]:
            pieces.append(piece)
    found: list[Interval] = []
    used = 0
    for start, end, kind, holder, why in pieces:
        for begin, stop, cut in _cut(table, start, end) if kind == RUNNING else [(start, end, kind)]:
            business = int(table.elapsed([begin], [stop])[0])
            used += business if cut == RUNNING else 0
            share = 100 * used / allowed if allowed > 0 else None
            has_due = cut == RUNNING and begin < due <= stop
            found.append(Interval(_utc(begin), _utc(stop), cut, business, used, share, holder, why, has_due))
    return found


def _cut(table, start: int, end: int):
    """A running stretch as open and closed parts."""
    at = start
    for opens, closes in table.spans_between(start, end):
        if at < opens:
            yield at, opens, CLOSED
        yield opens, closes, RUNNING
        at = closes
    if at < end:
        yield at, end, CLOSED


def _moved(part: Part, place: int) -> list[Moved]:
    """The pauses that moved the due time, one after the other, each with the due time after it."""
    from lake.clock import NEVER

    timed, clocks, table = part.timed, part.timed.clocks, part.time.table
    if timed.target.clock.due_column:
        return []
    reasons, start, allowed = (
        part.log.texts(timed.target.clock.reason_column),
        clocks.started[place],
        timed.target_s[place],
    )
    found: list[Moved] = []
    before = timed.original_due[place]
    begins, ends = [], []
    for number in _segments_of(part, place):
        if clocks.segment_state[number] == 1:
            continue
        begins.append(int(clocks.segment_start[number]))
        ends.append(int(clocks.segment_end[number]))
        after = table.due([start], [allowed], _pauses(begins, ends), beyond=NEVER)[0]
        if after == before:
            continue
        why = plain(reasons, clocks.segment_event[number]) if clocks.segment_state[number] == 2 else WORDS[REOPENED]
        business = int(table.elapsed(begins[-1:], ends[-1:])[0])
        if found and found[-1].why == why and found[-1].end == _utc(begins[-1]):
            last = found.pop()
            found.append(Moved(last.start, _utc(ends[-1]), why, last.business_s + business, _instant(after)))
        else:
            found.append(Moved(_utc(begins[-1]), _utc(ends[-1]), why, business, _instant(after)))
        before = after
    return found


def _pauses(begins: list[int], ends: list[int]) -> Pauses:
    import numpy as np

    from lake.clock import Pauses

    return Pauses(np.array([0, len(begins)]), np.array(begins, dtype=np.int64), np.array(ends, dtype=np.int64))


def _held(intervals: list[Interval], allowed: int, at_breach: str) -> list[Held]:
    """Per holder, the largest first."""
    ran: dict[str, int] = {}
    stood: dict[str, int] = {}
    for one in intervals:
        ran[one.holder] = ran.get(one.holder, 0) + (one.business_s if one.kind == RUNNING else 0)
        stood[one.holder] = stood.get(one.holder, 0) + (one.business_s if one.kind in (PAUSED, REOPENED) else 0)
    return [
        Held(name, ran[name], stood[name], 100 * ran[name] / allowed if allowed > 0 else None, name == at_breach != "")
        for name in sorted(ran, key=lambda name: (-ran[name], name))
    ]


def _segments_of(part: Part, place: int) -> list[int]:
    import numpy as np

    return [int(number) for number in np.flatnonzero(part.timed.clocks.segment_clock == place)]


def _instant(seconds) -> datetime | None:
    from lake.clock import NEVER

    return None if seconds == NEVER else _utc(int(seconds))


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
