"""Definitions looked at on one page and decided together: those in review are certified, drafts are submitted.

Each is decided by itself, as it was looked at: one that somebody changed meanwhile is no reason against the others.
What was refused is told with its reason and stays on the page.
"""

from collections.abc import Callable
from typing import NamedTuple

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
from kpis.selectors.reviews import MOST, Review, draft_reviews, drafts, in_review, reviews
from organization.access import CERTIFY, DEFINE

from .kpi_definition import REFUSALS
from .kpi_designer import tried

Kind = KpiVersion.Kind


class Decision(NamedTuple):
    """What is done with those that are ticked, and how it is said. field: also the verb."""

    field: str
    done: str
    gone: str
    none_ticked: str
    not_ready: str


CERTIFIED = Decision(
    "certify",
    "certified",
    "One that you ticked is no longer in review, or not yours to certify.",
    "Nothing is ticked. Tick what you looked at and answer for.",
    "not by you",
)
SUBMITTED = Decision(
    "submit",
    "submitted",
    "One that you ticked is no longer a draft, or not yours to submit.",
    "Nothing is ticked. Tick the drafts that are ready for a second person.",
    "not ready",
)


@page(CERTIFY)
@require_http_methods(["GET", "POST"])
def kpi_reviews(request):
    """Look at what is in review, and certify what is ticked, as it was looked at."""
    if request.method == "POST":
        now = timezone.now()
        _decide(
            request,
            CERTIFIED,
            in_review(request.access),
            lambda version, seen: workflow.certify(version, by=request.user, seen=seen, now=now),
        )
        return redirect("kpi_reviews")
    found = reviews(request.user, request.access)
    return render(request, "kpis/reviews.html", _listed(found, in_review(request.access), CERTIFIED))


@page(DEFINE)
@require_http_methods(["GET", "POST"])
def kpi_drafts(request):
    """Look at the drafts, and submit what is ticked for review, as it was looked at."""
    if request.method == "POST":
        _decide(
            request,
            SUBMITTED,
            drafts(request.access),
            lambda version, seen: workflow.submit(version, by=request.user, seen=seen),
        )
        return redirect("kpi_drafts")
    found = draft_reviews(request.access)
    return render(request, "kpis/drafts.html", _listed(found, drafts(request.access), SUBMITTED))


def _listed(found: list[Review], of_all, decision: Decision) -> dict:
    return {
        "heading": "Drafts of definitions" if decision is SUBMITTED else "Definitions in review",
        "breadcrumb": [("KPIs", reverse("kpis"))],
        "reviews": [(review, write_bands_text(review.version.kpi.bands)) for review in found],
        "ready": sum(not review.why_not for review in found),
        "beyond": max(0, of_all.count() - MOST) if len(found) == MOST else 0,
        "decision": decision,
        "look": "kpi_draft_look" if decision is SUBMITTED else "kpi_review_look",
    }


def _decide(request, decision: Decision, open_to_them, act: Callable[[KpiVersion, str], KpiVersion]) -> None:
    """act: with the version and the revision of it that was seen."""
    ticked = request.POST.getlist(decision.field)[:MOST]
    seen = {int(pk): revision for pk, _, revision in (one.partition(":") for one in ticked) if _is_id(pk)}
    done, mine = [], {version.pk: version for version in open_to_them.filter(pk__in=seen)}
    for pk, revision in seen.items():
        if pk not in mine:
            messages.error(request, decision.gone)
            continue
        try:
            done.append(str(act(mine[pk], revision)))
        except ValidationError as fault:
            messages.error(request, f"{mine[pk]} is not {decision.done}. {' '.join(fault.messages)}")
        except REFUSALS as fault:
            said = f"{mine[pk]} is not {decision.done}. {fault} {getattr(fault, 'next_step', '')}"
            messages.error(request, said.strip())
    if done:
        messages.success(request, f"{decision.done.capitalize()}: {', '.join(done)}.")
    elif not ticked:
        messages.error(request, decision.none_ticked)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


@page(CERTIFY)
@require_GET
def kpi_review_look(request, pk: int):
    """What one of them gives on the live rows, and what is likely wrong with it (htmx)."""
    return _look(request, in_review(request.access).filter(pk=pk).first())


@page(DEFINE)
@require_GET
def kpi_draft_look(request, pk: int):
    """The same of a draft (htmx)."""
    return _look(request, drafts(request.access).filter(pk=pk).first())


def _look(request, version: KpiVersion | None):
    if version is None:
        raise Http404
    context = {"version": version, "spec": f"{version.unit_of_measure}:{min(version.decimals, 6)}"}
    if version.kind != Kind.MANUAL and not faults_of(version):
        context |= tried(request, version.kpi.unit, version)
    return render(request, "kpis/_review_look.html", context)
