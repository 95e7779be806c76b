"""The monthly review of a scorecard, to be read on a screen and on paper: exceptions first, the quiet greens folded."""

from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboards.formats import text
from doors.pages import page
from kpis.selectors import visible_scorecards
from kpis.selectors.verdicts import Verdict
from kpis.views.addresses import with_query
from kpis.views.rows import Row, rows_of
from kpis.views.scorecards import chooser_of, kept_query, read
from organization.access import DEFINE, VIEW

LONGEST_AMOUNT = 8  # in characters, which a column of equal width holds on paper too: €12,345


@dataclass(frozen=True, slots=True)
class Section:
    """A perspective (or what stands at the top without one), with what speaks and what is quiet."""

    head: Row | None
    speaking: tuple[Row, ...]
    quiet: tuple[Row, ...]


@page(VIEW)
@require_GET
def review(request):
    """The scorecard of the address, or the executive one."""
    cards = visible_scorecards(request.access)
    code = request.GET.get("scorecard") or next((card.code for card in cards), "")
    if not code:
        context = {"heading": "Review", "may_build": request.access.anywhere(DEFINE)}
        return render(request, "dashboards/review.html", context)
    if code not in {card.code for card in cards}:
        raise Http404
    card, asked, view = read(request, code)
    rows = rows_of(view, as_of=request.GET.get("as_of"), known=request.GET.get("known"))
    exceptions = exceptions_of(rows)
    context = {
        "heading": f"Review of {view.name}",
        "scorecard": card,
        "cards": cards,
        "view": view,
        "asked": asked,
        "exceptions": exceptions,
        "exceptions_count": sum(map(len, exceptions.values())),
        "sections": sections_of(rows),
        "signs": signs_of(rows),
        "has_long_amounts": has_long_amounts(rows),
        "chooser": chooser_of(request, card, asked, view),
        "scorecard_address": with_query(reverse("scorecard", args=[code]), unit=view.unit.code, **kept_query(request)),
        "data_through": view.complete_through,
    }
    return render(request, "dashboards/review.html", context)


def exceptions_of(rows: list[Row]) -> dict[str, list[Row]]:
    """What a meeting begins with: new reds, then other reds, then ambers and what has no data, the heaviest first."""
    kpis = sorted((row for row in rows if not row.is_node), key=lambda row: -row.pull_pct)
    return {
        "New reds": [row for row in kpis if row.is_new_red],
        "Reds since before": [row for row in kpis if row.status == "red" and not row.is_new_red],
        "At risk": [row for row in kpis if row.status == "amber"],
        "No data": [row for row in kpis if row.status == "no_data"],
    }


def has_long_amounts(rows: list[Row]) -> bool:
    """Some number needs more room than columns of equal width have: then each table takes its own."""
    shown = (text(amount, row.format) for row in rows for amount in (row.actual, row.target, row.variance))
    return any(len(amount) > LONGEST_AMOUNT for amount in shown)


def signs_of(rows: list[Row]) -> dict[str, list[Verdict]]:
    """One verdict for each icon that the rows show, to say what it means: on paper no pointer asks it."""
    found = [row.verdict for row in rows if row.verdict and row.verdict.variation != "too_few_points"]
    return {
        "variation": list({(verdict.variation, verdict.side): verdict for verdict in found}.values()),
        "assurance": list({one.assurance: one for one in found if one.assurance != "no_target"}.values()),
    }


def sections_of(rows: list[Row]) -> list[Section]:
    """One for each row at the top that holds others, in the scorecard's order; loose KPIs come first together."""
    loose = [row for row in rows if row.level == 1 and not row.is_node]
    sections = [_section(None, loose)] if loose else []
    head, inside = None, []
    for row in rows:
        if row.level == 1:
            if head:
                sections.append(_section(head, inside))
            head, inside = (row if row.is_node else None), []
        elif head:
            inside.append(row)
    return [*sections, _section(head, inside)] if head else sections


def _section(head: Row | None, inside: list[Row]) -> Section:
    speaking = [row for row in inside if row.is_node or not row.is_quiet]
    quiet = [row for row in inside if row.is_quiet and not row.is_node]
    return Section(head, tuple(_without_empty(speaking)), tuple(quiet))


def _without_empty(rows: list[Row]) -> list[Row]:
    """Without objectives below which everything is quiet: they would be heads of nothing."""
    kept = []
    for place, row in enumerate(rows):
        below = rows[place + 1] if place + 1 < len(rows) else None
        if not row.is_node or (below and below.level > row.level):
            kept.append(row)
    return kept
