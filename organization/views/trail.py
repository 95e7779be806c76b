"""The audit trail: filter, page, verify."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from doors.pages import page, paged
from organization import audit, forms
from organization.access import AUDIT
from organization.models import AuditEntry


@page(AUDIT)
@require_GET
def trail(request):
    form = forms.AuditFilter(request.GET or None)
    entries = form.apply_to(AuditEntry.objects.visible_to(request.access).select_related("unit"), request.clock)
    return render(request, "organization/audit.html", {"form": form, "page": paged(request, entries)})


@page(AUDIT)
@require_POST
def verify(request):
    verdict = audit.verify()
    if verdict.fault:
        messages.error(request, f"The trail does not hold. {verdict.fault}")
    else:
        messages.success(request, f"The trail holds: {verdict.entries} entries are as they were written.")
    return redirect("audit")
