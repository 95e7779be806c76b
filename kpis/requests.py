"""Asking for results to be computed or scored again: a row for what, and a job, in the caller's transaction."""

from collections.abc import Collection
from datetime import date, timedelta

from django.conf import settings
from django.db.models import DateField, ExpressionWrapper, F, Q, Value
from django.utils import timezone

from datasets.models import Dataset, DatasetVersion
from jobs.models import Job
from jobs.work import submit
from organization.models import UnitPath

from .models import Kpi, KpiVersion, RecomputeRequest

Scope = RecomputeRequest.Scope
KIND = "kpis.recompute"


def data(version: DatasetVersion, trigger: str, *, by=None) -> Job | None:
    """Rows of some months changed. None when no KPI reads the dataset."""
    if not KpiVersion.objects.filter(dataset=version.dataset_id).exists():
        return None
    _ask(version.dataset_id, None, Scope.DATA, trigger, touched=version.touched)
    return _submit(version.dataset_id, by)


def definition(kpi: Kpi, trigger: str, *, by=None) -> Job:
    """A KPI's definition changed: all its results, of all datasets that its versions read."""
    return _for_kpi(kpi, Scope.DEFINITION, trigger, by)


def rescore(kpi: Kpi, trigger: str, *, by=None) -> Job:
    """Targets or bands changed: status and score only, without a scan."""
    return _for_kpi(kpi, Scope.SCORE, trigger, by)


def everything(dataset: Dataset, trigger: str, *, by=None) -> Job:
    """All KPIs of a dataset over all its periods."""
    _ask(dataset.pk, None, Scope.EVERYTHING, trigger)
    return _submit(dataset.pk, by)


def everywhere(trigger: str) -> None:
    """The organisation changed: everything of all datasets, and new scores for KPIs without one."""
    for dataset in Dataset.objects.filter(kpi_versions__isnull=False).exclude(current_version=None).distinct():
        everything(dataset, trigger)
    for kpi in Kpi.objects.filter(versions__dataset=None).distinct():
        rescore(kpi, trigger)


def below(units: Collection[int], trigger: str, *, by=None) -> None:
    """Periods of KPIs that `units`, or units below them on any day, answer for are divided anew."""
    answering = UnitPath.objects.filter(ancestor__in=units).values("descendant")
    for kpi in Kpi.objects.filter(unit__in=answering):
        definition(kpi, trigger, by=by)


def rescore_dataset(dataset: Dataset, trigger: str, *, by=None) -> None:
    """Whether the dataset's results are provisional changed."""
    for kpi in Kpi.objects.filter(versions__dataset=dataset).distinct():
        rescore(kpi, trigger, by=by)


def as_of_day() -> date:
    """The day from which periods are complete or open: PERFMGR_AS_OF, or the real one."""
    return date.fromisoformat(settings.AS_OF) if settings.AS_OF else timezone.now().date()


def recompute_on_schedule(today: date | None = None) -> int:
    """Score again what was open when it was computed and is complete by now. Returns how many KPIs.

    A derived result is as open as its inputs are: it follows them, and is not asked for by itself.
    """
    today = today or as_of_day()
    through = "results__version__dataset__complete_through"
    complete = Q(**{through: None}) | Q(results__period_end__lte=_day_after(through))
    due = Kpi.objects.filter(
        complete,
        results__period_end__lte=today,
        results__superseded_at=None,
        results__is_open=True,
        results__version__kind__in=set(KpiVersion.Kind) - {KpiVersion.Kind.DERIVED},
    ).distinct()
    for kpi in due:
        rescore(kpi, "schedule")
    return len(due)


def _day_after(field: str):
    return ExpressionWrapper(F(field) + Value(timedelta(days=1)), output_field=DateField())


def _for_kpi(kpi: Kpi, scope: str, trigger: str, by) -> Job:
    datasets = set(kpi.versions.values_list("dataset_id", flat=True)) or {None}
    for dataset in sorted(datasets, key=lambda pk: pk or 0):
        _ask(dataset, kpi.pk, scope, trigger)
        job = _submit(dataset, by)
    return job


def _ask(dataset: int | None, kpi: int | None, scope: str, trigger: str, touched: dict | None = None) -> None:
    RecomputeRequest.objects.create(
        dataset_id=dataset, kpi_id=kpi, scope=scope, trigger=trigger[:200], touched=touched or {}
    )


def _submit(dataset: int | None, by) -> Job:
    return submit(KIND, f"recompute:{dataset or 'none'}", by=by, dataset=dataset)
