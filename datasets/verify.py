"""Whether the files of a dataset are still what was committed: at first open per process, and every night.

Parquet readers give silently wrong sums for most flipped bits, so a file is trusted only by its SHA-256, and only while
the disk says that nobody has written to it since.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .models import Dataset
from .refusals import DamagedData

if TYPE_CHECKING:
    from lake.store import DataFile

log = logging.getLogger(__name__)
NAMED = 3  # loads, and units, in one sentence
_trusted: set[tuple[object, ...]] = set()  # table, path, sha256 and state on disk of files that this process has hashed


def check_once(dataset: Dataset, files: Iterable[DataFile]) -> None:
    """Hash the files that this process has not opened yet. DamagedFile names the file, its loads and its months."""
    from .facts import table_of

    table = table_of(dataset)
    seen = {(table.folder.name, file.path, file.sha256, *_on_disk(table.folder / file.path)): file for file in files}
    new = {key: file for key, file in seen.items() if key not in _trusted}
    if new:
        table.verify(new.values())
        _trusted.update(new)


def _on_disk(file: Path) -> tuple[int, ...]:
    """What changes when a file is written to or replaced; nothing for a missing one."""
    try:
        state = file.stat()
    except OSError:
        return ()
    return state.st_mtime_ns, state.st_size, state.st_ino


def forget() -> None:
    """Trust nothing any more: the lake was restored, or the nightly scrub begins."""
    _trusted.clear()


@dataclass(frozen=True)
class Damage:
    """One damaged or missing file: which, of which loads (uploads, where known), of which units."""

    dataset: str
    file: str
    message: str
    uploads: tuple[str, ...]
    units: tuple[str, ...]


def scrub() -> list[Damage]:
    """Hash every file of every current version again; each damage is logged as an error and returned.

    A damaged file gets a new time, so that no other process trusts it any longer.
    """
    forget()
    found = []
    for dataset in Dataset.objects.exclude(current_version=None).order_by("pk"):
        found += damage_of(dataset)
    for damage in found:
        log.error("%s: %s (uploads: %s)", damage.dataset, damage.message, ", ".join(damage.uploads) or "unknown")
    return found


def damage_of(dataset: Dataset) -> list[Damage]:
    """The damaged files of the version that readers see, one after the other."""
    from lake.store import DamagedFile

    from .facts import data_files, table_of, version_of

    version = version_of(dataset)
    found = []
    for file in data_files(version) if version else ():
        try:
            check_once(dataset, [file])
        except DamagedFile as fault:
            found.append(described(dataset, fault))
            with contextlib.suppress(OSError):
                os.utime(table_of(dataset).folder / file.path)
    return found


def described(dataset: Dataset, fault) -> Damage:
    """A DamagedFile in the words of people: file, uploads, units."""
    uploads = dataset.uploads.filter(load_id__in=fault.load_ids)
    return Damage(
        dataset=dataset.code,
        file=fault.file.path,
        message=str(fault),
        uploads=tuple(str(upload) for upload in uploads),
        units=tuple(dataset.units.values_list("code", flat=True)),
    )


def refusal_of(dataset: Dataset, fault, seen: Collection[int] | None = None) -> DamagedData:
    """The same for who wanted to read the rows. seen: the units (ids) that they may know of, None: all."""
    damage = described(dataset, fault)
    known = dataset.units.all() if seen is None else dataset.units.filter(pk__in=seen)
    units = list(known.values_list("code", flat=True))
    return DamagedData(
        f"Rows of {dataset.name} cannot be read: a stored file is missing or damaged ({damage.file}). It holds rows of "
        f"{_some(damage.uploads, 'loads') or 'an unknown load'}, {_some(units, 'units') or 'other units'}.",
        next_step="Numbers that were computed before still stand. Tell an administrator: the file comes back from a "
        "backup, and `manage.py scrub_lake` says when all is well again.",
        file=damage.file,
        uploads=list(damage.uploads),
        units=units,
    )


def _some(names: Sequence[str], kind: str) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more {kind}" if more > 0 else "")
