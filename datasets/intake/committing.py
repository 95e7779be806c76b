"""The transaction that makes a lake version visible: what readers see changes here and nowhere else."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from jobs import work
from jobs.work import Claim
from organization import audit
from organization.models import Unit

from .. import closing, removal, scan, scope
from ..facts import table_of
from ..models import Dataset, DatasetVersion, Reject, Upload
from ..rejects import corrected_rows
from ..signals import version_committed
from ..watermark import complete_through

if TYPE_CHECKING:
    from lake.contract import Contract
    from lake.intake import Loaded
    from lake.store import Commit

COMPACT_ABOVE_FILES = 8
SHOWN_CODES = 5


@dataclass(frozen=True)
class Summary:
    """What rows tell about their dataset: the units (ids) that have rows, and the last local day of an event.

    strangers: vendor codes that belong to nobody here.
    """

    units: frozenset[int] = frozenset()
    last_day: date | None = None
    strangers: tuple[str, ...] = ()

    def notes(self) -> list[str]:
        """What the uploader should hear about the vendor codes; their rows count all the same."""
        if not self.strangers:
            return []
        vendors = list(Unit.objects.filter(kind=Unit.Kind.VENDOR).values_list("code", flat=True))
        if not vendors:
            return []
        near = {code: difflib.get_close_matches(code, vendors) for code in self.strangers[:SHOWN_CODES]}
        shown = [f"{code} (did you mean {' or '.join(found)}?)" if found else code for code, found in near.items()]
        return [f"Vendor codes that no vendor has, {len(self.strangers):,} in all: {', '.join(shown)}."]


def summary_of(dataset: Dataset, contract: Contract, files: Sequence[Path]) -> Summary:
    """One scan over the files' unit, vendor and day columns."""
    event = contract.event_time
    columns = [column.name for column in (contract.unit_column, contract.vendor_column) if column]
    if not files or not (event or columns):
        return Summary()
    asked = [f'list(distinct "{name}") as c{number}' for number, name in enumerate(columns)]
    asked.append(f'max("{event.name}__day") as last_day' if event else "null as last_day")
    listed = ", ".join(f"'{file}'" for file in files)
    source = f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
    found = scan.fetch_here(f"select {', '.join(asked)} from {source}", files)[0]
    known = scope.unit_codes(dataset)
    codes = {code for number in range(len(columns)) for code in found[f"c{number}"] or ()}
    strangers: list[str] = []
    if contract.vendor_column not in (None, contract.unit_column):
        strangers = sorted(code for code in found[f"c{len(columns) - 1}"] or () if code and code not in known)
    return Summary(frozenset(known[code] for code in codes if code in known), found["last_day"], tuple(strangers))


def make_visible(
    upload: Upload, commit: Commit, loaded: Loaded, summary: Summary, *, timings: dict[str, float], claim: Claim
) -> None:
    """Name the load's version and note what became of the file's rows, in one transaction of the lease's holder."""
    from lake.store.durable import failpoint

    with transaction.atomic():
        claim.still_mine()
        dataset = Dataset.objects.select_for_update().get(pk=upload.dataset_id)
        name_version(dataset, commit, summary, kind=DatasetVersion.Kind.LOAD, upload=upload, by=upload.uploaded_by)
        Upload.objects.filter(pk=upload.pk).update(
            state=Upload.State.LOADED,
            rows_read=loaded.rows_read,
            accepted=loaded.accepted,
            replaced=commit.replaced,
            kept=loaded.counts.get("kept"),
            removed=commit.removed if upload.complete else None,
            complete_from=commit.complete.first if commit.complete else None,
            complete_through=commit.complete.last if commit.complete else None,
            duplicates=loaded.duplicates + loaded.superseded,
            rejected=loaded.rejected,
            notes=[
                *loaded.notes,
                *summary.notes(),
                *_restated_notes(upload, commit),
                *removal.notes(upload, commit, loaded),
            ],
            fault=None,
            timings=timings,
            finished_at=timezone.now(),
        )
        Reject.objects.filter(upload=upload).delete()
        copy_rejects(upload, loaded.rejects_path)
        if upload.replays_id:
            _settle_replayed(upload)
        failpoint("before_db_commit")
    failpoint("after_db_commit")


def _restated_notes(upload: Upload, commit: Commit) -> list[str]:
    if not upload.restatement:
        return []
    if not commit.restated:
        return ["It was sent as a restatement, but changed nothing of closed periods."]
    return [f"Restated: {closing.records(commit.restated)} of closed periods changed."]


def name_version(
    dataset: Dataset,
    commit: Commit,
    summary: Summary,
    *,
    kind: str,
    upload: Upload | None = None,
    by=None,
) -> DatasetVersion:
    """Write down that `commit` is a version that readers see. Once: a version already named is returned as it is.

    In the caller's transaction, with the dataset's row locked. Tells other rooms, asks for the quality run.
    """
    named = dataset.versions.filter(version=commit.version).first()
    if named is not None:
        return named
    version = DatasetVersion.objects.create(
        dataset=dataset,
        version=commit.version,
        kind=kind,
        upload=upload,
        load_id=commit.load_id,
        files=[asdict(file) for file in table_of(dataset).data_files(commit.version)],
        rows=commit.rows,
        touched={column: list(months) for column, months in commit.touched_months.items()},
        at=timezone.now(),
        removed=commit.removed if kind == DatasetVersion.Kind.LOAD else 0,
        **_restatement(commit, upload),
    )
    _show(dataset, version, summary)
    audit.record(
        by, f"{version.get_kind_display().lower()} made visible", dataset, version=commit.version, rows=commit.rows,
        **_removal(commit, version),
    )  # fmt: skip
    if version.restated:
        audit.record(
            version.restated_by, "closed periods restated", dataset, version=commit.version, records=version.restated,
            reason=version.restatement, closed_through=dataset.closed_through,
        )  # fmt: skip
    if kind != DatasetVersion.Kind.COMPACT:
        work.submit("datasets.quality", f"quality {dataset.pk}", dataset=dataset.pk)
        _compact_if_scattered(dataset, version)
    version_committed.send(sender=Dataset, dataset=dataset, version=version, by=by)
    return version


def _show(dataset: Dataset, version: DatasetVersion, summary: Summary) -> None:
    """Readers see the version; a load moves the watermark on and adds units, what holds all rows anew sets both."""
    dataset.current_version, dataset.rows, dataset.loaded_at = version.version, version.rows, version.at
    through, loads = complete_through(summary.last_day, dataset.covers), version.kind == DatasetVersion.Kind.LOAD
    if version.kind == DatasetVersion.Kind.UNDO or loads and dataset.source == Dataset.Source.DERIVED:
        dataset.complete_through = through
        dataset.units.set(summary.units)
    elif loads:
        dataset.complete_through = max((day for day in (dataset.complete_through, through) if day), default=None)
        dataset.units.add(*summary.units)
    dataset.save(update_fields=["current_version", "rows", "loaded_at", "complete_through"])


def _restatement(commit: Commit, upload: Upload | None) -> dict[str, Any]:
    """What the version changed of closed periods, why and by whose word."""
    if not commit.restated or upload is None:
        return {}
    return {"restated": commit.restated, "restatement": upload.restatement, "restated_by": upload.restated_by}


def _removal(commit: Commit, version: DatasetVersion) -> dict[str, Any]:
    if not version.removed or commit.complete is None:
        return {}
    return {"removed": version.removed, "complete_from": commit.complete.first, "complete_to": commit.complete.last}


def _compact_if_scattered(dataset: Dataset, version: DatasetVersion) -> None:
    per_month: dict[int, int] = {}
    for file in version.files:
        per_month[file["month"]] = per_month.get(file["month"], 0) + 1
    if max(per_month.values(), default=0) > COMPACT_ABOVE_FILES:
        work.submit("datasets.compact", f"compact {dataset.pk}", dataset=dataset.pk)


def copy_rejects(upload: Upload, path: Path) -> None:
    """Write rejects.parquet into the database by COPY, some thousand rows at a time."""
    import pyarrow.parquet as pq

    columns = '(upload_id, "row", "column", value, code, message, record, state)'
    with connection.cursor() as cursor, pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=10_000):
            if batch.num_rows:
                text = _copy_text(upload.pk, batch.to_pylist())
                cursor.copy_expert(f"COPY {Reject._meta.db_table} {columns} FROM STDIN WITH (FORMAT csv)", text)


def _copy_text(upload_id: int, rejects: Iterable[dict[str, Any]]) -> io.StringIO:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    for reject in rejects:
        record = json.dumps(json.loads(reject["record"] or "{}"))
        cells = (reject["column"] or "")[:200], (reject["value"] or "")[:80], reject["code"], reject["message"], record
        shown = (cell.replace("\x00", "\u2400").replace("\\u0000", "\\u2400") for cell in cells)
        writer.writerow([upload_id, reject["row"], *shown, Reject.State.OPEN])
    text.seek(0)
    return text


def _settle_replayed(upload: Upload) -> None:
    """What the replay took in is done; what it rejected again is open again at its first upload, with the new reason.

    The rows of a replay keep the numbers that they have in the first upload's file.
    """
    again: dict[int, list[Reject]] = {}
    for reject in upload.rejects.order_by("row", "pk"):
        again.setdefault(reject.row, []).append(reject)
    replayed = Reject.objects.filter(upload_id=upload.replays_id, row__in=corrected_rows(upload))
    replayed.exclude(row__in=again).update(state=Reject.State.REPLAYED)
    for row, reasons in again.items():
        _open_again(replayed.filter(row=row), reasons)
    upload.rejects.update(state=Reject.State.DISMISSED)


def _open_again(rejects: QuerySet[Reject], reasons: list[Reject]) -> None:
    """The row's `reasons` take the place of those that it was rejected for first; its cells stay."""
    first = rejects.order_by("pk")[0]
    rejects.delete()
    kept = {"upload_id": first.upload_id, "row": first.row, "record": first.record, "correction": first.correction}
    Reject.objects.bulk_create(
        Reject(column=reason.column, value=reason.value, code=reason.code, message=reason.message, **kept)
        for reason in reasons
    )
