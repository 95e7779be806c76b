"""The register of what does not count: proposing, deciding, withdrawing."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doors.pages import form_page, page, paged, require, visible
from organization.access import CERTIFY, DEFINE, VIEW
from slas import exclusions
from slas.clocks.times import times_of
from slas.drafting import AgreementRefused
from slas.forms import ExclusionForm
from slas.models import Exclusion

from .frame import frame_of, the_agreement

REFUSALS = (exclusions.SecondPersonNeeded, exclusions.WrongState, AgreementRefused)
State = Exclusion.State


@dataclass(frozen=True)
class Steps:
    """What this person may do with an exclusion; `waits`: why not more, in a sentence."""

    decide: bool = False
    take_back: bool = False
    withdraw: bool = False
    decide_withdrawal: bool = False
    waits: str = ""


@page(VIEW)
@require_GET
def exclusion_list(request, code):
    found = the_agreement(request, code)
    people = ("withdrawals__asked_by", "withdrawals__decided_by")
    shown = paged(request, found.exclusions.select_related("proposed_by", "decided_by").prefetch_related(*people))
    lines = [(one, steps_of(one, found, request)) for one in shown]
    context = {"page": shown, "lines": lines, "clock": times_of(found, request.day).clock}
    return render(request, "slas/exclusions.html", frame_of(request, found, "exclusions", **context))


def steps_of(one: Exclusion, agreement, request) -> Steps:
    access, me = request.access, request.user.pk
    may_draft, may_sign = access.allows(DEFINE, agreement.unit_id), access.allows(CERTIFY, agreement.unit_id)
    asked = one.withdrawal_asked
    if one.state == State.PROPOSED:
        is_mine = one.proposed_by_id == me
        waits = _waits(is_mine, may_sign, "who proposed it cannot decide on it")
        return Steps(decide=may_sign and not is_mine, take_back=may_draft and is_mine, waits=waits)
    if one.state != State.APPROVED:
        return Steps()
    if asked is None:
        return Steps(withdraw=may_draft)
    is_mine = asked.asked_by_id == me
    waits = _waits(is_mine, may_sign, "who asked for the withdrawal cannot decide on it")
    return Steps(decide_withdrawal=may_sign and not is_mine, waits=waits)


def _waits(is_mine: bool, may_sign: bool, why: str) -> str:
    if is_mine:
        return f"Waits for a second person: {why}."
    return "" if may_sign else "Waits for somebody who may sign the agreement."


@page(DEFINE)
@require_http_methods(["GET", "POST"])
def exclusion_new(request, code):
    """Propose cases, a stretch of time, or rows of a condition; the address may name a case."""
    found = the_agreement(request, code)
    require(request, DEFINE, found.unit_id)
    first = {"cases": request.GET.get("case", "")[:200], "target_code": request.GET.get("target", "")[:40]}
    form = ExclusionForm(request.POST or None, agreement=found, clock=times_of(found, request.day).clock, initial=first)

    def act(words) -> str:
        exclusions.propose(found, by=request.user, **words)
        return "Proposed: it counts once a second person has approved it."

    return form_page(
        request,
        form,
        act,
        back=reverse("agreement_exclusions", args=[code]),
        refusals=(AgreementRefused,),
        title=f"Exclude from {found.name}",
        lead="Attainment is always shown with and without what is excluded.",
        label="Propose",
    )


@page(VIEW)
@require_POST
def exclusion_decide(request, pk: int, decision: str):
    """Approve or reject what was proposed; withdraw it; agree to the withdrawal of what was approved, or keep it."""
    found = visible(Exclusion.objects.select_related("agreement"), request, pk=pk)
    if decision not in STEPS:
        raise Http404
    permission, act = STEPS[decision]
    require(request, permission, found.agreement.unit_id)
    try:
        messages.success(request, act(found, request.user, request.POST.get("reason", "").strip()[:2000]))
    except REFUSALS as refusal:
        messages.error(request, str(refusal))
    return redirect("agreement_exclusions", code=found.agreement.code)


def _approve(found, by, note: str) -> str:
    exclusions.decide(found, by=by, is_approved=True, note=note, now=timezone.now())
    return "Approved: it no longer counts."


def _reject(found, by, note: str) -> str:
    exclusions.decide(found, by=by, is_approved=False, note=note, now=timezone.now())
    return "Rejected: it counts."


def _withdraw(found, by, reason: str) -> str:
    withdrawn = exclusions.withdraw(found, by=by, reason=reason, now=timezone.now())
    if withdrawn.state == State.WITHDRAWN:
        return "Taken back: it was never left out."
    return "Asked for: what it leaves out counts again once a second person has agreed."


def _agree(found, by, note: str) -> str:
    exclusions.decide_withdrawal(found, by=by, is_approved=True, note=note, now=timezone.now())
    return "Withdrawn: it counts again."


def _keep(found, by, note: str) -> str:
    exclusions.decide_withdrawal(found, by=by, is_approved=False, note=note, now=timezone.now())
    return "Kept: it stays left out."


STEPS = {
    "approve": (CERTIFY, _approve),
    "reject": (CERTIFY, _reject),
    "withdraw": (DEFINE, _withdraw),
    "approve-withdrawal": (CERTIFY, _agree),
    "reject-withdrawal": (CERTIFY, _keep),
}
