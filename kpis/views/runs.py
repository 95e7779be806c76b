"""Recomputes: what ran, what waits, what went wrong; with its progress while it runs."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from datasets.jobs_seen import try_again
from datasets.models import Dataset
from datasets.scope import wholly_seen
from doors.pages import page, paged, require, visible
from jobs.models import Job
from kpis import requests
from kpis.models import Kpi
from kpis.selectors.runs import job_of, visible_faults, visible_runs, waiting_jobs
from organization.access import DEFINE, VIEW

STATES = {"running", "done", "failed"}


@page(VIEW)
@require_GET
def runs(request):
    state = request.GET.get("state", "")
    found = visible_runs(request.access)
    if state in STATES:
        found = found.filter(state=state)
    context = {
        "heading": "Runs",
        "page": paged(request, found),
        "jobs": waiting_jobs(request.access),
        "states": [("", "All"), ("running", "Running"), ("done", "Done"), ("failed", "Failed")],
        "state": state,
        "may_define": request.access.anywhere(DEFINE),
        "whole": wholly_seen(request.access),
    }
    if request.htmx:
        return render(request, "kpis/_waiting.html", context)
    return render(request, "kpis/runs.html", context)


@page(VIEW)
@require_GET
def run(request, pk: int):
    """One run; asked by htmx, only its progress."""
    found = get_object_or_404(visible_runs(request.access), pk=pk)
    if request.htmx:
        return render(request, "kpis/_run_progress.html", {"run": found})
    slowest = max(found.timings.values(), default=0) if found.timings else 0
    context = {
        "heading": f"Run {found.pk}",
        "run": found,
        "steps": [(name, seconds) for name, seconds in found.timings.items()],
        "slowest": slowest,
        "seconds": sum(found.timings.values()),
        "whole": wholly_seen(request.access),
        "faults": visible_faults(found, request.access),
        "hidden_faults": len(found.faults) - len(visible_faults(found, request.access)),
    }
    return render(request, "kpis/run.html", context)


@page(VIEW)
@require_GET
def kpi_progress(request, code):
    """Whether a KPI's numbers are being computed, for its page (htmx)."""
    kpi = visible(Kpi.objects, request, code=code)
    return render(request, "kpis/_job.html", {"kpi": kpi, "job": job_of(kpi), "asked": True})


@page(DEFINE)
@require_POST
def retry(request, pk: int):
    """Take a recompute up again that was given up."""
    mine = {job.pk: job for job in waiting_jobs(request.access)}
    if pk not in mine:
        raise Http404
    job = mine[pk]
    dataset = Dataset.objects.filter(pk=job.arguments.get("dataset")).first()
    if dataset is not None:
        require(request, DEFINE, dataset.unit_id)
    elif not request.access.everywhere(DEFINE):
        raise PermissionDenied("KPIs made of others are of the whole organisation: ask who may define there.")
    try_again(job, by=request.user)
    messages.success(request, "The recompute is queued again.")
    return redirect("runs")


@page(DEFINE)
@require_POST
def recompute(request, code):
    """Compute all results of one KPI again."""
    kpi = visible(Kpi.objects, request, code=code)
    require(request, DEFINE, kpi.unit_id)
    job: Job = requests.definition(kpi, f"asked for {kpi.code}", by=request.user)
    messages.success(request, f"The numbers of {kpi.name} are being computed again (job {job.pk}).")
    return redirect("kpi", code=code)
