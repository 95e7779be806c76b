"""Closed days: rows whose event lies there stay as they are, unless the load or undo says that it restates them.

Judged by values: a record that comes again with the same values is no change, so an extract may repeat closed days. A
record that moves out of the closed days changes them as one does that moves in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import duckdb

from lake.store.records import CellChange, ChangedRow, ClosedRows, DataFile
from lake.store.schema import DAY_SUFFIX, ROW, identifier

SHOWN_ROWS = 20


@dataclass(frozen=True)
class Closed:
    """Rows with the local day of `column` (the event time) on or before `through` are closed.

    restate: change them all the same, and count how many. unit: the column that names the unit of a row, if any does.
    """

    column: str
    through: date
    restate: bool = False
    unit: str = ""


def changed(
    connection: duckdb.DuckDBPyConnection,
    closed: Closed | None,
    *,
    coming: str,
    leaving: str,
    key: tuple[str, ...],
    values: Sequence[str],
    hit: Sequence[DataFile],
    numbered: Literal["coming", "leaving"] = "coming",
) -> int:
    """How many records of closed days would change; raises ClosedRows unless `closed` restates.

    coming, leaving: relations with the same columns, a record at most once in each; a record is what shares `key`.
    values: the columns that make a change if they differ. hit: the files of the rows that leave.
    numbered: the side whose `_row` is a row of the file that a person knows.
    """
    if closed is None or not _may_be_closed(connection, closed, coming, hit):
        return 0
    day = identifier(closed.column + DAY_SUFFIX)
    shown = ", ".join(f"coalesce(c.{identifier(name)}, l.{identifier(name)})::varchar" for name in key)
    row = f"c.{ROW}" if numbered == "coming" else f"l.{ROW}"
    units = " || ".join(_units(side, closed.unit) for side in "cl")
    alike = " and ".join(f"c.{identifier(name)} is not distinct from l.{identifier(name)}" for name in values)
    pairs = f"(select * from {coming}) c full join (select * from {leaving}) l on {_same(key)}"
    found = connection.execute(
        f"select {row}, concat_ws(' / ', {shown or 'null'}), c.{day}, l.{day}, {units}, count(*) over () "
        f"from {pairs} where (c.{day} <= $through or l.{day} <= $through) and not ({alike}) "
        f"order by all limit {SHOWN_ROWS}",
        {"through": closed.through},
    ).fetchall()
    if not found:
        return 0
    total = int(found[0][-1])
    if not closed.restate:
        cells = _cells(connection, pairs, row, [number for number, *_ in found], values)
        rows = (
            ChangedRow(number, name, new, old, cells.get(number, ()), tuple(one["unit"] for one in units))
            for number, name, new, old, units, _ in found
        )
        raise ClosedRows(closed.through, total, tuple(rows))
    return total


def _units(side: str, column: str) -> str:
    """SQL of a list with the unit of a side's row, as a struct since it may be null; empty where there is no row."""
    none = "[]::STRUCT(unit VARCHAR)[]"
    made = f"[{{'unit': {side}.{identifier(column)}::VARCHAR}}]"
    return f"case when {side}.{ROW} is null then {none} else {made} end" if column else none


def _same(key: tuple[str, ...]) -> str:
    return " and ".join(f"c.{identifier(name)} is not distinct from l.{identifier(name)}" for name in key) or "false"


def _cells(
    connection: duckdb.DuckDBPyConnection, pairs: str, row: str, rows: list[int | None], values: Sequence[str]
) -> dict[int | None, tuple[CellChange, ...]]:
    """Row -> what differs in it, of the few that are shown and stay; only of them, since each value becomes a text."""
    asked = ", ".join(_text(f"{side}.{identifier(name)}") for name in values for side in "lc")
    found = connection.execute(
        f"select {row}, {asked} from {pairs} where {row} in (select unnest($rows)) and c.{ROW} is not null "
        f"and l.{ROW} is not null",
        {"rows": [one for one in rows if one is not None]},
    ).fetchall()
    return {
        number: tuple(
            CellChange(name, before, after)
            for name, before, after in zip(values, cells[::2], cells[1::2], strict=True)
            if before != after
        )
        for number, *cells in found
    }


def _text(cell: str) -> str:
    """SQL of a value as a text; 2 for 2.0000, where a number ends so, and the zone of an instant."""
    plain = f"{cell}::varchar"
    ends = f"regexp_matches(typeof({cell}), '^(DOUBLE|DECIMAL)') and regexp_full_match({plain}, '-?[0-9]+[.][0-9]+')"
    zoned = f"case when typeof({cell}) like 'TIMESTAMP%' then {plain} || ' UTC' else {plain} end"
    return f"case when {ends} then rtrim(rtrim({plain}, '0'), '.') else {zoned} end"


def _may_be_closed(connection: duckdb.DuckDBPyConnection, closed: Closed, coming: str, hit: Sequence[DataFile]) -> bool:
    """Cheap: whether a file that loses rows is of a closed month, or a coming row is of a closed day."""
    last_month = closed.through.year * 100 + closed.through.month
    if any(0 < file.month <= last_month for file in hit):
        return True
    first = f"select min({identifier(closed.column + DAY_SUFFIX)}) from {coming}"
    day = connection.execute(first).fetchall()[0][0]
    return day is not None and day <= closed.through
