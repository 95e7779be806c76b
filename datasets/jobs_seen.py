"""Which jobs a person sees, and what becomes of a parked one: tried again, or dismissed."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from datasets.models import Dataset, Upload
from jobs import work
from jobs.models import Job
from organization import audit
from organization.access import ADMINISTER, UPLOAD, Access


def jobs_seen(access: Access) -> QuerySet[Job]:
    """Jobs of uploads, and of datasets whose workings the person sees, and their own; who administers the whole
    organisation sees all."""
    if access.everywhere(ADMINISTER):
        return Job.objects.all()
    uploads = Upload.objects.visible_to(access).values("job")
    datasets = list(Dataset.objects.with_workings(access).visible_to(access).values_list("pk", flat=True))
    return Job.objects.filter(Q(pk__in=uploads) | Q(arguments__dataset__in=datasets) | Q(asked_by=access.user_id))


def jobs_held(access: Access) -> QuerySet[Job]:
    """Those that the person may try again or dismiss: their own, and of what belongs to units at which they upload."""
    if access.everywhere(ADMINISTER):
        return Job.objects.all()
    units = access.units(UPLOAD)
    uploads = Upload.objects.filter(dataset__unit__in=units).values("job")
    datasets = list(Dataset.objects.filter(unit__in=units).values_list("pk", flat=True))
    return Job.objects.filter(Q(pk__in=uploads) | Q(arguments__dataset__in=datasets) | Q(asked_by=access.user_id))


def require_held(job: Job, access: Access) -> None:
    """Raises PermissionDenied for a job of units at which the person only looks."""
    if not jobs_held(access).filter(pk=job.pk).exists():
        raise PermissionDenied(
            "Only who asked for it, or uploads for the dataset's unit, may try it again or dismiss it."
        )


@transaction.atomic
def try_again(job: Job, *, by) -> None:
    """Raises PermissionDenied unless the job is parked."""
    if job.state != Job.State.PARKED:
        raise PermissionDenied("Only a parked job can be tried again.")
    Upload.objects.filter(job=job, state=Upload.State.FAILED).update(state=Upload.State.QUEUED, fault=None)
    fault = job.fault
    work.retry(job)
    audit.record(by, "parked job tried again", job, kind=job.kind, key=job.key, fault=fault[:500])


@transaction.atomic
def dismiss(job: Job, *, by) -> None:
    """What it was about stays as it is. Raises PermissionDenied unless the job is parked."""
    if not work.dismiss(job):
        raise PermissionDenied("Only a parked job can be dismissed.")
    audit.record(by, "parked job dismissed", job, kind=job.kind, key=job.key, fault=job.fault[:500])
