"""Actions: mine and those of the vendors that I oversee; one with what was said of it."""

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, paged, require, visible
from kpis.requests import as_of_day
from organization.access import ANSWER, OVERSEE, PROCURE, VIEW
from vendors import actions
from vendors.forms import ActionForm
from vendors.models import VendorAction
from vendors.refusals import Refusal

from .frame import room_tabs, step, text_of, to_change, trail

SHOWN = (("open", "Open"), ("mine", "Mine"), ("all", "All"))


@page(VIEW)
@require_GET
def action_list(request):
    """Open ones first by their day. A contact sees those given to them."""
    seen = VendorAction.objects.visible_to(request.access).select_related("vendor__unit", "owner", "review")
    show = request.GET.get("show", "open")
    if show == "mine":
        seen = seen.filter(owner=request.user)
    if show != "all":
        seen = seen.unfinished()
    shown = paged(request, seen)
    context = {
        "heading": "Actions",
        "tabs": room_tabs(request, "vendor_actions"),
        "breadcrumb": trail(),
        "page": shown,
        "rows": [(action, action.is_overdue(request.day)) for action in shown.object_list],
        "show": show,
        "choices": SHOWN if request.access.anywhere(OVERSEE) else (SHOWN[0], SHOWN[2]),
    }
    return render(request, "vendors/actions.html", context)


@page(VIEW)
@require_GET
def action(request, pk):
    found = _seen(request, pk)
    access = request.access
    context = {
        "action": found,
        "vendor": found.vendor,
        "heading": found.title,
        "breadcrumb": trail(None, ("Actions", reverse("vendor_actions"))),
        "is_overdue": found.is_overdue(request.day),
        "notes": found.notes.select_related("by"),
        "oversees": access.allows(OVERSEE, found.vendor.unit_id),
        "may_answer": not found.is_finished
        and found.owner_id == request.user.pk
        and access.allows(ANSWER, found.vendor.unit_id),
        "may_close": not found.is_finished and access.allows(PROCURE, found.vendor.unit_id),
    }
    return render(request, "vendors/action.html", context)


@page(ANSWER)
@require_POST
def action_answer(request, pk):
    found = _seen(request, pk)
    require(request, ANSWER, found.vendor.unit_id)

    def act():
        actions.answer(found, text=text_of(request), by=request.user, day=as_of_day())
        return "Your answer is there for them to read."

    return step(request, act, found.get_absolute_url())


@page(PROCURE)
@require_POST
def action_step(request, pk):
    """Close, cancel, or send back."""
    found = _seen(request, pk)
    require(request, PROCURE, found.vendor.unit_id)
    text, do = text_of(request), request.POST.get("do")

    def act():
        if do == "send_back":
            actions.send_back(found, text=text, by=request.user)
            return f"{found.owner} has it again."
        verb = actions.cancel if do == "cancel" else actions.close
        return f"The action is {verb(found, text=text, by=request.user, on=as_of_day()).state}."

    return step(request, act, found.get_absolute_url())


@page(PROCURE)
def action_add(request, pk):
    vendor = to_change(request, pk)
    form = ActionForm(request.POST or None, vendor=vendor, day=request.day)

    def act(values):
        return f"{actions.give(vendor, by=request.user, **values).owner} has the action now."

    return form_page(
        request, form, act, back=vendor.get_absolute_url(), refusals=(Refusal,), title="Give an action",
        label="Give it", breadcrumb=trail(vendor),
    )  # fmt: skip


def _seen(request, pk) -> VendorAction:
    return visible(VendorAction.objects.select_related("vendor__unit", "owner", "review", "given_by"), request, pk=pk)
