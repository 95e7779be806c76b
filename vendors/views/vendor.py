"""One vendor: all that is known of it, its risk, and its contacts."""

from dataclasses import replace

from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, require
from kpis.requests import as_of_day
from kpis.views.rows import number_row
from organization.access import OVERSEE, PROCURE
from vendors import contacts, register
from vendors.cards import card_of
from vendors.credits import attainment_of, credits_of
from vendors.forms import ContactForm, LetInForm, RiskForm
from vendors.models import Contact, VendorAction
from vendors.periods import due_reviews
from vendors.refusals import Refusal
from vendors.selectors.vendor import contracts_of, readings_of, trail_of
from vendors.spending import incidents_of, spend_of

from .asking import asked_of, chooser_of
from .frame import overseen, step, to_change, trail, vendor_tabs


@page(OVERSEE)
@require_GET
def vendor(request, pk):
    """The whole of a vendor on one page."""
    vendor, day = overseen(request, pk), request.day
    asked = asked_of(request, [vendor])
    card = card_of(vendor, grain=asked.grain, at=asked.period.start, day=day)
    inside = contacts.people_inside(vendor, day)
    context = {
        "vendor": vendor,
        "heading": vendor.name,
        "breadcrumb": trail(),
        "tabs": vendor_tabs(request, vendor, "vendor"),
        "chooser": chooser_of(request, asked),
        "asked": asked,
        "card": card,
        "risk": vendor.risks.select_related("assessed_by").first(),
        "spend": spend_of(vendor, day, grain=asked.grain, at=asked.period.start),
        "incidents": incidents_of(vendor, day, grain=asked.grain, at=asked.period.start),
        "attainment": attainment_of(vendor, asked.grain, asked.period.start, asked.period.end, day),
        "credits": credits_of(vendor),
        "contracts": contracts_of(vendor, day),
        "documents": vendor.documents.select_related("contract", "uploaded_by"),
        "contacts": [(c, c.user_id in inside) for c in vendor.contacts.select_related("user")],
        "actions": _actions(vendor, day),
        "plans": vendor.plans.running().select_related("kpi"),
        "due": due_reviews([vendor], day)[:6],
        "reviews": vendor.reviews.defer("pack").order_by("-period_start")[:6],
        "kpis": [replace(number_row(reading), place="") for reading in readings_of(vendor, request.access, day)],
        "history": [_told(entry) for entry in trail_of(vendor)],
        "may_change": request.access.allows(PROCURE, vendor.unit_id),
    }
    return render(request, "vendors/vendor.html", context)


def _actions(vendor, day) -> list[tuple[VendorAction, bool]]:
    return [(a, a.is_overdue(day)) for a in vendor.actions.unfinished().select_related("owner")]


def _told(entry) -> dict:
    return {"at": entry.at, "who": entry.actor_name, "what": entry.action, "detail": entry.object_name}


@page(PROCURE)
def risk_add(request, pk):
    vendor = to_change(request, pk)
    form = RiskForm(request.POST or None, initial={"assessed_on": request.day})

    def act(values):
        made = register.assess_risk(vendor, by=request.user, on=values.pop("assessed_on"), **values)
        return f"The risk is {made.level}, {made.rating} of 25."

    return _form(request, vendor, form, act, title=f"Assess the risk of {vendor}", label="Assess")


@page(PROCURE)
def contact_add(request, pk):
    vendor = to_change(request, pk)
    form = ContactForm(request.POST or None)

    def act(values):
        return f"{contacts.add_contact(vendor, by=request.user, **values)} is a contact now."

    return _form(request, vendor, form, act, title=f"Add a contact of {vendor}", label="Add contact")


@page(PROCURE)
def contact_let_in(request, pk):
    contact = _contact(request, pk)
    name = contact.user.username if contact.user else ""
    form = LetInForm(request.POST or None, initial={"username": name})
    lead = "They will see the scorecard of this vendor and the actions given to them, and nothing else."

    def act(values):
        contacts.let_in(contact, on=as_of_day(), by=request.user, **values)
        return f"{contact} may sign in as {values['username']}."

    return _form(request, contact.vendor, form, act, title=f"Let {contact} in", label="Let in", lead=lead)


@page(PROCURE)
@require_POST
def contact_shut_out(request, pk):
    contact = _contact(request, pk)

    def act():
        contacts.shut_out(contact, on=as_of_day(), by=request.user)
        return f"{contact} sees nothing more from today on."

    return step(request, act, contact.vendor.get_absolute_url())


@page(PROCURE)
@require_POST
def contact_remove(request, pk):
    contact = _contact(request, pk)

    def act():
        contacts.remove_contact(contact, on=as_of_day(), by=request.user)
        return f"{contact} is no contact any more."

    return step(request, act, contact.vendor.get_absolute_url())


def _contact(request, pk) -> Contact:
    found = Contact.objects.visible_to(request.access).select_related("vendor__unit", "user")
    contact = get_object_or_404(found, pk=pk)
    require(request, PROCURE, contact.vendor.unit_id)
    return contact


def _form(request, vendor, form, act, **words):
    back = vendor.get_absolute_url()
    return form_page(request, form, act, back=back, refusals=(Refusal,), breadcrumb=trail(vendor), **words)
