"""A file arrives: it is stored under a name of ours, whole and synced, or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
import uuid
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import IntegrityError, transaction

from organization import audit

from ..models import Dataset, FurtherKey, Upload
from ..refusals import ComputedDataset, KeyReused, LengthUnknown, NoRoom, OriginalMissing, TooLarge, Truncated

CHUNK = 1 << 20


def check_room(declared: int | None) -> None:
    """Before a body is read: its length must be known, allowed, and fit twice on the disk (the file, and its rows).

    Raises LengthUnknown, TooLarge, NoRoom.
    """
    if declared is None:
        raise LengthUnknown("The request does not say how long it is.", next_step="Send a Content-Length.")
    limit = settings.UPLOAD_LIMIT_BYTES
    if declared > limit + 64 * 1024:  # the form around the file has some bytes of its own
        raise _too_large(declared)
    root = Path(settings.UPLOAD_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = min(shutil.disk_usage(place).free for place in (root, _existing(Path(settings.LAKE_ROOT))))
    if free < 2 * declared:
        raise NoRoom(
            f"The server has {free / 2**20:,.0f} MB free, this file needs {2 * declared / 2**20:,.0f} MB.",
            next_step="Tell the administrator; nothing was stored.",
        )


def check_takes_uploads(dataset: Dataset | None) -> None:
    """Raises ComputedDataset for one that perfmgr computes."""
    if dataset is not None and dataset.source == Dataset.Source.DERIVED:
        raise ComputedDataset(
            f"{dataset.name} is computed by perfmgr from other datasets: it takes no uploads.",
            next_step="Upload to the datasets that it is made from; it follows by itself.",
        )


def receive(
    dataset: Dataset | None,
    stream: IO[bytes],
    *,
    name: str,
    by,
    length: int | None = None,
    idempotency_key: str = "",
    said: dict[str, Any] | None = None,
    replays: Upload | None = None,
) -> Upload:
    """Store an extract and note it. `length`: bytes that must arrive. `dataset` None: the wizard will name one.

    The same `idempotency_key` with the same content gives the upload of the first time; with other content KeyReused,
    and so where `said` (what else names the load: that the extract is complete, of which days ...) is not as then.
    Raises TooLarge, NoRoom, Truncated, KeyReused, ComputedDataset. After a refusal nothing is stored.
    """
    check_takes_uploads(dataset)
    check_room(length or 0)
    stored = f"{uuid.uuid4().hex[:2]}/{uuid.uuid4().hex}"
    digest, size = _store(stream, Path(settings.UPLOAD_ROOT) / stored, length)
    try:
        with transaction.atomic():
            earlier, then = _of_key(by, idempotency_key)
            if earlier is None:
                upload = Upload.objects.create(
                    dataset=dataset,
                    replays=replays,
                    file_name=shown_name(name),
                    path=stored,
                    sha256=digest,
                    size=size,
                    idempotency_key=idempotency_key[:200],
                    said_with_key=said if idempotency_key else None,
                    uploaded_by=by,
                )
                audit.record(by, "extract received", upload, unit=dataset.unit if dataset else None, sha256=digest)
                return upload
    except IntegrityError:
        earlier, then = _of_key(by, idempotency_key)
        if earlier is None:
            discard(stored)
            raise
    except BaseException:
        discard(stored)
        raise
    discard(stored)
    is_other = earlier.sha256 != digest or (dataset and earlier.dataset_id not in (None, dataset.pk))
    if is_other or (None not in (then, said) and then != said):
        raise KeyReused(
            f"The Idempotency-Key was used for another request: upload #{earlier.pk} ({earlier.file_name}).",
            next_step="Use a new key for a new request.",
        )
    return earlier


def original_of(upload: Upload) -> Path:
    """The kept file of an upload. Raises OriginalMissing when it is gone, or is not what was received."""
    path = Path(settings.UPLOAD_ROOT) / upload.path
    if not path.is_file() or path.stat().st_size != upload.size:
        raise OriginalMissing(
            f"The original of upload #{upload.pk} ({upload.file_name}) is no longer there, or not whole.",
            next_step="What it brought stays as it is. To load it again, upload the file once more.",
            file=upload.file_name,
        )
    return path


def shown_name(name: str) -> str:
    """What people see of a file's name: the last part, without control and direction characters, at most 255 long."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign for sign in last if unicodedata.category(sign) not in {"Cc", "Cf", "Cs"}).strip()
    return kept[:255] or "unnamed"


def discard(stored: str) -> None:
    (Path(settings.UPLOAD_ROOT) / stored).unlink(missing_ok=True)


def _of_key(by, key: str) -> tuple[Upload | None, dict[str, Any] | None]:
    """The upload that this person sent with the key, or that the file sent with it was already; what was said then."""
    if not key:
        return None, None
    first = Upload.objects.filter(uploaded_by=by, idempotency_key=key[:200]).first()
    if first is not None:
        return first, first.said_with_key
    further = FurtherKey.objects.filter(sent_by=by, key=key[:200]).select_related("upload").first()
    return (further.upload, further.said_with_key) if further else (None, None)


def _store(stream: IO[bytes], target: Path, length: int | None) -> tuple[str, int]:
    """Write, hash and sync; the file is gone again if anything goes wrong. Returns SHA-256 and size."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > settings.UPLOAD_LIMIT_BYTES:
                    raise _too_large(size)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if length is not None and size != length:
            raise Truncated(
                f"Only {size:,} of {length:,} bytes arrived; nothing was stored.", next_step="Send the file again."
            )
        _sync_folder(target.parent)
    except OSError as fault:
        target.unlink(missing_ok=True)
        raise NoRoom("The file could not be stored.", next_step="Tell the administrator; nothing was kept.") from fault
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size


def _too_large(size: int) -> TooLarge:
    limit = settings.UPLOAD_LIMIT_BYTES
    return TooLarge(
        f"The file has more than the {limit / 2**20:,.0f} MB that are allowed ({size / 2**20:,.0f} MB).",
        next_step="Split the extract, for example by month, or gzip it.",
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that is there."""
    return path if path.exists() else _existing(path.parent)
