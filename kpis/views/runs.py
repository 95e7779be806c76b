"""Recomputes: what ran, what waits, what went wrong; with its progress while it runs."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from datasets.jobs_seen import try_again
from datasets.models import Dataset, Upload
from datasets.scope import wholly_seen
from doors.pages import page, paged, require, visible
from jobs.models import Job
from kpis import requests
from kpis.models import Kpi, Run
from kpis.selectors import effects
from kpis.selectors.runs import after_upload, job_of, visible_faults, visible_runs, waiting_jobs
from organization.access import DEFINE, VIEW

from .addresses import kpi_address, same_page
from .asking import GRAINS, day_of

STATES = {"running", "done", "failed"}
STEPS = ["plan", "units", "scan", "score", "write"]


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
        "steps": sorted(found.timings.items(), key=_place),
        "slowest": slowest,
        "seconds": sum(found.timings.values()),
        "whole": wholly_seen(request.access),
        "faults": visible_faults(found, request.access),
        "hidden_faults": len(found.faults) - len(visible_faults(found, request.access)),
        **_effects(request, found),
    }
    return render(request, "kpis/run.html", context)


def _place(step: tuple[str, float]) -> int:
    """Where a step stands; one of another release comes last."""
    return STEPS.index(step[0]) if step[0] in STEPS else len(STEPS)


def _effects(request, found: Run) -> dict:
    """What the run changed, as far as the person may see it: the part that the address asks for."""
    show = request.GET.get("show", "")
    if show not in effects.SHOWS:
        show = "new" if found.results_written and found.results_changed == 0 else "changed"
    grain = request.GET.get("grain", "") if request.GET.get("grain") in GRAINS else ""
    by = "members" if request.GET.get("by") == "members" else ""
    results = effects.effects_of(found, request.access, show=show, grain=grain, members=bool(by))
    part = paged(request, results)
    pairs = effects.paired(part.object_list, gone=show == "gone")
    return {
        "effects_page": part,
        "effects": [(row, _address(row)) for row in effects.rows_of(pairs, day_of(request))],
        "shows": [(key, label, same_page(request, show=key)) for key, label in effects.SHOWS.items()],
        "show": show,
        "grains": GRAINS.items(),
        "grain": grain,
        "by": by,
    }


def _address(row: effects.EffectRow) -> str:
    """The KPI's page where the number stands; of a member or of what is gone, its page alone."""
    return kpi_address(row.kpi.code, unit=row.unit.code, grain=row.period.grain, period=row.period.start)


@page(VIEW)
@require_GET
def of_upload(request, public_id):
    """What a load did to the KPIs over its dataset, for the upload's page (htmx); asked again while it is computed."""
    upload = visible(Upload.objects.select_related("dataset"), request, public_id=public_id)
    after = after_upload(upload, request.access)
    context = {
        "upload": upload,
        "after": after,
        "turned": effects.turned(after.run, request.access) if after and after.run else {},
        "may_define": upload.dataset and request.access.allows(DEFINE, upload.dataset.unit_id),
    }
    return render(request, "kpis/_after_upload.html", context)


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
