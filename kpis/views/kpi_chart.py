"""The control chart of a KPI: what fired and by which definition, and how its limits are made and by whom changed."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.pages import page, require, visible
from kpis import landing, rebasing
from kpis.charting import chart_of, runs_of
from kpis.forms_charts import ChartForm, ExclusionForm, PhaseForm
from kpis.models import ChartPhase, ExcludedPoint, Kpi
from kpis.workflow import SecondPersonNeeded
from organization.access import CERTIFY, DEFINE, VIEW

from .frame import frame_of
from .place import Place, place_of

REFUSALS = (rebasing.ChartRefused, SecondPersonNeeded)


@page(VIEW)
@require_GET
def kpi_chart(request, code):
    """Rules with their definitions, phases, baseline and excluded points of one series."""
    kpi = visible(Kpi.objects.select_related("unit", "owner"), request, code=code)
    return _page(request, place_of(request, kpi))


def _page(request, place: Place, status: int = 200, **faulty):
    known = {"as_known_at": place.known_at, "book": place.book}
    chart = chart_of(place.kpi, place.unit, place.grain, place.day, request.access, all_points=True, **known)
    suggested = chart.suggested_from.start if chart.suggested_from else None
    context = {
        **frame_of(request, place, "chart"),
        "chart": chart,
        "fired": runs_of(chart.fired),
        "may_change": request.access.allows(DEFINE, place.unit),
        "may_decide": request.access.allows(CERTIFY, place.unit),
        "chart_form": ChartForm(initial=_as_it_is(chart)),
        "phase_form": PhaseForm(initial={"starts_on": suggested}),
        "exclusion_form": ExclusionForm(),
        "query": place.query(),
    }
    return render(request, "kpis/chart.html", context | faulty, status=status)


def _as_it_is(chart) -> dict:
    setting = chart.setting
    names = ("rule_set", "chart", "baseline", "baseline_from", "baseline_to")
    return {name: getattr(setting, name) for name in names} if setting else {}


@page(DEFINE)
@require_POST
def kpi_chart_change(request, code, step: str):
    """Set the chart, propose a re-base, leave a point out or take it back, ask for a forecast."""
    kpi = visible(Kpi.objects.select_related("unit", "owner"), request, code=code)
    place = place_of(request, kpi)
    require(request, DEFINE, place.unit)
    if step == "include":
        return _include(request, place)
    if step == "forecast":
        landing.ask(kpi, place.unit, by=request.user)
        messages.success(request, "The forecast is being made; it stands here from then on.")
        return redirect(place.url())
    if step not in STEPS:
        raise Http404
    name, form_class, act, done = STEPS[step]
    form = form_class(request.POST)
    if form.is_valid():
        try:
            act(kpi, place.unit, place.grain, by=request.user, **form.cleaned_data)
        except REFUSALS as refusal:
            field = getattr(refusal, "field", "")
            form.add_error(field if field in form.fields else None, str(refusal))
        else:
            messages.success(request, done)
            return redirect(place.url("kpi_chart"))
    return _page(request, place, 422, **{name: form})


STEPS = {
    "set": ("chart_form", ChartForm, rebasing.set_chart, "The chart is set; its limits are made again in a moment."),
    "propose": (
        "phase_form",
        PhaseForm,
        rebasing.propose_phase,
        "The re-base is proposed. Limits stay until a second person approves it.",
    ),
    "exclude": (
        "exclusion_form",
        ExclusionForm,
        rebasing.exclude_point,
        "The point is left out. It stays on the chart, with its reason.",
    ),
}


def _include(request, place: Place):
    series = {"kpi": place.kpi, "unit": place.unit, "grain": place.grain}
    number = request.POST.get("point", "")
    point = get_object_or_404(ExcludedPoint, pk=number if number.isdigit() else 0, **series)
    rebasing.include_point(point, by=request.user)
    messages.success(request, "The point counts again.")
    return redirect(place.url("kpi_chart"))


@page(DEFINE)
@require_POST
def phase_decide(request, pk: int, decision: str):
    """A second person approves or rejects a re-base."""
    seen = ChartPhase.objects.filter(unit__in=request.access.units(VIEW)).select_related("kpi", "unit")
    phase = get_object_or_404(seen, pk=pk)
    require(request, CERTIFY, phase.unit_id)
    if decision not in ("approve", "reject"):
        raise Http404
    try:
        remark = request.POST.get("reason", "")
        rebasing.decide_phase(phase, approve=decision == "approve", by=request.user, remark=remark, now=timezone.now())
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        words = "approved; limits are made again in a moment" if decision == "approve" else "rejected"
        messages.success(request, f"The re-base of {phase.kpi} is {words}.")
    from .addresses import kpi_address

    return redirect(kpi_address(phase.kpi.code, unit=phase.unit.code, grain=phase.grain, name="kpi_chart"))
