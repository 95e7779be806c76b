"""The wizard: drop an extract, say how it is read and where it belongs, load it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from datasets import intake, removal, stretch
from datasets.api.uploads import may_upload
from datasets.facts import contract_of
from datasets.forms import ENCODINGS, DialectForm, NewDatasetForm, StretchForm
from datasets.forms_contract import (
    ColumnFormSet,
    ContractForm,
    column_initials,
    contract_from,
    offer_formats,
    questions_for,
    refuse_unread,
)
from datasets.models import Dataset, Upload
from datasets.refusals import Refusal
from doors.codes import proposed
from doors.pages import page, require, visible
from organization.access import DEFINE, UPLOAD
from organization.zones import timezone_of

from .datasets import show_contract_fault
from .problems import problem_of
from .uploads import own, refusals


@page(UPLOAD)
def upload_new(request):
    """Drop a file: for a dataset (`?dataset=`), or for a new one."""
    datasets = Dataset.objects.visible_to(request.access)
    code = request.POST.get("dataset") or request.GET.get("dataset")
    dataset = visible(Dataset.objects, request, code=code) if code else None
    fault, encoding = None, request.POST.get("encoding") or request.GET.get("encoding", "")
    may_be_complete = removal.is_offered(dataset) and dataset.current_version is not None
    days = StretchForm(request.POST if may_be_complete and request.POST else None, form="extract")
    if request.method == "POST" and (days.is_valid() or not days.is_bound):
        try:
            return _received(request, dataset, days.stated)
        except refusals() as refusal:
            fault = None if days.takes(refusal) else refusal
    has_key = bool(dataset and dataset.contract_number and contract_of(dataset).key)
    context = {
        "dataset": dataset,
        "datasets": datasets.filter(source=Dataset.Source.EXTRACT),
        "begun": () if dataset else Upload.objects.begun_by(request.user)[:5],
        "problems": [problem_of(fault.to_dict())] if fault else [],
        "hidden": [("dataset", dataset.code)] if dataset else [],
        "has_key": has_key,
        "may_be_complete": may_be_complete,
        "complete": "complete" in request.POST,
        "days": days,
        "zone": contract_of(dataset).reporting_timezone if has_key else "",
        "blank_missing": "blank_missing" in request.POST,
        "may_blank": has_key and dataset.current_version is not None,
        "encoding": encoding,
        "encodings": ENCODINGS,
        "breadcrumb": [("Datasets", reverse("datasets"))],
    }
    if encoding:
        context["hidden"].append(("encoding", encoding[:40]))
    return render(request, "datasets/upload_new.html", context, status=422 if fault or days.errors else 200)


def _received(request, dataset: Dataset | None, stated: stretch.Stated):
    intake.check_room(int(request.META.get("CONTENT_LENGTH") or 0))
    intake.check_takes_uploads(dataset)
    if dataset and not may_upload(dataset, request.access):
        raise PermissionDenied("You may not upload to this dataset. Ask an administrator of its unit.")
    # A person is asked before anything is removed, and told how many of which days.
    said = {"complete": True, "may_remove": 0} if "complete" in request.POST else {}
    stretch.check(stated, dataset, complete=bool(said))
    if said:
        removal.check_offered(dataset)
    file = request.FILES.get("file")
    if file is None:
        raise Refusal("No file came with the form.", next_step="Choose a file, then press Upload.")
    upload = intake.receive(dataset, file, name=file.name, by=request.user, length=file.size)
    said |= {"blank_missing": True} if "blank_missing" in request.POST else {}
    days = {"stated_from": stated.first, "stated_through": stated.last}
    intake.examine(upload, encoding=request.POST.get("encoding", ""), asks=True)
    if upload.state == Upload.State.ASKS:
        Upload.objects.filter(pk=upload.pk).update(**said, **days)
        return _go(request, reverse("upload_confirm", args=[upload.public_id]))
    if dataset is None or not dataset.contract_number:
        return _go(request, reverse("upload_confirm", args=[upload.public_id]))
    requested = intake.request_load(upload, by=request.user, stated=stated, **said)
    if requested.already:
        messages.info(request, requested.message)
    return _go(request, reverse("upload", args=[requested.upload.public_id]))


def _go(request, url: str) -> HttpResponse:
    """On to `url`. A script is told so, since a redirect that it follows itself would use up the message."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


@page(UPLOAD)
def upload_confirm(request, public_id):
    """The inferred contract with a preview: answer, correct, load."""
    upload = own(request, public_id)
    if upload.state not in intake.OPEN:
        return redirect("upload", upload.public_id)
    try:
        preview, dialect_form = _previewed(request, upload)
    except refusals() as fault:
        context = {"upload": upload, "problems": [problem_of(fault.to_dict())]}
        context["dialect_form"] = _asked_again(request, upload)
        return render(request, "datasets/upload_confirm.html", context, status=422)
    confirmed = _contract_so_far(upload, preview)
    proposed = confirmed or intake.proposed_contract(preview)
    given = request.POST or None
    as_the_unit = {} if confirmed else dict.fromkeys(ContractForm.ZONES, "")
    form = ContractForm(given, initial=ContractForm.initial_of(proposed) | as_the_unit)
    columns = ColumnFormSet(given, initial=column_initials(proposed, preview), prefix="c")
    offer_formats(columns, preview)
    about = None if upload.dataset else NewDatasetForm(given, access=request.access, initial=_named(upload))
    valid = given is not None and form.is_valid() & columns.is_valid() & (about is None or about.is_valid())
    if valid and (loading := _load(request, upload, preview, proposed, (form, columns, about))):
        return loading
    context = {
        "upload": upload,
        "preview": preview,
        "headers": [column.header for column in preview.columns],
        "questions": questions_for(preview),
        "notes": preview.notes,
        "is_empty": preview.complete and not preview.sampled_rows,
        "copies": () if upload.dataset else Upload.objects.visible_to(request.access).loaded_copies_of(upload),
        "has_key": bool(proposed.key),
        "asks": (upload.fault or {}).get("message") if upload.state == Upload.State.ASKS else "",
        "spoken_for": stretch.in_words(upload),
        "may_settle": bool(confirmed) and request.access.allows(DEFINE, upload.dataset.unit_id),
        "settles": "settles" in request.POST,
        "dialect_form": dialect_form,
        "dialect": json.dumps(preview.dialect.to_dict()),
        "form": form,
        "columns": columns,
        "about": about,
    }
    return render(request, "datasets/upload_confirm.html", context, status=422 if given is not None else 200)


def _load(request, upload: Upload, preview, proposed, forms) -> HttpResponse | None:
    """Confirm what the valid forms say and queue the load; None when it is refused, the reason beside its field."""
    from lake.contract import ContractError
    from lake.intake import unread

    form, columns, about = forms
    try:
        into = upload.dataset or intake.NewDataset(**about.cleaned_data)
        zone = timezone_of(into.unit, request.day).key
        contract = contract_from(form, columns, proposed, zone=zone)
        if faults := unread(contract.check(), preview):
            refuse_unread(columns, faults)
            return None
        known = upload.dataset is not None and bool(upload.dataset.contract)
        if known and "settles" not in request.POST and contract.to_dict() == upload.dataset.contract:
            intake.read_as(upload, preview.dialect, by=request.user)
        else:
            require(request, DEFINE, into.unit)
            settles = not known or "settles" in request.POST
            intake.confirm(upload, contract, preview.dialect, by=request.user, into=into, settles=settles)
        upload.refresh_from_db()
        requested = intake.request_load(upload, by=request.user)
        return redirect("upload", requested.upload.public_id)
    except ContractError as fault:
        show_contract_fault(fault, form, columns)
    except (ValueError, Refusal) as fault:
        form.add_error(None, str(fault))
    return None


def _previewed(request, upload: Upload):
    """The preview under the dialect of the address (or, when the form comes back, of the form)."""
    from lake.intake import Dialect

    if request.method == "POST" and request.POST.get("dialect"):
        try:
            dialect = Dialect.from_dict(json.loads(request.POST["dialect"]))
        except (ValueError, TypeError) as fault:
            raise Refusal("The form's dialect cannot be read.", next_step="Open the page again.") from fault
        preview = intake.inspect(upload, dialect)
        return preview, _dialect_form(preview)
    preview = intake.inspect(upload)
    if "header_row" in request.GET:
        form = DialectForm(request.GET, kind=preview.dialect.kind, sheets=preview.sheets)
        if not form.is_valid():
            return preview, form
        preview = intake.inspect(upload, form.applied_to(preview.dialect))
    return preview, _dialect_form(preview, proposes_totals="total_words" not in request.GET)


def _dialect_form(preview, *, proposes_totals: bool = True) -> DialectForm:
    """proposes_totals: rows that look like totals are proposed to be left out; nobody has said otherwise yet."""
    dialect, found = preview.dialect, ()
    if proposes_totals:
        found = next((one.options for one in preview.questions if one.code == "total_row"), ())
    initial = DialectForm.initial_of(replace(dialect, total_words=(*dialect.total_words, *found)))
    return DialectForm(initial=initial, kind=dialect.kind, sheets=preview.sheets)


def _asked_again(request, upload: Upload) -> DialectForm | None:
    """The form that declared what cannot be read, to be corrected; None where the file cannot be read as found."""
    if "header_row" not in request.GET:
        return None
    try:
        found = intake.inspect(upload)
    except refusals():
        return None
    return DialectForm(request.GET, kind=found.dialect.kind, sheets=found.sheets)


def _contract_so_far(upload: Upload, preview):
    """What was confirmed before the load was refused, to be corrected; None where the file is read in other columns."""
    if upload.dataset is None or not upload.dataset.contract:
        return None
    contract = contract_of(upload.dataset)
    headers = {column.header for column in preview.columns}
    return contract if {column.heading for column in contract.supplied if column.needed} <= headers else None


# The days of one extract, such as 2025-07 or 20250731, which are none of its dataset.
DAYS_OF_ONE = re.compile(r"(?<![^\W_])(?:19|20)\d\d(?:[-_]?(?:0[1-9]|1[0-2])(?:[-_]?[0-3]\d)?)?(?![^\W_])")


def _named(upload: Upload) -> dict:
    """Name and code of the dataset as the file's name proposes them."""
    stem = upload.file_name.split(".")[0]
    stem = re.sub(r"[\s_-]{2,}", "-", DAYS_OF_ONE.sub("", stem)).strip(" _-") or stem
    return {"name": stem.replace("_", " ").replace("-", " ").capitalize(), "code": proposed(stem, longest=60)}
