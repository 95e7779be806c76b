"""Work to be done and done: what runs, what waits, what is parked and may be tried again."""

from __future__ import annotations

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from datasets.jobs_seen import jobs_seen, try_again
from doors.pages import page, paged
from jobs.models import Job
from organization.access import UPLOAD, VIEW


@page(VIEW)
def job_list(request):
    jobs = jobs_seen(request.access).select_related("asked_by")
    wanted = request.GET.get("state", "")
    if wanted in Job.State.values:
        jobs = jobs.filter(state=wanted)
    context = {"page": paged(request, jobs), "wanted": wanted, "states": Job.State.choices}
    context["may_retry"] = request.access.anywhere(UPLOAD)
    return render(request, "datasets/jobs.html", context)


@require_POST
@page(UPLOAD)
def job_retry(request, pk):
    job = get_object_or_404(jobs_seen(request.access), pk=pk)
    try_again(job)
    messages.success(request, f"Job {job.pk} is tried again.")
    return redirect("jobs")
