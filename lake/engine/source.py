"""Where rows come from: Parquet files of the fact store or an Arrow table, behind a locked connection."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import pyarrow as pa

from lake import sandbox

Source: TypeAlias = Sequence[str] | pa.Table


@dataclass(frozen=True, slots=True)
class Settings:
    """Resources of one computation. They are a courtesy: hard limits are those of `lake.sandbox`."""

    threads: int = 2
    memory_limit: str = "1GB"


DEFAULT = Settings()


def limits(source: Source, *, memory_bytes: int = 3 * 1024**3, seconds: float = 1_800) -> sandbox.Limits:
    """Limits for `sandbox.run(compute, source, ...)`: DuckDB opens all files of a source at once."""
    files = 0 if isinstance(source, pa.Table) else len(source)
    return sandbox.Limits(memory_bytes, cpu_seconds=2 * seconds, wall_seconds=seconds, open_files=files + 128)


@contextmanager
def connect(source: Source, settings: Settings = DEFAULT) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose `facts` are the source's rows and which, with its cursors, can read nothing else.

    Files are opened by name, never by pattern: a folder may hold files that the table's version does not name.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": settings.threads,
            "memory_limit": settings.memory_limit,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            "python_enable_replacements": False,
            "max_temp_directory_size": "0KB",
        },
    )
    try:
        connection.execute("SET enable_progress_bar = false")  # a log is no place for it
        if isinstance(source, pa.Table):
            connection.register("arriving", source)
            connection.execute("CREATE TABLE facts AS SELECT * FROM arriving")  # a cursor sees no registered table
            connection.unregister("arriving")
        else:
            connection.execute("SET parquet_metadata_cache = true")  # each scan would read every footer again
            _view_files(connection, list(source))
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def _view_files(connection: duckdb.DuckDBPyConnection, files: list[str]) -> None:
    if not files:
        raise ValueError("a source needs at least one file; a dataset without rows has nothing to compute")
    if pattern := next((name for name in files if set("*?[") & set(name)), None):
        raise ValueError(f"a source is a list of files, not a pattern: {pattern}")
    listed = ", ".join(literal(name) for name in files)
    connection.execute(f"SET allowed_paths = [{listed}]")
    connection.execute(
        f"CREATE VIEW facts AS SELECT * FROM read_parquet([{listed}], hive_partitioning = true, "
        "hive_types = {'_month': INTEGER}, union_by_name = true)"
    )


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
