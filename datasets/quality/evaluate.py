"""All rules of a dataset, asked in one scan of the version that readers see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs import work
from jobs.models import Job
from jobs.work import Claim
from lake import sandbox

from .. import scan
from ..currencies import currencies_of_rows
from ..facts import Facts, contract_of, facts_of, version_of
from ..models import Dataset, DatasetVersion, QualityResult, QualityRule, Upload
from .rules import OF_ROWS, Condition, InvalidRule, condition_of, freshness_hours, volume_bounds
from .verdict import settle_verdict

Kind = QualityRule.Kind
LIMITS = sandbox.Limits(memory_bytes=2048 * sandbox.MB, cpu_seconds=300, wall_seconds=600)
SAMPLE = 5
EARLIER_UPLOADS = 5


@dataclass(frozen=True)
class Finding:
    """How one rule went. `fault`: why it could not be evaluated; it then counts as failed."""

    rule: QualityRule
    passed: bool
    checked: int = 0
    failing: int = 0
    sample: tuple[dict[str, Any], ...] = field(default=())
    fault: str = ""


def request_run(dataset: Dataset, *, by=None) -> Job:
    return work.submit("datasets.quality", f"quality {dataset.pk}", by=by, dataset=dataset.pk)


def run(claim: Claim) -> dict[str, Any]:
    """The quality job: results of every active rule over the current version, the score, and what is provisional."""
    dataset = Dataset.objects.get(pk=claim.job.arguments["dataset"])
    version = version_of(dataset)
    if version is None:
        return {"rules": 0}
    now = timezone.now()
    findings = evaluate(dataset, version, now)
    currencies = _currencies(dataset, version)
    with transaction.atomic():
        claim.still_mine()
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        write_results(findings, version, now)
        settle_verdict(locked)
        if currencies is not None and currencies != locked.currencies:
            locked.currencies = currencies
            locked.save(update_fields=["currencies"])
    return {
        "rules": len(findings),
        "failed": sum(not finding.passed for finding in findings),
        "version": version.version,
    }


def request_first_runs() -> int:
    """For datasets with rows whose currencies nobody looked for, as from before that was done. Returns how many."""
    unseen = Dataset.objects.filter(currencies__isnull=True).exclude(current_version=None)
    return len([request_run(dataset) for dataset in unseen])


def _currencies(dataset: Dataset, version: DatasetVersion) -> dict[str, list[str]] | None:
    """None where they cannot be told now: what was known stays."""
    import duckdb

    try:
        return currencies_of_rows(facts_of(dataset, version.version), contract_of(dataset))
    except duckdb.Error:
        return None


def evaluate(dataset: Dataset, version: DatasetVersion, now: datetime) -> list[Finding]:
    """One finding per active rule. Writes nothing."""
    rules = list(dataset.quality_rules.filter(is_active=True).select_related("dataset"))
    findings = [_of_dataset(rule, dataset, now) for rule in rules if rule.kind not in OF_ROWS]
    contract = contract_of(dataset)
    conditions: dict[QualityRule, Condition] = {}
    for rule in rules:
        if rule.kind in OF_ROWS:
            try:
                conditions[rule] = condition_of(rule, dataset, contract)
            except InvalidRule as fault:
                findings.append(Finding(rule, passed=False, fault=fault.message))
    facts = facts_of(dataset, version.version)
    try:
        findings += _scan(facts, conditions)
    except scan.ScanFailed:
        findings += [finding for rule in conditions for finding in _alone(facts, rule, conditions[rule])]
    return findings


def _alone(facts: Facts, rule: QualityRule, condition: Condition) -> list[Finding]:
    """One of the rules breaks the common scan: each is asked by itself, so that only that one is at fault."""
    try:
        return _scan(facts, {rule: condition})
    except scan.ScanFailed as fault:
        return [Finding(rule, passed=False, fault=f"It could not be evaluated: {fault}")]


def _scan(facts: Facts, conditions: dict[QualityRule, Condition]) -> list[Finding]:
    if not conditions:
        return []
    asked, files = [], list(facts.files)
    for number, condition in enumerate(conditions.values()):
        asked.append(f"count(*) filter ({condition.checked}) as checked_{number}")
        fails = f"({condition.checked}) and {condition.fails}"
        counted = f"count(*) filter ({fails})"
        if condition.distinct:
            counted = f"count({condition.distinct}) - count(distinct {condition.distinct})"
        asked.append(f"{counted} as failing_{number}")
    tables = {name: other for condition in conditions.values() for name, other in condition.tables}
    files += [file for other in tables.values() for file in other.files]
    found = scan.fetch(
        f"{_with(facts, tables)} select {', '.join(asked)} from rows_", list(dict.fromkeys(files)), limits=LIMITS
    )[0]
    samples = _samples(facts, tables, files, [c for n, c in enumerate(conditions.values()) if found[f"failing_{n}"]])
    findings = []
    for number, (rule, condition) in enumerate(conditions.items()):
        checked, failing = found[f"checked_{number}"], found[f"failing_{number}"]
        allowed = checked * float(rule.tolerance_pct) / 100
        findings.append(Finding(rule, failing <= allowed, checked, failing, samples.get(condition, ())))
    return findings


def _with(facts: Facts, tables: dict[str, Facts]) -> str:
    named = [f"rows_ as ({facts.relation})", *(f"{name} as ({other.relation})" for name, other in tables.items())]
    return f"with {', '.join(named)}"


def _samples(
    facts: Facts, tables: dict[str, Facts], files: Iterable[Any], failing: list[Condition]
) -> dict[Condition, tuple[dict[str, Any], ...]]:
    """Some failing rows of each condition: upload, row number there, value. One query for all of them."""
    if not failing:
        return {}
    parts = []
    for number, condition in enumerate(failing):
        where = f"({condition.checked}) and {condition.fails}"
        if condition.distinct:  # rows whose value occurs again
            where = f"{condition.distinct} in (select {condition.distinct} from rows_ group by 1 having count(*) > 1)"
        shown = f"left({condition.shown}::varchar, 80)"
        rows = f"select {number} as rule, _load as load, _row as row, {shown} as value from rows_ where {where}"
        parts.append(f"(select * from ({rows}) order by value, load, row limit {SAMPLE})")
    union = " union all ".join(parts)
    rows = scan.fetch(f"{_with(facts, tables)} {union}", list(dict.fromkeys(files)), limits=LIMITS)
    loads = Upload.objects.filter(dataset=facts.dataset_id, load_id__in={row["load"] for row in rows})
    uploads = dict(loads.values_list("load_id", "pk"))
    found: dict[Condition, tuple[dict[str, Any], ...]] = dict.fromkeys(failing, ())
    for row in sorted(rows, key=lambda row: (row["rule"], str(row["value"]), row["row"])):
        shown_row = {"upload": uploads.get(row["load"]), "row": row["row"], "value": row["value"]}
        found[failing[row["rule"]]] += (shown_row,)
    return found


def _of_dataset(rule: QualityRule, dataset: Dataset, now: datetime) -> Finding:
    """A rule about the dataset as a whole, answered from the database."""
    try:
        return _freshness(rule, dataset, now) if rule.kind == Kind.FRESHNESS else _volume(rule, dataset)
    except InvalidRule as fault:
        return Finding(rule, passed=False, fault=fault.message)


def _freshness(rule: QualityRule, dataset: Dataset, now: datetime) -> Finding:
    if dataset.loaded_at is None:
        return Finding(rule, passed=False, fault="Nothing has been loaded yet.")
    age = now - dataset.loaded_at
    fresh = age <= timedelta(hours=freshness_hours(rule))
    sample = () if fresh else ({"value": f"last load {age.total_seconds() / 3600:.1f} hours ago"},)
    return Finding(rule, fresh, checked=1, failing=0 if fresh else 1, sample=sample)


def _volume(rule: QualityRule, dataset: Dataset) -> Finding:
    wanted = volume_bounds(rule)
    loads = dataset.uploads.filter(state=Upload.State.LOADED, replays=None).order_by("-finished_at", "-pk")
    brought = [upload.accepted or 0 for upload in loads[: EARLIER_UPLOADS + 1]]
    if not brought:
        return Finding(rule, passed=False, fault="Nothing has been loaded yet.")
    rows, earlier = brought[0], brought[1:]
    bad = (wanted.minimum is not None and rows < wanted.minimum) or (
        wanted.maximum is not None and rows > wanted.maximum
    )
    if wanted.deviation_pct is not None and earlier:
        usual = fmean(earlier)
        bad = bad or abs(rows - usual) > usual * wanted.deviation_pct / 100
    sample = ({"value": f"{rows:,} rows in the last upload"},) if bad else ()
    return Finding(rule, not bad, checked=1, failing=1 if bad else 0, sample=sample)


def write_results(findings: list[Finding], version: DatasetVersion, now: datetime) -> None:
    QualityResult.objects.bulk_create(
        QualityResult(
            rule=finding.rule,
            upload=version.upload,
            version=version.version,
            passed=finding.passed,
            checked=finding.checked,
            failing=finding.failing,
            sample=list(finding.sample),
            fault=finding.fault,
            at=now,
        )
        for finding in findings
    )


def check_freshness(now: datetime) -> int:
    """Ask the freshness rules of all datasets again; a result is written where the answer changed. Returns how many."""
    changed = 0
    stale = QualityRule.objects.filter(kind=Kind.FRESHNESS, is_active=True).select_related("dataset")
    for rule in stale.exclude(dataset__current_version=None):
        finding, last = _of_dataset(rule, rule.dataset, now), rule.results.first()
        if last is not None and last.passed == finding.passed:
            continue
        with transaction.atomic():
            dataset = Dataset.objects.select_for_update().get(pk=rule.dataset_id)
            write_results([finding], version_of(dataset), now)
            settle_verdict(dataset)
        changed += 1
    return changed
