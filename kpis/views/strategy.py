"""Strategy: themes, objectives, the KPIs linked to them with their status, and what is tied to nothing, both ways."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ProtectedError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from doors.pages import page, require
from kpis import selectors
from kpis import strategy as verbs
from kpis.models import KpiLink, Objective, Theme
from organization.access import DEFINE, VIEW, Access

from .addresses import kpi_address
from .asking import day_of
from .strategy_forms import LinkForm, ObjectiveForm, ThemeForm

REFUSED = 422


@dataclass(frozen=True, slots=True)
class Linked:
    """A KPI under an objective: its last complete number at the unit that answers for it."""

    link: KpiLink
    cell: selectors.HeatCell | None
    format: str
    url: str


@page(VIEW)
@require_http_methods(["GET", "POST"])
def strategy(request):
    if request.method == "GET":
        return _page(request)
    steps = {
        "theme": _add_theme,
        "objective": _add_objective,
        "link": _link,
        "unlink": _unlink,
        "remove_objective": _remove_objective,
        "remove_theme": _remove_theme,
        "move_theme": _move_theme,
    }
    step = steps.get(request.POST.get("do", ""))
    if step is None:
        raise Http404
    if not request.access.anywhere(DEFINE):
        require(request, DEFINE, None)
    if step in (_add_theme, _remove_theme, _move_theme) and not request.access.everywhere(DEFINE):
        raise PermissionDenied(verbs.WHOLE)
    return step(request)


def _page(request, *, status: int = 200, **forms):
    """Constant queries: objectives and links once, one heat map over the linked KPIs, the orphans."""
    access, day = request.access, day_of(request)
    objectives = Objective.objects.filter(unit__in=access.units(VIEW)).select_related("theme", "unit", "owner")
    objectives = list(objectives.order_by("theme__position", "theme__name", "name"))
    linked = _linked(request, objectives, day)
    may_build = access.anywhere(DEFINE)
    context = {
        "heading": "Strategy",
        "themes": _by_theme(objectives, linked, access),
        "orphans": verbs.orphans(access),
        "may_build": may_build,
        "may_theme": access.everywhere(DEFINE),
        "defines": access.units(DEFINE),
        "day": day,
    }
    if may_build:
        context |= {
            "theme_form": ThemeForm(),
            "objective_form": ObjectiveForm(access=access),
            "link_form": LinkForm(
                access=access, initial={"objective": request.GET.get("objective"), "kpi": request.GET.get("kpi")}
            ),
        }
    return render(request, "kpis/strategy.html", context | forms, status=status)


def _by_theme(objectives: list[Objective], linked: dict[int, list[Linked]], access: Access) -> list[tuple]:
    """(theme, [(objective, its linked KPIs)]), also themes without an objective."""
    themes: dict[Theme, list] = {theme: [] for theme in Theme.objects.visible_to(access)}
    for objective in objectives:
        themes[objective.theme].append((objective, linked.get(objective.pk, [])))
    return list(themes.items())


def _linked(request, objectives: list[Objective], day) -> dict[int, list[Linked]]:
    links = KpiLink.objects.filter(objective__in=objectives).select_related("kpi", "objective")
    links = list(links.order_by("kind", "kpi__name"))
    kpis = {link.kpi for link in links}
    found = selectors.heatmap([k.pk for k in kpis], {k.unit_id for k in kpis}, "month", day, request.access)
    formats = {kpi.id: f"{kpi.unit_of_measure}:{kpi.decimals}" for kpi in found.kpis}
    units = {unit.id: unit.code for unit in found.units}
    linked: dict[int, list[Linked]] = {}
    for link in links:
        kpi = link.kpi
        url = kpi_address(kpi.code, unit=units[kpi.unit_id]) if kpi.unit_id in units else ""
        cell = found.cell(kpi.unit_id, kpi.pk)
        linked.setdefault(link.objective_id, []).append(Linked(link, cell, formats.get(kpi.pk, ""), url))
    return linked


# --- steps -----------------------------------------------------------------------------------------------------------


def _add_theme(request):
    form = ThemeForm(request.POST)
    if form.is_valid() and _tried(form, lambda: verbs.add_theme(by=request.user, **form.cleaned_data)):
        messages.success(request, "The theme was added. Now say which objectives belong to it.")
        return redirect("strategy")
    return _page(request, status=REFUSED, theme_form=form)


def _add_objective(request):
    form = ObjectiveForm(request.POST, access=request.access)
    if form.is_valid():
        values = form.cleaned_data
        made = _tried(form, lambda: verbs.add_objective(owner=request.user, by=request.user, **values))
        if made:
            messages.success(request, f"{made} was added. Now link the KPIs that show whether it is reached.")
            return redirect("strategy")
    return _page(request, status=REFUSED, objective_form=form)


def _link(request):
    form = LinkForm(request.POST, access=request.access)
    if not form.is_valid():
        return _page(request, status=REFUSED, link_form=form)
    values = form.cleaned_data
    verbs.link(values["objective"], values["kpi"], values["kind"], by=request.user)
    messages.success(request, f"{values['kpi']} is linked to {values['objective']}.")
    return redirect("strategy")


def _unlink(request):
    link = get_object_or_404(KpiLink.objects.filter(objective__unit__in=request.access.units(VIEW)), pk=_id(request))
    require(request, DEFINE, link.objective.unit_id)
    verbs.unlink(link, by=request.user)
    messages.success(request, f"{link.kpi} is no longer linked to {link.objective}.")
    return redirect("strategy")


def _remove_objective(request):
    objective = get_object_or_404(Objective.objects.filter(unit__in=request.access.units(VIEW)), pk=_id(request))
    require(request, DEFINE, objective.unit_id)
    return _removed(request, objective, "A scorecard shows it: take it out there first.")


def _remove_theme(request):
    theme = get_object_or_404(Theme, pk=_id(request))
    return _removed(request, theme, "Objectives belong to it: remove those first.")


def _move_theme(request):
    """One place up or down."""
    theme = get_object_or_404(Theme, pk=_id(request))
    place = list(Theme.objects.all()).index(theme) + (-1 if request.POST.get("to") == "up" else 1)
    verbs.move_theme(theme, place, by=request.user)
    return redirect(f"{reverse('strategy')}#theme-{theme.pk}")


def _removed(request, thing, next_step: str):
    try:
        verbs.remove(thing, by=request.user)
        messages.success(request, f"{thing} was removed.")
    except ProtectedError:
        messages.error(request, f"{thing} was not removed. {next_step}")
    return redirect("strategy")


def _id(request) -> int:
    given = request.POST.get("id", "")
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Http404
    return int(given)


def _tried(form, verb):
    """What `verb` gives, or None with its refusal beside the field."""
    try:
        return verb()
    except ValidationError as fault:
        for name, texts in fault.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
        return None
