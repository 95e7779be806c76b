"""The clock run: an agreement's cases, timed, as a new version of its derived dataset.

What the rows are computed from is named by a fingerprint: data versions, the signed text, calendars, exclusions. The
same fingerprint again writes nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from datasets import derived
from datasets.models import Dataset
from jobs.work import Claim
from organization import audit
from organization.business_calendars import rules_of
from slas.models import Agreement, AgreementVersion, Exclusion

from . import rows
from .compute import clocked_targets, count, table_of, timezone_of
from .excluding import marked

FORMAT = 2  # of the rows: a change computes every agreement anew


@dataclass(frozen=True)
class Outcome:
    """rows: of the derived dataset; written: whether this run made a version; seconds: what each step took."""

    rows: int
    written: bool
    version: int | None
    verdicts: dict[str, int]
    seconds: dict[str, float]


def run(agreement: Agreement, *, by=None, claim: Claim | None = None) -> Outcome:
    """Time every case of the agreement by its signed versions and write the derived dataset.

    Without a signed version with a clock, or without data, nothing is written. Warnings of open cases follow.
    """
    from .warning import warn

    versions = governing(agreement)
    if not any(clocked_targets(version) for version in versions):
        return Outcome(0, False, None, {}, {})
    fingerprint = _fingerprint(agreement, versions)
    if agreement.dataset is not None and derived.made_from(agreement.dataset) == fingerprint:
        return Outcome(agreement.dataset.rows, False, agreement.dataset.current_version, {}, {})
    steps = _Steps(claim)
    counted = count(versions)
    steps.done("timed", 50, "Timing the cases")
    table = marked(table_of(counted, vendor=only_vendor(agreement)), agreement)
    steps.done("rows", 70, "Writing the cases")
    dataset = _dataset(agreement, versions, by)
    through = min(
        (log.dataset.complete_through for log in counted.logs.values() if log.dataset.complete_through), default=None
    )
    version = derived.replace_rows(dataset, table, load_id=fingerprint, by=by, complete_through=through, claim=claim)
    steps.done("written", 95, "Looking for warnings")
    warn(agreement, counted)
    steps.done("warned", 100, "")
    return Outcome(table.num_rows, True, version.version, _verdicts(table), steps.seconds)


def governing(agreement: Agreement) -> list[AgreementVersion]:
    """The signed versions that hold (or held) for a day at least, by their start."""
    versions = agreement.versions.governing().select_related("calendar", "agreement").order_by("valid_from", "number")
    return [version for version in versions if version.valid_to is None or version.valid_from < version.valid_to]


def only_vendor(agreement: Agreement) -> str | None:
    """The code of the vendor that provides the service, if it is one."""
    vendors = list(agreement.providers.filter(kind="vendor").values_list("code", flat=True)[:2])
    return vendors[0] if len(vendors) == 1 else None


def _fingerprint(agreement: Agreement, versions: Sequence[AgreementVersion]) -> str:
    """SHA-256 over everything that the rows depend on."""
    said: list[Any] = [FORMAT, only_vendor(agreement)]
    for version in versions:
        said.append([version.number, version.valid_from, version.valid_to])
        if version.calendar is not None:
            said.append([asdict(rule) | {"days": _days(rule)} for rule in rules_of(version.calendar)])
        for target in clocked_targets(version):
            dataset = target.clock.dataset
            said += [model_to_dict(target), model_to_dict(target.clock), _data_version(dataset), dataset.contract]
    exclusions = agreement.exclusions.filter(state=Exclusion.State.APPROVED).order_by("pk")
    said += [model_to_dict(exclusion) for exclusion in exclusions]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _days(rule) -> list:
    return sorted((str(day), str(windows)) for day, windows in rule.days.items())


def _data_version(dataset: Dataset) -> int | None:
    """The newest version that changed rows: a compaction changes none."""
    changing = dataset.versions.exclude(kind="compact").filter(version__lte=dataset.current_version)
    return changing.order_by("-version").values_list("version", flat=True).first()


@transaction.atomic
def _dataset(agreement: Agreement, versions: Sequence[AgreementVersion], by) -> Dataset:
    """The derived dataset, made with the first run and tied to the agreement."""
    dataset = derived.ensure(
        agreement.dataset_code,
        rows.contract(timezone_of(versions)),
        name=f"Cases of {agreement.name}"[:200],
        unit=agreement.unit,
        by=by or agreement.owner,
        description=f"One row a case and target of {agreement.name}: time used, target, verdict.",
        source_system="perfmgr",
    )
    if agreement.dataset_id != dataset.pk:
        agreement.dataset = dataset
        Agreement.objects.filter(pk=agreement.pk).update(dataset=dataset)
        audit.record(by, "agreement times its cases", agreement, dataset=dataset.code)
    return dataset


def _verdicts(table) -> dict[str, int]:
    counts = table.column("verdict").value_counts().to_pylist()
    return {entry["values"]: entry["counts"] for entry in counts}


class _Steps:
    """How long each step took, shown on the job as it goes."""

    def __init__(self, claim: Claim | None) -> None:
        self.claim, self.since, self.seconds = claim, time.perf_counter(), {}

    def done(self, name: str, percent: int, note: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self.since = round(now - self.since, 3), now
        if self.claim is not None:
            self.claim.progress(percent, note)
