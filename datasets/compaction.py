"""Fewer files for the same rows, and the end of files that nothing needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs import work
from jobs.work import Claim

from . import reconcile
from .facts import contract_of, table_of
from .models import Dataset, DatasetVersion
from .sole_writer import sole_writer

KEEP = timedelta(days=30)


def request_compaction(dataset: Dataset, *, by=None):
    return work.submit("datasets.compact", f"compact {dataset.pk}", by=by, dataset=dataset.pk)


def compact(claim: Claim) -> dict[str, Any]:
    """The compaction job: the months with several files become one sorted file each, as a version of its own."""
    from .intake.committing import Summary, name_version

    dataset = Dataset.objects.get(pk=claim.job.arguments["dataset"])
    if dataset.current_version is None:
        return {"compacted": False}
    contract, table = contract_of(dataset), table_of(dataset)
    with sole_writer(dataset, claim):
        reconcile.settle(dataset)
        commit = table.compact(f"compact-{dataset.current_version}", sort_by=contract.storage_order)
        if commit is None:
            return {"compacted": False}
        with transaction.atomic():
            claim.still_mine()
            locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
            name_version(locked, commit, Summary(), kind=DatasetVersion.Kind.COMPACT)
    return {"compacted": True, "version": commit.version}


def vacuum(now: datetime | None = None) -> int:
    """Delete what killed writers left, and files that left their table more than 30 days ago.

    Of the latter none that a version or an undo of those days needs. Returns how many.
    """
    since = (now or timezone.now()) - KEEP
    removed = 0
    for dataset in Dataset.objects.exclude(current_version=None):
        versions = dataset.versions.filter(at__gte=since) | dataset.versions.filter(version=dataset.current_version)
        loads = versions.filter(kind=DatasetVersion.Kind.LOAD).values_list("load_id", flat=True)
        with sole_writer(dataset):
            removed += table_of(dataset).remove_orphans()
            removed += table_of(dataset).vacuum(
                int(since.timestamp() * 1000),
                undoable=list(loads),
                readable=list(versions.values_list("version", flat=True)),
            )
    return removed
