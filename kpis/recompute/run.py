"""The recompute of one dataset's KPIs: nothing is visible until all of it is."""

import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from django.db import connection, transaction
from django.utils import timezone

from datasets.facts import version_of
from datasets.models import Dataset
from jobs.work import Claim
from kpis import events, webhooks
from kpis.models import Kpi, KpiVersion, RecomputeRequest, Run
from kpis.requests import as_of_day

from . import derived
from .levels import levels_of
from .plan import Plan, Work, plan_of, work_of
from .scan import scan
from .scored import Number, Scorer, standing
from .write import Written, write

LOCK = 0x6B706973  # "kpis": the advisory lock's first half; the second is the dataset's id, 0 for derived KPIs
OFTEN_OVERTAKEN = 5
OTHERWISE_MADE = {KpiVersion.Kind.DERIVED, KpiVersion.Kind.MANUAL}


class Overtaken(Exception):
    """Another run of the same dataset has finished since this one read its data: read again."""


@dataclass
class Progress:
    """Seconds per step for the run log, and the job's bar."""

    claim: Claim | None
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, percent: int, note: str):
        if self.claim:
            self.claim.progress(percent, note)
        start = time.monotonic()
        try:
            yield
        finally:
            self.timings[name] = round(self.timings.get(name, 0) + time.monotonic() - start, 4)


def recompute(dataset_id: int | None, claim: Claim | None = None, day: date | None = None) -> Run:
    """Do what the pending requests of the dataset ask for (None: KPIs without one), and log it as a Run.

    Old results stand until the one transaction at the end; whoever is killed before has changed nothing, and the
    requests are still there for the next attempt. Raises LeaseLost, SandboxKilled, DamagedData.
    """
    dataset = Dataset.objects.get(pk=dataset_id) if dataset_id else None
    day = day or as_of_day()
    run = Run.objects.create(job=claim.job if claim else None, dataset=dataset, trigger="", started_at=timezone.now())
    try:
        for _ in range(OFTEN_OVERTAKEN):
            try:
                return _attempt(run, dataset_id, claim, day)
            except Overtaken:
                continue
        raise Overtaken(f"{dataset} is computed by another worker again and again; this job will be tried later.")
    except Exception as fault:
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.FAILED, fault=f"{type(fault).__name__}: {fault}"[:2000], finished_at=timezone.now()
        )
        raise


def _attempt(run: Run, dataset_id: int | None, claim: Claim | None, day: date) -> Run:
    progress = Progress(claim)
    since = timezone.now()
    dataset = Dataset.objects.get(pk=dataset_id) if dataset_id else None
    with progress.step("plan", 5, "Finding what is touched"):
        work = work_of(dataset)
        plan = plan_of(dataset, work, day) if dataset else Plan()
        version = version_of(dataset) if dataset else None
    run.trigger, run.data_version = work.trigger, version.version if version else None
    run.save(update_fields=["trigger", "data_version"])
    numbers, run.rows_scanned = _scanned(dataset, version, plan, progress)
    with progress.step("score", 75, "Comparing with targets"):
        records = _records(dataset, numbers, work, plan, day)
    with progress.step("write", 85, f"Writing {len(records)} results"), transaction.atomic():
        _take_turns(dataset_id, since)
        if claim:
            claim.still_mine()
        written = _write_all(run, dataset, records, work, plan, day)
        RecomputeRequest.objects.filter(pk__in=work.requests).delete()
        webhooks.announce(run)
        _finish(run, work, plan, written, progress)
        if written.new or written.gone:
            events.results_written.send(Run, run=run, kpis=written.kpis)
    run.save(update_fields=["timings"])  # writing is timed too, once it is done
    return run


def _scanned(dataset, version, plan: Plan, progress: Progress) -> tuple[list[Number], int]:
    numbers: list[Number] = []
    rows = 0
    if version is None or not plan.batches:
        return numbers, rows
    with progress.step("units", 10, "Reading the organisation"):
        levels = levels_of(dataset)
    for place, batch in enumerate(plan.batches):
        share = 15 + 60 * place // len(plan.batches)
        with progress.step("scan", share, f"Computing {len(batch.versions)} KPIs over {len(batch.periods)} periods"):
            scanned = scan(dataset, version, batch, levels)
        numbers += scanned.numbers
        rows += scanned.rows
        for code in sorted(scanned.cut):
            plan.faults.append({"kpi": code, "message": "A member of a dimension is longer than 200 characters."})
    return numbers, rows


def _records(dataset: Dataset | None, numbers: list[Number], work: Work, plan: Plan, day: date) -> list[tuple]:
    """Scanned numbers, and the standing ones whose targets changed, with targets, status and score."""
    scorer = Scorer(KpiVersion.objects.filter(dataset=dataset).select_related("kpi", "dataset"), day)
    records = [scorer.record(number) for number in numbers]
    for number in standing(work.rescored):
        version = scorer.versions.get(number.version_id)
        if version is None or version.kind in OTHERWISE_MADE or version.pk in plan.whole:
            continue
        if (version.kpi_id, number.grain, number.period_start) not in plan.replaced:
            records.append(scorer.record(number))
    return records


def _take_turns(dataset_id: int | None, since) -> None:
    """One writer per dataset at a time; whoever read before another wrote must read again."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '120s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, dataset_id or 0])
    if Run.objects.filter(dataset=dataset_id, state=Run.State.DONE, finished_at__gt=since).exists():
        raise Overtaken
    if dataset_id:
        with connection.cursor() as cursor:  # derived KPIs read results of several datasets
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])


def _write_all(run: Run, dataset: Dataset | None, records, work: Work, plan: Plan, day: date) -> Written:
    """All of it at one moment, `run.written_at`, by which one can tell later what it superseded."""
    run.written_at = timezone.now()
    stamp = {"run_id": run.pk, "data_version": run.data_version, "now": run.written_at}
    written = write(records, whole=plan.whole, replaced=plan.replaced, **stamp)
    totals = [written]
    changed = set(written.kpis) | set(work.full) | set(work.rescored)
    totals += [_write_manual(kpi, day, stamp) for kpi in sorted(_manual(work.full | work.rescored))]
    totals += [_write_derived(kpi, day, stamp) for kpi in derived.affected_by(changed)]
    return Written.together([*totals, Written(0, 0, 0, 0, frozenset(plan.kpis))])


def _manual(kpis: Iterable[int]) -> set[int]:
    return set(KpiVersion.objects.filter(kpi__in=kpis, kind=KpiVersion.Kind.MANUAL).values_list("kpi_id", flat=True))


def _write_manual(kpi_id: int, day: date, stamp: dict) -> Written:
    kpi = Kpi.objects.get(pk=kpi_id)
    scorer = Scorer(kpi.versions.select_related("kpi", "dataset"), day)
    records = [scorer.record(number) for number in derived.entered_numbers(kpi)]
    mine = [pk for pk, version in scorer.versions.items() if version.kind == KpiVersion.Kind.MANUAL]
    return write(records, whole=mine, **stamp)


def _write_derived(kpi_id: int, day: date, stamp: dict) -> Written:
    numbers, marks = derived.numbers_of(kpi_id)
    scorer = Scorer(KpiVersion.objects.filter(kpi=kpi_id).select_related("kpi", "dataset"), day)
    records = []
    for number in numbers:
        key = (
            number.unit_id,
            number.grain,
            number.period_start,
            number.period_end,
            number.dimension,
            number.member,
        )
        is_open, is_provisional = marks[key]
        records.append(scorer.record(number, is_open=is_open, is_provisional=is_provisional))
    mine = [pk for pk, version in scorer.versions.items() if version.kind == KpiVersion.Kind.DERIVED]
    return write(records, whole=mine, **stamp)


def _finish(run: Run, work: Work, plan: Plan, written: Written, progress: Progress) -> None:
    run.state, run.finished_at = Run.State.DONE, timezone.now()
    run.kpis, run.periods = len(written.kpis), plan.periods
    run.results_written, run.results_unchanged = written.new, written.unchanged
    run.results_changed, run.results_gone = written.changed, written.gone
    run.timings, run.faults = progress.timings, plan.faults
    run.save()
