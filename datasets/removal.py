"""Complete extracts: records of their days that they lack are removed. Off unless an upload says so.

Of which days, tells `stretch`. Only rows of units at which the uploader may upload are removed, and none if a row was
rejected: it may be any of the records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from . import closing, explore, scan, stretch
from .facts import NoLongerKept, contract_of
from .models import Dataset, DatasetVersion, Upload
from .refusals import InvalidRequest, OutsideStretch, Refusal, RemovalUnconfirmed, WrongState
from .scope import RowScope, row_scope

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Loaded
    from lake.store import Commit, Complete, DataFile
    from organization.access import Access


ASKING: dict[str, type[Refusal]] = {one.code: one for one in (RemovalUnconfirmed, OutsideStretch)}  # Upload.State.ASKS


def is_offered(dataset: Dataset | None) -> bool:
    """Whether an extract of the dataset may say that it is complete: its records have a key and an event time."""
    if dataset is None or not dataset.contract or dataset.source != Dataset.Source.EXTRACT:
        return False
    contract = contract_of(dataset)
    return bool(contract.key and contract.event_time)


def check_offered(dataset: Dataset | None) -> None:
    """Raises InvalidRequest where `complete` cannot be told."""
    if not is_offered(dataset):
        raise InvalidRequest(
            "Only an extract of a dataset whose contract has a record key and an event time can be complete.",
            next_step="Leave `complete` out; records are replaced by their key, or added.",
            field="complete",
        )


def stretch_of(upload: Upload, contract: Contract, loaded: Loaded, writable: RowScope) -> Complete | None:
    """The days of which the upload holds all records; None if it does not say so, or nothing may be removed."""
    from lake.store import Complete

    event, (first, last) = contract.event_time, stretch.spoken_for(upload, loaded)
    if not upload.complete or event is None or loaded.rejected or first is None or last is None:
        return None
    return Complete(event.name, first, last, where=writable.condition, allowed=upload.may_remove)


@contextmanager
def refusing(upload: Upload) -> Iterator[None]:
    """Turns the lake's TooManyLeave into RemovalUnconfirmed."""
    from lake.store import TooManyLeave

    try:
        yield
    except TooManyLeave as fault:
        days = stretch.words(upload, fault.complete.first, fault.complete.last)
        of = f"{fault.total:,} of the {closing.records(fault.stored)} of {days}"
        raise RemovalUnconfirmed(
            f"{of} {'is' if fault.total == 1 else 'are'} not in this extract and would be removed.",
            next_step="Nothing was loaded. If the source no longer has them, load it again with `confirm_removal` "
            f"{fault.total}; if the extract is not whole, load it with `complete` false.",
            field="confirm_removal",
            removed=fault.total,
            stored=fault.stored,
            first=str(fault.complete.first),
            last=str(fault.complete.last),
            version=upload.dataset.current_version,
        ) from fault


def refused_before(upload: Upload, *, confirmed: bool) -> Refusal | None:
    """The refusal of an earlier load of `upload` if it would only come again: nothing was stored since, and the same
    days are stated. confirmed: a number of records is confirmed now.
    """
    fault, refusal = upload.fault or {}, ASKING.get((upload.fault or {}).get("code", ""))
    if upload.state != Upload.State.ASKS or refusal is None or not upload.complete:
        return None
    if refusal is RemovalUnconfirmed and (confirmed or fault["version"] != upload.dataset.current_version):
        return None
    if refusal is OutsideStretch and upload.contract_number != upload.dataset.contract_number:
        return None
    words = {name: value for name, value in fault.items() if name not in ("code", "message", "next_step", "file")}
    return refusal(fault["message"], next_step=fault["next_step"], **words)


def notes(upload: Upload, commit: Commit, loaded: Loaded) -> list[str]:
    """What a complete upload did about the records that it lacks, and why it did nothing."""
    if not upload.complete:
        return []
    if commit.complete is not None:
        days = stretch.words(upload, commit.complete.first, commit.complete.last)
        if commit.removed:
            return [f"Removed: {closing.records(commit.removed)} of {days} that the extract lacks."]
        return [f"It holds all records of {days}: there were none to remove."]
    if loaded.rejected:
        rows = "1 row was" if loaded.rejected == 1 else f"{loaded.rejected:,} rows were"
        return [
            f"Nothing was removed: {rows} rejected, and which records they are is not certain. "
            "Correct the extract and upload it as complete again."
        ]
    if not loaded.accepted:
        return ["Nothing was removed: the file has no rows. A broken export looks like that, so it removes nothing."]
    return ["Nothing was removed: no row has an event time, so the extract speaks for no day."]


def removed_rows(upload: Upload, access: Access, *, offset: int = 0, limit: int = explore.PAGE) -> explore.RowsPage:
    """The records that the upload removed, as they were before, of those that the person may see.

    Raises WrongState, NoLongerKept, DamagedData, TooMuch.
    """
    version = upload.versions.filter(kind=DatasetVersion.Kind.LOAD).first() if upload.dataset_id else None
    if version is None or not version.removed:
        raise WrongState(f"Upload #{upload.pk} removed no records.")
    dataset = upload.dataset
    contract = contract_of(dataset)
    columns = tuple(column.name for column in contract.columns)
    files, relation = _removed_relation(dataset, contract, version)
    listed = ", ".join(f't."{name}"' for name in columns)
    time = contract.event_time
    order = f't."{time.name}" desc nulls last, ' if time else ""
    sql = (
        f"select {listed}, count(*) over () as _total from ({relation}) t "
        f"where {row_scope(dataset, access).condition} order by {order}_load, _row "
        f"limit {int(limit)} offset {int(offset)}"
    )
    try:
        found = scan.fetch(sql, files)
    except scan.ScanFailed as fault:
        raise explore.TooMuch(str(fault), next_step="Ask for fewer rows.") from fault
    total = found[0]["_total"] if found else 0
    return explore.RowsPage(columns, [{name: row[name] for name in columns} for row in found], total, version.version)


def _removed_relation(dataset: Dataset, contract: Contract, version: DatasetVersion) -> tuple[list[Path], str]:
    """SQL of the removed rows: their keys are in the files that the version took away, in none that it brought."""
    from lake.store.rewrite import relation
    from lake.store.schema import same, stored_columns

    before = dataset.versions.filter(version__lt=version.version).order_by("-version").first()
    old = {file["path"]: file for file in before.files} if before else {}
    new = {file["path"]: file for file in version.files}
    sides = [
        _kept(dataset, [file for path, file in old.items() if path not in new]),
        _kept(dataset, [file for path, file in new.items() if path not in old]),
    ]
    columns = stored_columns(contract)
    left, came = (relation(side, columns) for side in sides)
    keys = tuple(column.name for column in contract.key)
    return [*sides[0], *sides[1]], f"select t.* from ({left}) t anti join ({came}) keys on {same(keys)}"


def _kept(dataset: Dataset, files: list[dict[str, Any]]) -> list[Path]:
    """Where the files lie, checked. Raises NoLongerKept, DamagedData."""
    from lake.store import DamagedFile, DataFile

    from .verify import check_once, refusal_of

    folder = Path(settings.LAKE_ROOT) / dataset.lake_table.hex
    if not all((folder / file["path"]).exists() for file in files):
        raise NoLongerKept("The removed records are no longer kept: what an undo needs is deleted after 30 days.")
    made: tuple[DataFile, ...] = tuple(DataFile(**file) for file in files)
    try:
        check_once(dataset, made)
    except DamagedFile as fault:
        raise refusal_of(dataset, fault, None) from fault
    return [folder / file.path for file in made]
