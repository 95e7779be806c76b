"""An extract through the browser: drop it, say how it is read, load it, look at what was set aside, take it back."""

from __future__ import annotations

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from datasets import closing, intake, rejects, undo
from datasets.api.uploads import correct_from_file, download, may_upload
from datasets.facts import contract_of
from datasets.forms import ENCODINGS, DialectForm, NewDatasetForm
from datasets.forms_contract import (
    ColumnFormSet,
    ContractForm,
    column_initials,
    contract_from,
    offer_formats,
    questions_for,
    refuse_unanswered,
)
from datasets.models import Dataset, Reject, Upload
from datasets.refusals import Refusal
from doors.pages import page, paged, require, visible
from organization.access import DEFINE, RESTATE, UPLOAD, VIEW

from .datasets import show_contract_fault
from .problems import problem_of

HIDDEN = {"message": "The file was refused.", "next_step": "Ask its uploader or the dataset's steward for the reason."}


def _refusals() -> tuple[type[Exception], ...]:
    from lake.intake import IntakeError

    return (Refusal, IntakeError)


@page(UPLOAD)
def upload_new(request):
    """Drop a file: for a dataset (`?dataset=`), or for a new one."""
    datasets = Dataset.objects.visible_to(request.access)
    code = request.POST.get("dataset") or request.GET.get("dataset")
    dataset = visible(Dataset.objects, request, code=code) if code else None
    fault, encoding = None, request.POST.get("encoding") or request.GET.get("encoding", "")
    if request.method == "POST":
        try:
            return _received(request, dataset)
        except _refusals() as refusal:
            fault = refusal
    context = {
        "dataset": dataset,
        "datasets": datasets.filter(source=Dataset.Source.EXTRACT),
        "problems": [problem_of(fault.to_dict())] if fault else [],
        "hidden": [("dataset", dataset.code)] if dataset else [],
        "may_restate": dataset and dataset.closed_through and request.access.allows(RESTATE, dataset.unit_id),
        "has_key": bool(dataset and dataset.contract_number and contract_of(dataset).key),
        "restatement": request.POST.get("restatement", ""),
        "encoding": encoding,
        "encodings": ENCODINGS,
        "breadcrumb": [("Datasets", reverse("datasets"))],
    }
    if encoding:
        context["hidden"].append(("encoding", encoding[:40]))
    return render(request, "datasets/upload_new.html", context, status=422 if fault else 200)


def _received(request, dataset: Dataset | None):
    intake.check_room(int(request.META.get("CONTENT_LENGTH") or 0))
    intake.check_takes_uploads(dataset)
    if dataset and not may_upload(dataset, request.access):
        raise PermissionDenied("You may not upload to this dataset. Ask an administrator of its unit.")
    restatement = _restatement(request, dataset)
    file = request.FILES.get("file")
    if file is None:
        raise Refusal("No file came with the form.", next_step="Choose a file, then press Upload.")
    upload = intake.receive(dataset, file, name=file.name, by=request.user, length=file.size)
    intake.examine(upload, encoding=request.POST.get("encoding", ""))
    if dataset is None or not dataset.contract_number:
        return _go(request, reverse("upload_confirm", args=[upload.public_id]))
    requested = intake.request_load(upload, by=request.user, restatement=restatement)
    if requested.already:
        messages.info(request, requested.message)
    return _go(request, reverse("upload", args=[requested.upload.public_id]))


def _restatement(request, dataset: Dataset | None) -> str:
    """Why closed periods may change, said by who may restate. Raises PermissionDenied, InvalidRequest."""
    reason = request.POST.get("restatement", "").strip()
    if reason:
        require(request, RESTATE, dataset.unit_id if dataset else None)
        closing.checked_reason(reason, "restatement")
    return reason


def _go(request, url: str) -> HttpResponse:
    """On to `url`. A script is told so, since a redirect that it follows itself would use up the message."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


@page(UPLOAD)
def upload_confirm(request, public_id):
    """The inferred contract with a preview: answer, correct, load."""
    from lake.contract import ContractError

    upload = _own(request, public_id)
    if upload.state not in (Upload.State.RECEIVED, Upload.State.REFUSED, Upload.State.FAILED):
        return redirect("upload", upload.public_id)
    try:
        preview, dialect_form = _previewed(request, upload)
    except _refusals() as fault:
        context = {"upload": upload, "problems": [problem_of(fault.to_dict())]}
        return render(request, "datasets/upload_confirm.html", context, status=422)
    proposed = _contract_so_far(upload, preview) or intake.proposed_contract(preview)
    given = request.POST or None
    form = ContractForm(given, initial=ContractForm.initial_of(proposed))
    columns = ColumnFormSet(given, initial=column_initials(proposed, preview), prefix="c")
    offer_formats(columns, preview)
    about = None if upload.dataset else NewDatasetForm(given, access=request.access, initial=_named(upload))
    valid = given is not None and form.is_valid() & columns.is_valid() & (about is None or about.is_valid())
    if valid:
        refuse_unanswered(columns, preview)
        valid = not any(columns.errors)
    if valid:
        try:
            contract = contract_from(form, columns, proposed)
            into = upload.dataset or intake.NewDataset(**about.cleaned_data)
            require(request, DEFINE, into.unit)
            intake.confirm(upload, contract, preview.dialect, by=request.user, into=into)
            upload.refresh_from_db()
            requested = intake.request_load(upload, by=request.user)
            return redirect("upload", requested.upload.public_id)
        except ContractError as fault:
            show_contract_fault(fault, form, columns)
        except (ValueError, Refusal) as fault:
            form.add_error(None, str(fault))
    context = {
        "upload": upload,
        "preview": preview,
        "headers": [column.header for column in preview.columns],
        "questions": questions_for(preview),
        "notes": preview.notes,
        "is_empty": preview.complete and not preview.sampled_rows,
        "copies": () if upload.dataset else Upload.objects.visible_to(request.access).loaded_copies_of(upload),
        "has_key": bool(proposed.key),
        "dialect_form": dialect_form,
        "dialect": json.dumps(preview.dialect.to_dict()),
        "form": form,
        "columns": columns,
        "about": about,
    }
    return render(request, "datasets/upload_confirm.html", context, status=422 if given is not None else 200)


def _previewed(request, upload: Upload):
    """The preview under the dialect of the address (or, when the form comes back, of the form)."""
    from lake.intake import Dialect

    if request.method == "POST" and request.POST.get("dialect"):
        try:
            dialect = Dialect.from_dict(json.loads(request.POST["dialect"]))
        except (ValueError, TypeError) as fault:
            raise Refusal("The form's dialect cannot be read.", next_step="Open the page again.") from fault
        preview = intake.inspect(upload, dialect)
        return preview, DialectForm(initial=DialectForm.initial_of(preview.dialect))
    preview = intake.inspect(upload)
    if "header_row" in request.GET:
        form = DialectForm(request.GET)
        if form.is_valid():
            preview = intake.inspect(upload, form.applied_to(preview.dialect))
        return preview, form
    return preview, DialectForm(initial=DialectForm.initial_of(preview.dialect))


def _contract_so_far(upload: Upload, preview):
    """What was confirmed before the load was refused, to be corrected; None where the file is read in other columns."""
    if upload.dataset is None or not upload.dataset.contract:
        return None
    contract = contract_of(upload.dataset)
    headers = {column.header for column in preview.columns}
    return contract if {column.heading for column in contract.supplied} <= headers else None


def _named(upload: Upload) -> dict:
    stem = upload.file_name.split(".")[0]
    code = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in stem.lower()).strip("-")
    return {"name": stem.replace("_", " ").replace("-", " ").capitalize(), "code": code[:60]}


@page(VIEW)
def upload(request, public_id):
    uploads = Upload.objects.select_related("dataset__unit", "uploaded_by", "restated_by", "job", "replays")
    found = visible(uploads, request, public_id=public_id)
    context = _context(request, found)
    template = "datasets/_upload_state.html" if request.htmx else "datasets/upload.html"
    return render(request, template, context)


def _context(request, found: Upload) -> dict:
    """What the upload's page and its progress show."""
    job = found.job
    at_home = found.dataset and request.access.allows(UPLOAD, found.dataset.unit_id)
    sees = bool(found.fault or found.rejected) and rejects.may_see(found, request.access)
    may_restate = bool(found.dataset) and request.access.allows(RESTATE, found.dataset.unit_id)
    may_define = bool(found.dataset) and request.access.allows(DEFINE, found.dataset.unit_id)
    crumbs = [("Datasets", reverse("datasets"))]
    if found.dataset:
        crumbs.append((found.dataset.name, found.dataset.get_absolute_url()))
    return {
        "upload": found,
        "job": job,
        "is_waiting": bool(job and not job.is_finished),
        "state": "parked" if job and job.state == "parked" else found.state,
        "problems": [problem_of(found.fault if sees else HIDDEN)] if found.fault else [],
        "may_restate": may_restate,
        "is_closed_out": found.state == "refused" and found.fault.get("code") == "period_closed",
        "corrects": rejects.is_correctable(found),
        "reread_url": _reread_url(found) if may_define and found.state == "refused" and found.fault else "",
        "asks_why": may_restate and found.dataset.closed_through is not None,
        "may_undo": found.state == "loaded" and undo.may_undo(found, request.access),
        "may_change": bool(at_home or found.uploaded_by_id == request.access.user_id),
        "shows_rejects": bool(found.rejected) and sees,
        "rejects_of": found.replays if found.replays and rejects.is_correctable(found) else found,
        "breadcrumb": crumbs,
    }


def _reread_url(found: Upload) -> str:
    """Where it is said how the file is read: in the wizard as long as the dataset is empty, then in its contract."""
    if found.dataset.current_version is None:
        return reverse("upload_confirm", args=[found.public_id])
    return reverse("dataset_contract", args=[found.dataset.code])


@require_POST
@page(UPLOAD)
def upload_load(request, public_id):
    """Try a failed or refused upload again; with a reason, as a restatement of closed periods."""

    def load(found: Upload) -> str:
        reason = _restatement(request, found.dataset)
        return intake.request_load(found, by=request.user, restatement=reason).message

    return _act(request, public_id, load)


@require_POST
@page(UPLOAD)
def upload_undo(request, public_id):
    found = visible(Upload.objects.select_related("dataset"), request, public_id=public_id)
    if not undo.may_undo(found, request.access):
        raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may take an upload back.")
    try:
        reason = request.POST.get("reason", "")
        restatement = _restatement(request, found.dataset)
        undo.request_undo(found, by=request.user, reason=reason, restatement=restatement)
        messages.success(request, "The upload is being taken back.")
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}")
    return redirect("upload", public_id)


@page(VIEW)
def reject_list(request, public_id):
    """Rejected rows, each correctable in its place."""
    found = _with_rejects(request, public_id)
    if request.GET.get("as") in ("csv", "xlsx"):
        return download(found, request.GET["as"])
    wanted = request.GET.get("state", "open")
    listed = found.rejects.all() if wanted == "all" else found.rejects.filter(state=wanted)
    page = paged(request, listed.order_by("row", "pk"), 25)
    context = {
        "upload": found,
        "page": page,
        "listed": [(reject, _reason(reject), _cells(reject, found)) for reject in page.object_list],
        "wanted": wanted,
        "counts": _counts(found),
        "corrects": rejects.is_correctable(found),
        "breadcrumb": [("Datasets", reverse("datasets")), (str(found), found.get_absolute_url())],
    }
    return render(request, "datasets/rejects.html", context)


@require_POST
@page(UPLOAD)
def reject_correct(request, public_id, row):
    """Correct (or, with `dismiss`, leave out) one row; answers with the row's piece of the page."""
    found = _with_rejects(request, public_id, change=True)
    fault = ""
    try:
        if "dismiss" in request.POST:
            rejects.dismiss(found, row, by=request.user)
        else:
            cells = {name[5:]: value for name, value in request.POST.items() if name.startswith("cell:")}
            rejects.correct(found, row, cells, by=request.user)
    except Refusal as refusal:
        fault = f"{refusal} {refusal.next_step}"
    reject = found.rejects.filter(row=row).first()
    if reject is None:
        raise Http404
    if not request.htmx:
        return redirect("rejects", public_id)
    context = {"reject": reject, "reason": _reason(reject), "cells": _cells(reject, found)}
    context |= {"upload": found, "fault": fault, "wanted": "open", "corrects": rejects.is_correctable(found)}
    row = render_to_string("datasets/_reject.html", context, request=request)
    counts = {**context, "counts": _counts(found), "again": True}
    return HttpResponse(row + render_to_string("datasets/_reject_counts.html", counts, request=request))


def _counts(upload: Upload) -> dict[str, int]:
    found = dict(upload.rejects.values_list("state").annotate(Count("pk")))
    return {state: found.get(state, 0) for state in ("open", "corrected", "replayed")}


def _reason(reject: Reject) -> str:
    """Beside its column, which so need not be named again."""
    reason = reject.message.removeprefix(f"{reject.column}: ")
    return reason[:1].upper() + reason[1:]


def _cells(reject: Reject, upload: Upload) -> list[tuple[str, str, bool]]:
    """(header, text, whether it is at fault) of each cell, as corrected or else as sent, in the contract's order."""
    columns = contract_of(upload.dataset).columns if upload.dataset else ()
    headers = {column.heading: column.name for column in columns}
    given = reject.correction or reject.record
    return [
        (name, "" if given[name] is None else given[name], headers.get(name, name) == reject.column)
        for name in rejects.in_order(given, upload)
    ]


@require_POST
@page(UPLOAD)
def reject_list_upload(request, public_id):
    """Take the corrections from the downloaded and corrected list."""
    found = _with_rejects(request, public_id, change=True)
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, "No file came with the form. Choose the corrected list.")
        return redirect("rejects", public_id)
    try:
        count = correct_from_file(found, file, by=request.user)
        messages.success(request, f"{count} rows were corrected. Load them with the button above the list.")
    except _refusals() as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}")
    return redirect("rejects", public_id)


@require_POST
@page(UPLOAD)
def reject_replay(request, public_id):
    found = _with_rejects(request, public_id, change=True)
    try:
        requested = rejects.replay(found, by=request.user)
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}")
        return redirect("rejects", public_id)
    return redirect("upload", requested.upload.public_id)


def _act(request, public_id, verb):
    found = _own(request, public_id)
    try:
        messages.info(request, verb(found))
    except _refusals() as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}")
    return redirect("upload", public_id)


def _own(request, public_id) -> Upload:
    found = visible(Upload.objects.select_related("dataset__unit", "uploaded_by"), request, public_id=public_id)
    at_home = found.dataset and request.access.allows(UPLOAD, found.dataset.unit_id)
    if found.uploaded_by_id != request.access.user_id and not at_home:
        raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may change an upload.")
    return found


def _with_rejects(request, public_id, *, change: bool = False) -> Upload:
    found = (
        _own(request, public_id)
        if change
        else visible(Upload.objects.select_related("dataset__unit"), request, public_id=public_id)
    )
    if not rejects.may_see(found, request.access):
        raise PermissionDenied("Rejected rows may be of any unit: only who sees the whole dataset may see them.")
    return found
