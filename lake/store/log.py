"""Reading and writing the Delta log: snapshots, our own record in each commit, and the log's integrity (F21).

The log is never cleaned up: an entry is small, and history, undo and `find` read it. A load's version is found without
a search, because its Delta application transaction (`txn`, kept in checkpoints) carries the version as its number.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from lake.store.durable import digest_in_name
from lake.store.records import Commit, DamagedLog, DataFile, UnknownVersion

RECORD = "perfmgr"  # key of our record in commitInfo
CONFIGURATION: dict[str, str | None] = {"delta.checkpointInterval": "50", "delta.enableExpiredLogCleanup": "false"}
_ENTRY = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True)
class Snapshot:
    """The table at one version. `handle` is the Delta handle that read it: commits must go through the same one."""

    handle: DeltaTable
    version: int
    files: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class Entry:
    """One log entry: our record (None for versions that only change the schema), paths added and removed."""

    version: int
    commit: Commit | None
    added: tuple[str, ...]
    removed: tuple[DataFile, ...]
    removed_at: int  # milliseconds


def exists(folder: Path) -> bool:
    """Whether there is a table, whole or damaged; a folder whose first commit never came about is none."""
    entries = folder / "_delta_log"
    return any(_ENTRY.fullmatch(entry.name) for entry in entries.glob("*.json")) or any(folder.glob("_month=*"))


def snapshot(folder: Path, version: int | None = None) -> Snapshot:
    """Open the table at a version, by default the newest. Raises DamagedLog, UnknownVersion."""
    newest = check_names(folder)
    if version is not None and version > newest:
        raise DamagedLog(entry_name(newest + 1), f"is missing, version {version} is expected", newest)
    if version is not None and version < 0:
        raise UnknownVersion(f"Table {folder.name} has no version {version}.")
    try:
        handle = DeltaTable(str(folder), version=version)
        if version is None and handle.version() != newest:
            raise DamagedLog(entry_name(newest), "cannot be read", handle.version())
        return Snapshot(handle, handle.version(), _live_files(handle))
    except DeltaError as error:
        check_entries(folder)
        raise DamagedLog(
            entry_name(newest if version is None else version), f"cannot be read: {error}", None
        ) from error


def _live_files(handle: DeltaTable) -> tuple[DataFile, ...]:
    adds = handle.get_add_actions(flatten=True)
    columns = (adds.column(name).to_pylist() for name in ("path", "size_bytes", "num_records", "partition._month"))
    files = (
        DataFile(path, digest_in_name(path), size, rows, month)
        for path, size, rows, month in zip(*columns, strict=True)
    )
    return tuple(sorted(files, key=lambda file: (file.month, file.path)))


def commit(
    read: Snapshot, record: Commit, removed: tuple[DataFile, ...], at_ms: int, marks: dict[str, int] | None = None
) -> None:
    """Append one entry right after the version that was read; raises CommitFailedError if that place is taken.

    No retry inside delta-rs: whatever was committed in between, our rows were computed without it. `marks` are further
    transaction ids, with their numbers.
    """
    partition = ["_month"]
    adds = [
        AddAction(file.path, file.size, {"_month": str(file.month)}, at_ms, True, json.dumps({"numRecords": file.rows}))
        for file in record.files
    ]
    drops = [RemoveAction(file.path, True, at_ms, file.size, {"_month": str(file.month)}) for file in removed]
    numbers = {record.load_id: record.version, **(marks or {})}
    read.handle.create_write_transaction(
        [*adds, *drops],
        "append",
        read.handle.schema(),
        partition,
        commit_properties=CommitProperties(
            custom_metadata={RECORD: record.to_json()},
            max_commit_retries=0,
            app_transactions=[Transaction(name, number) for name, number in numbers.items()],
        ),
        post_commithook_properties=PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False),
    )


def entry_name(version: int) -> str:
    return f"{version:020}.json"


def read_entry(folder: Path, version: int) -> Entry:
    """Parse one entry and compare it with our own record of what it must hold. Raises DamagedLog."""
    path = folder / "_delta_log" / entry_name(version)
    try:
        text = path.read_text()
        if not text:
            raise DamagedLog(path.name, "is empty", _before(version))
        actions = [json.loads(line) for line in text.splitlines()]
    except FileNotFoundError as error:
        raise DamagedLog(path.name, "is missing", _before(version)) from error
    except ValueError as error:
        raise DamagedLog(path.name, "is torn", _before(version)) from error
    return _entry(version, path.name, actions)


def _entry(version: int, name: str, actions: list[dict[str, Any]]) -> Entry:
    info: dict[str, Any] = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    added = tuple(action["add"]["path"] for action in actions if "add" in action)
    removes = [action["remove"] for action in actions if "remove" in action]
    record = Commit.from_json(info[RECORD]) if RECORD in info else None
    if record is not None:
        transactions = {action["txn"]["appId"] for action in actions if "txn" in action}
        if {file.path for file in record.files} != set(added) or record.load_id not in transactions:
            raise DamagedLog(name, "is torn", _before(version))
    elif not info:
        raise DamagedLog(name, "is torn", _before(version))
    removed = tuple(
        DataFile(r["path"], digest_in_name(r["path"]), r.get("size") or 0, 0, int(r["partitionValues"]["_month"]))
        for r in removes
    )
    return Entry(version, record, added, removed, max((r["deletionTimestamp"] for r in removes), default=0))


def _before(version: int) -> int | None:
    return version - 1 if version else None


def check_names(folder: Path) -> int:
    """The newest version, after checking that no entry is missing or empty. Raises DamagedLog; cheap."""
    log = folder / "_delta_log"
    if not log.is_dir():
        raise DamagedLog(entry_name(0), "is missing", None)
    found = {int(match[1]): entry for entry in log.iterdir() if (match := _ENTRY.fullmatch(entry.name))}
    newest = max(found, default=-1)
    for version in range(max(newest, 0) + 1):
        if version not in found:
            raise DamagedLog(entry_name(version), "is missing", _before(version))
        if found[version].stat().st_size == 0:
            raise DamagedLog(entry_name(version), "is empty", _before(version))
    return newest


def check_entries(folder: Path) -> tuple[Entry, ...]:
    """Parse the whole log, oldest first; raises DamagedLog at the first entry that is not whole."""
    return tuple(read_entry(folder, version) for version in range(check_names(folder) + 1))


__all__ = [
    "CONFIGURATION",
    "CommitFailedError",
    "Entry",
    "Snapshot",
    "check_entries",
    "check_names",
    "commit",
    "entry_name",
    "exists",
    "read_entry",
    "snapshot",
]
