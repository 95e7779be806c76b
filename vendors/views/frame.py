"""What the pages of this room share: tabs, the vendor behind the address, steps that are one button."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from doors.pages import require
from organization.access import OVERSEE, PROCURE
from vendors.models import Vendor
from vendors.refusals import Refusal

ROOM = (
    ("Register", "vendors", ""),
    ("League table", "vendor_league", OVERSEE),
    ("Actions", "vendor_actions", ""),
    ("Surveys", "vendor_surveys", OVERSEE),
    ("Scorecards", "vendor_templates", OVERSEE),
    ("Selection", "selection_rounds", OVERSEE),
)
OF_VENDOR = (
    ("Scorecard", "vendor_scorecard", ""),
    ("Vendor", "vendor", OVERSEE),
    ("Reviews", "vendor_reviews", OVERSEE),
)


def room_tabs(request, current: str) -> list[dict]:
    """The lists of this room that the person may open."""
    shown = [words for words in ROOM if not words[2] or request.access.anywhere(words[2])]
    return [{"label": label, "url": reverse(name), "active": name == current} for label, name, _ in shown]


def vendor_tabs(request, vendor: Vendor, current: str) -> list[dict]:
    access = request.access
    shown = [words for words in OF_VENDOR if not words[2] or access.allows(words[2], vendor.unit_id)]
    tabs = [
        {"label": label, "url": reverse(name, args=[vendor.pk]), "active": name == current} for label, name, _ in shown
    ]
    return tabs if len(tabs) > 1 else []


def trail(vendor: Vendor | None = None, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """The way back."""
    of_vendor = [(vendor.name, vendor.get_absolute_url())] if vendor else []
    return [("Vendors", reverse("vendors")), *of_vendor, *more]


def overseen(request, pk: int) -> Vendor:
    """The vendor, if the person may look behind its scorecard; else 404."""
    vendors = Vendor.objects.overseen_by(request.access).select_related(
        "unit", "manager", "template", "spend_kpi", "incidents_kpi"
    )
    return get_object_or_404(vendors, pk=pk)


def to_change(request, pk: int) -> Vendor:
    """The vendor, if the person may change what is kept of it; else 404 or 403."""
    vendor = overseen(request, pk)
    require(request, PROCURE, vendor.unit_id)
    return vendor


def step(request, act: Callable[[], str], back: str):
    """Do `act`, say what it says, and go `back`; a refusal is said in its place."""
    try:
        messages.success(request, act())
    except Refusal as refusal:
        messages.error(request, str(refusal))
    except ValidationError as fault:
        messages.error(request, " ".join(fault.messages))
    return redirect(back)


def chosen_step(request, steps: dict[str, Callable]) -> Callable:
    """The step that the form's `do` names, or 404."""
    found = steps.get(request.POST.get("do", ""))
    if found is None:
        raise Http404
    return found


def text_of(request, name: str = "text", longest: int = 5000) -> str:
    return request.POST.get(name, "").strip().replace("\0", "")[:longest]


def id_of(request, name: str = "id") -> int:
    given = request.POST.get(name, "")
    if not (given.isascii() and given.isdigit() and len(given) < 18):
        raise Http404
    return int(given)
