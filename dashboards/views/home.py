"""Home: what needs this person, by role. Nothing here is decoration: every line leads to something to do."""

from datetime import UTC, datetime, time, timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dashboards.decisions import decisions
from dashboards.navigation import address
from datasets.models import Upload
from jobs.models import Job
from kpis import selectors
from kpis.models import Scorecard
from kpis.selectors import NotYours, ScorecardView, scorecard_view
from kpis.views.addresses import kpi_address, with_query
from kpis.views.asking import day_of, unit_of
from kpis.views.rows import number_row, rows_of
from organization.access import ADMINISTER, DEFINE, UPLOAD, VIEW
from organization.models import Role

SHOWN = 10
JUDGED = ("red", "amber", "green")


@login_required
@require_GET
def home(request):
    """Vendor contacts go straight to their scorecard; people without a role are told how to get one."""
    access = request.access
    if not access.anywhere(VIEW):
        return render(request, "dashboards/home.html", {"heading": "Welcome", "has_no_role": True})
    cards = selectors.visible_scorecards(access)
    if access.is_vendor_only and cards:
        own = next((card for card in cards if access.allows(VIEW, card.unit_id)), cards[0])
        return redirect(with_query(reverse("scorecard", args=[own.code]), **request.GET.dict()))
    day = day_of(request)
    now = selectors.home(request.user, access, day, _moment(day))
    waiting = decisions(access, now, day)
    context = {
        "heading": "What needs you",
        "home": now,
        "reds": [number_row(reading, as_of=request.GET.get("as_of")) for reading in now.reds[:SHOWN]],
        "more_reds": max(0, now.counts.get("red", 0) - SHOWN),
        "is_judged": any(now.counts.get(status) for status in JUDGED),
        "new_reds": [
            (red, kpi_address(red.kpi.code, unit=red.unit.code, period=red.period.start.isoformat()))
            for red in now.new_reds[:SHOWN]
        ],
        "special": [
            (reading, kpi_address(reading.kpi.code, unit=reading.unit.code)) for reading in now.special[:SHOWN]
        ],
        "more_special": max(0, len(now.special) - SHOWN),
        "waiting": waiting[:SHOWN],
        "waiting_too": waiting[SHOWN:],
        "waiting_count": len(waiting),
        "drafts": [(item, kpi_address(item.kpi_code, "kpi_definition")) for item in now.my_drafts],
        "datasets_address": address("datasets"),
        "parked": _parked(request),
        "cards": cards,
        "summary": _executive(request, cards, day) if Role.EXECUTIVE in access.roles else None,
        "day": day,
        "may_define": access.anywhere(DEFINE),
        "may_upload": access.anywhere(UPLOAD),
        "may_administer": access.anywhere(ADMINISTER),
        "is_new": not (now.counts or cards),
    }
    return render(request, "dashboards/home.html", context)


def _moment(day) -> datetime:
    """From when lateness counts: now, or the end of an earlier day from which one looks."""
    return min(timezone.now(), datetime.combine(day, time(), UTC) + timedelta(days=1))


def _parked(request) -> tuple[Job, ...]:
    """What was given up: to an administrator all of it, else what the person asked for or answers for."""
    jobs = Job.objects.filter(state=Job.State.PARKED)
    if not request.access.everywhere(ADMINISTER):
        mine = Upload.objects.filter(Q(dataset__owner=request.user) | Q(dataset__steward=request.user))
        jobs = jobs.filter(Q(asked_by=request.user) | Q(pk__in=mine.values("job")))
    return tuple(jobs.order_by("-pk")[:SHOWN])


def _executive(request, cards: list[Scorecard], day) -> dict | None:
    """The executive scorecard where this person's organisation begins: its score and its perspectives."""
    card = next((card for card in cards if card.is_executive), None)
    unit = unit_of(request, card, day) if card else None
    if unit is None:
        return None
    try:
        view: ScorecardView = scorecard_view(card, unit, day, request.access)
    except NotYours:
        return None
    rows = [row for row in rows_of(view) if row.level == 1]
    query = {"unit": view.unit.code, "as_of": request.GET.get("as_of")}
    return {
        "view": view,
        "rows": rows,
        "scorecard": with_query(reverse("scorecard", args=[card.code]), **query),
        "review": with_query(reverse("review"), scorecard=card.code, **query),
    }
