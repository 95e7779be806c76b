"""Work to be done and done: what runs, what waits, what is parked and may be tried again."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from datasets.jobs_seen import dismiss, jobs_held, jobs_seen, require_held, try_again
from datasets.models import Dataset, Upload
from doors.pages import page, paged
from jobs.models import Job
from organization.access import UPLOAD, VIEW


@page(VIEW)
def job_list(request):
    jobs = jobs_seen(request.access).select_related("asked_by")
    wanted = request.GET.get("state", "")
    if wanted in Job.State.values:
        jobs = jobs.filter(state=wanted)
    page = paged(request, jobs)
    for job, thing in zip(page, _things(request, page), strict=True):
        job.thing = thing
    context = {"page": page, "wanted": wanted, "states": Job.State.choices}
    parked = [job.pk for job in page if job.state == Job.State.PARKED]
    held = jobs_held(request.access).filter(pk__in=parked) if parked and request.access.anywhere(UPLOAD) else ()
    context["held"] = {job.pk for job in held}
    return render(request, "datasets/jobs.html", context)


def _things(request, jobs) -> list[Upload | Dataset | None]:
    """What each job is about, where the person sees it."""
    named = {name: {job.arguments.get(name) for job in jobs} - {None} for name in ("upload", "dataset")}
    uploads = Upload.objects.visible_to(request.access).in_bulk(named["upload"])
    datasets = Dataset.objects.visible_to(request.access).in_bulk(named["dataset"])
    return [uploads.get(job.arguments.get("upload")) or datasets.get(job.arguments.get("dataset")) for job in jobs]


def _held(request, pk: int) -> Job:
    job = get_object_or_404(jobs_seen(request.access), pk=pk)
    require_held(job, request.access)
    return job


@require_POST
@page(UPLOAD)
def job_retry(request, pk):
    job = _held(request, pk)
    try_again(job, by=request.user)
    messages.success(request, f"Job {job.pk} is tried again.")
    return redirect("jobs")


@require_POST
@page(UPLOAD)
def job_dismiss(request, pk):
    """A parked job that nobody needs any more; what it was about stays as it is."""
    job = _held(request, pk)
    dismiss(job, by=request.user)
    messages.success(request, f"Job {job.pk} is dismissed.")
    return redirect("jobs")
