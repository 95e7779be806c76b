"""Our own queries over data files. Knows no Django: the child imports only this.

`fetch` runs in a limited child process, for whoever waits for a page; `fetch_here` in a worker, for summaries of a few
columns. The files are the only ones that DuckDB may open. What people write goes through `lake.query` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lake import sandbox

INTERACTIVE = sandbox.Limits.interactive()


class ScanFailed(Exception):
    """A query over the files could not be finished; the text says why in plain words."""


def rows_in(file: Path | str) -> str:
    """SQL of the rows of a Parquet file, wherever it lies."""
    quoted = str(file).replace("'", "''")
    return f"read_parquet('{quoted}')"


def fetch(sql: str, files: Sequence[Path], *, limits: sandbox.Limits = INTERACTIVE) -> list[dict[str, Any]]:
    """The rows that `sql` (of our making) gives over `files`. Raises ScanFailed."""
    return fetch_table(sql, files, limits=limits).to_pylist()  # type: ignore[no-any-return]


def fetch_table(sql: str, files: Sequence[Path | str], *, limits: sandbox.Limits = INTERACTIVE) -> Any:
    """As `fetch`, an Arrow table."""
    import duckdb

    try:
        return sandbox.run(select, sql, [str(file) for file in files], limits=limits)
    except (duckdb.ConversionException, duckdb.OutOfRangeException) as fault:
        from lake.formula.faults import told

        raise ScanFailed(told(fault)) from fault
    except (sandbox.SandboxKilled, sandbox.SandboxError, duckdb.Error) as fault:
        raise ScanFailed(str(fault).split("\n", 1)[0]) from fault


def fetch_here(sql: str, files: Sequence[Path]) -> list[dict[str, Any]]:
    """As `fetch`, in this process. For workers only."""
    return select(sql, [str(file) for file in files]).to_pylist()  # type: ignore[no-any-return]


def select(sql: str, files: Sequence[str]) -> Any:
    """An Arrow table of the answer."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "768MB"}) as connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false; set temp_directory = ''")
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        connection.execute(f"set allowed_paths = [{listed}]")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        return connection.sql(sql).to_arrow_table()
