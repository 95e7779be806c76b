"""The list of KPIs, and its export."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from doors.exports import Column, Cover, Sheet, csv_response, xlsx_response
from doors.pages import page, paged
from kpis.forms import CatalogueForm
from kpis.models import KpiVersion
from kpis.selectors.catalogue import SORTS, Entry, catalogue, entries, worst_first
from kpis.status_words import status_word
from organization.access import CERTIFY, DEFINE, TARGET, VIEW

COLUMNS = (
    Column("Code", width=24),
    Column("KPI", width=36),
    Column("Unit", width=24),
    Column("Period"),
    Column("Actual"),
    Column("Unit of measure"),
    Column("Target"),
    Column("Variance"),
    Column("Status"),
    Column("Score"),
    Column("Variation"),
    Column("Assurance"),
    Column("Definition"),
    Column("Owner", width=24),
    Column("Data complete through"),
)


@page(VIEW)
@require_GET
def kpis(request):
    """Every KPI with its newest complete number; filtered, sorted and paged by the address."""
    form = CatalogueForm(request.GET, request.access)
    found, is_filtered = _found(request, form)
    if _goes_by_status(request, form):
        listed = paged(request, _by_status(request, form, found))
        shown = list(listed)
    else:
        listed = paged(request, found)
        shown = entries(listed, request.day, request.access)
    context = {
        "heading": "KPIs",
        "form": form,
        "page": listed,
        "entries": shown,
        "is_filtered": is_filtered,
        "may_define": request.access.anywhere(DEFINE),
        "may_target": request.access.anywhere(TARGET),
        "may_certify": request.access.anywhere(CERTIFY),
        "query": request.GET.urlencode(),
    }
    return render(request, "kpis/kpi_list.html", context)


@page(VIEW)
@require_GET
def kpis_export(request, kind: str):
    """The filtered list, all pages of it."""
    form = CatalogueForm(request.GET, request.access)
    found, _ = _found(request, form)
    by_status = _goes_by_status(request, form)
    listed = _by_status(request, form, found) if by_status else entries(found, request.day, request.access)
    rows = [_row(entry) for entry in listed]
    if kind == "csv":
        return csv_response(f"kpis {request.day}", COLUMNS, rows)
    if kind == "xlsx":
        facts = [("As of", request.day), ("Filter", request.GET.urlencode() or "none"), ("KPIs", len(rows))]
        return xlsx_response(f"kpis {request.day}", [Sheet("KPIs", COLUMNS, rows)], Cover("KPIs", facts))
    raise Http404


def _found(request, form: CatalogueForm):
    chosen = form.cleaned_data if form.is_valid() else {}
    filters = {name: chosen[name] for name in ("state", "dataset") if chosen.get(name)}
    owner = request.user.pk if chosen.get("owner") == "me" else None
    found = catalogue(request.access, words=chosen.get("q", "").replace("\0", ""), owner=owner, **filters)
    sort = request.GET.get("sort", "")
    order = SORTS.get(sort.removeprefix("-"), SORTS["name"])
    if sort.startswith("-"):
        order = tuple(f"-{name}" for name in order)
    is_filtered = any(chosen.get(name) for name in ("q", "status", "state", "dataset", "owner"))
    return found.select_related("unit", "owner").order_by(*order, "pk"), is_filtered


def _goes_by_status(request, form: CatalogueForm) -> bool:
    """Whether numbers decide which KPIs are listed, or in which order."""
    return bool(form.is_valid() and form.cleaned_data["status"]) or request.GET.get("sort") == "status"


def _by_status(request, form: CatalogueForm, found) -> list[Entry]:
    wanted = form.cleaned_data.get("status") if form.is_valid() else ""
    every = entries(found, request.day, request.access)
    return worst_first(entry for entry in every if not wanted or entry.reading.status == wanted)


def _row(entry: Entry) -> list:
    reading, kpi = entry.reading, entry.reading.kpi
    return [
        kpi.code,
        kpi.name,
        reading.unit.name,
        reading.period.label if reading.period else None,
        reading.value,
        kpi.unit_of_measure,
        reading.target,
        reading.variance,
        status_word(reading.status),
        reading.score,
        reading.verdict.variation_name if reading.verdict else None,
        reading.verdict.assurance_name if reading.verdict else None,
        KpiVersion.State(entry.state).label.lower(),
        kpi.owner_name,
        reading.complete_through,
    ]
