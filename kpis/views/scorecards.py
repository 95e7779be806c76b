"""The list of scorecards, one scorecard, and its export."""

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from doors.exports import Column, Cover, Sheet, csv_response, xlsx_response
from doors.pages import page, visible
from kpis.models import Scorecard
from kpis.selectors import NotYours, ScorecardView, scorecard_view, visible_scorecards
from kpis.status_words import status_word
from organization.access import DEFINE, VIEW
from organization.fields import INDENT

from .addresses import same_page, with_query
from .asking import Asked, asked_of, chooser, day_of, starts_of, unit_of
from .rows import Row, rows_of

SORTS = {
    "name": lambda row: row.name.casefold(),
    "actual": lambda row: row.actual,
    "variance": lambda row: row.variance_pct if row.variance_pct is not None else row.variance,
    "status": lambda row: STATUS_ORDER.get(row.status),
    "score": lambda row: row.score,
    "weight": lambda row: row.pull_pct,
}
STATUS_ORDER = {"red": 0, "amber": 1, "green": 2, "open": 3, "no_data": 4, "no_target": 5, "info": 6}


@page(VIEW)
@require_GET
def scorecards(request):
    """All scorecards that the person may open, each a door to where it starts for them."""
    found = visible_scorecards(request.access)
    query = request.GET.get("q", "").strip()
    if query:
        found = [card for card in found if query.casefold() in f"{card.name} {card.code} {card.unit}".casefold()]
    return render(
        request,
        "kpis/scorecards.html",
        {"scorecards": found, "q": query, "may_build": request.access.anywhere(DEFINE), "heading": "Scorecards"},
    )


@page(VIEW)
@require_GET
def scorecard(request, code: str):
    card, asked, view = read(request, code)
    rows = rows_of(view, as_of=request.GET.get("as_of"), known=request.GET.get("known"))
    sort = request.GET.get("sort", "")
    tree = sort.removeprefix("-") not in SORTS
    shown = rows if tree else sort_rows([row for row in rows if not row.is_node], sort)
    context = {
        "scorecard": card,
        "view": view,
        "rows": shown,
        "tree": tree,
        "asked": asked,
        "chooser": chooser_of(request, card, asked, view),
        "breadcrumb": trail(request, view),
        "units_below": [(unit, unit_address(request, unit)) for unit in view.units_below],
        "may_build": request.access.allows(DEFINE, card.unit_id),
        "edit_url": reverse("scorecard_edit", args=[code]),
        "heading": view.name,
        "data_through": view.complete_through,
        "tree_address": same_page(request, sort=None),
        "exports": [
            (kind, with_query(reverse("scorecard_export", args=[code, kind]), **request.GET.dict()))
            for kind in ("csv", "xlsx")
        ],
        "heat_map": with_query(reverse("heatmap"), scorecard=code, unit=view.unit.code, **kept_query(request)),
        "review": with_query(reverse("review"), scorecard=code, unit=view.unit.code, **kept_query(request)),
    }
    return render(request, "kpis/scorecard.html", context)


def read(request, code: str) -> tuple[Scorecard, Asked, ScorecardView]:
    """The scorecard of the address at the unit and period of the address, or 404."""
    card = visible(Scorecard.objects.select_related("unit", "owner"), request, code=code)
    unit = unit_of(request, card, day_of(request))
    if unit is None:
        raise Http404
    asked = asked_of(request, card.unit_id, card.grain)
    try:
        view = scorecard_view(
            card,
            unit,
            asked.day,
            request.access,
            period=asked.period,
            grain=asked.grain,
            include_open=asked.include_open,
            as_known_at=asked.known_at,
        )
    except NotYours:
        raise Http404 from None
    return card, asked, view


def kept_query(request) -> dict[str, str]:
    """Period, grain and days of this address, for the way to another page about the same."""
    return {name: request.GET[name] for name in ("period", "grain", "as_of", "known", "open") if request.GET.get(name)}


def unit_address(request, unit) -> str:
    return same_page(request, unit=unit.code)


def trail(request, view: ScorecardView) -> list[tuple[str, str]]:
    """The way back: all scorecards, then this scorecard at the units above."""
    above = [(unit.name, unit_address(request, unit)) for unit in view.path if unit.id != view.unit.id]
    return [("Scorecards", reverse("scorecards")), *above]


def chooser_of(request, card: Scorecard, asked: Asked, view: ScorecardView) -> dict:
    """Units above, the unit itself and those below, as far as the scorecard reaches; periods with results."""
    units = []
    if card.cascades:
        units = [(u.code, u.name, u.id == view.unit.id, n) for n, u in enumerate(view.path)]
        units += [(u.code, f"{INDENT}{u.name}", False, len(view.path)) for u in view.units_below]
    starts = starts_of(node.reading for node in view.rows() if node.reading)
    found = chooser(request, asked, finest=card.grain, units=units, starts=starts)
    return found | {"known_on": asked.known_on or "", "now_url": same_page(request, known=None)}


def sort_rows(rows: list[Row], sort: str) -> list[Row]:
    """KPIs by `sort` (a name of SORTS, "-" before it for descending); what has no value stands last."""
    key = SORTS[sort.removeprefix("-")]
    known = [row for row in rows if key(row) is not None]
    known.sort(key=key, reverse=sort.startswith("-"))
    return known + [row for row in rows if key(row) is None]


# --- export ----------------------------------------------------------------------------------------------------------

COLUMNS = (
    Column("Level", width=7),
    Column("Name", width=40),
    Column("Code", width=24),
    Column("Unit", width=24),
    Column("Period", width=12),
    Column("Actual"),
    Column("Target"),
    Column("Target low"),
    Column("Target high"),
    Column("Variance (+ is favourable)"),
    Column("Measured in"),
    Column("Status"),
    Column("Marks"),
    Column("Score"),
    Column("Coverage %"),
    Column("Share of weight %"),
    Column("Share used %"),
    Column("Change on the period before"),
    Column("Note", width=40),
)


@page(VIEW)
@require_GET
def export(request, code: str, kind: str):
    """What the page shows, unrounded, as CSV or XLSX; the scorecard itself is the first line, of level 0."""
    card, asked, view = read(request, code)
    rows = rows_of(view)
    if request.GET.get("sort", "").removeprefix("-") in SORTS:
        rows = sort_rows([row for row in rows if not row.is_node], request.GET["sort"])
    lines = [_whole(view), *(_line(row, view) for row in rows)]
    name = f"{card.code}-{view.unit.code}-{asked.period_parameter}"
    if kind == "csv":
        return csv_response(name, COLUMNS, lines)
    if kind == "xlsx":
        return xlsx_response(name, [Sheet("Scorecard", COLUMNS, lines)], _cover(card, view, asked))
    raise Http404


def _whole(view: ScorecardView) -> tuple:
    period = view.period.label if view.period else ""
    known = {
        "Level": 0,
        "Name": view.name,
        "Code": view.code,
        "Unit": view.unit.name,
        "Period": period,
        "Status": status_word(view.status),
        "Score": view.score,
        "Coverage %": view.coverage_pct,
        "Note": view.note,
    }
    return tuple(known.get(column.heading) for column in COLUMNS)


def _line(row: Row, view: ScorecardView) -> tuple:
    period = row.period or (view.period.label if view.period and not row.is_node else "")
    return (
        row.level,
        row.name,
        row.code,
        row.place or view.unit.name,
        period,
        row.actual,
        row.target,
        row.target_low,
        row.target_high,
        row.variance,
        row.format.rpartition(":")[0],
        status_word(row.status),
        ", ".join(row.marks),
        row.score,
        row.coverage_pct,
        row.weight_pct,
        row.used_pct,
        row.change,
        " ".join(row.notes),
    )


def _cover(card: Scorecard, view: ScorecardView, asked: Asked) -> Cover:
    counts = ", ".join(f"{count} {status_word(status)}" for status, count in view.counts.items())
    return Cover(
        card.name,
        [
            ("Unit", view.unit.name),
            ("Period", view.period.label if view.period else "Latest complete period of each KPI"),
            ("Score", view.score),
            ("Status", status_word(view.status)),
            ("KPIs by status", counts),
            ("Coverage %", view.coverage_pct),
            ("Data complete through", view.complete_through),
            ("As of", asked.day),
            ("As known at", asked.known_at or "now"),
        ],
    )
