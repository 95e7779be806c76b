"""Files that survive a power loss and tell when they were damaged; failpoints that let tests die at the worst moment.

delta-rs commits by rename and hard link but syncs nothing to disk, and Parquet readers return wrong sums for 41 of 60
flipped bits (spec: reliability T6, T8). Hence: data files are synced before the commit that names them, the log entry
and the folders after it, and every data file carries its SHA-256 in its name, so that a lake alone can be verified.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
from deltalake.exceptions import DeltaError

from lake.store.records import Conflict, DataFile, StoreFull

STAGING = ".staging-"
LOCK_SECONDS = 60.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = ("No space left", "File too large", "Disk quota", "os error 28", "os error 27", "max_temp_directory_size")


def sync(path: Path) -> None:
    """fsync a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def place(staged: Path, folder: Path, month: int, rows: int) -> DataFile:
    """Give a finished file its name in the table's folder, on disk for good before anything refers to it."""
    digest, size = sha256_of(staged), staged.stat().st_size
    partition = folder / f"_month={month}"
    partition.mkdir(exist_ok=True)
    target = partition / f"{uuid.uuid4().hex[:8]}-{digest}.parquet"  # the prefix keeps equal contents apart
    sync(staged)
    staged.rename(target)
    return DataFile(str(target.relative_to(folder)), digest, size, rows, month)


def digest_in_name(path: str) -> str:
    return Path(path).stem.rpartition("-")[2]


def sync_folders(folder: Path, files: tuple[DataFile, ...]) -> None:
    for parent in {(folder / file.path).parent for file in files} | {folder}:
        sync(parent)


def sync_log(folder: Path, version: int) -> None:
    """The log entry of a version and the checkpoint it may have caused, then the names of both."""
    log = folder / "_delta_log"
    for entry in log.iterdir():
        if entry.name.startswith((f"{version:020}", "_last_checkpoint")):
            sync(entry)
    sync(log)
    sync(folder)
    sync(folder.parent)


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """A folder for unfinished files, removed whatever happens (a kill leaves it; `orphans` lists it)."""
    path = folder / f"{STAGING}{uuid.uuid4().hex[:8]}"
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def sole_writer(folder: Path, *, patience: float | None = None) -> Iterator[None]:
    """One writer per table on this machine; the kernel frees the lock of a dead one.

    Raises Conflict after `patience` seconds, by default a minute.
    """
    descriptor = os.open(folder.with_name(f".{folder.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for_lock(descriptor, folder.name, LOCK_SECONDS if patience is None else patience)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, name: str, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise Conflict(f"Table {name} is being written by somebody else. Try again later.") from error
            time.sleep(0.02)


def failpoint(name: str) -> None:
    """Die here if the environment asks for it (`PERFMGR_FAILPOINT=after_lake_commit`): only tests do."""
    if os.environ.get("PERFMGR_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)


class disk_errors:
    """Turns every way in which a full disk shows into StoreFull."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        full = isinstance(error, OSError) and error.errno in _FULL
        if not full and isinstance(error, duckdb.Error | DeltaError | OSError):
            full = any(words in str(error) for words in _FULL_WORDS)
        if full:
            words = f"The disk of table {self.folder.name} is full. Nothing was stored. Make room and load again."
            raise StoreFull(words) from error
