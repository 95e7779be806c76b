"""Search: KPIs, scorecards, datasets, units and objectives by name or code, as far as the person may see them."""

from dataclasses import dataclass

from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from datasets.models import Dataset
from doors.pages import page
from kpis.models import Kpi, Objective, Scorecard
from kpis.views.addresses import address_of
from organization.access import VIEW
from organization.models import Unit

SHOWN = 20
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind: (name, address, detail); `more` if there are others."""

    title: str
    hits: tuple[tuple[str, str, str], ...]
    more: bool


@page(VIEW)
@require_GET
def search(request):
    """One query a kind. A single hit that is called exactly so is opened at once."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    groups = _groups(request.access, words) if words else []
    hits = [hit for group in groups for hit in group.hits]
    if len(hits) == 1 and hits[0][1] and hits[0][0].casefold() == words.casefold():
        return redirect(hits[0][1])
    context = {"heading": "Search", "q": words, "groups": [group for group in groups if group.hits]}
    return render(request, "dashboards/search.html", context)


def _groups(access, words: str) -> list[Group]:
    units = access.units(VIEW)
    kpis = Kpi.objects.visible_to(access).select_related("unit")
    scorecards = Scorecard.objects.visible_to(access).select_related("unit")
    datasets = Dataset.objects.visible_to(access).select_related("unit")
    objectives = Objective.objects.filter(unit__in=units).select_related("theme")
    return [
        _group("KPIs", kpis, words, lambda kpi: f"{kpi.code}, {kpi.unit.name}"),
        _group("Scorecards", scorecards, words, lambda card: card.unit.name),
        _group("Datasets", datasets, words, lambda dataset: dataset.unit.name),
        _group("Units", Unit.objects.visible_to(access), words, lambda unit: unit.code),
        _group("Objectives", objectives, words, lambda objective: objective.theme.name, fields=("name", "description")),
    ]


def _group(title: str, queryset, words: str, detail, fields=("name", "code")) -> Group:
    """Every word must occur in one of the fields."""
    for word in words.split():
        any_field = Q()
        for field in fields:
            any_field |= Q(**{f"{field}__icontains": word})
        queryset = queryset.filter(any_field)
    found = list(queryset.order_by("name")[: SHOWN + 1])
    hits = tuple((thing.name, _address(thing), detail(thing)) for thing in found[:SHOWN])
    return Group(title, hits, len(found) > SHOWN)


def _address(thing) -> str:
    if isinstance(thing, Objective):
        return f"{reverse('strategy')}#objective-{thing.pk}"
    return address_of(thing)
