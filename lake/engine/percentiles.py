"""Percentiles of every period, unit and member: DuckDB evaluates the rows, NumPy orders them and picks the ranks.

A percentile does not add up, so each group needs its rows. They are put in order once for each depth of the tree and
dimension: by unit, member, segment. A unit's rows in any period or window are then one slice of that order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import compress, islice, product
from typing import Any

import numpy as np
import pyarrow as pa

from lake.engine.layout import store
from lake.engine.ranks import Numbers, arrange, quantiles, stretches
from lake.engine.resident import PART, Column, Part, Ranked, Rows, members_of, parts_of, rows_of
from lake.engine.scans import GroupingSet, Scan
from lake.plan import Primitive

VALUES_AT_ONCE = 40_000_000  # rows times expressions in memory together, 8 bytes each
FEW_ROWS = 20_000_000  # of more, one order of all rows is held at a time


@dataclass(frozen=True)
class Spans:
    """Columns of equal length: a period's number, its first segment and the one after its last."""

    period: Numbers
    first: Numbers
    past: Numbers

    def touching(self, part: Part) -> "Spans":
        """Those that have segments of the part."""
        chosen = (self.first < part.past) & (self.past > part.first)
        return Spans(self.period[chosen], self.first[chosen], self.past[chosen])

    def divided_by(self, parts: Sequence[Part]) -> bool:
        """Whether none has segments of two parts."""
        cuts = np.array([part.past for part in parts[:-1]], np.intp)
        return bool(np.all(np.searchsorted(cuts, self.first, "right") == np.searchsorted(cuts, self.past, "left")))


@dataclass(frozen=True)
class Axis:
    """Grouping sets that share an order: a depth of the tree, a dimension or none, and the periods of their grains.

    unit_ids: the unit of each line of the unit table at this depth, -1 where it has none.
    """

    depth: int
    dimension: int | None
    unit_ids: Numbers
    spans: Spans
    by_day: bool


@dataclass(frozen=True)
class Groups:
    """The slices start..end of the rows in `order`, and the keys of each slice as columns."""

    order: Numbers
    start: Numbers
    end: Numbers
    keys: Mapping[str, pa.Array]

    @cached_property
    def stretches(self) -> list[tuple[Numbers, slice]]:
        """Groups whose slices lie together, in so many rows as stay in the cache or in one group: which, and where."""
        return list(stretches(self.start, self.end, PART))


def percentiles(
    scan: Scan, frame: int, sets: Sequence[GroupingSet], primitives: Mapping[Primitive, str], table: str
) -> list[str]:
    """Create tables with the keys and every quantile; their names begin with `table`.

    Works on a cursor of its own, so that a thread may call it. Of a large dataset fewer expressions are held at a time,
    down to one.
    """
    with scan.connection.cursor() as cursor:
        scan = replace(scan, connection=cursor)
        expressions, axes, parts = list(_expressions(primitives)), _axes(scan, frame, sets), parts_of(scan)
        names = members_of(scan, sorted({axis.dimension for axis in axes if axis.dimension is not None}))
        together = max(1, VALUES_AT_ONCE // max(1, parts[-1].here.stop))
        tables = []
        for first in range(0, len(expressions), together):
            tables.append(f"{table}{first}")
            store(cursor, tables[-1], _ranked(scan, axes, names, expressions[first : first + together], parts))
    return tables


def _ranked(
    scan: Scan,
    axes: Sequence[Axis],
    names: Mapping[int, pa.Array],
    expressions: Sequence[Ranked],
    parts: Sequence[Part],
) -> pa.Table:
    """The keys and quantiles of every group that has rows."""
    rows = rows_of(scan, names, expressions, parts)
    threads = int(scan.connection.execute("SELECT current_setting('threads')").fetchall()[0][0])
    divided = [axis.spans.divided_by(parts) for axis in axes]
    across = [axis for axis, apart in zip(axes, divided, strict=True) if not apart]
    at_once = threads if len(rows.segment) <= FEW_ROWS else 1  # orders of all rows
    with ThreadPoolExecutor(threads) as pool:  # NumPy sorts, takes and compares without the interpreter's lock
        ordered = pool.map(partial(_groups, rows), across[:at_once])
        pieces = list(pool.map(lambda task: _within(rows, expressions, *task), product(parts, compress(axes, divided))))
        for first in range(at_once, len(across) + at_once, at_once):
            groups = list(ordered)
            pairs = list(product(groups, zip(rows.values, expressions, strict=True)))
            picked = pool.map(lambda pair: _picked(pair[0], *pair[1]), pairs)
            pieces += [_piece(one, islice(picked, len(expressions))) for one in groups]
            ordered = pool.map(partial(_groups, rows), across[first : first + at_once])
    return pa.concat_tables(pieces)


def _within(rows: Rows, expressions: Sequence[Ranked], part: Part, axis: Axis) -> pa.Table:
    """The keys and quantiles of the groups of an axis in one part."""
    mine = rows.part(part.here)
    groups = _groups(mine, replace(axis, spans=axis.spans.touching(part)))
    return _piece(groups, (_picked(groups, *pair) for pair in zip(mine.values, expressions, strict=True)))


def _piece(groups: Groups, picked: Iterable[Mapping[str, pa.Array]]) -> pa.Table:
    columns = dict(groups.keys)
    for found in picked:
        columns |= found
    return pa.table(columns)


def _expressions(primitives: Mapping[Primitive, str]) -> Iterator[Ranked]:
    by_sql: dict[str, list[tuple[float, str]]] = {}
    for primitive, name in primitives.items():
        value = f"CAST({primitive.value} AS DOUBLE)"
        sql = f"CASE WHEN {primitive.condition} THEN {value} END" if primitive.condition else value
        by_sql.setdefault(sql, []).append((primitive.share or 0.0, name))
    return (Ranked(sql, tuple(wanted)) for sql, wanted in by_sql.items())


def _axes(scan: Scan, frame: int, sets: Sequence[GroupingSet]) -> list[Axis]:
    """The sets that can share an order, with the spans of their periods."""
    shared: dict[tuple[int, int | None], list[int]] = {}
    for one in sets:
        shared.setdefault((one.unit, one.dimension), []).append(one.period)
    columns = ", ".join(f"coalesce(_u{depth}, -1) AS _u{depth}" for depth in range(len(scan.layout.depths)))
    units = scan.connection.sql(f"SELECT {columns} FROM {scan.name}_units ORDER BY _line").to_arrow_table()
    return [
        Axis(depth, dimension, units[f"_u{depth}"].to_numpy(), _spans(scan, frame, grains), scan.by_day)
        for (depth, dimension), grains in shared.items()
    ]


def _spans(scan: Scan, frame: int, grains: Sequence[int]) -> Spans:
    """The segments of each period of the grains; by day each of them alone."""
    chosen = "_seg AS first, _seg + 1 AS past" if scan.by_day else "min(_seg) AS first, max(_seg) + 1 AS past"
    each = " UNION ALL ".join(
        f"SELECT _p{grain} AS p, {chosen} FROM {scan.name}_spans{frame} WHERE _p{grain} IS NOT NULL"
        + ("" if scan.by_day else " GROUP BY 1")
        for grain in grains
    )
    table = scan.connection.sql(each).to_arrow_table()
    return Spans(*(table[name].to_numpy() for name in ("p", "first", "past")))


def _picked(groups: Groups, values: Column, expression: Ranked) -> dict[str, pa.Array]:
    """The quantiles of one expression for every group, by the names of their primitives."""
    numbers, given = values
    shares = [share for share, _ in expression.wanted]
    found, empty = np.empty((len(groups.start), len(shares))), np.empty(len(groups.start), np.bool_)
    for chosen, here in groups.stretches:
        order, start, end = groups.order[here], groups.start[chosen] - here.start, groups.end[chosen] - here.start
        if given is not None:  # the rows without a value leave, and the slices move up
            kept = given[order]
            order, before = order[kept], np.append(0, np.cumsum(kept))
            start, end = before[start], before[end]
        found[chosen], empty[chosen] = quantiles(numbers[order], start, end, shares), start == end
    return {name: pa.array(found[:, place], mask=empty) for place, (_, name) in enumerate(expression.wanted)}


def _groups(rows: Rows, axis: Axis) -> Groups:
    """Put the rows in order by unit, member and segment, and find the slice of every unit, member and period."""
    ids, unit_of_line = np.unique(axis.unit_ids, return_inverse=True)
    names, member = rows.members.get(axis.dimension, (pa.array([None], pa.string()), 0))
    segments = max(int(rows.segment.max(initial=0)) + 1, int(axis.spans.past.max(initial=0)))
    bound = len(ids) * len(names) * segments
    code: Any = unit_of_line.astype(np.min_scalar_type(bound))[rows.line]
    for size, number in ((len(names), member), (segments, rows.segment)):
        code *= size
        code += number
    arranged = arrange(code, bound)
    runs = np.unique(arranged.codes // segments)
    runs = runs[ids[runs // len(names)] >= 0]
    edge = (runs * segments)[:, None]
    start, end = arranged.place_of(edge + axis.spans.first), arranged.place_of(edge + axis.spans.past)
    run, span = np.nonzero(end > start)
    keys = {
        "p": pa.array(axis.spans.period[span]),
        "depth": pa.array(np.full(len(run), axis.depth, np.int32)),
        "u": pa.array(ids[runs[run] // len(names)]),
        "dim": pa.array(np.full(len(run), -1 if axis.dimension is None else axis.dimension, np.int32)),
        "member": names.take(pa.array(runs[run] % len(names))),
    }
    if axis.by_day:
        keys["_seg"] = pa.array(axis.spans.first[span])
    return Groups(arranged.order, start[run, span], end[run, span], keys)
