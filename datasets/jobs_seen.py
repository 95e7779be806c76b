"""Which jobs a person sees, and what becomes of a parked one: tried again, or dismissed."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from datasets.models import Dataset, Upload
from jobs import work
from jobs.models import Job
from organization import audit
from organization.access import ADMINISTER, Access


def jobs_seen(access: Access) -> QuerySet[Job]:
    """Jobs of uploads, and of datasets whose workings the person sees, and their own; an administrator sees all."""
    if access.anywhere(ADMINISTER):
        return Job.objects.all()
    uploads = Upload.objects.visible_to(access).values("job")
    datasets = list(Dataset.objects.with_workings(access).visible_to(access).values_list("pk", flat=True))
    return Job.objects.filter(Q(pk__in=uploads) | Q(arguments__dataset__in=datasets) | Q(asked_by=access.user_id))


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
