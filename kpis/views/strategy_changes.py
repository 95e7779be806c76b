"""Renaming a theme or an objective, and saying anew what it means, where it belongs and who owns it."""

from copy import copy

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from doors.pages import form_page, page, require
from kpis import strategy as verbs
from kpis.models import Objective, Theme
from organization.access import DEFINE, VIEW

from .strategy_forms import ObjectiveChangeForm, ThemeForm


@page(DEFINE)
def theme_change(request, pk):
    theme = get_object_or_404(Theme, pk=pk)
    if not request.access.everywhere(DEFINE):
        raise PermissionDenied(verbs.WHOLE)
    initial = {"name": theme.name, "description": theme.description}
    return _changed(request, theme, ThemeForm(request.POST or None, initial=initial), f"#theme-{theme.pk}")


@page(DEFINE)
def objective_change(request, pk):
    objective = get_object_or_404(Objective.objects.filter(unit__in=request.access.units(VIEW)), pk=pk)
    require(request, DEFINE, objective.unit_id)
    form = ObjectiveChangeForm(request.POST or None, access=request.access, objective=objective)
    return _changed(request, objective, form, f"#objective-{objective.pk}")


def _changed(request, thing: Model, form: Form, place: str) -> HttpResponse:
    def act(values):
        return f"{verbs.change(copy(thing), by=request.user, **values)} was saved."  # the page names what still holds

    back = reverse("strategy")
    return form_page(
        request, form, act, back=back + place, title=f"Change {thing}", label="Save", breadcrumb=[("Strategy", back)]
    )
