"""Taking a load back: its rows leave, and the records which it had replaced come back as they were before.

A record that a later load replaced stays as that load left it. A record comes back from the newest version whose load
still stands: if the version before belongs to a load that was itself taken back, the search goes on behind that one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from lake.store import rewrite
from lake.store.closed import Closed, changed
from lake.store.log import Entry, Snapshot
from lake.store.records import Commit, DataFile, UnknownVersion
from lake.store.rewrite import Change
from lake.store.schema import DAY_SUFFIX, KEY, LOAD, MONTH, ROW, columns_of, empty, identifier, literal


def take_back(
    read: Snapshot,
    folder: Path,
    load: Commit,
    entries: Sequence[Entry],
    stands: Callable[[str], bool],
    staging: Path,
    closed: Closed | None = None,
    *,
    dry_run: bool = False,
) -> Change:
    """Rows of `load` leave, what they replaced returns. `entries` is the whole log, `stands` tells what counts.

    Raises ClosedRows if that would change a closed day that `closed` does not restate. dry_run: write no file.
    """
    columns = columns_of(read.handle)
    days = tuple(name for name in columns if name.endswith(DAY_SUFFIX))
    mine = f"t.{LOAD} = {literal(load.load_id)}"
    with rewrite.connect(staging) as connection:
        hit = rewrite.files_with(connection, read.files, folder, f"where {mine}")
        live = rewrite.relation([folder / file.path for file in hit], columns)
        connection.execute(f"create table leaving as select t.* from ({live}) t where {mine}")
        connection.execute(f"create table restored as {empty(columns)}")
        _restore(connection, folder, load, entries, stands, columns)
        restated = _restated(connection, closed, load, columns, hit)
        if dry_run:
            return Change(restated=restated)
        staged = rewrite.write(connection, folder, hit, f"where not ({mine})", "restored", staging)
        sources = ["leaving", "restored"]
        counts = [connection.execute(f"select count(*) from {source}").fetchall()[0][0] for source in sources]
        return Change(
            staged=staged,
            removed=hit,
            months=rewrite.months_of(connection, sources),
            touched_months=rewrite.touched_months_of(connection, sources, days),
            leaving=counts[0],
            restored=counts[1],
            restated=restated,
        )


def _restated(
    connection: duckdb.DuckDBPyConnection,
    closed: Closed | None,
    load: Commit,
    columns: dict[str, str],
    hit: Sequence[DataFile],
) -> int:
    """How many records of closed days change between `leaving` and `restored`. Raises ClosedRows."""
    if closed is not None and closed.column + DAY_SUFFIX not in columns:
        return 0
    made = {LOAD, ROW, MONTH, KEY}
    values = [name for name in columns if name not in made and not name.endswith(DAY_SUFFIX)]
    return changed(
        connection,
        closed,
        coming="restored",
        leaving="leaving",
        key=load.key,
        values=values,
        hit=hit,
        numbered="leaving",
    )


def _restore(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    load: Commit,
    entries: Sequence[Entry],
    stands: Callable[[str], bool],
    columns: dict[str, str],
) -> None:
    """Fill `restored`. `wanted` holds the keys still looked for, each with the load before which to look."""
    if not load.key:  # rows that were appended replaced nothing
        return
    names = ", ".join(identifier(name) for name in load.key)
    connection.execute(f"create table wanted as select distinct {names} from leaving")
    behind, number = [(load.version, "wanted")], itertools.count()
    while behind:
        version, keys = behind.pop()
        old = _rows_replaced(folder, entries[version], keys, load.key, columns)
        connection.execute(f"create or replace table candidates as {old}")
        found = connection.execute(f"select distinct {LOAD} from candidates").fetchall()
        for (load_id,) in found:
            of_load = f"from candidates where {LOAD} = {literal(load_id)}"
            earlier = _version_of(entries, load_id, version)
            if stands(load_id):
                connection.execute(f"insert into restored by name {of_load}")
            elif earlier is not None:
                table = f"wanted_{next(number)}"
                connection.execute(f"create table {table} as select {names} {of_load}")
                behind.append((earlier, table))


def _rows_replaced(folder: Path, entry: Entry, keys: str, key: tuple[str, ...], columns: dict[str, str]) -> str:
    """SQL of the rows with these keys in the files that a version removed."""
    paths = [folder / file.path for file in entry.removed]
    for path in paths:
        if not path.exists():
            raise UnknownVersion(f"{path.name} of version {entry.version - 1} is past retention: it cannot be undone.")
    return f"select t.* from ({rewrite.relation(paths, columns)}) t semi join {keys} on {rewrite.same(key, keys)}"


def _version_of(entries: Sequence[Entry], load_id: str, before: int) -> int | None:
    """The newest version before `before` that is of this load."""
    for entry in reversed(entries[:before]):
        if entry.commit is not None and entry.commit.load_id == load_id:
            return entry.version
    return None
