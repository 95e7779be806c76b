"""The private DuckDB in which texts are cast and formulas computed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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


class Prepared:
    """A query over tables of one schema that is planned once: planning the checks of a chunk costs as much as running
    a fifth of them.

    The plan keeps the object that it was made for, so tables are handed to it through that object; a table of another
    schema is refused.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, sql: str) -> None:
        """sql: reads `raw`, which stands for each table. name: unlike that of any other prepared query."""
        self._connection = connection
        self._execute = f"EXECUTE {name}"
        self._feed = _Feed(schema)
        connection.register("raw", self._feed)
        try:
            connection.execute(f"PREPARE {name} AS {sql}")
        finally:
            connection.unregister("raw")

    def over(self, table: pa.Table) -> pa.Table:
        """The result over `table`; rows keep their order."""
        with self._feed.holding(table), warnings.catch_warnings():
            # It costs a copy of the result, and saves planning the query twice, which is the larger part.
            warnings.filterwarnings("ignore", message="Arrow output on a DB-API result makes an extra copy")
            return self._connection.execute(self._execute).to_arrow_table()


class _Feed:
    """What DuckDB reads an Arrow stream from: whichever table it holds."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._table = schema.empty_table()

    @contextmanager
    def holding(self, table: pa.Table) -> Iterator[None]:
        if not table.schema.equals(self._schema):
            raise TypeError(f"The query was prepared for {self._schema}, not for {table.schema}.")
        self._table = pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH_ROWS), schema=self._schema)
        try:
            yield
        finally:
            self._table = self._schema.empty_table()

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)
