"""Making the lake and the database agree after a kill, a restore, or a disk that came back older.

adopted   committed in the lake, not yet named by the database, and of an upload (or undo) that we know, or of a
          computed dataset: named now
unknown   committed in the lake by nobody we know: never shown, and nothing is loaded on top of it
missing   named by the database, not in the lake: load again from the kept originals
hidden    in the lake, older than what the database names, unknown: never shown
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db import transaction

from organization import audit

from .facts import contract_of, table_of
from .models import Dataset, DatasetVersion, Upload
from .refusals import LakeDisagrees, OriginalMissing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Report:
    """What was found at one dataset; empty lists mean that both sides agree."""

    dataset: str
    adopted: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()
    missing: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
    fault: str = ""
    reloaded: tuple[int, ...] = ()
    unreplayable: tuple[int, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        return not (self.unknown or self.missing or self.fault)

    def __str__(self) -> str:
        found = [
            f"{word} {', '.join(map(str, numbers))}"
            for word, numbers in (
                ("adopted versions", self.adopted),
                ("unknown versions", self.unknown),
                ("missing versions", self.missing),
                ("hidden versions", self.hidden),
                ("loading again uploads", self.reloaded),
                ("originals missing of uploads", self.unreplayable),
            )
            if numbers
        ]
        return f"{self.dataset}: {'; '.join([*found, self.fault]) if found or self.fault else 'agrees'}"


def reconcile_all(*, repair: bool = False) -> list[Report]:
    """Every dataset; with `repair`, what the lake has lost is loaded again. A damaged log is reported, not raised."""
    return [reconcile(dataset, repair=repair) for dataset in Dataset.objects.order_by("pk")]


def reconcile(dataset: Dataset, *, repair: bool = False) -> Report:
    from lake.store import DamagedLog

    try:
        report = compare(dataset)
        adopted = _adopt(dataset) if report.adopted else ()
    except DamagedLog as fault:
        return Report(dataset.code, fault=str(fault))
    reloaded: tuple[int, ...] = ()
    unreplayable: tuple[int, ...] = ()
    if report.missing and repair:
        reloaded, unreplayable = _load_again(dataset, report.missing)
    report = Report(dataset.code, adopted, report.unknown, report.missing, report.hidden, "", reloaded, unreplayable)
    if not report.agrees:
        log.error("%s", report)
    return report


def compare(dataset: Dataset) -> Report:
    """The findings, with nothing changed. `adopted` are those that could be."""
    known = set(dataset.versions.values_list("version", flat=True))
    found = table_of(dataset).reconcile(known)
    ours = [commit.version for commit in found.adopt if _origin(dataset, commit) is not None]
    unknown = [commit.version for commit in found.adopt if commit.version not in ours]
    first_unknown = min(unknown, default=None)
    adoptable = tuple(version for version in ours if first_unknown is None or version < first_unknown)
    later = tuple(version for version in ours if version not in adoptable)
    return Report(
        dataset.code,
        adopted=adoptable,
        unknown=tuple(sorted([*unknown, *later])),
        missing=found.missing,
        hidden=tuple(commit.version for commit in found.hidden),
    )


def settle(dataset: Dataset) -> None:
    """Before writing: name what killed writers left committed. LakeDisagrees rather than build on the unknown."""
    from lake.store import DamagedLog

    try:
        report = compare(dataset)
    except DamagedLog as fault:
        raise LakeDisagrees(
            f"The log of {dataset.name} in the lake is damaged: {fault}",
            next_step="Nothing was loaded. Restore the named file from a backup, then try again.",
        ) from fault
    if report.unknown or report.missing:
        raise LakeDisagrees(
            f"The lake and the database disagree about {dataset.name} ({report}).",
            next_step="Run `manage.py reconcile_lake` and restore both from the same backup. Nothing was loaded.",
        )
    if report.adopted:
        _adopt(dataset)
        dataset.refresh_from_db()


def _origin(dataset: Dataset, commit) -> tuple[str, Upload | None] | None:
    """Of what kind the commit is for us, and of which upload; None if nobody here asked for it."""
    if commit.operation == "compact":
        return DatasetVersion.Kind.COMPACT, None
    load_id = commit.undone_load if commit.operation == "undo" else commit.load_id
    if dataset.source == Dataset.Source.DERIVED:
        return DatasetVersion.Kind.LOAD, None  # only `datasets.derived` writes it
    upload = dataset.uploads.filter(load_id=load_id).order_by("-pk").first()
    kind = DatasetVersion.Kind.UNDO if commit.operation == "undo" else DatasetVersion.Kind.LOAD
    return (kind, upload) if upload else None


def _adopt(dataset: Dataset) -> tuple[int, ...]:
    """Name the adoptable versions, oldest first. An upload whose job still runs is completed by that job."""
    from .intake.committing import name_version, summary_of

    wanted = set(compare(dataset).adopted)
    table, adopted = table_of(dataset), []
    for commit in table.reconcile(dataset.versions.values_list("version", flat=True)).adopt:
        if commit.version not in wanted:
            continue
        kind, upload = _origin(dataset, commit)
        summary = summary_of(dataset, contract_of(dataset), table.files(commit.version))
        with transaction.atomic():
            locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
            name_version(locked, commit, summary, kind=kind, upload=upload)
            if upload is not None:
                _note_adopted(upload, commit, kind)
        adopted.append(commit.version)
        log.warning("%s: adopted version %s (%s)", dataset.code, commit.version, commit.load_id)
    return tuple(adopted)


def _note_adopted(upload: Upload, commit, kind: str) -> None:
    from .intake.requesting import _queue
    from .undo import KIND, note_undone

    if kind == DatasetVersion.Kind.UNDO:
        asked = upload.job is not None and upload.job.kind == KIND
        note_undone(upload, commit, by=upload.job.asked_by if asked else None)
        return
    audit.record(None, "load adopted from the lake", upload, unit=upload.dataset.unit, version=commit.version)
    if upload.job is None or upload.job.is_finished:
        _queue(upload, upload.uploaded_by, None)  # its counts and rejects are read once more; nothing is stored twice


def _load_again(dataset: Dataset, missing: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Forget what the lake has lost and load those uploads again. Returns uploads queued, and lost for good."""
    from .intake.receiving import original_of
    from .intake.requesting import request_load

    reloaded, lost = [], []
    with transaction.atomic():
        gone = dataset.versions.filter(version__in=missing)
        uploads = list(Upload.objects.filter(versions__in=gone.filter(kind=DatasetVersion.Kind.LOAD)).order_by("pk"))
        gone.delete()
        last = dataset.versions.order_by("-version").first()
        Dataset.objects.filter(pk=dataset.pk).update(
            current_version=last.version if last else None, rows=last.rows if last else 0
        )
        audit.record(None, "versions missing in the lake", dataset, versions=list(missing))
        for upload in uploads:
            words = (
                upload.restatement or "Loaded again: the lake had lost these rows."
            )  # they were there when it closed
            Upload.objects.filter(pk=upload.pk).update(
                state=Upload.State.FAILED, fault=_lost_words(upload), restatement=words
            )
            upload.refresh_from_db()
            try:
                original_of(upload)
            except OriginalMissing:
                lost.append(upload.pk)
                continue
            request_load(upload, by=upload.uploaded_by)
            reloaded.append(upload.pk)
    return tuple(reloaded), tuple(lost)


def _lost_words(upload: Upload) -> dict[str, str]:
    from .intake.requesting import LOST

    return {
        "code": LOST,
        "message": f"The rows of upload #{upload.pk} are no longer in the lake.",
        "next_step": "It is loaded again from the kept file; if that is gone too, upload the file again.",
        "file": upload.file_name,
    }
