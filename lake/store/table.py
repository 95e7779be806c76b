"""The fact store's door: tables of facts, committed load by load, each load one version that can be taken back.

    table = FactStore(root).table("incidents")
    commit = table.commit(load_id, accepted, contract)     # the same load_id again: the same Commit, nothing written
    table.files(commit.version, months=[202501])           # what a query reads
    table.undo(load_id, "undo-17")

The order of a commit: new files are written aside, hashed, synced and named; then one log entry makes them the table;
then the entry is synced. A process that dies before the entry has changed nothing, one that dies after it has
committed: `find(load_id)` tells which. Readers pass the version that the database names.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import duckdb
from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError

from lake.contract import Contract
from lake.store import durable, incoming, log, rewrite, undo, upkeep
from lake.store.closed import Closed
from lake.store.log import Snapshot
from lake.store.records import (
    Commit,
    Complete,
    Conflict,
    DataFile,
    Kept,
    Operation,
    Reconciliation,
    StoreError,
    UnknownLoad,
    UnknownVersion,
)
from lake.store.rewrite import Change
from lake.store.schema import MONTH, columns_of, delta_schema, missing_fields, stored_columns

Mode = Literal["upsert", "append", "replace"]
ATTEMPTS = 5
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")


class FactStore:
    """All tables below one folder of a local file system with hard links."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def table(self, name: str) -> FactTable:
        """The table of a dataset; it comes into being with its first commit. Names are lower case, digits, - and _."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no table name: use lower case letters, digits, - and _.")
        return FactTable(self.root / name)

    def tables(self) -> tuple[str, ...]:
        if not self.root.is_dir():
            return ()
        return tuple(sorted(entry.name for entry in self.root.iterdir() if log.exists(entry)))


class FactTable:
    """One Delta table. Methods that write take its lock; each may raise Conflict, StoreFull, DamagedLog."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def exists(self) -> bool:
        return log.exists(self.folder)

    @property
    def version(self) -> int | None:
        """The newest version in the lake, None before the first commit."""
        return log.check_names(self.folder) if self.exists else None

    # --- writing ------------------------------------------------------------------------------------------------------

    def commit(
        self,
        load_id: str,
        accepted: Path | Sequence[Path],
        contract: Contract,
        *,
        mode: Mode = "upsert",
        closed: Closed | None = None,
        complete: Complete | None = None,
        kept: Kept | None = None,
    ) -> Commit:
        """Store the accepted rows of a load as one version.

        mode: "upsert" lets a row replace the stored record with its key, "append" adds rows and looks at no key,
        "replace" makes these rows the whole table.

        accepted: Parquet with the contract's columns (missing ones are null), `_row`, and optionally `<column>__day`,
        `_month` is always derived. Without a key in the contract `_key` (content and occurrence) is the key.
        closed: days whose rows the load may not change; not for "replace". complete: days of which it holds all
        records; for "upsert". kept: where the rows hold values of stored records: Conflict if these are not the stored
        ones any more. A load that is in the lake already gives its earlier Commit and writes nothing.
        Raises DuplicateKey, SchemaConflict, ClosedRows, TooManyLeave.
        """
        key = () if mode == "append" else incoming.key_of(contract)
        paths = [accepted] if isinstance(accepted, Path) else list(accepted)
        self._create(contract)

        def change(read: Snapshot, staging: Path) -> Change:
            if mode == "replace":
                return rewrite.replace(read, self.folder, load_id, paths, contract, staging)
            if kept and kept.version is not None and log.snapshot(self.folder, kept.version).files != read.files:
                raise Conflict(f"Table {self.folder.name} is no longer at version {kept.version}. Try again.")
            made = rewrite.load(read, self.folder, load_id, paths, contract, key, staging, closed, complete)
            return replace(made, kept=kept.columns) if kept else made

        with durable.sole_writer(self.folder):
            return self._write(load_id, "load", change, key, contract=contract)

    def undo(self, load_id: str, undo_id: str, *, closed: Closed | None = None) -> Commit:
        """Take a load back in one version: its rows leave, records it had replaced return unless replaced since.

        closed: days whose rows the undo may not change. Raises UnknownLoad if the load is not in effect,
        UnknownVersion if the replaced records are past retention, ClosedRows, LaterComplete, LaterKept.
        """
        with durable.sole_writer(self.folder):
            done = self.find(undo_id)
            if done is not None:
                return done
            load = self._in_effect(load_id)

            def change(read: Snapshot, staging: Path) -> Change:
                return self._taking_back(load, read, staging, closed)

            return self._write(undo_id, "undo", change, load.key, undone=load_id)

    def check_undo(self, load_id: str, closed: Closed) -> None:
        """Whether `undo` would change closed days, with nothing written. Raises as `undo` does."""
        load, read = self._in_effect(load_id), log.snapshot(self.folder)
        with tempfile.TemporaryDirectory() as aside:
            self._taking_back(load, read, Path(aside), closed, dry_run=True)

    def _in_effect(self, load_id: str) -> Commit:
        load = self.find(load_id)
        if load is None or load.operation != "load":
            raise UnknownLoad(f"Table {self.folder.name} has no load {load_id} in effect; nothing to take back.")
        return load

    def _taking_back(
        self, load: Commit, read: Snapshot, staging: Path, closed: Closed | None, *, dry_run: bool = False
    ) -> Change:
        entries = log.check_entries(self.folder)[: read.version + 1]
        return undo.take_back(
            read, self.folder, load, entries, lambda other: stands(read, other), staging, closed, dry_run=dry_run
        )

    def compact(self, compact_id: str, *, sort_by: Sequence[str] = (), more_than_files: int = 1) -> Commit | None:
        """Write the months that have more than so many files as one sorted file each; None if there are none."""
        with durable.sole_writer(self.folder):
            read = log.snapshot(self.folder)
            months = upkeep.scattered_months(read.files, more_than_files)
            if not months:
                return find(read, self.folder, compact_id)

            def change(read: Snapshot, staging: Path) -> Change:
                return rewrite.compact(read, self.folder, months, sort_by, staging)

            return self._write(compact_id, "compact", change, ())

    def _create(self, contract: Contract) -> None:
        """Make the empty table (version 0) if there is none."""
        if self.exists:
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with durable.sole_writer(self.folder):
            if self.exists:
                return
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with durable.disk_errors(self.folder):
                DeltaTable.create(
                    str(self.folder),
                    schema=delta_schema(stored_columns(contract)),
                    partition_by=[MONTH],
                    configuration=log.CONFIGURATION,
                )
            durable.sync_log(self.folder, 0)

    def _write(
        self,
        write_id: str,
        operation: Operation,
        change: Callable[[Snapshot, Path], Change],
        key: tuple[str, ...],
        *,
        contract: Contract | None = None,
        undone: str = "",
    ) -> Commit:
        """Compute a change from the newest version and commit it right after; start over if somebody came between."""
        for _ in range(ATTEMPTS):
            if contract is not None:
                self._grow(contract)
            read = log.snapshot(self.folder)
            done = find(read, self.folder, write_id)
            if done is not None:
                durable.sync_log(self.folder, done.version)  # its writer may have died before this
                return done
            try:
                return self._attempt(read, write_id, operation, change, key, undone)
            except CommitFailedError:
                continue
        raise Conflict(f"Table {self.folder.name} was changed by others {ATTEMPTS} times meanwhile. Try again.")

    def _attempt(
        self,
        read: Snapshot,
        write_id: str,
        operation: Operation,
        change: Callable[[Snapshot, Path], Change],
        key: tuple[str, ...],
        undone: str,
    ) -> Commit:
        placed: list[DataFile] = []
        try:
            with durable.disk_errors(self.folder), durable.staging(self.folder) as staging:
                made = change(read, staging)
                for staged in made.staged:  # one by one: what was placed is removed if a later one fails
                    placed += [durable.place(staged.path, self.folder, staged.month, staged.rows)]
                durable.sync_folders(self.folder, tuple(placed))
                now = int(staging.stat().st_mtime * 1000)
                record = _record(read, write_id, operation, made, tuple(placed), key, undone)
                durable.failpoint("before_lake_commit")
                marks = {_undone(undone): record.version} if undone else {}
                log.commit(read, record, made.removed, now, marks)
                durable.failpoint("after_lake_commit")
        except (CommitFailedError, StoreError, duckdb.Error, OSError, DeltaError):
            # A commit whose outcome is unknown (a checkpoint after it may have failed) is looked up, not assumed.
            done = find(log.snapshot(self.folder), self.folder, write_id)
            if done is None:
                for file in placed:
                    (self.folder / file.path).unlink(missing_ok=True)
                upkeep.remove_unfinished_entries(self.folder)
                raise
            record = done
        durable.sync_log(self.folder, record.version)
        return record

    def _grow(self, contract: Contract) -> None:
        """Add the columns that the contract has and the table lacks, in a version of its own; old rows are null."""
        handle = log.snapshot(self.folder).handle
        fields = missing_fields(handle, stored_columns(contract))
        if fields:
            with durable.disk_errors(self.folder):
                handle.alter.add_columns(fields, commit_properties=CommitProperties(max_commit_retries=0))
            durable.sync_log(self.folder, log.check_names(self.folder))

    # --- reading ------------------------------------------------------------------------------------------------------

    def find(self, write_id: str) -> Commit | None:
        """The commit of this load, undo or compaction if it is in the lake; None for a load that was taken back."""
        return find(log.snapshot(self.folder), self.folder, write_id) if self.exists else None

    def data_files(self, version: int | None = None, months: Iterable[int] | None = None) -> tuple[DataFile, ...]:
        """The files that are the table at a version (the newest by default), of all or some months.

        Raises UnknownVersion if files of that version are past retention, DamagedLog if the log lacks it.
        """
        if not self.exists:
            return ()
        wanted = None if months is None else set(months)
        files = log.snapshot(self.folder, version).files
        chosen = tuple(file for file in files if wanted is None or file.month in wanted)
        gone = next((file for file in chosen if not (self.folder / file.path).exists()), None)
        if gone is not None and version is not None and version != self.version:
            raise UnknownVersion(f"Version {version} of table {self.folder.name} is past retention.")
        return chosen

    def files(self, version: int | None = None, months: Iterable[int] | None = None) -> tuple[Path, ...]:
        """The paths of `data_files`."""
        return tuple(self.folder / file.path for file in self.data_files(version, months))

    def columns(self, version: int | None = None) -> dict[str, str]:
        """Name and DuckDB type of the stored columns at a version."""
        return columns_of(log.snapshot(self.folder, version).handle)

    def relation(self, version: int | None = None, months: Iterable[int] | None = None) -> str:
        """SQL (DuckDB) of the rows of a version: reads exactly its files, columns that older files lack are null."""
        return rewrite.relation(self.files(version, months), self.columns(version))

    def history(self) -> tuple[Commit, ...]:
        """All loads, undos and compactions, oldest first."""
        if not self.exists:
            return ()
        return tuple(entry.commit for entry in log.check_entries(self.folder) if entry.commit is not None)

    # --- trust --------------------------------------------------------------------------------------------------------

    def verify(self, files: Iterable[DataFile] | None = None) -> int:
        """Hash files again (by default all of the newest version); returns how many. Raises DamagedFile."""
        return upkeep.verify(self.folder, self.data_files() if files is None else files, self.history)

    def check_log(self) -> int | None:
        """Parse the whole log; returns the newest version. Raises DamagedLog, which names the last good one."""
        return log.check_entries(self.folder)[-1].version if self.exists else None

    def set_aside_torn_entry(self, newest_known: int) -> Path | None:
        """Rename the newest log entry if it is torn and the database does not know it; returns its new path.

        A power loss between writing and syncing an entry leaves that: the load was never acknowledged. Any other
        damage raises DamagedLog.
        """
        with durable.sole_writer(self.folder):
            return upkeep.set_aside_torn_entry(self.folder, newest_known)

    def reconcile(self, known_versions: Iterable[int]) -> Reconciliation:
        """Compare with the versions that the database knows; see Reconciliation."""
        return upkeep.reconcile(self.history(), set(known_versions))

    def orphans(self) -> tuple[Path, ...]:
        """Files of the folder that no version ever named: what killed writers left behind."""
        return upkeep.orphans(self.folder) if self.exists else ()

    def remove_orphans(self) -> int:
        """Delete the orphans; no writer can be at work meanwhile. Returns how many."""
        with durable.sole_writer(self.folder):
            return upkeep.remove(self.orphans())

    def vacuum(self, removed_before_ms: int, *, undoable: Iterable[str] = (), readable: Iterable[int] = ()) -> int:
        """Delete files that left the table before that time (ms since 1970), but none that is still needed.

        undoable: loads that may still be taken back; readable: versions that may still be read. Returns how many.
        """
        with durable.sole_writer(self.folder):
            return upkeep.vacuum(self.folder, removed_before_ms, set(undoable), tuple(readable))


def find(read: Snapshot, folder: Path, write_id: str) -> Commit | None:
    """Look a load, undo or compaction up on the handle that a commit goes through."""
    return log.read_entry(folder, _number(read, write_id)).commit if stands(read, write_id) else None


def stands(read: Snapshot, write_id: str) -> bool:
    """Whether it is in the lake and was not taken back since."""
    return _number(read, write_id) > _number(read, _undone(write_id))


def _number(read: Snapshot, name: str) -> int:
    number = read.handle.transaction_version(name)
    return -1 if number is None else number


def _undone(load_id: str) -> str:
    return f"undone:{load_id}"


def _record(
    read: Snapshot,
    write_id: str,
    operation: Operation,
    change: Change,
    files: tuple[DataFile, ...],
    key: tuple[str, ...],
    undone: str,
) -> Commit:
    return Commit(
        version=read.version + 1,
        previous_version=read.version,
        load_id=write_id,
        operation=operation,
        files=files,
        rows=read.rows - sum(file.rows for file in change.removed) + sum(file.rows for file in files),
        accepted=change.accepted,
        replaced=change.replaced,
        unchanged=change.unchanged,
        removed=change.leaving,
        restored=change.restored,
        restated=change.restated,
        complete=change.complete,
        kept=change.kept,
        undone_load=undone,
        key=key,
        months=change.months,
        touched_months=change.touched_months,
    )


__all__ = ["FactStore", "FactTable", "find", "stands"]
