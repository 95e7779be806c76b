"""Periods of an agreement: the list, one of them, closing it, disputing it, restating it."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doors.pages import page, require
from doors.revisions import ChangedMeanwhile
from kpis.requests import as_of_day
from organization.access import CERTIFY, DEFINE, VIEW
from organization.money import written
from slas import closing, periods, selectors
from slas.drafting import AgreementRefused
from slas.models import CreditClaim, PeriodResult

from .document import _reason as reason_of
from .frame import frame_of, the_agreement

State = PeriodResult.State
REFUSALS = (periods.WrongState, periods.SecondPersonNeeded, AgreementRefused, ChangedMeanwhile)


@page(VIEW)
@require_GET
def period_list(request, code):
    found = the_agreement(request, code)
    kept = found.periods.select_related("version", "closed_by").prefetch_related("restatements")
    claims = {claim.period_id: claim for claim in CreditClaim.objects.filter(agreement=found)}
    order = selectors.order_of(found)
    lines = [
        (one, selectors.promises_of(periods.standing_figures(one), {}, order), claims.get(one.pk), _waiting(one))
        for one in kept
    ]
    return render(request, "slas/periods.html", frame_of(request, found, "periods", lines=lines))


@page(VIEW)
@require_GET
def period(request, code, start: str):
    """The figures, what they were made from, and what became of them since the close."""
    found = the_agreement(request, code)
    one = _the_period(found, start)
    codes = dict(found.attainment_kpis.values_list("target_code", "kpi__code"))
    restatements = [
        {
            "one": restatement,
            "key": str(restatement.pk),
            "fields": [("seen", restatement.pk)],
            "rows": _differences(restatement, codes),
            "waits": (waits := _why_not(request, found, restatement)),
            "may_decide": restatement.state == "proposed" and not waits,
        }
        for restatement in one.restatements.select_related("proposed_by", "decided_by").prefetch_related("caused_by")
    ]
    context = frame_of(
        request,
        found,
        "periods",
        period=one,
        promises=selectors.promises_of(one.figures, codes, selectors.order_of(found), one.state == "open"),
        restatements=restatements,
        close_fields=[("figures_hash", one.figures_hash)],
        claim=CreditClaim.objects.filter(period=one).first(),
        trail=[_said(entry) for entry in selectors.trail_of(one)],
    )
    return render(request, "slas/period.html", context)


@page(VIEW)
@require_POST
def period_step(request, code, start: str, name: str):
    """One step of a period: close, dispute, settle, restate."""
    found = the_agreement(request, code)
    if name not in STEPS:
        raise Http404
    permission, act = STEPS[name]
    require(request, permission, found.unit_id)
    one = _the_period(found, start)
    return _done(request, one, lambda: act(one, request))


@page(VIEW)
@require_POST
def restatement_decide(request, code, start: str, number: int, decision: str):
    """Approve or reject a restatement."""
    found = the_agreement(request, code)
    require(request, CERTIFY, found.unit_id)
    one = _the_period(found, start)
    asked = one.restatements.filter(number=number).first()
    if asked is None or decision not in ("approve", "reject"):
        raise Http404
    asked.pk = _seen(request) or asked.pk  # numbers come again when the data change: what was looked at is decided on
    return _done(request, one, lambda: _decide(asked, request, decision == "approve"))


def _done(request, one: PeriodResult, act):
    try:
        messages.success(request, act())
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    except REFUSALS as fault:
        messages.error(request, f"{fault} {getattr(fault, 'next_step', '')}".strip())
    return redirect(one)


def _close(one, request) -> str:
    seen = request.POST.get("figures_hash", "")
    closed = closing.close_period(one, by=request.user, day=as_of_day(), seen=seen, now=timezone.now())
    claim = CreditClaim.objects.filter(period=closed).first()
    return f"Closed. {f'{written(claim.amount, claim.currency)} are due.' if claim else 'No credit is due.'}"


def _dispute(one, request) -> str:
    periods.dispute(one, by=request.user, reason=reason_of(request))
    return "Under dispute: it is not closed before that is settled."


def _settle(one, request) -> str:
    periods.settle(one, by=request.user, outcome=reason_of(request))
    return "Settled: the period is provisional again."


def _restate(one, request) -> str:
    made = periods.propose_restatement(one, by=request.user, cause=reason_of(request))
    return f"Restatement {made.number} is proposed: a second person decides on it."


def _decide(asked, request, is_approved: bool) -> str:
    note = request.POST.get("reason", "").strip()[:2000]
    closing.decide_restatement(
        asked, by=request.user, is_approved=is_approved, day=as_of_day(), note=note, now=timezone.now()
    )
    return "The restated figures count." if is_approved else "The figures of the close go on to count."


STEPS = {
    "close": (CERTIFY, _close),
    "dispute": (DEFINE, _dispute),
    "settle": (CERTIFY, _settle),
    "restate": (DEFINE, _restate),
}


def _the_period(agreement, start: str) -> PeriodResult:
    try:
        day = date.fromisoformat(start)
    except ValueError:
        raise Http404(f"{start} is not a day.") from None
    kept = agreement.periods.select_related("version", "closed_by", "disputed_by").filter(period_start=day).first()
    if kept is None:
        raise Http404(f"{agreement.code} has no period that starts on {start}.")
    kept.agreement = agreement
    return kept


def _seen(request) -> int | None:
    """The id of the restatement that the form showed."""
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


def _why_not(request, agreement, restatement) -> str:
    """Why the person does not decide on what waits; empty for who does."""
    if restatement.state != "proposed":
        return ""
    if not request.access.allows(CERTIFY, agreement.unit_id):
        return "It waits for somebody who may sign the agreement."
    return periods.second_person_needed(restatement, request.user)


def _waiting(one: PeriodResult) -> bool:
    return any(restatement.state == "proposed" for restatement in one.restatements.all())


def _said(entry) -> dict:
    """An entry of the audit trail as components/history_list.html takes it, with the reason that was given."""
    details = entry.details
    numbered = f"number {details['number']}" if "number" in details else ""
    why = next((details[name] for name in ("reason", "outcome", "note", "cause") if details.get(name)), "")
    detail = ": ".join(part for part in (numbered, why) if part)
    return {"at": entry.at, "who": entry.actor_name, "what": entry.action, "detail": detail}


def _differences(restatement, codes: dict) -> list[tuple]:
    """(promise before, promise after) for each promise of either."""
    order = selectors.order_of(restatement.period.agreement)
    before = {p.code: p for p in selectors.promises_of(restatement.before, codes, order)}
    after = {p.code: p for p in selectors.promises_of(restatement.after, codes, order)}
    return [(before.get(code), after.get(code)) for code in dict.fromkeys([*before, *after])]
