"""Our own queries over data files, run in a limited child process. Knows no Django: the child imports only this.

The files are the only ones that the child's DuckDB may open. What people write goes through `lake.query` instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lake import sandbox

INTERACTIVE = sandbox.Limits.interactive()
BACKGROUND = sandbox.Limits(memory_bytes=2048 * sandbox.MB, cpu_seconds=300, wall_seconds=600)


class ScanFailed(Exception):
    """A query over the files could not be finished; the text says why in plain words."""


def fetch(sql: str, files: Sequence[Path], *, limits: sandbox.Limits = INTERACTIVE) -> list[dict[str, Any]]:
    """The rows that `sql` (of our making) gives over `files`. Raises ScanFailed."""
    try:
        table = sandbox.run(select, sql, [str(file) for file in files], limits=limits)
    except (sandbox.SandboxKilled, sandbox.SandboxError) as fault:
        raise ScanFailed(str(fault)) from fault
    return table.to_pylist()


def select(sql: str, files: Sequence[str]) -> Any:
    """In the child: an Arrow table of the answer."""
    import duckdb

    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "768MB"}) as connection:
        connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false; set temp_directory = ''")
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        connection.execute(f"set allowed_paths = [{listed}]")
        connection.execute("set enable_external_access = false; set lock_configuration = true")
        return connection.execute(sql).to_arrow_table()
