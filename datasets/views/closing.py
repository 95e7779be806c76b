"""Closed periods of a dataset: what is closed, who proposed and decided it, and what was restated since."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from datasets import closing
from datasets.forms import ClosingForm
from datasets.models import Closing, Dataset
from datasets.refusals import Refusal
from doors.pages import page, paged, require, visible
from organization.access import CLOSE, VIEW
from organization.second_person import who_may

from .datasets import context_of


@page(VIEW)
def closed_periods(request, code):
    """What is closed; proposing another day."""
    found = visible(Dataset.objects.with_workings(request.access).select_related("unit"), request, code=code)
    form = ClosingForm(request.POST or None, dataset=found)
    if request.method == "POST":
        require(request, CLOSE, found.unit_id)
        if form.is_valid() and _proposed(request, found, form):
            return redirect("dataset_closing", found.code)
    history = found.closings.select_related("proposed_by", "decided_by")
    waiting = next((one for one in history if one.state == Closing.State.PROPOSED), None)
    restated = found.versions.exclude(restated=0).select_related("upload", "restated_by").defer("files")
    context = context_of(request, found, "dataset_closing", form=form, waiting=waiting, restated=restated[:100])
    asked = found.restatements.filter(state="proposed").select_related("upload", "asked_by")
    context |= {
        "page": paged(request, history),
        "asked": asked[:100],
        "may_close": request.access.allows(CLOSE, found.unit_id),
        "who_may": waiting and who_may(CLOSE, found.unit, request.day, but=[waiting.proposed_by_id]),
    }
    return render(request, "datasets/closing.html", context, status=422 if form.errors else 200)


def _proposed(request, dataset: Dataset, form: ClosingForm) -> bool:
    """Whether it could be proposed; what is wrong stands at the form."""
    given = form.cleaned_data
    try:
        closing.propose(dataset, given["through"], by=request.user, reason=given["reason"], day=request.day)
    except Refusal as refusal:
        field = refusal.extra.get("field")
        form.add_error(field if field in form.fields else None, f"{refusal} {refusal.next_step}".strip())
        return False
    messages.success(request, "Proposed. It counts once a second person has approved it.")
    return True


@require_POST
@page(CLOSE)
def closing_decide(request, pk: int, decision: str):
    """A second person approves or rejects; who proposed it may withdraw it."""
    found = visible(Closing.objects.select_related("dataset"), request, pk=pk)
    require(request, CLOSE, found.dataset.unit_id)
    if decision not in ("approve", "reject", "withdraw"):
        raise Http404
    try:
        if decision == "withdraw":
            made = closing.withdraw(found, by=request.user, now=timezone.now())
        else:
            remark = request.POST.get("reason", "")
            made = closing.decide(
                found, approve=decision == "approve", by=request.user, remark=remark, now=timezone.now()
            )
        messages.success(request, f"{capfirst(made.wish)}: {made.get_state_display().lower()}.")
    except Refusal as refusal:
        messages.error(request, f"{refusal} {refusal.next_step}".strip())
    return redirect("dataset_closing", found.dataset.code)
