"""Datasets that perfmgr computes: one whole version at a time, exactly once. To readers they are datasets like others.

    dataset = derived.ensure("sla-desk", contract, name=..., unit=..., by=...)
    derived.replace_rows(dataset, table, load_id="...", by=...)

`load_id` names what the rows were computed from. If the newest version was made from the same, nothing is written; a
computation that was killed after the lake's commit finds that commit again.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from jobs.work import Claim
from organization import audit
from organization.models import Unit

from . import reconcile
from .contracts import put_in_force
from .facts import contract_of, table_of, version_of
from .models import Dataset, DatasetVersion
from .refusals import InvalidRequest, WrongState
from .sole_writer import sole_writer

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.contract import Contract


@transaction.atomic
def ensure(code: str, contract: Contract, *, name: str, unit: Unit, by, **more: Any) -> Dataset:
    """The derived dataset of this code, made now if there is none, with `contract` in force. `more`: other fields.

    Raises InvalidRequest if a dataset of uploads has the code, or a stored column would change its type.
    """
    dataset, made = Dataset.objects.get_or_create(
        code=code,
        defaults={"name": name, "unit": unit, "source": Dataset.Source.DERIVED, "owner": by, "steward": by, **more},
    )
    if dataset.source != Dataset.Source.DERIVED:
        raise InvalidRequest(
            f"There is a dataset with the code {code!r} already, and people upload to it.",
            next_step="Choose another code.",
            field="code",
        )
    if made:
        audit.record(by, "derived dataset created", dataset)
    stored = contract_of(dataset).columns if dataset.contract else ()  # its room knows who reads what it computes
    put_in_force(dataset, contract, by=by, drop_read=[column.name for column in stored])
    dataset.refresh_from_db()
    return dataset


def replace_rows(
    dataset: Dataset,
    table: pa.Table,
    *,
    load_id: str,
    by=None,
    complete_through: date | None = None,
    claim: Claim | None = None,
) -> DatasetVersion:
    """Make `table` all rows of the dataset, as one version; the months in which rows changed are its touched ones.

    table: the contract's columns. complete_through: of what the rows were computed from. claim: of the job that asks;
    the version becomes visible only while its lease holds. Raises WrongState, LakeDisagrees, lake.store.DuplicateKey.
    """
    from .intake.committing import name_version, summary_of

    if dataset.source != Dataset.Source.DERIVED:
        raise WrongState(f"{dataset.name} is made of uploads: its rows are not computed.")
    with _written(dataset, table) as path, sole_writer(dataset, claim):
        reconcile.settle(dataset)
        newest = version_of(dataset)
        if newest is not None and _made_from(newest) == load_id:
            return newest
        round_id = f"{load_id}@{newest.version if newest else 0}"
        contract = contract_of(dataset)
        commit = table_of(dataset).commit(round_id, path, contract, mode="replace")
        summary = summary_of(dataset, contract, table_of(dataset).files(commit.version))
        if complete_through is not None:
            summary = replace(summary, last_day=complete_through)
        with transaction.atomic():
            if claim is not None:
                claim.still_mine()
            locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
            version = name_version(locked, commit, summary, kind=DatasetVersion.Kind.LOAD, by=by)
    dataset.refresh_from_db()
    return version


def made_from(dataset: Dataset) -> str | None:
    """The `load_id` of what readers see; None before the first."""
    newest = version_of(dataset)
    return _made_from(newest) if newest else None


def _made_from(version: DatasetVersion) -> str:
    """Compactions keep the rows: look at the newest version that changed them."""
    if version.kind == DatasetVersion.Kind.COMPACT:
        loads = version.dataset.versions.filter(kind=DatasetVersion.Kind.LOAD, version__lt=version.version)
        version = loads.order_by("-version").first() or version
    return version.load_id.rpartition("@")[0]


@contextmanager
def _written(dataset: Dataset, table: pa.Table) -> Iterator[Path]:
    """The rows as a Parquet file of this attempt's own, numbered as they stand; gone afterwards."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(settings.UPLOAD_ROOT) / "work" / f"derived-{dataset.lake_table.hex}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        rows = table.append_column("_row", pa.array(range(1, table.num_rows + 1), pa.int64()))
        pq.write_table(rows, folder / "rows.parquet", compression="zstd")
        yield folder / "rows.parquet"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
