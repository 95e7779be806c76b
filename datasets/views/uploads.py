"""One upload: how its load stands, what came of it, trying it again, taking it back."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from datasets import intake, rejects, removal, scope, stretch, undo
from datasets.api.upload_lists import download_removed
from datasets.facts import NoSuchVersion
from datasets.forms import StretchForm
from datasets.models import Upload
from datasets.refusals import InvalidRequest, OutsideStretch, Refusal, RemovalUnconfirmed
from doors.pages import page, visible
from organization.access import DEFINE, UPLOAD, VIEW

from .problems import problem_of
from .restatements import shown_of

ASKS_REMOVAL, ASKS_DAYS = RemovalUnconfirmed.code, OutsideStretch.code
# A question is answered below it on the page, not by a field of a request.
ANSWERED_BELOW = {
    ASKS_REMOVAL: "Nothing was loaded yet. Choose what to do, or state other days of which it holds all records.",
    ASKS_DAYS: "Nothing was loaded yet. State other days if it holds all records of these too, or load it without "
    "removing; if rows are wrong, correct the file and upload it again.",
}
HIDDEN = {"message": "The file was refused.", "next_step": "Ask its uploader or the dataset's steward for the reason."}


@page(VIEW)
def upload(request, public_id):
    uploads = Upload.objects.select_related("dataset__unit", "uploaded_by", "restated_by", "job", "replays")
    found = visible(uploads, request, public_id=public_id)
    context = _context(request, found)
    context["undo_text"] = _undo_text(context["corrected_as"])
    template = "datasets/_upload_state.html" if request.htmx else "datasets/upload.html"
    return render(request, template, context)


def _context(request, found: Upload) -> dict:
    """What the upload's page and its progress show."""
    job = found.job
    changes = may_change(found, request.access)
    sees = bool(found.fault or found.rejected) and rejects.may_see(found, request.access)
    told = rejects.seen(found.fault or {}, found, request.access)
    may_define = bool(found.dataset) and request.access.allows(DEFINE, found.dataset.unit_id)
    replays = list(found.replayed_by.visible_to(request.access).order_by("pk"))
    crumbs = [("Datasets", reverse("datasets"))]
    if found.dataset:
        crumbs.append((found.dataset.name, found.dataset.get_absolute_url()))
    return {
        "upload": found,
        "job": job,
        "is_waiting": bool(job and not job.is_finished),
        "state": "parked" if found.is_parked else found.state,
        "not_taken_back": job.fault if job and job.kind == undo.KIND and job.state == "parked" else "",
        "problems": [problem_of(_for_people(told) if sees else HIDDEN, request.clock)] if found.fault else [],
        "asks": found.state == Upload.State.ASKS,
        "removes_most": is_most(found.fault or {}),
        "is_closed_out": found.state == "refused" and found.fault.get("code") == "period_closed",
        "asks_removal": sees and changes and found.state == "asks" and found.fault.get("code") == ASKS_REMOVAL,
        "days": _days_asked(found) if changes and sees else None,
        "spoken_for": stretch.in_words(found),
        "asks_reading": changes and found.state == "asks" and found.fault.get("code") not in removal.ASKING,
        "corrects": changes and bool(found.rejected) and rejects.are_waiting(found.replays or found),
        "may_reread": may_define and changes and found.state == "refused" and bool(found.fault),
        "may_undo": found.state == "loaded" and undo.may_undo(found, request.access),
        "may_change": changes,
        "taken_back": undo.asked_for([found]).get(found.pk) if found.state == "undone" else None,
        "corrected_as": [one for one in replays if one.state == "loaded"],
        "replays": replays,
        "shows_counts": may_count(found, request.access),
        "shows_rejects": bool(found.rejected) and sees,
        "rejects_of": found.replays if found.replays and rejects.is_correctable(found) else found,
        "breadcrumb": crumbs,
        **(shown_of(found, request) if found.dataset else {}),
    }


def _for_people(fault: dict) -> dict:
    step = ANSWERED_BELOW.get(fault.get("code", ""))
    return fault | {"next_step": step} if step else fault


def _days_asked(found: Upload) -> StretchForm | None:
    """Other days: where rows lie outside those stated, beginning with those that hold every row; where records would
    be removed, with those of which it was taken to hold all.
    """
    code = found.fault.get("code") if found.state == Upload.State.ASKS else ""
    if code not in removal.ASKING:
        return None
    first, last = stretch.wider(found) if code == ASKS_DAYS else (found.fault["first"], found.fault["last"])
    return StretchForm(initial={"complete_from": first, "complete_through": last})


def _undo_text(corrected_as: Iterable[Upload]) -> str:
    """What taking it back does; its corrected rows are uploads of their own."""
    text = (
        "Its rows leave; records that it had replaced or removed return as they were, unless a later upload replaced "
        "them again."
    )
    names = ", ".join(f"#{one.pk}" for one in corrected_as)
    return f"{text} Its corrected rows, loaded as {names}, stay until that is taken back too." if names else text


@require_POST
@page(UPLOAD)
def upload_load(request, public_id):
    """Try a failed or refused upload again."""
    found = own(request, public_id)
    try:
        requested = intake.request_load(found, by=request.user, **_answer_of(request, found))
        if requested.already:
            messages.info(request, requested.message)
    except refusals() as refusal:
        words = _for_people(refusal.to_dict())
        messages.error(request, f"{words['message']} {words['next_step']}".strip())
    return redirect("upload", public_id)


def _answer_of(request, found: Upload) -> dict:
    """What the answer to "remove them?" or "of which days?" says.

    Raises InvalidRequest: days that are none, or that most of the records need a second yes.
    """
    if request.POST.get("complete") == "no":
        return {"complete": False}
    if "complete_from" in request.POST:
        days = StretchForm(request.POST)
        if not days.is_valid():
            field, faults = next(iter(days.errors.items()))
            raise InvalidRequest(f"{days.fields[field].label}: {faults[0]}", field=field)
        return {"stated": days.stated, "may_remove": 0}
    given = request.POST.get("confirm_removal", "")
    if not (given.isascii() and given.isdigit() and len(given) < 12):
        return {}
    fault = found.fault or {}
    if is_most(fault) and not request.POST.get("sure"):
        raise InvalidRequest("More than half of the records would be removed.", next_step="Tick that you checked it.")
    return {"may_remove": int(given)}


def is_most(fault: dict) -> bool:
    """Whether more than half of the stretch's records would be removed."""
    return fault.get("code") == ASKS_REMOVAL and fault["removed"] * 2 > fault["stored"]


@page(VIEW)
def upload_removed(request, public_id):
    """The records that were removed, or would be, as a file (`?as=csv`, `?as=xlsx`)."""
    uploads = Upload.objects.select_related("dataset__unit")
    found = visible(uploads, request, public_id=public_id)
    try:
        wanted = "xlsx" if request.GET.get("as") == "xlsx" else "csv"
        return download_removed(found, wanted, request.access, local=True)
    except (Refusal, NoSuchVersion) as refusal:
        messages.error(request, f"{refusal} {getattr(refusal, 'next_step', '')}".strip())
        return redirect("upload", public_id)


@require_POST
@page(UPLOAD)
def upload_undo(request, public_id):
    found = visible(Upload.objects.select_related("dataset"), request, public_id=public_id)
    if not undo.may_undo(found, request.access):
        raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may take an upload back.")
    try:
        undo.request_undo(found, by=request.user, reason=request.POST.get("reason", ""))
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}")
    return redirect("upload", public_id)


def own(request, public_id) -> Upload:
    """An upload that the person may change: their own, or of a dataset at whose unit they may upload."""
    found = visible(Upload.objects.select_related("dataset__unit", "uploaded_by"), request, public_id=public_id)
    if not may_change(found, request.access):
        raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may change an upload.")
    return found


def may_change(found: Upload, access) -> bool:
    """Its uploader, as long as they may upload anywhere, and who uploads for the dataset's unit."""
    mine = found.uploaded_by_id == access.user_id and access.anywhere(UPLOAD)
    return bool(mine or (found.dataset and access.allows(UPLOAD, found.dataset.unit_id)))


def may_count(found: Upload, access) -> bool:
    """Whose counts of rows tell nothing new: its uploader's, and theirs who see every row of the dataset."""
    return found.uploaded_by_id == access.user_id or found.dataset_id in scope.wholly_seen(access)


def refusals() -> tuple[type[Exception], ...]:
    from lake.intake import IntakeError

    return (Refusal, IntakeError)
