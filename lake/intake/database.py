"""The private DuckDB in which texts are cast and formulas computed."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa

_BATCH_ROWS = 8_192  # DuckDB gives each of its threads a batch at a time


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """In memory, spilling into `scratch`, reaching out to nothing."""
    connection = duckdb.connect(
        config={
            "threads": 2,
            "memory_limit": "256MB",
            "temp_directory": str(scratch),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def query(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, sql: str) -> pa.Table:
    """The result of `sql` over `table`, which it knows as `name`; rows keep their order."""
    batches = pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH_ROWS), schema=table.schema)
    connection.register(name, batches)
    try:
        return connection.sql(sql).to_arrow_table()
    finally:
        connection.unregister(name)
