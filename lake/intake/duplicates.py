"""Rows of one extract that repeat a record key: which of them count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from lake.contract import Contract
from lake.intake.reading import literal, name
from lake.intake.terms import IntakeError

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Settled:
    """accepted: rows that stay; duplicates: identical rows left out; superseded: earlier rows of a record left out.

    equal: accepted rows that say what an earlier row says, which without a record key nobody can tell from a mistake.
    """

    accepted: int
    duplicates: int = 0
    superseded: int = 0
    equal: int = 0


def settle(connection: duckdb.DuckDBPyConnection, staged: Path, accepted: Path, contract: Contract) -> Settled:
    """Turn the staged rows into the accepted ones. IntakeError duplicate_keys lists keys with conflicting rows."""
    if not contract.key:
        return _numbered(connection, staged, accepted)
    table = f"read_parquet({literal(str(staged))})"
    keys = ", ".join(name(column.name) for column in contract.key)
    total, distinct = connection.execute(
        f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {table})) FROM {table}"
    ).fetchall()[0]
    if total == distinct:
        staged.rename(accepted)
        return Settled(total)
    if contract.on_duplicate == "refuse":
        _refuse_conflicts(connection, table, contract)
    chosen = "max" if contract.on_duplicate == "last" else "min"
    _copy(
        connection,
        f"SELECT * FROM {table} SEMI JOIN (SELECT {chosen}(_row) AS _row FROM {table} GROUP BY {keys}) USING (_row)",
        accepted,
    )
    staged.unlink()
    left_out = total - distinct
    if contract.on_duplicate == "last":
        return Settled(distinct, superseded=left_out)
    return Settled(distinct, duplicates=left_out)


def _refuse_conflicts(connection: duckdb.DuckDBPyConnection, table: str, contract: Contract) -> None:
    keys = [name(column.name) for column in contract.key]
    named = ", ".join(keys)
    values = ", ".join(name(column.name) for column in contract.columns)
    twice = f"SELECT {named} FROM {table} GROUP BY {named} HAVING count(*) > 1"
    conflicts = connection.execute(
        f"SELECT {', '.join(f'{key}::VARCHAR' for key in keys)}, list(_row ORDER BY _row)[:10], count(*) OVER () "
        f"FROM {table} SEMI JOIN ({twice}) USING ({named}) GROUP BY {named} HAVING count(DISTINCT ({values})) > 1 "
        f"ORDER BY min(_row) LIMIT {_LISTED}"
    ).fetchall()
    if not conflicts:
        return
    listed = [{"key": list(row[: len(keys)]), "rows": row[-2]} for row in conflicts]
    first, total = listed[0], conflicts[0][-1]
    raise IntakeError(
        "duplicate_keys",
        f"{'A record key occurs' if total == 1 else f'{total:,} record keys occur'} more than once with different "
        f"values; the first is "
        f"{' / '.join(str(part) for part in first['key'])} in rows {', '.join(str(row) for row in first['rows'])}.",
        row=first["rows"][1],
        column=", ".join(column.name for column in contract.key),
        value=" / ".join(str(part) for part in first["key"]),
        next_step="Correct the extract, choose a key that is unique, or declare that the last row of a record counts.",
        details=listed,
    )


def _numbered(connection: duckdb.DuckDBPyConnection, staged: Path, accepted: Path) -> Settled:
    """Without a key every row is a record: its hash, and its occurrence among equal rows."""
    table = f"read_parquet({literal(str(staged))})"
    repeated = f"SELECT _key FROM {table} GROUP BY _key HAVING count(*) > 1"
    numbered = "SELECT _row, row_number() OVER (PARTITION BY _key ORDER BY _row) AS _n"
    occurrence = f"{numbered} FROM {table} SEMI JOIN ({repeated}) USING (_key)"
    renamed = "* EXCLUDE (_n) REPLACE (_key || '-' || coalesce(_n, 1) AS _key)"
    _copy(connection, f"SELECT {renamed} FROM {table} LEFT JOIN ({occurrence}) USING (_row)", accepted)
    staged.unlink()
    counted = "SELECT count(*), count(*) FILTER (WHERE NOT suffix(_key, '-1'))"
    total, equal = connection.execute(f"{counted} FROM read_parquet({literal(str(accepted))})").fetchall()[0]
    return Settled(total, equal=equal)


def _copy(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    connection.execute(f"COPY ({query} ORDER BY _row) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
