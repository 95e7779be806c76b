"""One page of icons: every KPI by variation and assurance, and what fired at its last complete period."""

from django.db.models import Count
from django.shortcuts import render
from django.views.decorators.http import require_GET

from doors.pages import page
from kpis.models import ChartVerdict, Kpi
from kpis.selectors.signals import icon_table, proposals
from kpis.selectors.verdicts import ASSURANCES, VARIATIONS
from organization.access import VIEW
from organization.fields import listed
from organization.models import Unit

from .addresses import kpi_address, same_page
from .asking import day_of

MOST_UNITS = 300


@page(VIEW)
@require_GET
def signals(request):
    """Each KPI where it is answered for, or at the unit of the address."""
    day = day_of(request)
    units = _units(request)
    unit = next((unit for unit, _ in units if unit.code == request.GET.get("unit")), None)
    kpis = Kpi.objects.visible_to(request.access).select_related("unit", "owner").order_by("name")
    table = icon_table(kpis, day, request.access, unit=unit.pk if unit else None)
    wanted = request.GET.get("variation", "")
    shown = [r for r in table.readings if wanted not in VARIATIONS or r.verdict.variation == wanted]
    context = {
        "heading": "Signals",
        "day": day,
        "unit": unit,
        "units": units,
        "table": table,
        "matrix": _matrix(table, request),
        "assurances": [(name, ASSURANCES[name][0]) for name in table.assurances],
        "readings": [(reading, _address(reading, request)) for reading in shown],
        "wanted": VARIATIONS[wanted][0] if wanted in VARIATIONS else "",
        "all_url": same_page(request, variation=None),
        "proposals": [
            (phase, kpi_address(phase.kpi.code, "kpi_chart", unit=phase.unit.code, grain=phase.grain))
            for phase in proposals(request.access, request.user)
        ],
    }
    return render(request, "kpis/signals.html", context)


def _matrix(table, request) -> list[tuple]:
    """(variation, its words, address of that row alone, cells of (words of the assurance, (reading, address)s))."""
    rows = []
    for variation in table.variations:
        cells = [
            (
                ASSURANCES[assurance][0],
                [(reading, _address(reading, request)) for reading in table.cells.get((variation, assurance), ())],
            )
            for assurance in table.assurances
        ]
        rows.append((variation, VARIATIONS[variation][0], same_page(request, variation=variation), cells))
    return rows


def _address(reading, request) -> str:
    return kpi_address(reading.kpi.code, unit=reading.unit.code, as_of=request.GET.get("as_of"))


def _units(request) -> list[tuple[Unit, str]]:
    """Units at which something is charted, with their name as the tree has it; of many those with the most."""
    charted = ChartVerdict.objects.filter(unit__in=request.access.units(VIEW)).values("unit")
    most = charted.annotate(n=Count("pk")).order_by("-n", "unit").values_list("unit", flat=True)[:MOST_UNITS]
    return listed(Unit.objects.filter(pk__in=list(most)))
