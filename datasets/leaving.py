"""Which records a complete extract removed, or would remove where its load asks: to be looked at and downloaded.

What was removed is told by the files of its version for 30 days. What would be removed is kept beside the extract, as
it stood when the load asked, until the question is answered: the first 10,000 records, the newest event first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from . import explore, scan
from .facts import NoLongerKept, contract_of
from .models import Dataset, DatasetVersion, Upload
from .refusals import RemovalUnconfirmed, WrongState
from .scope import row_scope

if TYPE_CHECKING:
    import pyarrow as pa

    from lake.contract import Contract
    from lake.store import DataFile, TooManyLeave
    from organization.access import Access

SHOWN_RECORDS = 20


def rows_page(upload: Upload, access: Access, *, offset: int = 0, limit: int = explore.PAGE) -> explore.RowsPage:
    """The records that leave, as they are (or were), of those that the person may see.

    Raises WrongState, NoLongerKept, DamagedData, TooMuch.
    """
    if asks(upload):
        return _would_leave(upload, access, offset=offset, limit=limit)
    version = upload.versions.filter(kind=DatasetVersion.Kind.LOAD).first() if upload.dataset_id else None
    if version is None or not version.removed:
        raise WrongState(f"Upload #{upload.pk} removed no records.")
    files, relation = _removed_relation(upload.dataset, contract_of(upload.dataset), version)
    return _page(upload.dataset, access, relation, files, version.version, offset=offset, limit=limit)


def asks(upload: Upload) -> bool:
    """Whether its load waits for a person to say that records are removed."""
    return upload.state == Upload.State.ASKS and (upload.fault or {}).get("code") == RemovalUnconfirmed.code


def keep(upload: Upload, fault: TooManyLeave) -> list[dict[str, Any]]:
    """Keep the records that would leave until the question is answered; the first of them by key and day."""
    import pyarrow.parquet as pq

    path = _place_of(upload)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_suffix(".new")
    pq.write_table(fault.rows, aside)
    aside.replace(path)
    return _named(contract_of(upload.dataset), fault.complete.column, fault.rows.slice(0, SHOWN_RECORDS))


def forget(upload: Upload) -> None:
    """The question is answered, or the extract is gone."""
    _place_of(upload).unlink(missing_ok=True)


def _named(contract: Contract, event: str, rows: pa.Table) -> list[dict[str, Any]]:
    from lake.store.schema import DAY_SUFFIX

    keys, unit = [column.name for column in contract.key], contract.unit_column
    return [
        {
            "key": " / ".join(str(row[name]) for name in keys),
            "day": str(row[event + DAY_SUFFIX]),
            **({"units": [row[unit.name]]} if unit else {}),
        }
        for row in rows.to_pylist()
    ]


def _would_leave(upload: Upload, access: Access, *, offset: int, limit: int) -> explore.RowsPage:
    dataset, path, fault = upload.dataset, _place_of(upload), upload.fault
    if upload.contract_number != dataset.contract_number or not path.exists():
        raise WrongState(
            f"Which records upload #{upload.pk} would remove is not known as {dataset.name} is now.",
            next_step="Load it again without confirming a number: it asks anew.",
        )
    relation = f"select * from {scan.rows_in(path)}"
    page = _page(dataset, access, relation, [path], fault["version"], offset=offset, limit=limit)
    listed = min(fault["removed"], explore.MOST_ROWS)
    whole = page.total == listed
    return explore.RowsPage(page.columns, page.rows, fault["removed"] if whole else page.total, page.version)


def _place_of(upload: Upload) -> Path:
    return Path(settings.UPLOAD_ROOT) / "asked" / f"{upload.public_id.hex}.parquet"


def _page(
    dataset: Dataset,
    access: Access,
    relation: str,
    files: list[Path],
    version: int | None,
    *,
    offset: int,
    limit: int,
) -> explore.RowsPage:
    """Of the rows of `relation` (SQL over `files`) those that the person may see, the newest event first."""
    contract = contract_of(dataset)
    columns = tuple(column.name for column in contract.columns)
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
    return explore.RowsPage(columns, [{name: row[name] for name in columns} for row in found], total, version)


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
