"""The list of agreements, and one agreement's page."""

from django.db.models import Q
from django.shortcuts import render
from django.views.decorators.http import require_GET

from doors.days import day_asked
from doors.exports import Column, csv_response
from doors.pages import page, paged
from organization.access import DEFINE, VIEW
from slas import selectors
from slas.forms import ListForm
from slas.models import Agreement, AgreementVersion

from .frame import frame_of, the_agreement

SORTS = {"name": "name", "kind": "kind", "unit": "unit__name", "service": "service"}
COLUMNS = (
    Column("Code", width=24),
    Column("Agreement", width=36),
    Column("Kind"),
    Column("Answers for it", width=24),
    Column("State"),
    Column("Period"),
    Column("Promises kept"),
    Column("Promises broken"),
)


@page(VIEW)
@require_GET
def agreements(request):
    """Every agreement of which the person may see a party, with how its newest complete period went."""
    form = ListForm(request.GET)
    found = _found(request, form)
    shown = paged(request, found)
    context = {
        "heading": "Service levels",
        "form": form,
        "page": shown,
        "lines": selectors.listed(list(shown), request.access),
        "may_draft": request.access.anywhere(DEFINE),
        "is_filtered": bool(request.GET.get("q") or request.GET.get("kind") or request.GET.get("state")),
        "query": request.GET.urlencode(),
    }
    return render(request, "slas/agreements.html", context)


@page(VIEW)
@require_GET
def agreements_export(request):
    """The filtered list as CSV, all pages of it."""
    lines = selectors.listed(list(_found(request, ListForm(request.GET))), request.access)
    rows = [
        [
            line.agreement.code,
            line.agreement.name,
            line.agreement.get_kind_display(),
            line.agreement.unit.name,
            line.version.get_state_display() if line.version else None,
            line.period.period_start if line.period else None,
            line.kept,
            line.broken,
        ]
        for line in lines
    ]
    return csv_response(f"agreements {request.day}", COLUMNS, rows)


@page(VIEW)
@require_GET
def agreement(request, code):
    """How each promise stands in a period, what it would earn, and where the running period will land."""
    found = the_agreement(request, code)
    view = selectors.overview(found, day=request.day, start=day_asked(request, "period", "the newest period is shown"))
    chooser = {"periods": _periods(view), "as_of": None}
    return render(request, "slas/agreement.html", frame_of(request, found, "overview", view=view, chooser=chooser))


def _periods(view) -> list[tuple[str, str, bool]]:
    """The periods for the chooser, the newest first."""
    return [
        (
            one.period_start.isoformat(),
            f"{one.label}{' (open)' if one.state == 'open' else ''}",
            one.pk == (view.period and view.period.pk),
        )
        for one in view.periods
    ]


def _found(request, form: ListForm):
    found = Agreement.objects.visible_to(request.access).select_related("unit", "customer", "owner")
    chosen = form.cleaned_data if form.is_valid() else {}
    if words := chosen.get("q", "").replace("\0", ""):
        named = Q(name__icontains=words) | Q(code__icontains=words) | Q(service__icontains=words)
        found = found.filter(named)
    if chosen.get("kind"):
        found = found.filter(kind=chosen["kind"])
    if chosen.get("state"):
        having = AgreementVersion.objects.filter(state=chosen["state"]).values("agreement_id")
        found = found.filter(pk__in=having)
    sort = request.GET.get("sort", "")
    order = SORTS.get(sort.removeprefix("-"), "name")
    return found.order_by(f"-{order}" if sort.startswith("-") else order, "pk")
