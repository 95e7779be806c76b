"""Selection rounds: setting one up, scoring blind, the ranking with its sensitivity, the award."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, paged, require, visible
from kpis.typed_numbers import NotANumber, read_number
from organization.access import OVERSEE, PROCURE
from vendors import selection
from vendors.forms import AwardForm, BidForm, EvaluatorForm, RoundCriterionForm, RoundForm
from vendors.models import Evaluation, SelectionRound
from vendors.ranking import PRICE, Ranking
from vendors.refusals import Refusal

from .frame import chosen_step, id_of, room_tabs, step, text_of, trail

State = SelectionRound.State


@page(OVERSEE)
@require_GET
def round_list(request):
    seen = SelectionRound.objects.visible_to(request.access).select_related("unit", "awarded")
    context = {
        "heading": "Selection rounds",
        "tabs": room_tabs(request, "selection_rounds"),
        "breadcrumb": trail(),
        "page": paged(request, seen),
        "may_add": request.access.anywhere(PROCURE),
    }
    return render(request, "vendors/rounds.html", context)


@page(PROCURE)
def round_new(request):
    form = RoundForm(request.POST or None, access=request.access)

    def act(values):
        return f"{selection.create_round(by=request.user, **values)}: add criteria, bids and evaluators."

    back = reverse("selection_rounds")
    return form_page(
        request, form, act, back=back, refusals=(Refusal,), title="New selection round", breadcrumb=trail()
    )


@page(OVERSEE)
@require_GET
def round_page(request, pk):
    found = visible(SelectionRound.objects.select_related("unit", "awarded", "made_by"), request, pk=pk)
    ranking = selection.ranking_of(found)
    may_change = request.access.allows(PROCURE, found.unit_id)
    context = {
        "round": found,
        "heading": found.name,
        "breadcrumb": trail(None, ("Selection", reverse("selection_rounds"))),
        "criteria": found.criteria.all(),
        "bids": found.bids.select_related("vendor__unit"),
        "progress": selection.progress(found),
        "sheet": _sheet(request, found),
        "may_change": may_change,
        **(_shown(found, ranking) if ranking else {}),
    }
    if may_change and found.state in (State.DRAFT, State.SCORING):
        context["evaluator_form"] = EvaluatorForm(day=request.day)
    if may_change and found.state == State.DRAFT:
        context |= {"criterion_form": RoundCriterionForm(), "bid_form": BidForm(access=request.access)}
    if may_change and found.state == State.OPENED:
        context["award_form"] = AwardForm(round=found)
    return render(request, "vendors/round.html", context)


def _sheet(request, found: SelectionRound) -> dict | None:
    """The person's own scores as a grid; None unless they evaluate a round that is being scored."""
    if found.state != State.SCORING or not found.evaluators.filter(user=request.user).exists():
        return None
    mine = Evaluation.objects.filter(bid__round=found, evaluator__user=request.user)
    given = {(one.bid_id, one.criterion_id): one.score for one in mine}
    criteria = list(found.criteria.all())
    rows = [
        {
            "label": bid.bidder,
            "cells": [{"name": f"s-{bid.pk}-{c.pk}", "value": _typed(given.get((bid.pk, c.pk)))} for c in criteria],
        }
        for bid in found.bids.all()
    ]
    return {"headers": ["Bid", *(criterion.name for criterion in criteria)], "rows": rows}


def _typed(score) -> str:
    return "" if score is None else f"{score.normalize():f}"


def _shown(found: SelectionRound, ranking: Ranking) -> dict:
    """The ranking with names: offers, and for each weight how far it may move."""
    bids = {str(bid.pk): bid for bid in found.bids.all()}
    names = {PRICE: "Price"} | {str(c.pk): c.name for c in found.criteria.all()}
    offers = [
        (offer, bids[offer.key], [offer.by_criterion[c] for c in names if c != PRICE]) for offer in ranking.offers
    ]
    switches = [
        {
            "name": names[switch.criterion],
            "share": switch.share,
            "below": switch.below,
            "winner_below": switch.winner_below and bids[switch.winner_below],
            "above": switch.above,
            "winner_above": switch.winner_above and bids[switch.winner_above],
        }
        for switch in ranking.switches
    ]
    return {"ranking": ranking, "offers": offers, "switches": switches}


@page(OVERSEE)
@require_POST
def round_score(request, pk):
    """Keep one's own scores; empty cells are left as they are."""
    found = visible(SelectionRound.objects, request, pk=pk)

    def act():
        scores: dict[tuple[int, int], Decimal] = {}
        for name, text in request.POST.items():
            prefix, _, rest = name.partition("-")
            bid, _, criterion = rest.partition("-")
            if prefix == "s" and text.strip() and bid.isdigit() and criterion.isdigit():
                scores[(int(bid), int(criterion))] = _score(text)
        selection.score(found, by=request.user, scores=scores)
        return f"{len(scores)} scores are kept. Nobody sees them until the round is opened."

    return step(request, act, found.get_absolute_url())


def _score(text: str) -> Decimal:
    try:
        return read_number(text)
    except NotANumber as fault:
        raise Refusal(str(fault), "scores") from None


@page(PROCURE)
@require_POST
def round_step(request, pk):
    found = visible(SelectionRound.objects.select_related("unit"), request, pk=pk)
    require(request, PROCURE, found.unit_id)
    do = chosen_step(
        request,
        {
            "criterion": _criterion, "bid": _bid, "evaluator": _evaluator, "remove": _remove, "start": _start,
            "open": _open, "award": _award, "cancel": _cancel,
        },
    )  # fmt: skip
    return step(request, lambda: do(request, found), found.get_absolute_url())


def _criterion(request, found) -> str:
    values = _checked(RoundCriterionForm(request.POST))
    return f"{selection.add_criterion(found, by=request.user, **values)} is a criterion now."


def _bid(request, found) -> str:
    values = _checked(BidForm(request.POST, access=request.access))
    return f"The bid of {selection.add_bid(found, by=request.user, **values)} is taken."


def _evaluator(request, found) -> str:
    values = _checked(EvaluatorForm(request.POST, day=request.day))
    return f"{selection.name_evaluator(found, values['user'], day=request.day, by=request.user)} is an evaluator now."


def _remove(request, found) -> str:
    parts = {"criterion": found.criteria, "bid": found.bids, "evaluator": found.evaluators}
    part = get_object_or_404(parts.get(request.POST.get("part"), found.bids), pk=id_of(request))
    selection.remove_part(part, by=request.user)
    return f"{part} is taken out."


def _start(request, found) -> str:
    selection.start(found, by=request.user)
    return "The evaluators may score now; nobody sees the others' scores."


def _open(request, found) -> str:
    selection.open_round(found, now=timezone.now(), by=request.user)
    return "The round is opened: all scores can be seen, and stand."


def _award(request, found) -> str:
    values = _checked(AwardForm(request.POST, round=found))
    return f"{selection.award(found, by=request.user, **values).awarded} has it."


def _cancel(request, found) -> str:
    selection.cancel(found, reason=text_of(request, "reason"), by=request.user)
    return "The round is cancelled."


def _checked(form) -> dict:
    if not form.is_valid():
        raise ValidationError(
            [
                f"{form.fields[name].label or name.capitalize()}: {' '.join(texts)}"
                if name in form.fields
                else " ".join(texts)
                for name, texts in form.errors.items()
            ]
        )
    return form.cleaned_data
