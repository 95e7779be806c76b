"""The way to a dataset's rows in the lake: its table, its contract, and the files that a named version consists of.

Readers see only versions that the database names (`DatasetVersion`); nobody asks the lake for its newest one.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from .models import Dataset, DatasetVersion

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.store import DataFile, FactStore, FactTable


class NoSuchVersion(Exception):
    """The dataset has no version of this number that readers may see."""


class NoLongerKept(NoSuchVersion):
    """The version is an old one, and files that it consisted of were deleted by `compaction.vacuum`."""


@dataclass(frozen=True)
class Facts:
    """All rows of one version: for computing, not for showing (see `datasets.scope` for what a person may see).

    files: absolute paths; columns: name and DuckDB type of every stored column, as the contract in force has them.
    """

    dataset_id: int
    version: int | None
    files: tuple[Path, ...]
    columns: dict[str, str] = field(hash=False)

    @property
    def relation(self) -> str:
        """DuckDB SQL of the rows; columns that older files lack are null."""
        from lake.store.rewrite import relation

        return relation(self.files, self.columns)


def fact_store() -> FactStore:
    from lake.store import FactStore

    return FactStore(Path(settings.LAKE_ROOT))


def table_of(dataset: Dataset) -> FactTable:
    return fact_store().table(dataset.lake_table.hex)


def contract_of(dataset: Dataset) -> Contract:
    """The contract in force; ContractError if the dataset has none yet."""
    return _contract(json.dumps(dataset.contract))


@lru_cache(maxsize=256)
def _contract(text: str) -> Contract:
    """Read once: sixty KPIs of one dataset ask for its contract several times each."""
    from lake.contract import Contract

    return Contract.from_dict(json.loads(text))


def version_of(dataset: Dataset, version: int | None = None) -> DatasetVersion | None:
    """The version that readers see (or an older one by number); None before the first load. Raises NoSuchVersion."""
    number = dataset.current_version if version is None else version
    if number is None:
        return None
    found = dataset.versions.filter(version=number).first()
    if found is None:
        raise NoSuchVersion(f"{dataset.name} has no version {number}.")
    return found


def readable_versions(dataset: Dataset, most: int) -> list[tuple[int, datetime]]:
    """Number and time of the newest `most` versions whose files are all still there, newest first."""
    folder = Path(settings.LAKE_ROOT) / dataset.lake_table.hex
    there = {path.relative_to(folder).as_posix() for path in folder.glob("_month=*/*")}
    found = dataset.versions.values_list("version", "at", "files")[:most]
    return [(number, at) for number, at, files in found if all(file["path"] in there for file in files)]


def data_files(version: DatasetVersion) -> tuple[DataFile, ...]:
    from lake.store import DataFile

    return tuple(DataFile(**file) for file in version.files)


def facts_of(dataset: Dataset, version: int | None = None, *, seen: Collection[int] | None = None) -> Facts:
    """Every row of the current (or a named older) version, its files checked once per process.

    seen: the units (ids) that a refusal may name, None: all. Raises NoSuchVersion, NoLongerKept, DamagedData.
    """
    from lake.store import DamagedFile
    from lake.store.schema import stored_columns

    from .verify import check_once, refusal_of

    found = version_of(dataset, version)
    columns = stored_columns(contract_of(dataset)) if dataset.contract else {}
    if found is None:
        return Facts(dataset.pk, None, (), columns)
    folder = Path(settings.LAKE_ROOT) / dataset.lake_table.hex
    try:
        check_once(dataset, data_files(found))
    except DamagedFile as fault:
        if _left_the_table(dataset, found, fault.file.path) and not (folder / fault.file.path).exists():
            raise NoLongerKept(
                f"The rows of {dataset.name} as they were at version {version} are no longer kept: files that later "
                "versions do not need are deleted after 30 days. Numbers that were computed from them still stand."
            ) from fault
        raise refusal_of(dataset, fault, seen) from fault
    return Facts(dataset.pk, found.version, tuple(folder / file["path"] for file in found.files), columns)


def _left_the_table(dataset: Dataset, version: DatasetVersion, path: str) -> bool:
    """Whether the file is of an old version alone, so that its end may have been the vacuum's doing."""
    if version.version == dataset.current_version:
        return False
    current = version_of(dataset)
    return current is None or path not in {file["path"] for file in current.files}
