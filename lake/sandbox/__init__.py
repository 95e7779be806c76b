"""Run a function in a child process that cannot take the parent with it.

Foreign files and user queries are handled here: the child has a hard limit of memory, processor time, wall time and
open files, an empty environment and no network, and dies with its parent. DuckDB's own `memory_limit` is a courtesy,
not a bound: one `repeat('x', 2e9)` took 3.9 GB under a limit of 256 MB (spec: reliability T2, decision 2).

    from lake import sandbox
    preview = sandbox.run(intake.inspect, path, limits=sandbox.Limits.parse())

The function and its arguments go to a fresh interpreter (never a fork of a web worker with threads). What the parent
reads back is limited to data and to exceptions of our own packages, so that a child taken over by a hostile file cannot
send code. Arrow tables travel as IPC streams.

Starting costs 0.1 s, importing DuckDB and Arrow a third of a second. Where a person waits, `warm=("duckdb", "pyarrow")`
takes a child that was started ahead and has imported them; each child still answers one request and dies.
"""

from .child import report
from .crossing import SandboxError
from .limits import MB, Limits, SandboxKilled
from .parent import run

__all__ = ["MB", "Limits", "SandboxError", "SandboxKilled", "report", "run"]
