"""Taking a load back: its rows leave, and the records which it had replaced come back as they were before.

A record that a later load replaced stays as that load left it. A record comes back from the newest version whose load
still stands: if the version before belongs to a load that was itself taken back, the search goes on behind that one.
What a complete load removed comes back in the same way. A record of which a later load says, by holding all records of
its days, that it is not there does not come back: that load must be taken back first. So must a later load that lacked
a column and kept there what the load had brought: its values would stay behind.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from lake.store import rewrite
from lake.store.closed import Closed, changed
from lake.store.complete import within
from lake.store.log import Entry, Snapshot
from lake.store.records import Commit, DataFile, LaterComplete, LaterKept, UnknownVersion
from lake.store.rewrite import Change
from lake.store.schema import DAY_SUFFIX, KEY, LOAD, MONTH, ROW, columns_of, empty, identifier, literal, same


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

    Raises ClosedRows if that would change a closed day that `closed` does not restate, LaterComplete, LaterKept.
    dry_run: write no file.
    """
    columns = columns_of(read.handle)
    days = tuple(name for name in columns if name.endswith(DAY_SUFFIX))
    mine = f"t.{LOAD} = {literal(load.load_id)}"
    with rewrite.connect(staging) as connection:
        _check_not_kept(connection, folder, load, entries, stands, columns)
        hit = rewrite.files_with(connection, read.files, folder, f"where {mine}")
        live = rewrite.relation([folder / file.path for file in hit], columns)
        connection.execute(f"create table leaving as select t.* from ({live}) t where {mine}")
        connection.execute(f"create table restored as {empty(columns)}")
        _restore(connection, read, folder, load, entries, stands, columns)
        _check_not_spoken_for(connection, load.load_id, entries, stands)
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
    read: Snapshot,
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
    if load.removed:
        live = rewrite.relation([folder / file.path for file in read.files], columns)
        _want_removed(connection, folder, entries[load.version], live, columns)
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
        behind += _removed_before(connection, folder, entries[:version], keys, load.key, stands, columns)


def _rows_replaced(folder: Path, entry: Entry, keys: str, key: tuple[str, ...], columns: dict[str, str]) -> str:
    """SQL of the rows with these keys in the files that a version removed."""
    paths = [folder / file.path for file in entry.removed]
    for path in paths:
        if not path.exists():
            raise UnknownVersion(f"{path.name} of version {entry.version - 1} is past retention: it cannot be undone.")
    return f"select t.* from ({rewrite.relation(paths, columns)}) t semi join {keys} on {same(key, keys)}"


def _version_of(entries: Sequence[Entry], load_id: str, before: int) -> int | None:
    """The newest version before `before` that is of this load."""
    for entry in reversed(entries[:before]):
        if entry.commit is not None and entry.commit.load_id == load_id:
            return entry.version
    return None


def _removed_by(folder: Path, entry: Entry, columns: dict[str, str], key: tuple[str, ...]) -> str:
    """SQL of the rows that left with a complete load, as they were: their keys are of the files that its version took
    away, and of none that it brought. Raises UnknownVersion."""
    before = _present(folder, [file.path for file in entry.removed], entry, columns)
    after = _present(folder, entry.added, entry, columns)
    return f"select t.* from ({before}) t anti join ({after}) a on {same(key, 'a')}"


def _want_removed(
    connection: duckdb.DuckDBPyConnection, folder: Path, entry: Entry, live: str, columns: dict[str, str]
) -> None:
    """Add to `wanted` the keys that a complete load removed, except what came again since."""
    assert entry.commit is not None
    key = entry.commit.key
    names = ", ".join(f"t.{identifier(name)}" for name in key)
    gone = _removed_by(folder, entry, columns, key)
    connection.execute(f"insert into wanted select {names} from ({gone}) t anti join ({live}) l on {same(key, 'l')}")


def _removed_before(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    entries: Sequence[Entry],
    keys: str,
    key: tuple[str, ...],
    stands: Callable[[str], bool],
    columns: dict[str, str],
) -> list[tuple[int, str]]:
    """Where to look on for keys of the table `keys` that are not in `candidates`: (version, table of keys).

    They were not there because the last complete load that had removed them was taken back only later. `entries` are
    those before. A complete load that stands keeps them away.
    """
    found: list[tuple[int, str]] = []
    loads = [entry for entry in entries if entry.commit and entry.commit.operation == "load" and entry.commit.removed]
    undone = [entry.version for entry in loads if entry.commit and not stands(entry.commit.load_id)]
    if not undone:
        return found
    missing = f"{keys}_missing"
    connection.execute(
        f"create table {missing} as select t.* from {keys} t anti join candidates on {same(key, 'candidates')}"
    )
    for entry in reversed([one for one in loads if one.version >= undone[0]]):
        table = f"{keys}_of_{entry.version}"
        gone = _removed_by(folder, entry, columns, key)
        connection.execute(
            f"create table {table} as select t.* from {missing} t semi join ({gone}) g on {same(key, 'g')}"
        )
        connection.execute(
            f"create or replace table {missing} as select t.* from {missing} t anti join {table} on {same(key, table)}"
        )
        if entry.version in undone:
            found.append((entry.version, table))
    return found


def _check_not_kept(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    load: Commit,
    entries: Sequence[Entry],
    stands: Callable[[str], bool],
    columns: dict[str, str],
) -> None:
    """No standing later load lacked a column and holds there what `load` brought, or nothing since `load` had removed
    the record; be it by way of loads that were taken back since. Raises LaterKept, UnknownVersion.
    """
    later = [entry for entry in entries[load.version + 1 :] if entry.commit and entry.commit.kept]
    names = ", ".join(f"t.{identifier(name)}" for name in load.key)
    gone = _removed_by(folder, entries[load.version], columns, load.key) if load.removed and later else empty(columns)
    for column in sorted({name for entry in later if entry.commit for name in entry.commit.kept}):
        brought = "false" if column in load.kept else f"o.{LOAD} = {literal(load.load_id)}"
        connection.execute(f"create or replace table held as select {names}, t.{LOAD} from ({empty(columns)}) t")
        for entry in later:
            if entry.commit is None or column not in entry.commit.kept:
                continue
            before = _present(folder, [file.path for file in entry.removed], entry, columns)
            rows = f"select t.* from ({_present(folder, entry.added, entry, columns)}) t"
            rows += f" where t.{LOAD} = {literal(entry.commit.load_id)}"
            passed_on = f"select 1 from held h where h.{LOAD} = o.{LOAD} and {same(load.key, 'h')}"
            count = connection.execute(
                f"insert into held select {names}, t.{LOAD} from ({rows}) t join ({before}) o on {same(load.key, 'o')} "
                f"where ({brought} or exists ({passed_on})) "
                f"and t.{identifier(column)} is not distinct from o.{identifier(column)} union all "
                f"select {names}, t.{LOAD} from ({rows}) t semi join ({gone}) g on {same(load.key, 'g')} "
                f"anti join ({before}) o on {same(load.key, 'o')}"
            ).fetchall()[0][0]
            if count and stands(entry.commit.load_id):
                raise LaterKept(entry.commit.load_id, (column,), int(count))


def _present(folder: Path, names: Sequence[str], entry: Entry, columns: dict[str, str]) -> str:
    """SQL of the rows of these files. Raises UnknownVersion."""
    paths = [folder / name for name in names]
    if not all(path.exists() for path in paths):
        raise UnknownVersion(f"A file of version {entry.version} is past retention: it cannot be undone.")
    return rewrite.relation(paths, columns)


def _check_not_spoken_for(
    connection: duckdb.DuckDBPyConnection, load_id: str, entries: Sequence[Entry], stands: Callable[[str], bool]
) -> None:
    """No row of `restored` lies in days of which a standing load later than its own held all records.

    Raises LaterComplete. `load_id`: the load that is being taken back.
    """
    of_load = {entry.commit.load_id: entry.version for entry in entries if entry.commit}
    speaking = [e.commit for e in entries if e.commit and e.commit.complete and e.commit.load_id != load_id]
    for commit in reversed([one for one in speaking if stands(one.load_id)]):
        assert commit.complete is not None
        later = [other for other, version in of_load.items() if version >= commit.version]
        listed = ", ".join(literal(other) for other in later)
        found = connection.execute(
            f"select count(*) from restored where {within(commit.complete)} and {LOAD} not in ({listed})"
        ).fetchall()
        if found[0][0]:
            raise LaterComplete(commit.load_id, commit.complete, int(found[0][0]))
