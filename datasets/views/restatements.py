"""Changes of closed rows: asking for one, and what a second person says."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from datasets import closing, rejects, restating
from datasets.models import Restatement, Upload
from datasets.refusals import PeriodClosed, Refusal
from doors.pages import page, require, visible
from doors.revisions import ChangedMeanwhile
from organization.access import RESTATE, UPLOAD
from organization.second_person import who_may

from .problems import problem_of

SAID = {
    "approve": "Approved: it waits for a worker.",
    "reject": "Rejected: nothing was changed.",
    "withdraw": "Withdrawn.",
}


@require_POST
@page(UPLOAD)
def restatement_ask(request, public_id):
    """Ask that a refused upload is loaded, or a loaded one taken back, although closed rows change."""
    found = visible(Upload.objects.select_related("dataset__unit"), request, public_id=public_id)
    if not restating.may_ask(found, request.access):
        raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may ask for a restatement.")
    try:
        restating.ask(found, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now())
        messages.success(request, "Asked for. Nothing changes before a second person has approved it.")
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}".strip())
    return redirect("upload", public_id)


@require_GET
@page(UPLOAD)
def upload_undo_look(request, public_id):
    """The way to take it back that is open: as it is, or as a restatement, with why (htmx)."""
    found = visible(Upload.objects.select_related("dataset__unit"), request, public_id=public_id)
    if not restating.may_ask(found, request.access):
        raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may take an upload back.")
    refusal = restating.refusal_of_undo(found) if found.state == Upload.State.LOADED else None
    return render(request, "datasets/_undo_choice.html", {"refusal": refusal})


@require_POST
@page(UPLOAD)
def restatement_decide(request, pk: int, decision: str):
    """A second person approves or rejects; who asked may withdraw it."""
    found = visible(Restatement.objects.select_related("dataset", "upload"), request, pk=pk)
    if decision not in SAID:
        raise Http404
    now, remark = timezone.now(), request.POST.get("reason", "")
    try:
        if decision == "withdraw":
            restating.withdraw(found, by=request.user, now=now)
        else:
            require(request, RESTATE, found.dataset.unit_id)
            decided = {"approve": decision == "approve", "remark": remark, "seen": request.POST.get("seen", "")}
            restating.decide(found, by=request.user, now=now, **decided)
        messages.success(request, SAID[decision])
    except (Refusal, ChangedMeanwhile) as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}".strip())
    return redirect("upload", found.upload.public_id)


def shown_of(upload: Upload, request) -> dict:
    """What the upload's page shows of its restatements, and what this person may do with the one that waits."""
    history = list(upload.restatements.select_related("dataset", "upload__replays", "asked_by", "decided_by"))
    waiting = next((one for one in history if one.state == Restatement.State.PROPOSED), None)
    kind, may_ask = restating.kind_of(upload), restating.may_ask(upload, request.access)
    context = {
        "restatement": waiting,
        "restatements": [one for one in history if one != waiting],
        "may_ask_load": may_ask and not waiting and kind == Restatement.Kind.LOAD,
        "may_ask_undo": may_ask and not waiting and kind == Restatement.Kind.UNDO and closing.touches_closed(upload),
        "undo_is_asked": waiting is not None and waiting.kind == Restatement.Kind.UNDO,
    }
    if waiting is None:
        return context
    may_restate = request.access.allows(RESTATE, upload.dataset.unit_id)
    refusal = restating.second_person_needed(waiting, request.user) if may_restate else ""
    return context | {
        "is_stale": kind != waiting.kind,
        "asked_by_me": waiting.asked_by_id == request.user.pk,
        "may_decide": may_restate and not refusal,
        "not_mine": refusal,
        "who_may": who_may(RESTATE, upload.dataset.unit, request.day, but=restating.first_people(waiting)),
        "would": _would(waiting, request) if rejects.may_see(upload, request.access) else {},
        "seen": [("seen", restating.revision(waiting))],
    }


def _would(asked: Restatement, request) -> dict:
    details = restating.details_seen(asked, request.access)
    return problem_of({"code": PeriodClosed.code, "message": asked.would, "details": details}, request.clock)
