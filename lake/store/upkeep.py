"""Keeping a table healthy: verification, reconciliation with the database, and what may be deleted."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lake.store import log
from lake.store.durable import STAGING, sha256_of, sync
from lake.store.records import Commit, DamagedFile, DamagedLog, DataFile, Reconciliation


def verify(folder: Path, files: Iterable[DataFile], history: Callable[[], Sequence[Commit]]) -> int:
    """Hash each file again; raises DamagedFile at the first that is missing or not what was committed."""
    count = 0
    for file in files:
        path = folder / file.path
        fault = "is missing" if not path.exists() else "" if sha256_of(path) == file.sha256 else "is damaged"
        if fault:
            raise DamagedFile(file, fault, _loads_in(file, history()), (file.month,))
        count += 1
    return count


def _loads_in(file: DataFile, history: Sequence[Commit]) -> tuple[str, ...]:
    """The loads whose rows the file may hold: those that touched its month up to the version that wrote it."""
    written = next((commit.version for commit in history if any(f.path == file.path for f in commit.files)), None)
    return tuple(
        commit.load_id
        for commit in history
        if commit.operation == "load" and file.month in commit.months and (written is None or commit.version <= written)
    )


def set_aside_torn_entry(folder: Path, newest_known: int) -> Path | None:
    """Take the newest entry out of the log if it is damaged and newer than all that the database knows."""
    try:
        log.check_entries(folder)
    except DamagedLog as damage:
        entry = folder / "_delta_log" / damage.entry
        newest = max(path.name for path in entry.parent.glob("*.json"))
        if damage.last_good is None or damage.last_good < newest_known or damage.entry != newest:
            raise
        aside = entry.with_name(entry.name + ".torn")
        entry.rename(aside)
        sync(entry.parent)
        return aside
    return None


def reconcile(history: Sequence[Commit], known: set[int]) -> Reconciliation:
    newest_known = max(known, default=-1)
    unknown = tuple(commit for commit in history if commit.version not in known)
    return Reconciliation(
        adopt=tuple(commit for commit in unknown if commit.version > newest_known),
        missing=tuple(sorted(known - {commit.version for commit in history})),
        hidden=tuple(commit for commit in unknown if commit.version < newest_known),
    )


def scattered_months(files: Sequence[DataFile], more_than: int) -> tuple[int, ...]:
    counts = Counter(file.month for file in files)
    return tuple(sorted(month for month, count in counts.items() if count > more_than))


def orphans(folder: Path) -> tuple[Path, ...]:
    """Data files that no log entry names, staging folders, and log entries that were never finished."""
    named = {folder / path for entry in log.check_entries(folder) for path in entry.added}
    data = {path for path in folder.glob("_month=*/*") if path.is_file()}
    return tuple(sorted((data - named) | set(folder.glob(f"{STAGING}*")) | _unfinished_entries(folder)))


def _unfinished_entries(folder: Path) -> set[Path]:
    """What delta-rs leaves when it dies between writing an entry and giving it its name."""
    entries = folder / "_delta_log"
    return set(entries.glob("*#*")) | set(entries.glob("*.tmp"))


def remove_unfinished_entries(folder: Path) -> None:
    remove(_unfinished_entries(folder))


def remove(paths: Iterable[Path]) -> int:
    count = 0
    for path in paths:
        count += 1
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return count


def vacuum(folder: Path, removed_before_ms: int, undoable: set[str], readable: Sequence[int]) -> int:
    """Delete data files that left the table before a time, except those of readable versions and for undo."""
    entries = log.check_entries(folder)
    newest = log.snapshot(folder)
    needed = {file.path for version in readable for file in log.snapshot(folder, version).files}
    needed |= {file.path for file in newest.files}
    undone = {entry.commit.undone_load for entry in entries if entry.commit is not None}
    for entry in entries:  # a record may have to come back from behind a load that was itself taken back
        if entry.commit is not None and entry.commit.load_id in undoable | undone:
            needed |= {file.path for file in entry.removed}
            if entry.commit.operation == "load" and (entry.commit.removed or entry.commit.kept):  # both sides tell what
                needed |= set(entry.added)
    dead = {file.path for entry in entries if entry.removed_at < removed_before_ms for file in entry.removed} - needed
    return remove(path for path in (folder / name for name in sorted(dead)) if path.exists())
