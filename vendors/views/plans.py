"""Corrective plans: issuing one, and its page with the periods that verify it."""

from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from doors.pages import form_page, page, require, visible
from kpis.requests import as_of_day
from kpis.views.addresses import kpi_address
from organization.access import OVERSEE, PROCURE
from vendors import plans
from vendors.forms import AcceptForm, PlanForm
from vendors.models import CorrectivePlan
from vendors.refusals import Refusal

from .frame import chosen_step, step, text_of, to_change, trail


@page(OVERSEE)
@require_GET
def plan(request, pk):
    found = _seen(request, pk)
    verification = plans.verification(found, request.day) if found.verify_from else None
    context = {
        "plan": found,
        "vendor": found.vendor,
        "heading": f"Corrective plan: {found.kpi.name}",
        "breadcrumb": trail(found.vendor),
        "verification": verification,
        "periods": _rows(found, verification),
        "format": _format(found, request.day),
        "kpi_url": kpi_address(found.kpi.code, unit=found.vendor.code, grain=found.grain),
        "is_late": found.state == CorrectivePlan.State.ISSUED and found.plan_due_on < request.day,
        "may_change": request.access.allows(PROCURE, found.vendor.unit_id) and not found.is_over,
        "accept_form": AcceptForm(initial={"verify_from": request.day}),
    }
    return render(request, "vendors/plan.html", context)


def _rows(found: CorrectivePlan, verification) -> list[tuple]:
    """(period, whether it is met, the address of its number), the newest first."""
    if verification is None:
        return []
    code, unit = found.kpi.code, found.vendor.code
    return [
        (period, met, kpi_address(code, unit=unit, grain=found.grain, period=period.start))
        for period, met in reversed(verification.periods)
    ]


def _format(found: CorrectivePlan, day) -> str:
    from kpis.selectors.readings import versions_on

    version = versions_on([found.kpi_id], day)[found.kpi_id]
    return f"{version.unit_of_measure}:{version.decimals}"


@page(PROCURE)
def plan_issue(request, pk):
    vendor = to_change(request, pk)
    initial = {"kpi": request.GET.get("kpi")}
    form = PlanForm(request.POST or None, initial=initial, vendor=vendor, access=request.access, day=request.day)

    def act(values):
        plans.issue(vendor, on=as_of_day(), by=request.user, **values)
        return f"The plan is issued; {values['ask']} is asked for it."

    return form_page(
        request, form, act, back=vendor.get_absolute_url(), refusals=(Refusal,), title="Issue a corrective plan",
        label="Issue", breadcrumb=trail(vendor),
    )  # fmt: skip


@page(PROCURE)
@require_POST
def plan_step(request, pk):
    found = _seen(request, pk)
    require(request, PROCURE, found.vendor.unit_id)
    do = chosen_step(
        request,
        {
            "submit": _submit, "accept": _accept, "send_back": _send_back, "close": _close, "escalate": _escalate,
            "withdraw": _withdraw,
        },
    )  # fmt: skip
    return step(request, lambda: do(request, found), found.get_absolute_url())


def _submit(request, found) -> str:
    plans.submit(found, text=text_of(request), by=request.user, on=as_of_day())
    return "The plan is written down."


def _accept(request, found) -> str:
    form = AcceptForm(request.POST)
    if not form.is_valid():
        raise Refusal("Write the first day that counts as YYYY-MM-DD.", "verify_from")
    plans.accept(found, by=request.user, on=as_of_day(), **form.cleaned_data)
    return "The plan is accepted; its numbers decide now."


def _send_back(request, found) -> str:
    plans.send_back(found, reason=_reason(request), by=request.user)
    return "The plan is asked for again."


def _close(request, found) -> str:
    return plans.close(found, by=request.user, on=as_of_day()).outcome


def _escalate(request, found) -> str:
    plans.escalate(found, reason=_reason(request), by=request.user)
    return "The plan is escalated."


def _withdraw(request, found) -> str:
    plans.withdraw(found, reason=_reason(request), by=request.user, on=as_of_day())
    return "The plan is withdrawn."


def _reason(request) -> str:
    if not (reason := text_of(request, "reason")):
        raise Refusal("Say why: the vendor and your successor will ask.", "reason")
    return reason


def _seen(request, pk) -> CorrectivePlan:
    plans_ = CorrectivePlan.objects.select_related(
        "vendor__unit", "kpi__unit", "asked__owner", "issued_by", "decided_by"
    )
    return visible(plans_, request, pk=pk)
