"""The scorecard builder: rows, their places, weights from a day on, and how each is rolled up."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from doors.pages import page, require, visible
from kpis import scorecards
from kpis.models import NodeWeight, Scorecard, ScorecardNode
from organization.access import DEFINE

from .addresses import with_query
from .asking import day_of
from .scorecard_forms import AddForm, RowForm, ScorecardForm, WeightsForm

REFUSED = 422


@dataclass(frozen=True, slots=True)
class BuilderRow:
    """A row of the tree with its share on the day, and whether it can go up or down among its siblings."""

    node: ScorecardNode
    level: int
    share_pct: float | None
    is_first: bool
    is_last: bool
    field: BoundField


@page(DEFINE)
@require_http_methods(["GET", "POST"])
def new(request):
    form = ScorecardForm(request.POST or None, access=request.access, initial={"owner": request.user, "grain": "month"})
    if request.method == "POST" and form.is_valid():
        made = _tried(form, lambda: scorecards.create_scorecard(by=request.user, **form.values()))
        if made:
            messages.success(request, f"{made.name} is there. Now add what it holds.")
            return redirect("scorecard_edit", made.code)
    status = REFUSED if form.is_bound else 200
    context = {"form": form, "heading": "New scorecard", "breadcrumb": [("Scorecards", reverse("scorecards"))]}
    return render(request, "kpis/scorecard_new.html", context, status=status)


@page(DEFINE)
@require_http_methods(["GET", "POST"])
def edit(request, code: str):
    card = visible(Scorecard.objects.select_related("unit", "owner"), request, code=code)
    require(request, DEFINE, card.unit)
    if request.method == "GET":
        return _page(request, card)
    steps = {
        "settings": _settings,
        "add": _add,
        "change": _change,
        "move": _move,
        "remove": _remove,
        "weights": _weights,
        "remove_scorecard": _remove_scorecard,
    }
    step = steps.get(request.POST.get("do", ""))
    if step is None:
        raise Http404
    return step(request, card)


def _page(request, card: Scorecard, *, status: int = 200, **forms):
    """The builder; `forms` are those that were refused, to be shown with their faults."""
    day = day_of(request)
    nodes, weights = _nodes(card), _weights_on(card, day)
    chosen = _chosen(nodes, request.GET.get("row", ""))
    context = {
        "scorecard": card,
        "day": day,
        "chosen": chosen,
        "chosen_weights": chosen.weights.all() if chosen else (),
        "row_form": chosen and RowForm(node=chosen, access=request.access),
        "add_form": AddForm(scorecard=card, access=request.access, initial={"parent": request.GET.get("under")}),
        "settings_form": ScorecardForm(instance=card, access=request.access),
        "weights_form": WeightsForm(nodes=nodes, weights=weights, day=day),
        "heading": f"Edit {card.name}",
        "breadcrumb": [("Scorecards", reverse("scorecards")), (card.name, reverse("scorecard", args=[card.code]))],
        **forms,
    }
    context["rows"] = _rows(nodes, weights, context["weights_form"])
    return render(request, "kpis/scorecard_edit.html", context, status=status)


# --- steps -----------------------------------------------------------------------------------------------------------


def _settings(request, card: Scorecard):
    form = ScorecardForm(request.POST, instance=card, access=request.access)
    if form.is_valid() and _tried(form, lambda: scorecards.change_scorecard(card, by=request.user, **form.values())):
        messages.success(request, "The scorecard was changed.")
        return _back(card)
    card.refresh_from_db()
    return _page(request, card, status=REFUSED, settings_form=form)


def _add(request, card: Scorecard):
    form = AddForm(request.POST, scorecard=card, access=request.access)
    if form.is_valid():
        made = _tried(form, lambda: scorecards.add_node(card, by=request.user, **form.cleaned_data))
        if made:
            messages.success(request, f"{made} was added{f' under {made.parent}' if made.parent else ''}.")
            return _back(card, under=made.parent_id if made.kpi_id else made.pk)
    return _page(request, card, status=REFUSED, add_form=form)


def _change(request, card: Scorecard):
    node = _node(request, card)
    form = RowForm(request.POST, node=node, access=request.access)
    if form.is_valid():
        values = dict(form.cleaned_data)
        parent = values.pop("parent")
        if _tried(form, lambda: _changed(node, parent, values, request.user)):
            messages.success(request, f"{node} was changed.")
            return _back(card)
        node.refresh_from_db()
    return _page(request, card, status=REFUSED, row_form=form, chosen=node, chosen_weights=node.weights.all())


def _changed(node: ScorecardNode, parent: ScorecardNode | None, values: dict, by) -> ScorecardNode:
    if parent != node.parent:
        scorecards.move_node(node, parent, by=by)
    return scorecards.change_node(node, by=by, **values)


def _move(request, card: Scorecard):
    """One place up or down among its siblings."""
    node = _node(request, card)
    siblings = list(card.nodes.filter(parent=node.parent).order_by("position", "pk").values_list("pk", flat=True))
    place = siblings.index(node.pk) + (-1 if request.POST.get("to") == "up" else 1)
    scorecards.move_node(node, node.parent, by=request.user, position=place)
    return _back(card)


def _remove(request, card: Scorecard):
    node = _node(request, card)
    name = str(node)
    scorecards.remove_node(node, by=request.user)
    messages.success(request, f"{name} was taken out. Its KPIs and their results stay.")
    return _back(card)


def _weights(request, card: Scorecard):
    nodes, day = _nodes(card), day_of(request)
    form = WeightsForm(request.POST, nodes=nodes, weights=_weights_on(card, day), day=day)
    if not form.is_valid():
        return _page(request, card, status=REFUSED, weights_form=form)
    changed = form.changed()
    for node, weight in changed.items():
        scorecards.set_weight(node, weight, from_day=form.from_which(), by=request.user)
    word = "weight was" if len(changed) == 1 else "weights were"
    messages.success(request, f"{len(changed)} {word} set." if changed else "No weight was changed.")
    return _back(card)


def _remove_scorecard(request, card: Scorecard):
    name = card.name
    scorecards.remove_scorecard(card, by=request.user)
    messages.success(request, f"{name} was removed. Its KPIs and their results stay.")
    return redirect("scorecards")


# --- what the steps share ------------------------------------------------------------------------------------------


def _tried(form, verb):
    """What `verb` gives, or None with its refusal on the form, beside the field that it names."""
    try:
        return verb()
    except scorecards.ScorecardError as fault:
        form.add_error(fault.field if fault.field in form.fields else None, str(fault))
    except ValidationError as fault:
        for name, texts in fault.message_dict.items():
            form.add_error(name if name in form.fields else None, texts)
    return None


def _back(card: Scorecard, **query):
    return redirect(with_query(reverse("scorecard_edit", args=[card.code]), **query))


def _node(request, card: Scorecard) -> ScorecardNode:
    given = request.POST.get("row", "")
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Http404
    return get_object_or_404(card.nodes.select_related("kpi", "objective", "parent"), pk=given)


def _chosen(nodes: list[ScorecardNode], given: str) -> ScorecardNode | None:
    return next((node for node in nodes if str(node.pk) == given), None)


def _nodes(card: Scorecard) -> list[ScorecardNode]:
    return list(card.nodes.select_related("kpi", "objective", "unit").order_by("position", "pk"))


def _weights_on(card: Scorecard, day: date) -> dict:
    return dict(NodeWeight.objects.in_force(day).filter(node__scorecard=card).values_list("node_id", "weight"))


def _rows(nodes, weights: dict, form: WeightsForm, parent: int | None = None, level: int = 1) -> list[BuilderRow]:
    """The tree in the order of the page."""
    siblings = [node for node in nodes if node.parent_id == parent]
    own = {node.pk: weights.get(node.pk, 1) for node in siblings}
    whole = sum(own.values())
    rows = []
    for place, node in enumerate(siblings):
        share = 100 * float(own[node.pk]) / float(whole) if whole else None
        field = form[f"weight-{node.pk}"]
        rows.append(BuilderRow(node, level, share, place == 0, place == len(siblings) - 1, field))
        rows += _rows(nodes, weights, form, node.pk, level + 1)
    return rows
