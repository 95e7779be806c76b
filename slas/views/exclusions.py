"""The register of what does not count: proposing, deciding, withdrawing."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doors.pages import form_page, page, paged, require, visible
from organization.access import CERTIFY, DEFINE, VIEW
from slas import exclusions
from slas.clocks.times import times_of
from slas.drafting import AgreementRefused
from slas.forms import ExclusionForm
from slas.models import Exclusion

from .frame import frame_of, the_agreement


@page(VIEW)
@require_GET
def exclusion_list(request, code):
    found = the_agreement(request, code)
    shown = paged(request, found.exclusions.select_related("proposed_by", "decided_by"))
    clock = times_of(found, request.day).clock
    return render(request, "slas/exclusions.html", frame_of(request, found, "exclusions", page=shown, clock=clock))


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
    """Approve or reject (a second person), or withdraw."""
    found = visible(Exclusion.objects.select_related("agreement"), request, pk=pk)
    permission = DEFINE if decision == "withdraw" else CERTIFY
    require(request, permission, found.agreement.unit_id)
    note = request.POST.get("reason", "").strip()[:2000]
    try:
        if decision == "withdraw" and not note:
            messages.error(request, "Say why it is withdrawn: press Withdraw again, and give a reason.")
        elif decision == "withdraw":
            exclusions.withdraw(found, by=request.user, reason=note)
            messages.success(request, "Withdrawn: it counts again.")
        elif decision in ("approve", "reject"):
            is_approved = decision == "approve"
            exclusions.decide(found, by=request.user, is_approved=is_approved, note=note)
            messages.success(request, "Approved: it no longer counts." if is_approved else "Rejected: it counts.")
        else:
            raise Http404
    except (exclusions.SecondPersonNeeded, exclusions.WrongState) as refusal:
        messages.error(request, str(refusal))
    return redirect("agreement_exclusions", code=found.agreement.code)
