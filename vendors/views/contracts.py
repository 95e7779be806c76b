"""Contracts of a vendor, and its papers."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from doors.files import stored_file
from doors.pages import form_page, page, require, visible
from organization.access import OVERSEE, PROCURE
from vendors import contracts, documents
from vendors.contract_dates import Terms, dates_on
from vendors.forms import ContractForm, DayAndReasonForm, DocumentForm
from vendors.models import Contract, Document, Vendor
from vendors.refusals import Refusal

from .frame import step, text_of, to_change, trail

OPEN_STATES = ("upcoming", "active")


@page(OVERSEE)
@require_GET
def contract(request, pk):
    found = visible(Contract.objects.select_related("vendor__unit", "owner"), request, pk=pk)
    dates = dates_on(Terms.of(found), request.day)
    context = {
        "contract": found,
        "vendor": found.vendor,
        "heading": found.title,
        "breadcrumb": trail(found.vendor),
        "dates": dates,
        "documents": found.documents.select_related("uploaded_by", "contract"),
        "reminders": found.reminders.order_by("-day"),
        "may_change": request.access.allows(PROCURE, found.vendor.unit_id),
        "may_give_notice": dates.state in OPEN_STATES,
        "may_end": dates.state in (*OPEN_STATES, "under_notice"),
    }
    return render(request, "vendors/contract.html", context)


@page(PROCURE)
def contract_add(request, pk):
    vendor = to_change(request, pk)
    form = ContractForm(request.POST or None, initial={"owner": vendor.manager_id}, day=request.day)

    def act(values):
        return f"{contracts.add_contract(vendor, by=request.user, **values)} is added."

    return _form(request, vendor, form, act, vendor.get_absolute_url(), title="Add a contract", label="Add contract")


@page(PROCURE)
def contract_change(request, pk):
    found = _mine(request, pk)
    initial = {name: getattr(found, name) for name in ContractForm.NAMES}
    form = ContractForm(request.POST or None, initial=initial, day=request.day)

    def act(values):
        return f"{contracts.change_contract(found, by=request.user, **values)} is changed."

    return _form(request, found.vendor, form, act, found.get_absolute_url(), title=f"Change {found}")


@page(PROCURE)
def contract_end(request, pk, how: str):
    """Give notice, or end it early."""
    verbs = {
        "notice": (contracts.give_notice, "Give notice of", "Give notice"),
        "end": (contracts.end_contract, "End", "End it"),
    }
    if how not in verbs:
        raise Http404
    verb, words, label = verbs[how]
    found = _mine(request, pk)
    form = DayAndReasonForm(request.POST or None, initial={"on": request.day})

    def act(values):
        verb(found, by=request.user, **values)
        return f"{found}: done."

    back = found.get_absolute_url()
    return _form(request, found.vendor, form, act, back, title=f"{words} {found}", label=label)


@page(PROCURE)
def document_add(request, pk):
    vendor = to_change(request, pk)
    initial = {"contract": request.GET.get("contract")}
    form = DocumentForm(request.POST or None, request.FILES or None, initial=initial, vendor=vendor)

    def act(values):
        return f"{documents.add_document(vendor, by=request.user, **values)} is kept."

    return _form(request, vendor, form, act, vendor.get_absolute_url(), title="Add a document", label="Upload")


@page(OVERSEE)
@require_GET
def document(request, pk):
    """The paper as a download, never shown within our pages."""
    found = visible(Document.objects, request, pk=pk)
    return stored_file(found.file, found.file_name or "document")


@page(PROCURE)
@require_POST
def document_remove(request, pk):
    found = visible(Document.objects.select_related("vendor__unit"), request, pk=pk)
    require(request, PROCURE, found.vendor.unit_id)

    def act():
        reason = text_of(request, "reason", 1000)
        if not reason:
            raise documents.DocumentRefused("Say why it is removed.", "reason")
        documents.remove_document(found, by=request.user, reason=reason)
        return f"{found} was removed."

    return step(request, act, found.vendor.get_absolute_url())


def _mine(request, pk) -> Contract:
    found = get_object_or_404(Contract.objects.visible_to(request.access).select_related("vendor__unit"), pk=pk)
    require(request, PROCURE, found.vendor.unit_id)
    return found


def _form(request, vendor: Vendor, form, act, back: str, **words):
    return form_page(request, form, act, back=back, refusals=(Refusal,), breadcrumb=trail(vendor), **words)
