"""All definitions in review that a person may certify, looked at on one page and certified together.

Each is certified by itself: a certificate is a decision on one definition, and one that somebody changed meanwhile is
no reason against the others. What was refused is told with its reason and stays on the page.
"""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from doors.pages import page
from kpis import workflow
from kpis.band_text import write_bands_text
from kpis.measures import faults_of
from kpis.models import KpiVersion
from kpis.selectors.reviews import MOST, in_review, reviews
from organization.access import CERTIFY

from .kpi_definition import REFUSALS
from .kpi_designer import tried

Kind = KpiVersion.Kind


@page(CERTIFY)
@require_http_methods(["GET", "POST"])
def kpi_reviews(request):
    """Look at what is in review, and certify what is ticked, as it was looked at."""
    if request.method == "POST":
        _certify(request)
        return redirect("kpi_reviews")
    found = reviews(request.user, request.access)
    context = {
        "heading": "Definitions in review",
        "breadcrumb": [("KPIs", reverse("kpis"))],
        "reviews": [(review, write_bands_text(review.version.kpi.bands)) for review in found],
        "ready": sum(not review.why_not for review in found),
        "beyond": max(0, in_review(request.access).count() - MOST) if len(found) == MOST else 0,
    }
    return render(request, "kpis/reviews.html", context)


def _certify(request) -> None:
    ticked = request.POST.getlist("certify")[:MOST]
    seen = {int(pk): revision for pk, _, revision in (one.partition(":") for one in ticked) if _is_id(pk)}
    certified, mine = [], {version.pk: version for version in in_review(request.access).filter(pk__in=seen)}
    for pk, revision in seen.items():
        if pk not in mine:
            messages.error(request, "One that you ticked is no longer in review, or not yours to certify.")
            continue
        try:
            certified.append(str(workflow.certify(mine[pk], by=request.user, seen=revision, now=timezone.now())))
        except ValidationError as fault:
            messages.error(request, f"{mine[pk]} is not certified. {' '.join(fault.messages)}")
        except REFUSALS as fault:
            messages.error(request, f"{mine[pk]} is not certified. {fault} {getattr(fault, 'next_step', '')}".strip())
    if certified:
        messages.success(request, f"Certified: {', '.join(certified)}.")
    elif not ticked:
        messages.error(request, "Nothing is ticked. Tick what you looked at and answer for.")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


@page(CERTIFY)
@require_GET
def kpi_review_look(request, pk: int):
    """What one of them gives on the live rows, and what is likely wrong with it (htmx)."""
    version = in_review(request.access).filter(pk=pk).first()
    if version is None:
        raise Http404
    context = {"version": version, "spec": f"{version.unit_of_measure}:{min(version.decimals, 6)}"}
    if version.kind != Kind.MANUAL and not faults_of(version):
        context |= tried(request, version.kpi.unit, version)
    return render(request, "kpis/_review_look.html", context)
