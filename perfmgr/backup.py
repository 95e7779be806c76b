"""Backup and restore of database and lake together, in one file that proves itself.

The order makes it safe while loads go on. The database is dumped first, as of one moment; then each table's log is
copied before its data files. What the lake gained meanwhile is not named by the dumped database and so stays hidden
after a restore; no file that the database names can be missing, since data files are never changed in place.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection

from perfmgr.launch import postgres

MANIFEST = "manifest.json"
DUMP = "database.dump"
SNAPSHOT_TABLES = ("kpis_result", "datasets_datasetversion", "organization_auditentry")


class BackupFault(Exception):
    """The backup could not be made, or does not prove itself; nothing was restored."""


def folders() -> dict[str, Path]:
    """What lies beside the database: name in the backup -> folder."""
    return {"lake": settings.LAKE_ROOT, "uploads": settings.UPLOAD_ROOT, "media": settings.MEDIA_ROOT}


def backup(target: Path, now: datetime) -> dict:
    """Write everything to `target` (a .tar.gz). Returns the manifest: each file's size and sha256, and row counts."""
    if target.is_dir():
        raise BackupFault(f"{target} is a folder: name a file in it, such as {target / 'backup.tar.gz'}.")
    if not target.absolute().parent.is_dir():
        raise BackupFault(f"There is no folder {target.absolute().parent} to write the backup into: make it first.")
    manifest = {"made_at": now.isoformat(), "rows": _row_counts(), "files": {}}
    draft = target.with_name(target.name + ".part")
    try:
        _write(draft, manifest)
        draft.replace(target)
    except OSError as fault:
        raise BackupFault(f"The backup could not be written to {target}: {fault.strerror or fault}.") from fault
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _write(draft: Path, manifest: dict) -> None:
    """Everything, and at last the manifest. Only the owner may read it: it holds each password's hash."""
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with (
        tempfile.TemporaryDirectory() as scratch,
        os.fdopen(descriptor, "wb") as stream,
        tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar,
    ):
        dump = Path(scratch) / DUMP
        _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}"], "dump the database")
        _add(tar, DUMP, dump, manifest)
        for name, folder in folders().items():
            for file in _logs_first(folder):
                _add(tar, f"{name}/{file.relative_to(folder)}", file, manifest)
        _add_text(tar, MANIFEST, json.dumps(manifest, indent=1))


def restore(source: Path, *, replace: bool = False) -> dict:
    """Put database, lake and uploads back as they were; returns the manifest. Overwrites data only with `replace`."""
    if not source.is_file():
        raise BackupFault(f"There is no file {source}.")
    if not replace and _has_data():
        raise BackupFault("This installation holds data. Give --replace to put the backup in its place.")
    with tempfile.TemporaryDirectory(dir=_beside(settings.LAKE_ROOT)) as scratch:
        unpacked = Path(scratch)
        _unpack(source, unpacked)
        manifest = _verified(unpacked)
        connection.close()
        _run(
            ["pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"]
            + [f"--dbname={_dsn()}", str(unpacked / DUMP)],
            "restore the database",
        )
        for name, folder in folders().items():
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            if (unpacked / name).exists():
                shutil.move(unpacked / name, folder)
    return manifest


def _unpack(source: Path, folder: Path) -> None:
    try:
        with tarfile.open(source, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except FileNotFoundError:
        raise BackupFault(f"There is no file {source}.") from None
    except IsADirectoryError:
        raise BackupFault(f"{source} is a folder: name the backup's file in it.") from None
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as fault:
        raise BackupFault(
            f"{source} is no backup of perfmgr, or not all of it: {fault}. Nothing was restored."
        ) from fault


def _verified(unpacked: Path) -> dict:
    try:
        manifest = json.loads((unpacked / MANIFEST).read_text())
    except (OSError, ValueError):
        raise BackupFault(
            "The file is no backup of perfmgr, or it is damaged: the list of what it holds, which a backup ends with, "
            "is not there. Take another backup; nothing was restored."
        ) from None
    for name, known in manifest["files"].items():
        file = unpacked / name
        if not file.is_file():
            raise BackupFault(f"{name} is missing from the backup. Take another backup; nothing was restored.")
        if _sha256(file) != known["sha256"]:
            raise BackupFault(f"{name} is damaged in the backup. Take another backup; nothing was restored.")
    return manifest


def _logs_first(folder: Path) -> Iterator[Path]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()] if folder.exists() else []
    yield from (file for file in files if "_delta_log" in file.parts)
    yield from (file for file in files if "_delta_log" not in file.parts)


class _Hashed:
    """What is read of a file, hashed on the way: a file that grows meanwhile is kept as it was read."""

    def __init__(self, stream: BinaryIO):
        self.stream, self.sha256 = stream, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.sha256.update(data)
        return data


def _add(tar: tarfile.TarFile, name: str, file: Path, manifest: dict) -> None:
    try:
        with file.open("rb") as stream:
            member, content = tar.gettarinfo(arcname=name, fileobj=stream), _Hashed(stream)
            tar.addfile(member, content)
    except FileNotFoundError:
        return  # an unfinished upload that ended meanwhile; whatever the database names is never removed
    manifest["files"][name] = {"size": member.size, "sha256": content.sha256.hexdigest()}


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text.encode())
    tar.addfile(member, io.BytesIO(text.encode()))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _run(command: list[str], purpose: str) -> None:
    program = shutil.which(command[0]) if settings.PRODUCTION else None
    path = program or str(postgres.binaries() / command[0])
    if "--dbname" not in " ".join(command):
        command = [*command, f"--dbname={_dsn()}"]
    done = subprocess.run(
        [path, *command[1:]], capture_output=True, text=True, env={**os.environ, "PGPASSWORD": _password()}
    )
    if done.returncode:
        raise BackupFault(f"Could not {purpose}: {done.stderr.strip()[-800:]}")


def _dsn() -> str:
    known = connection.get_connection_params()
    parts = {key: known[key] for key in ("host", "port", "user", "dbname") if known.get(key)}
    return " ".join(f"{key}='{value}'" for key, value in parts.items())


def _password() -> str:
    return connection.settings_dict.get("PASSWORD") or ""


def _row_counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        counts = {}
        for table in SNAPSHOT_TABLES:
            cursor.execute(f'select count(*) from "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


def _has_data() -> bool:
    with connection.cursor() as cursor:
        if "datasets_dataset" not in connection.introspection.table_names(cursor):
            return False
        cursor.execute("select exists (select 1 from datasets_dataset)")
        return cursor.fetchone()[0]


def _beside(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder.parent
