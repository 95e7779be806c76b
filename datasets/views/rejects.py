"""Rows of an upload that were set aside: looking at them, correcting them here or in a list, loading them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from datasets import rejects
from datasets.api.upload_lists import correct_from_file, download
from datasets.api.uploads import may_upload
from datasets.facts import contract_of
from datasets.models import Reject, Upload
from datasets.refusals import Refusal
from doors.pages import page, paged, visible
from organization.access import UPLOAD, VIEW

from .uploads import may_change, own, refusals

MOST_REASONS = 8


@page(VIEW)
def reject_list(request, public_id):
    """Rejected rows, each correctable in its place."""
    found = _with_rejects(request, public_id)
    if request.GET.get("as") in ("csv", "xlsx"):
        return download(found, request.GET["as"])
    wanted = request.GET.get("state", "open")
    wanted_rejects = found.rejects.all() if wanted == "all" else found.rejects.filter(state=wanted)
    page = paged(request, wanted_rejects.order_by("row").values_list("row", flat=True).distinct(), 25)
    changes = may_change(found, request.access)
    context = {
        "upload": found,
        "page": page,
        "rows": _rows(found, page.object_list),
        "wanted": wanted,
        "counts": _counts(found),
        "reasons": _reasons(wanted_rejects) if page.paginator.count > 1 else (),
        "may_change": changes,
        "corrects": changes and rejects.is_correctable(found),
        "is_settled": rejects.is_correctable(found) and not rejects.are_waiting(found),
        "may_upload": bool(found.dataset) and may_upload(found.dataset, request.access),
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
    shown = next(iter(_rows(found, [row])), None)
    if shown is None:
        raise Http404
    if not request.htmx:
        if fault:
            messages.error(request, fault)
        return redirect("rejects", public_id)
    context = {"row": shown, "upload": found, "fault": fault, "wanted": "open"}
    context["corrects"] = rejects.is_correctable(found)
    piece = render_to_string("datasets/_reject.html", context, request=request)
    counts = {**context, "counts": _counts(found), "may_change": True, "again": True}
    return HttpResponse(piece + render_to_string("datasets/_reject_counts.html", counts, request=request))


def _counts(upload: Upload) -> dict[str, int]:
    """Rows, not faults: a row may have several."""
    found = dict(upload.rejects.values_list("state").annotate(Count("row", distinct=True)))
    shown = ("open", "corrected", "replayed", *(["dismissed"] if found.get("dismissed") else []))
    return {state: found.get(state, 0) for state in shown}


def _reasons(found: QuerySet[Reject]) -> list[dict]:
    """The commonest kinds of fault: of how many rows, with how many values, and the words of one."""
    kinds = found.values("column", "code").annotate(
        rows=Count("row", distinct=True), values=Count("value", distinct=True), said=Min("message")
    )
    return list(kinds.order_by("-rows", "column", "code")[:MOST_REASONS])


@dataclass(frozen=True)
class RejectedRow:
    """A row with all its faults. cells: (header, text, whether it is at fault), as corrected or else as sent.

    others: (header, text) of the file's columns that are not loaded, which tell more about the row.
    """

    number: int
    state: str
    faults: list[Reject]
    cells: list[tuple[str, str, bool]]
    others: list[tuple[str, str]]


def _rows(upload: Upload, numbers: Iterable[int]) -> list[RejectedRow]:
    """The rejected rows of these numbers, their cells in the contract's order."""
    names = {column.heading: column.name for column in contract_of(upload.dataset).supplied}
    found: dict[int, list[Reject]] = {}
    for reject in upload.rejects.filter(row__in=list(numbers)).order_by("row", "pk"):
        found.setdefault(reject.row, []).append(reject)
    rows = []
    for number, faults in found.items():
        given = faults[0].correction or faults[0].record
        wrong = {name for reject in faults for name in reject.column.split(",")}  # a rule of the row names several
        texts = [(header, given[header] or "") for header in rejects.in_order(given, upload)]
        cells = [(header, text, names[header] in wrong) for header, text in texts if header in names]
        others = [(header, text) for header, text in texts if header not in names]
        rows.append(RejectedRow(number, faults[0].state, faults, cells, others))
    return rows


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
        if count:
            corrected = "1 row was corrected. Load it" if count == 1 else f"{count:,} rows were corrected. Load them"
            messages.success(request, f"{corrected} with the button above the list.")
        else:
            said = f"{file.name} corrects nothing: it says of each open row what was said before."
            messages.warning(request, f"{said} Change the cells of the downloaded list, and keep its column “row”.")
    except refusals() as refusal:
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


def _with_rejects(request, public_id, *, change: bool = False) -> Upload:
    uploads = Upload.objects.select_related("dataset__unit")
    found = own(request, public_id) if change else visible(uploads, request, public_id=public_id)
    if not rejects.may_see(found, request.access):
        raise PermissionDenied("Rejected rows may be of any unit: only who sees the whole dataset may see them.")
    return found
