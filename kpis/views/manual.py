"""Numbers that people enter: what is due, what waits for a second person, and the evidence."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doors.files import stored_file
from doors.pages import page, paged, require
from kpis import manual
from kpis.forms_targets import EntryForm
from kpis.models import ManualEntry
from kpis.selectors.manual import due, manual_kpis, visible_entries, written
from kpis.workflow import SecondPersonNeeded
from organization.access import CERTIFY, UPLOAD, VIEW

State = ManualEntry.State


@page(VIEW)
@require_http_methods(["GET", "POST"])
def manual_entries(request):
    """The entries, the ones that wait first; and the form to enter one."""
    kpis = manual_kpis(request.access, request.day)
    form = EntryForm(access=request.access, kpis=kpis, initial=_first_words(request))
    if request.method == "POST":
        form = EntryForm(request.POST, request.FILES, access=request.access, kpis=kpis)
        if form.is_valid() and _entered(request, form):
            return redirect("manual_entries")
    state = request.GET.get("state", "")
    entries = visible_entries(request.access)
    entries = entries.filter(state=state) if state in State.values else entries
    shown = paged(request, entries)
    context = {
        "heading": "Entered numbers",
        "breadcrumb": [("KPIs", reverse("kpis"))],
        "form": form,
        "due": due(request.access, request.day),
        "page": shown,
        "lines": written(shown, request.day),
        "may_decide": request.access.units(CERTIFY),
        "may_enter": request.access.anywhere(UPLOAD) and kpis.exists(),
        "state": state,
        "states": [("", "All"), *State.choices],
    }
    return render(request, "kpis/manual.html", context, status=422 if request.method == "POST" else 200)


def _first_words(request) -> dict:
    names = {"kpi": 80, "unit": 80, "day": 10}
    return {name: request.GET[name][:longest] for name, longest in names.items() if name in request.GET}


def _entered(request, form: EntryForm) -> bool:
    words = form.cleaned_data
    require(request, UPLOAD, words["unit"])
    try:
        entry = manual.enter(by=request.user, today=request.day, **words)
    except manual.EntryRefused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
    except ValidationError as fault:
        form.add_error(None, " ".join(fault.messages))
    else:
        messages.success(request, f"{entry.kpi}, {entry.unit}: entered. It counts once a second person approves it.")
        return True
    return False


@page(CERTIFY)
@require_POST
def manual_decide(request, pk: int, decision: str):
    """Approve or reject what somebody else entered."""
    entry = get_object_or_404(visible_entries(request.access), pk=pk)
    require(request, CERTIFY, entry.unit_id)
    try:
        if decision == "approve":
            manual.approve(entry, by=request.user, now=timezone.now())
            messages.success(request, f"{entry.kpi}: the entered value counts now.")
        elif decision == "reject":
            reason = request.POST.get("reason", "").strip()[:1000]
            if not reason:
                raise manual.EntryRefused("Say why it is rejected, so that it can be corrected.")
            manual.reject(entry, by=request.user, reason=reason, now=timezone.now())
            messages.success(request, f"{entry.kpi}: the entry is rejected.")
        else:
            raise Http404
    except (SecondPersonNeeded, manual.EntryRefused) as refusal:
        messages.error(request, str(refusal))
    return redirect("manual_entries")


@page(VIEW)
@require_GET
def manual_evidence(request, pk: int):
    """The evidence as a download, never shown within our pages."""
    entry = get_object_or_404(visible_entries(request.access), pk=pk)
    return stored_file(entry.evidence, entry.evidence_name or "evidence")
