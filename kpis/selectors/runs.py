"""Recomputes: what ran, what waits, and whether a KPI's numbers are being computed just now."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from datasets.models import Dataset, DatasetVersion, Upload
from jobs.models import Job, in_line
from kpis.models import Kpi, KpiVersion, Run
from kpis.requests import KIND
from organization.access import VIEW, Access

WAITING = (Job.State.QUEUED, Job.State.RUNNING, Job.State.PARKED)


def visible_runs(access: Access) -> QuerySet[Run]:
    """Runs over datasets whose home unit the person may view; those without a dataset for who may view all units."""
    mine = Q(dataset__in=_run_datasets(access))
    return Run.objects.filter(mine | Q(dataset=None) if access.everywhere(VIEW) else mine).select_related(
        "dataset", "job"
    )


def waiting_jobs(access: Access) -> list[Job]:
    """Recomputes that wait, run or were given up, of the same datasets."""
    jobs = list(Job.objects.filter(kind=KIND, state__in=WAITING)[:50])
    seen = set(_run_datasets(access).values_list("pk", flat=True))
    all_units = access.everywhere(VIEW)
    found = []
    for job in jobs:
        dataset = job.arguments.get("dataset")
        if dataset in seen or (dataset is None and all_units):
            found.append(job)
    return found


def _run_datasets(access: Access) -> QuerySet[Dataset]:
    """Those at whose home the person may view, and whose workings they are shown."""
    return Dataset.objects.with_workings(access).filter(unit__in=access.units(VIEW))


def job_of(kpi: Kpi) -> Job | None:
    """The unfinished recompute that will write this KPI's results. Two queries."""
    datasets = set(KpiVersion.objects.filter(kpi=kpi).values_list("dataset_id", flat=True))
    keys = Q()
    for dataset in datasets or {None}:
        keys |= in_line(f"recompute:{dataset or 'none'}")
    return Job.objects.unfinished().filter(keys, kind=KIND).first()


@dataclass(frozen=True, slots=True)
class AfterUpload:
    """What came of a load: `job` while it is computed or was given up, then `run`. is_read: KPIs are over it."""

    run: Run | None = None
    job: Job | None = None
    is_read: bool = False


def after_upload(upload: Upload, access: Access) -> AfterUpload | None:
    """The first finished run over the version that the upload made, or the recompute that will be it. Five queries.

    Neither is told who may not see the runs of its dataset. None: it made no version.
    """
    made = DatasetVersion.objects.filter(upload=upload).order_by("-version").first()
    if made is None:
        return None
    done = visible_runs(access).filter(dataset=made.dataset_id, data_version__gte=made.version, state=Run.State.DONE)
    run = done.order_by("pk").first()
    if run:
        return AfterUpload(run=run, is_read=True)
    waiting = Job.objects.filter(in_line(f"recompute:{made.dataset_id}"), kind=KIND, state__in=WAITING)
    job = waiting.first() if _run_datasets(access).filter(pk=made.dataset_id).exists() else None
    return AfterUpload(job=job, is_read=KpiVersion.objects.kept().filter(dataset=made.dataset_id).exists())


def visible_faults(run: Run, access: Access) -> list[dict]:
    """The run's faults of KPIs that the person may see. A query where it has any."""
    codes = {fault.get("kpi") for fault in run.faults}
    seen = set(Kpi.objects.visible_to(access).filter(code__in=codes).values_list("code", flat=True)) if codes else set()
    return [fault for fault in run.faults if fault.get("kpi") in seen]
