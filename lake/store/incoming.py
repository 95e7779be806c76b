"""The rows of a load as they are going to be stored: the table or view `incoming`, and the table of their `keys`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from lake.contract import Contract
from lake.store.records import DuplicateKey, StoreError
from lake.store.schema import DAY_SUFFIX, KEY, LOAD, MONTH, ROW, identifier, literal, same, stored_columns

MAX_MONTHS = 2400
IN_MEMORY_ROWS = 1_000_000


def make(
    connection: duckdb.DuckDBPyConnection,
    load_id: str,
    accepted: Sequence[Path],
    contract: Contract,
    key: tuple[str, ...],
) -> int:
    """Make `incoming` of the files that the intake accepted, and `keys` if there is a key; returns how many rows.

    Raises DuplicateKey, StoreError (rows that are not the intake's, or of absurdly many months).
    """
    _name_rows(connection, load_id, accepted, contract)
    if key:
        _check_keys(connection, key, contract)
    return _check_months(connection)


def key_of(contract: Contract) -> tuple[str, ...]:
    return tuple(column.name for column in contract.key) or (KEY,)


def _name_rows(
    connection: duckdb.DuckDBPyConnection, load_id: str, accepted: Sequence[Path], contract: Contract
) -> None:
    """Name the stored rows of a load `incoming`: a table if they are few, else a view that reads their file."""
    paths = ", ".join(literal(str(path)) for path in accepted)
    source = f"read_parquet([{paths}], union_by_name=true, hive_partitioning=false)"
    rows = connection.execute(f"select count(*) from {source}").fetchall()[0][0]
    kind = "table" if rows <= IN_MEMORY_ROWS else "view"
    connection.execute(f"create {kind} incoming as {_as_stored(connection, source, load_id, contract)}")


def _as_stored(connection: duckdb.DuckDBPyConnection, source: str, load_id: str, contract: Contract) -> str:
    """SQL of the stored rows of a load: the contract's columns as typed there, and what the intake left to us."""
    given = {row[0] for row in connection.execute(f"describe from {source}").fetchall()}
    made = {LOAD: literal(load_id), MONTH: _month(contract, given)}
    if ROW not in given:
        raise StoreError(f"The accepted rows have no column {ROW}. Make them with the intake.")
    if not contract.key and KEY not in given:  # equal rows of one load are told apart by their row number
        made[KEY] = f"{literal(load_id)} || ':' || {ROW}"
    for column in contract.temporal:
        if column.name + DAY_SUFFIX not in given:
            made[column.name + DAY_SUFFIX] = local_day(column.name, column.type.sql, contract.reporting_timezone)
    parts = []
    for name, sql in stored_columns(contract).items():
        value = made.get(name) or (identifier(name) if name in given else "null")
        parts.append(f"({value})::{sql} as {identifier(name)}")
    return f"select {', '.join(parts)} from {source}"


def local_day(column: str, sql: str, zone: str) -> str:
    """SQL of the local day of a stored date, or of a stored UTC timestamp."""
    if sql == "DATE":
        return identifier(column)
    return f"timezone({literal(zone)}, timezone('UTC', {identifier(column)}))::date"


def _month(contract: Contract, given: set[str]) -> str:
    """yyyymm of the event time's local day; 0 where there is none."""
    event = contract.event_time
    if event is None:
        return "0"
    day = event.name + DAY_SUFFIX
    day_sql = identifier(day) if day in given else local_day(event.name, event.type.sql, contract.reporting_timezone)
    return f"coalesce(year({day_sql}) * 100 + month({day_sql}), 0)"


def _check_keys(connection: duckdb.DuckDBPyConnection, key: tuple[str, ...], contract: Contract) -> None:
    """Make the table of incoming keys. A key that comes twice raises DuplicateKey, or its last row is the record."""
    names = ", ".join(identifier(name) for name in key)
    connection.execute(
        f"create table keys as select {names}, count(*) as times, max({ROW}) as last_row from incoming group by all"
    )
    repeated = connection.execute("select count(*) from keys where times > 1").fetchall()[0][0]
    if repeated and contract.on_duplicate == "refuse":
        first = connection.execute(f"select {names}, last_row from keys where times > 1 order by last_row limit 1")
        *values, row = first.fetchall()[0]
        text = ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
        raise DuplicateKey(f"{repeated} record keys come twice in this load, first {text} at row {row}. Remove one.")
    if repeated:
        last = f"select t.* from incoming t semi join keys on {same(key)} and t.{ROW} = keys.last_row"
        connection.execute(f"create table lasting as {last}")
        kind = connection.execute("select table_type from information_schema.tables where table_name = 'incoming'")
        connection.execute("drop view incoming" if kind.fetchall()[0][0] == "VIEW" else "drop table incoming")
        connection.execute("alter table lasting rename to incoming")


def _check_months(connection: duckdb.DuckDBPyConnection) -> int:
    """The count of incoming rows; raises StoreError if they lie in absurdly many months."""
    summary = f"select count(*), count(distinct {MONTH}), min({MONTH}), max({MONTH}) from incoming"
    rows, months, first, last = connection.execute(summary).fetchall()[0]
    if months > MAX_MONTHS:
        raise StoreError(f"The event times lie in {months} months, {first} to {last}. Check the date format.")
    return int(rows)
