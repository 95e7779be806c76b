"""The rows that percentiles rank, as columns of numbers in memory: DuckDB evaluates them, NumPy holds them.

They are held in parts, each of some consecutive segments, so that what concerns one part is done in the cache.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lake.engine.ranks import Numbers, Values
from lake.engine.scans import Scan, number_texts, numbering

PART = 1 << 18  # rows
BATCH = 1 << 17  # rows

Column: TypeAlias = tuple[Values, npt.NDArray[np.bool_] | None]  # the flags are false where a row has no value


@dataclass(frozen=True)
class Ranked:
    """An expression over rows, and what is read from its order: (share, name of the primitive)."""

    sql: str
    wanted: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Part:
    """Where in the columns the rows of some consecutive segments are: the first segment and the one after the last."""

    first: int
    past: int
    here: slice


@dataclass(frozen=True)
class Rows:
    """Columns of equal length: segment, line of the unit table, the number of the member of each dimension (with the
    names that it counts), and each expression."""

    segment: Numbers
    line: Numbers
    members: Mapping[int | None, tuple[pa.Array, Numbers]]
    values: Sequence[Column]

    def part(self, here: slice) -> "Rows":
        """Some of the rows, not copied."""
        members = {number: (names, member[here]) for number, (names, member) in self.members.items()}
        values = [(value[here], None if given is None else given[here]) for value, given in self.values]
        return Rows(self.segment[here], self.line[here], members, values)


def parts_of(scan: Scan) -> list[Part]:
    """The segments that have rows, in parts of about as many rows as stay in the cache, at least one segment each."""
    counted = scan.connection.execute(
        f"SELECT d._seg, count(*) FROM facts AS f JOIN {scan.name}_days AS d ON d._day = {scan.day} "
        f"WHERE {scan.within} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    parts: list[Part] = []
    first = past = start = stop = 0
    for segment, count in counted:
        if past > first and stop - start + count > PART:
            parts.append(Part(first, past, slice(start, stop)))
            first, start = past, stop
        past, stop = segment + 1, stop + count
    return [*parts, Part(first, past, slice(start, stop))]


def rows_of(scan: Scan, names: Mapping[int, pa.Array], expressions: Sequence[Ranked], parts: Sequence[Part]) -> Rows:
    """The rows as columns of numbers, part by part."""
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
    filled, given = _filled(reader, parts)
    return Rows(
        filled["_seg"],
        filled["_line"],
        {number: (names[number], filled[f"_d{number}"]) for number in names},
        [(filled[f"_x{number}"], given.get(f"_x{number}")) for number in range(len(expressions))],
    )


def _narrow(most: int) -> str:
    """The type of numbers up to this one that takes the least memory."""
    return "USMALLINT" if most < 1 << 16 else "UINTEGER"


def members_of(scan: Scan, dimensions: Sequence[int]) -> dict[int, pa.Array]:
    """Number the members of each dimension; returns their names, at 0 that of rows without one."""
    names = {}
    for number, listed in zip(dimensions, scan.listed([scan.dimension(number) for number in dimensions]), strict=True):
        number_texts(scan.connection, f"{scan.name}_members{number}", listed)
        names[number] = pa.array([None, *listed], pa.string())
    return names


def _filled(
    reader: pa.RecordBatchReader, parts: Sequence[Part]
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, npt.NDArray[np.bool_]]]:
    """All batches in one array a column, and flags that are false where a column has none.

    They are filled piece by piece, so that the rows are in memory once; batches come in any order, a row to its part.
    """
    count, at = parts[-1].here.stop, [part.here.start for part in parts]
    part_of = np.repeat(np.arange(len(parts)), [part.past - part.first for part in parts])
    columns = {field.name: np.empty(count, field.type.to_pandas_dtype()) for field in reader.schema}
    given: dict[str, npt.NDArray[np.bool_]] = {}
    for batch in reader:
        part = part_of[batch.column("_seg").to_numpy()]
        sizes = np.bincount(part)
        for number in np.flatnonzero(sizes):
            chosen = slice(None) if sizes[number] == len(part) else np.flatnonzero(part == number)
            here = slice(at[number], at[number] + sizes[number])
            at[number] = here.stop
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                columns[name][here] = column.to_numpy(zero_copy_only=False)[chosen]
                if column.null_count:
                    flags = given.setdefault(name, np.ones(count, np.bool_))
                    flags[here] = column.is_valid().to_numpy(zero_copy_only=False)[chosen]
    return columns, given
