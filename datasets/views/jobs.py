"""Work to be done and done: what runs, what waits, what is parked and may be tried again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from datasets.models import Dataset, Upload
from doors.pages import page, paged
from jobs import work
from jobs.models import Job
from organization import audit
from organization.access import ADMINISTER, UPLOAD, VIEW


def _seen(request):
    """Jobs of uploads and datasets that the person sees; an administrator sees all."""
    if request.access.anywhere(ADMINISTER):
        return Job.objects.all()
    uploads = Upload.objects.visible_to(request.access).values("job")
    datasets = list(Dataset.objects.visible_to(request.access).values_list("pk", flat=True))
    return Job.objects.filter(Q(pk__in=uploads) | Q(arguments__dataset__in=datasets) | Q(asked_by=request.user))


@page(VIEW)
def job_list(request):
    jobs = _seen(request).select_related("asked_by")
    wanted = request.GET.get("state", "")
    if wanted in Job.State.values:
        jobs = jobs.filter(state=wanted)
    page = paged(request, jobs)
    for job, thing in zip(page, _things(request, page), strict=True):
        job.thing = thing
    context = {"page": page, "wanted": wanted, "states": Job.State.choices}
    context["may_retry"] = request.access.anywhere(UPLOAD)
    return render(request, "datasets/jobs.html", context)


def _things(request, jobs) -> list[Upload | Dataset | None]:
    """What each job is about, where the person sees it."""
    named = {name: {job.arguments.get(name) for job in jobs} - {None} for name in ("upload", "dataset")}
    uploads = Upload.objects.visible_to(request.access).in_bulk(named["upload"])
    datasets = Dataset.objects.visible_to(request.access).in_bulk(named["dataset"])
    return [uploads.get(job.arguments.get("upload")) or datasets.get(job.arguments.get("dataset")) for job in jobs]


@require_POST
@page(UPLOAD)
def job_retry(request, pk):
    job = get_object_or_404(_seen(request), pk=pk)
    if job.state != Job.State.PARKED:
        raise PermissionDenied("Only a parked job can be tried again.")
    upload = Upload.objects.filter(job=job, state=Upload.State.FAILED).first()
    if upload is not None:
        Upload.objects.filter(pk=upload.pk).update(state=Upload.State.QUEUED, fault=None)
    work.retry(job)
    messages.success(request, f"Job {job.pk} is tried again.")
    return redirect("jobs")


@require_POST
@page(UPLOAD)
def job_dismiss(request, pk):
    """A parked job that nobody needs any more; what it was about stays as it is."""
    job = get_object_or_404(_seen(request), pk=pk)
    with transaction.atomic():
        if not work.dismiss(job):
            raise PermissionDenied("Only a parked job can be dismissed.")
        audit.record(request.user, "parked job dismissed", job, kind=job.kind, key=job.key, fault=job.fault[:500])
    messages.success(request, f"Job {job.pk} is dismissed.")
    return redirect("jobs")
