"""Percentiles of every period, unit and member: DuckDB evaluates the rows, NumPy orders them and picks the ranks.

A percentile does not add up, so each group needs its rows. They are put in order once for each depth of the tree and
dimension: by unit, member, segment. A unit's rows in any period or window are then one slice of that order.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lake.engine.layout import store
from lake.engine.ranks import Numbers, Values, arrange, given_in_order, in_order, quantiles
from lake.engine.scans import GroupingSet, Scan, number_texts, numbering
from lake.plan import Primitive

VALUES_AT_ONCE = 40_000_000  # rows times expressions in memory together, 8 bytes each
FEW_ROWS = 4_000_000  # of more, one order is held at a time
BATCH = 1 << 17  # rows

Column: TypeAlias = tuple[Values, npt.NDArray[np.bool_] | None]  # the flags are false where a row has no value


@dataclass(frozen=True)
class Ranked:
    """An expression over rows, and what is read from its order: (share, name of the primitive)."""

    sql: str
    wanted: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Spans:
    """Columns of equal length: a period's number, its first segment and the one after its last."""

    period: Numbers
    first: Numbers
    past: Numbers


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
class Rows:
    """Columns of equal length: segment, line of the unit table, the number of the member of each dimension (with the
    names that it counts), and each expression."""

    segment: Numbers
    line: Numbers
    members: Mapping[int | None, tuple[pa.Array, Numbers]]
    values: Sequence[Column]


@dataclass(frozen=True)
class Groups:
    """The slices start..end of the rows in `order`, and the keys of each slice as columns."""

    order: Numbers
    start: Numbers
    end: Numbers
    keys: Mapping[str, pa.Array]


def percentiles(
    scan: Scan, frame: int, sets: Sequence[GroupingSet], primitives: Mapping[Primitive, str], table: str
) -> list[str]:
    """Create tables with the keys and every quantile; their names begin with `table`.

    Works on a cursor of its own, so that a thread may call it. Of a large dataset fewer expressions are held at a time,
    down to one.
    """
    with scan.connection.cursor() as cursor:
        scan = replace(scan, connection=cursor)
        expressions, axes, count = list(_expressions(primitives)), _axes(scan, frame, sets), scan.count()
        names = _members(scan, sorted({axis.dimension for axis in axes if axis.dimension is not None}))
        together = max(1, VALUES_AT_ONCE // max(1, count))
        tables = []
        for first in range(0, len(expressions), together):
            tables.append(f"{table}{first}")
            store(cursor, tables[-1], _ranked(scan, axes, names, expressions[first : first + together], count))
    return tables


def _ranked(
    scan: Scan, axes: Sequence[Axis], names: Mapping[int, pa.Array], expressions: Sequence[Ranked], count: int
) -> pa.Table:
    """The keys and quantiles of every group that has rows."""
    rows = _rows(scan, names, expressions, count)
    threads = int(scan.connection.execute("SELECT current_setting('threads')").fetchall()[0][0])
    ordered = threads if count <= FEW_ROWS else 1  # axes at a time
    pieces = []
    with ThreadPoolExecutor(threads) as pool:  # NumPy sorts, takes and compares without the interpreter's lock
        for first in range(0, len(axes), ordered):
            groups = list(pool.map(partial(_groups, rows), axes[first : first + ordered]))
            pairs = list(product(groups, zip(rows.values, expressions, strict=True)))
            picked = pool.map(lambda pair: _picked(pair[0], *pair[1]), pairs)
            for one in groups:
                columns = dict(one.keys)
                for found in islice(picked, len(expressions)):
                    columns |= found
                pieces.append(pa.table(columns))
    return pa.concat_tables(pieces)


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


def _rows(scan: Scan, names: Mapping[int, pa.Array], expressions: Sequence[Ranked], count: int) -> Rows:
    """The rows as columns of numbers, filled piece by piece so that they are in memory once."""
    homes = f"(SELECT count(_code) FROM {scan.name}_units)"
    segments, lines = scan.connection.execute(
        f"SELECT (SELECT max(_seg) FROM {scan.name}_days), (SELECT max(_line) FROM {scan.name}_units)"
    ).fetchall()[0]
    columns = [
        f"d._seg::{_narrow(segments)} AS _seg",
        f"coalesce(n._line, {homes} + d._epoch)::{_narrow(lines)} AS _line",
    ]
    for number in names:
        member = f"coalesce({scan.name}_members{number}._number + 1, 0)"
        columns.append(f"{member}::{_narrow(len(names[number]))} AS _d{number}")
    columns += [f"{expression.sql} AS _x{number}" for number, expression in enumerate(expressions)]
    epoch = " AND n._epoch = d._epoch" if scan.layout.epochs > 1 else ""
    numbered = "".join(numbering(f"{scan.name}_members{number}", scan.dimension(number)) for number in names)
    reader = scan.connection.sql(
        f"SELECT {', '.join(columns)} FROM facts AS f JOIN {scan.name}_days AS d ON d._day = {scan.day} "
        f"LEFT JOIN {scan.name}_units AS n ON n._code = {scan.code}{epoch}{numbered} WHERE {scan.within}"
    ).to_arrow_reader(BATCH)
    filled, given = _filled(reader, count)
    return Rows(
        filled["_seg"],
        filled["_line"],
        {number: (names[number], filled[f"_d{number}"]) for number in names},
        [(filled[f"_x{number}"], given.get(f"_x{number}")) for number in range(len(expressions))],
    )


def _narrow(most: int) -> str:
    """The type of numbers up to this one that takes the least memory."""
    return "USMALLINT" if most < 1 << 16 else "INTEGER"


def _members(scan: Scan, dimensions: Sequence[int]) -> dict[int, pa.Array]:
    """Number the members of each dimension; returns their names, at 0 that of rows without one."""
    names = {}
    for number, listed in zip(dimensions, scan.listed([scan.dimension(number) for number in dimensions]), strict=True):
        number_texts(scan.connection, f"{scan.name}_members{number}", listed)
        names[number] = pa.array([None, *listed], pa.string())
    return names


def _filled(
    reader: pa.RecordBatchReader, count: int
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[np.bool_]]]:
    """All batches, of at most `count` rows, in one array a column, and flags that are false where a column has none.

    There are fewer rows where days between the periods are asked for by none.
    """
    columns = {field.name: np.empty(count, field.type.to_pandas_dtype()) for field in reader.schema}
    given: dict[str, npt.NDArray[np.bool_]] = {}
    at = 0
    for batch in reader:
        here = slice(at, at + len(batch))
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            columns[name][here] = column.to_numpy(zero_copy_only=False)
            if column.null_count:
                flags = given.setdefault(name, np.ones(count, np.bool_))
                flags[here] = column.is_valid().to_numpy(zero_copy_only=False)
        at += len(batch)
    return {name: column[:at] for name, column in columns.items()}, {name: flags[:at] for name, flags in given.items()}


def _picked(groups: Groups, values: Column, expression: Ranked) -> dict[str, pa.Array]:
    """The quantiles of one expression for every group, by the names of their primitives."""
    (numbers, given), start, end = values, groups.start, groups.end
    if given is None:
        numbers = in_order(numbers, groups.order)
    else:  # the rows without a value leave, and the slices move up
        numbers, before = given_in_order(numbers, given, groups.order)
        start, end = before[start], before[end]
        del before
    found = quantiles(numbers, start, end, [share for share, _ in expression.wanted])
    names = (name for _, name in expression.wanted)
    return {name: pa.array(found[:, place], mask=start == end) for place, name in enumerate(names)}


def _groups(rows: Rows, axis: Axis) -> Groups:
    """Put the rows in order by unit, member and segment, and find the slice of every unit, member and period."""
    ids, unit_of_line = np.unique(axis.unit_ids, return_inverse=True)
    names, member = rows.members.get(axis.dimension, (pa.array([None], pa.string()), 0))
    segments = max(int(rows.segment.max(initial=0)) + 1, int(axis.spans.past.max(initial=0)))
    bound = len(ids) * len(names) * segments
    code: Any = unit_of_line.astype(np.int32 if bound < 1 << 31 else np.int64)[rows.line]
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
