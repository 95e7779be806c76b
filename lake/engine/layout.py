"""How days and unit codes map to what is reported: small tables that the scans join.

Days fall into segments: the longest stretches that no period, window or reorganisation cuts. Facts are gathered once
by segment; every period and window is then a set of segments. Codes map to one unit per depth of the tree, and that
mapping may change between segments. Our columns begin with an underscore, which no column of a contract does.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import duckdb
import pyarrow as pa

from lake.periods import Calendar, Period, Span
from lake.plan import Measure, MeasureError, UnitLevel, Window


@dataclass(frozen=True)
class Frame:
    """The periods that some measures share, in one table `spans`: segment -> period number per grain.

    Periods of one grain tile time, so plain measures need one row a segment. Windows overlap: each (window, grain) has
    a frame of its own, with as many rows a segment as windows that cover it.
    """

    window: Window | None
    grains: tuple[str, ...]
    periods: tuple[Period, ...]
    spans: tuple[Span, ...]

    def by_segment(self, segments: Sequence[Span]) -> Iterator[tuple[int, dict[str, int]]]:
        """Segments with the numbers of the periods that cover them: together if periods tile, else one by one."""
        together: dict[int, dict[str, int]] = {}
        starts = [segment.start for segment in segments]
        for number, (period, span) in enumerate(zip(self.periods, self.spans, strict=True)):
            for segment in range(bisect_left(starts, span.start), bisect_left(starts, span.end)):
                if self.window is None:
                    together.setdefault(segment, {})[period.grain] = number
                else:
                    yield segment, {period.grain: number}
        yield from together.items()


@dataclass(frozen=True)
class Layout:
    """The tables that were registered, and what their columns mean. units: how many there are at each depth."""

    first: date
    end: date
    frames: tuple[Frame, ...]
    depths: tuple[int, ...]
    units: tuple[int, ...]
    segments: int
    epochs: int


def window_span(window: Window | None, period: Period, calendar: Calendar) -> Span:
    """The days that count towards a period."""
    if window is None:
        return period.span
    if window.rolling is not None:
        return calendar.rolling(period, window.rolling)
    assert window.to_date is not None
    return Span(calendar.period_of(period.end - timedelta(days=1), window.to_date).start, period.end)


def needed_span(measures: Iterable[Measure], periods: Iterable[Period], calendar: Calendar) -> Span | None:
    """The days whose rows these measures read for these periods, so that the caller can leave other files closed."""
    wanted = list(periods)
    spans = [
        window_span(measure.window, period, calendar)
        for measure in measures
        for period in wanted
        if period.grain in measure.grains_wanted
    ]
    return Span(min(s.start for s in spans), max(s.end for s in spans)) if spans else None


def frames_of(measures: Sequence[Measure], periods: Sequence[Period], calendar: Calendar) -> tuple[Frame, ...]:
    """One frame for all plain measures, one per window and grain for the others."""
    shared: dict[tuple[Window | None, str | None], set[str]] = {}
    for measure in measures:
        for grain in sorted(measure.grains_wanted):
            shared.setdefault((measure.window, grain if measure.window else None), set()).add(grain)
    frames = []
    for (window, _), grains in shared.items():
        chosen = tuple(dict.fromkeys(p for p in periods if p.grain in grains))
        if chosen:
            spans = tuple(window_span(window, p, calendar) for p in chosen)
            frames.append(Frame(window, tuple(sorted({p.grain for p in chosen})), chosen, spans))
    return tuple(frames)


def lay_out(
    connection: duckdb.DuckDBPyConnection,
    frames: tuple[Frame, ...],
    levels: Sequence[UnitLevel],
    *,
    name: str,
    by_day: bool,
) -> Layout:
    """Register `<name>_days`, `<name>_units` and `<name>_spans<n>` for each frame. by_day: every day is a segment."""
    spans = [span for frame in frames for span in frame.spans]
    first, end = min(s.start for s in spans), max(s.end for s in spans)
    changes = sorted({d for lv in levels for d in (lv.valid_from, lv.valid_to) if d and first < d < end})
    segments = _segments(spans, changes, by_day=by_day)
    depths = tuple(sorted({level.depth for level in levels}))
    epochs = [Span(*pair) for pair in pairwise([first, *changes, end])]
    homes = _units(connection, f"{name}_units", levels, epochs, depths)
    store(connection, f"{name}_days", _days(segments, epochs, homes, len(depths)))
    for number, frame in enumerate(frames):
        store(connection, f"{name}_spans{number}", _spans(frame, segments))
    units = tuple(len({level.unit_id for level in levels if level.depth == depth}) for depth in depths)
    return Layout(first, end, frames, depths, units, len(segments), len(epochs))


def _segments(spans: list[Span], changes: list[date], *, by_day: bool) -> list[Span]:
    """The pieces between all boundaries that lie within some span, in time order."""
    cuts = {d for span in spans for d in (span.start, span.end)} | set(changes)
    if by_day:
        cuts |= {span.start + timedelta(days=n) for span in set(spans) for n in range(span.days)}
    starts, ends = sorted(s.start for s in spans), sorted(s.end for s in spans)
    found, opened, closed = [], 0, 0
    for start, end in pairwise(sorted(cuts)):
        while opened < len(starts) and starts[opened] <= start:
            opened += 1
        while closed < len(ends) and ends[closed] <= start:
            closed += 1
        if opened > closed:
            found.append(Span(start, end))
    return found


def _days(segments: list[Span], epochs: list[Span], homes: list[list[int | None]], depths: int) -> pa.Table:
    """Day -> its segment and epoch, and the home units then (_h0.. per depth)."""
    days = [(s.start + timedelta(days=n), number) for number, s in enumerate(segments) for n in range(s.days)]
    starts = [epoch.start for epoch in epochs]
    found = [bisect_right(starts, d) - 1 for d, _ in days]
    columns = {
        "_day": pa.array([d for d, _ in days], pa.date32()),
        "_seg": pa.array([n for _, n in days], pa.int32()),
        "_epoch": pa.array(found, pa.int32()),
    }
    columns |= {f"_h{k}": pa.array([homes[epoch][k] for epoch in found], pa.int64()) for k in range(depths)}
    return pa.table(columns)


def _units(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    levels: Sequence[UnitLevel],
    epochs: list[Span],
    depths: tuple[int, ...],
) -> list[list[int | None]]:
    """Register code -> unit per depth and epoch, by _line; return the home unit and its ancestors per epoch.

    The last lines have no code: they are the home of each epoch.
    """
    column = {depth: number for number, depth in enumerate(depths)}
    _check_depths(levels)
    chains: dict[tuple[int, str | None], list[int | None]] = {}
    for epoch, span in enumerate(epochs):
        for level in levels:
            if (level.valid_from and level.valid_from > span.start) or (level.valid_to and level.valid_to < span.end):
                continue
            chain = chains.setdefault((epoch, level.code), [None] * len(depths))
            if chain[column[level.depth]] not in (None, level.unit_id):
                raise MeasureError(f"code {level.code!r} has two units at depth {level.depth} on {span.start}")
            chain[column[level.depth]] = level.unit_id
    homes = [chains.pop((epoch, None), [None] * len(depths)) for epoch in range(len(epochs))]
    lines = [*chains.items(), *(((epoch, None), home) for epoch, home in enumerate(homes))]
    columns = {
        "_line": pa.array(range(len(lines)), pa.int32()),
        "_epoch": pa.array([epoch for (epoch, _), _ in lines], pa.int32()),
        "_code": pa.array([code for (_, code), _ in lines], pa.string()),
    }
    columns |= {f"_u{n}": pa.array([chain[n] for _, chain in lines], pa.int64()) for n in range(len(depths))}
    store(connection, name, pa.table(columns))
    return homes


def _check_depths(levels: Sequence[UnitLevel]) -> None:
    """A unit at two depths would have two results of one period. Raises MeasureError."""
    known: dict[int, int] = {}
    for level in levels:
        if known.setdefault(level.unit_id, level.depth) != level.depth:
            raise MeasureError(f"unit {level.unit_id} stands at two depths, {known[level.unit_id]} and {level.depth}")


def _spans(frame: Frame, segments: list[Span]) -> pa.Table:
    """Segment -> the numbers of its periods (_p0.. per grain)."""
    rows = [(n, *(covering.get(grain) for grain in frame.grains)) for n, covering in frame.by_segment(segments)]
    names = ["_seg", *(f"_p{n}" for n in range(len(frame.grains)))]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, pa.int32()) for name, column in zip(names, columns, strict=True)})


def store(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy a small table into the database: joins on its own tables are faster than on a registered one."""
    connection.register("arriving", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM arriving")
    connection.unregister("arriving")
