"""The register of vendors: the list, taking one in, changing it."""

from django.db.models import Q
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from doors.pages import form_page, page, paged, require
from organization.access import OVERSEE, PROCURE, VIEW
from vendors import register
from vendors.forms import ExitPlanForm, VendorForm
from vendors.models import Vendor
from vendors.refusals import Refusal
from vendors.selectors.overview import rows_of

from .asking import asked_of
from .frame import room_tabs, to_change, trail


@page(VIEW)
@require_GET
def vendors(request):
    """Vendors with the score of the newest period, and what waits; for a contact only their own with its score."""
    access, q, tier = request.access, request.GET.get("q", "").strip()[:100].replace("\0", ""), request.GET.get("tier")
    seen = Vendor.objects.visible_to(access).select_related("unit", "manager", "template")
    if q:
        seen = seen.filter(Q(unit__name__icontains=q) | Q(unit__code__icontains=q))
    if tier in map(str, Vendor.Tier.values):
        seen = seen.filter(tier=tier)
    shown = paged(request, seen)
    listed, rows, asked = list(shown.object_list), [], None
    if listed:
        asked = asked_of(request, listed)
        rows = rows_of(listed, grain=asked.grain, at=asked.period.start, day=asked.day, overseen=access.units(OVERSEE))
    context = {
        "heading": "Vendors",
        "tabs": room_tabs(request, "vendors"),
        "page": shown,
        "rows": rows,
        "asked": asked,
        "q": q,
        "tier": tier,
        "tiers": Vendor.Tier.choices,
        "oversees": access.anywhere(OVERSEE),
        "may_add": access.anywhere(PROCURE),
    }
    return render(request, "vendors/vendors.html", context)


@page(PROCURE)
def vendor_new(request):
    initial = {"manager": request.user.pk, "tier": Vendor.Tier.ROUTINE, "unit": request.GET.get("unit")}
    form = VendorForm(request.POST or None, initial=initial, access=request.access, day=request.day, is_new=True)

    def act(values):
        require(request, PROCURE, values["unit"].pk)
        return f"{register.register(values.pop('unit'), by=request.user, **values)} is registered."

    return form_page(
        request, form, act, back=reverse("vendors"), refusals=(Refusal,), title="Register a vendor", label="Register",
        breadcrumb=trail(),
    )  # fmt: skip


@page(PROCURE)
def vendor_change(request, pk):
    vendor = to_change(request, pk)
    initial = {name: getattr(vendor, name) for name in VendorForm.NAMES}
    form = VendorForm(request.POST or None, initial=initial, access=request.access, day=request.day)
    return _changed(request, vendor, form, title=f"Change {vendor}")


@page(PROCURE)
def vendor_exit_plan(request, pk):
    vendor = to_change(request, pk)
    initial = {"exit_plan": vendor.exit_plan, "exit_plan_checked_on": vendor.exit_plan_checked_on}
    form = ExitPlanForm(request.POST or None, initial=initial)
    return _changed(request, vendor, form, title=f"Exit plan for {vendor}")


def _changed(request, vendor: Vendor, form, *, title: str):
    def act(values):
        register.change(vendor, by=request.user, **values)
        return f"{vendor} is changed."

    back = vendor.get_absolute_url()
    return form_page(request, form, act, back=back, refusals=(Refusal,), title=title, breadcrumb=trail(vendor))
