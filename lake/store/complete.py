"""Complete loads: stored records of their days that are not in them leave in the same version."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from lake.store.records import Complete, TooManyLeave
from lake.store.schema import DAY_SUFFIX, LOAD, MONTH, ROW, identifier, same

LISTED_ROWS = 10_000  # of those that may not leave unasked


def remove_absent(
    connection: duckdb.DuckDBPyConnection,
    complete: Complete,
    stored: str,
    columns: dict[str, str],
    key: tuple[str, ...],
    days: Sequence[str],
) -> int:
    """Make the table `absent` (keys, months, days) of the rows of `stored` that leave, and add their keys to `keys`.

    Returns how many. Raises TooManyLeave.
    """
    rows = f"select * from ({stored}) where {within(complete)}"
    kept = [*key, MONTH, *(day for day in days if day in columns and day not in key)]
    names = ", ".join(f"t.{identifier(name)}" for name in kept)
    leaving = f"({rows}) t anti join keys on {same(key)}"
    connection.execute(f"create table absent as select {names} from {leaving}")
    count = int(connection.execute("select count(*) from absent").fetchall()[0][0])
    stored_rows = int(connection.execute(f"select count(*) from ({rows})").fetchall()[0][0])
    if count > (stored_rows // 2 if complete.allowed is None else complete.allowed):
        order = f"{identifier(complete.column)} desc, {LOAD}, {ROW}"
        first = connection.sql(f"select t.* from {leaving} order by {order} limit {LISTED_ROWS}")
        raise TooManyLeave(complete, count, stored_rows, first.to_arrow_table())
    keys = ", ".join(identifier(name) for name in key)
    connection.execute(f"insert into keys by name select {keys}, 0 as times from absent")
    return count


def within(complete: Complete) -> str:
    """SQL of the rows that a complete load speaks for."""
    day = identifier(complete.column + DAY_SUFFIX)
    return f"{day} between date '{complete.first}' and date '{complete.last}' and ({complete.where})"
