"""Service credits: what is due, claimed, agreed and credited; of one agreement or of all."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from doors.exports import Column, csv_response
from doors.pages import page, paged, require, visible
from doors.revisions import ChangedMeanwhile
from kpis.requests import as_of_day
from organization.access import CERTIFY, MONEY, VIEW
from organization.money import written
from slas import claims
from slas.drafting import AgreementRefused
from slas.figures import read_figures
from slas.models import CreditClaim
from slas.periods import standing_figures

from .document import _reason as reason_of
from .frame import frame_of, the_agreement

State = CreditClaim.State
PEOPLE = ("claimed_by", "decided_by", "credited_by")
REFUSALS = (
    claims.WrongState,
    claims.DeadlinePassed,
    claims.SecondPersonNeeded,
    claims.ClaimRefused,
    AgreementRefused,
    ChangedMeanwhile,
)
WAITS = {
    State.CALCULATED: "It waits for somebody who sees money at its unit to claim it: finance, an executive.",
    State.CLAIMED: "It waits for a second person, of finance or who may sign the agreement.",
    State.AGREED: "It waits for finance to write down the credit note.",
}
COLUMNS = (
    Column("Agreement", width=30),
    Column("Period"),
    Column("State"),
    Column("Charge"),
    Column("Credit"),
    Column("Agreed"),
    Column("Earned back"),
    Column("Currency"),
    Column("Claim by"),
    Column("Reference", width=20),
)


@page(VIEW)
@require_GET
def service_credits(request):
    """All credits of the agreements that the person may see."""
    found = CreditClaim.objects.visible_to(request.access).select_related("agreement", "period")
    state = request.GET.get("state", "")
    totals = found.values("state", "currency").annotate(amount=Sum("amount")).order_by("currency")
    context = {
        "heading": "Service credits",
        "breadcrumb": [("Service levels", reverse("agreements"))],
        "page": paged(request, _of_state(found, state)),
        "state": state,
        "states": State.choices,
        "totals": [(State(row["state"]).label, row["amount"], row["currency"], row["state"]) for row in totals],
        "day": request.day,
    }
    return render(request, "slas/service_credits.html", context)


@page(VIEW)
@require_GET
def service_credits_export(request):
    """The list as CSV, all pages of it; of one state if the address names one."""
    found = CreditClaim.objects.visible_to(request.access).select_related("agreement", "period")
    rows = [
        [
            claim.agreement.name,
            claim.period.period_start,
            claim.get_state_display(),
            claim.charge,
            claim.amount,
            claim.agreed_amount,
            claim.earned_back,
            claim.currency,
            claim.claim_by,
            claim.reference,
        ]
        for claim in _of_state(found, request.GET.get("state", ""))
    ]
    return csv_response(f"service credits {request.day}", COLUMNS, rows)


def _of_state(claims, state: str):
    return claims.filter(state=state) if state in State.values else claims


@page(VIEW)
@require_GET
def agreement_credits(request, code):
    found = the_agreement(request, code)
    shown = paged(request, found.claims.select_related("period", "agreement"))
    return render(request, "slas/credits.html", frame_of(request, found, "credits", page=shown, day=request.day))


@page(VIEW)
@require_GET
def service_credit(request, pk: int):
    """One credit: how it comes about, line by line, and its next step."""
    claim = _the_claim(request, pk)
    *lines, total = claim.breakdown or [{}]
    may_claim, may_sign = (request.access.allows(word, claim.agreement.unit_id) for word in (MONEY, CERTIFY))
    is_mine = claim.claimed_by_id == request.user.pk
    steps = {
        "claim": may_claim and claim.state == State.CALCULATED,
        "agree": (may_claim or may_sign) and claim.state == State.CLAIMED and not is_mine,
        "second_person": claim.state == State.CLAIMED and is_mine,
        "credit": may_claim and claim.state == State.AGREED,
    }
    steps["waits"] = "" if any(steps.values()) else WAITS.get(State(claim.state), "")
    context = frame_of(
        request,
        claim.agreement,
        "credits",
        claim=claim,
        lines=lines,
        figures=read_figures(standing_figures(claim.period)),
        total=total,
        steps=steps,
        is_late=as_of_day() > claim.claim_by,
    )
    return render(request, "slas/service_credit.html", context)


@page(VIEW)
@require_POST
def service_credit_step(request, pk: int, name: str):
    """One step of a credit: claim, agree, reject, credit."""
    claim = _the_claim(request, pk)
    if name not in STEPS:
        raise Http404
    if name in ("agree", "reject") and request.access.allows(CERTIFY, claim.agreement.unit_id):
        require(request, CERTIFY, claim.agreement.unit_id)
    else:
        require(request, MONEY, claim.agreement.unit_id)
    try:
        messages.success(request, STEPS[name](claim, request))
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    except REFUSALS as fault:
        messages.error(request, f"{fault} {getattr(fault, 'next_step', '')}".strip())
    return redirect("service_credit", pk=pk)


def _claim(claim, request) -> str:
    seen = _amount(request) or Decimal(0)  # a form without the amount showed none
    claims.claim_credit(claim, by=request.user, day=as_of_day(), note=request.POST.get("reason", "")[:2000], seen=seen)
    return f"{written(claim.amount, claim.currency)} are claimed."


def _agree(claim, request) -> str:
    words = {"amount": _amount(request), "note": request.POST.get("reason", "").strip()[:2000]}
    agreed = claims.agree(claim, by=request.user, day=as_of_day(), **words)
    return f"{written(agreed.agreed_amount, agreed.currency)} are agreed."


def _amount(request) -> Decimal | None:
    text = request.POST.get("amount", "").replace(",", "").strip()
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        raise ValidationError(f"“{text[:30]}” is no amount such as 1250.00.") from None


def _reject(claim, request) -> str:
    claims.reject(claim, by=request.user, day=as_of_day(), reason=reason_of(request))
    return "The claim is rejected; its reason is kept."


def _credit(claim, request) -> str:
    claims.credit(claim, by=request.user, day=as_of_day(), reference=request.POST.get("reference", "")[:100])
    return "The credit is in the books."


STEPS = {"claim": _claim, "agree": _agree, "reject": _reject, "credit": _credit}


def _the_claim(request, pk: int) -> CreditClaim:
    found = CreditClaim.objects.select_related(
        "agreement__unit", "agreement__customer", "agreement__owner", "period__version", *PEOPLE
    )
    return visible(found, request, pk=pk)
