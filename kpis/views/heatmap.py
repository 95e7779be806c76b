"""Units by KPIs: where it is red. Two steps of paging, since nobody reads 200 columns at once."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from doors.exports import Column, Cover, Sheet, csv_response, xlsx_response
from doors.pages import page, paged
from kpis import selectors
from kpis.models import Kpi, Scorecard
from kpis.selectors import HeatMap
from kpis.status_words import status_word
from organization.access import VIEW
from organization.models import Unit, UnitPath
from organization.order import as_read

from .addresses import kpi_address, same_page, with_query
from .asking import Asked, asked_of, chooser, day_of, unit_of

COLUMNS = 40
ALL_KPIS = "all"


@dataclass(frozen=True)
class Field:
    """What the address asks for: which KPIs (of a scorecard, or all) at which units, in which period."""

    scorecard: Scorecard | None
    scorecards: tuple[Scorecard, ...]
    unit: Unit
    asked: Asked
    kpis: tuple[int, ...]
    units: tuple[int, ...]
    path: tuple[Unit, ...]


@page(VIEW)
@require_GET
def heatmap(request):
    field = _field(request)
    if field is None:
        return render(request, "kpis/heatmap.html", {"heading": "Heat map"})
    columns = Paginator(field.kpis, COLUMNS).get_page(request.GET.get("columns"))
    rows = paged(request, _sorted_units(request, field))
    shown = _cells(request, field, list(columns), list(rows))
    context = {
        "heading": "Heat map",
        "field": field,
        "map": shown,
        "rows": _rows(field, shown, list(rows), _kept(request)),
        "columns": columns,
        "column_pages": [(n, same_page(request, columns=n), n == columns.number) for n in columns.paginator.page_range],
        "page": rows,
        "chooser": chooser(request, field.asked, finest=_finest(field), units=_unit_choice(field)),
        "scorecard_url": _scorecard_url(request, field),
        "below_all": request.GET.get("below") == "all",
        "below_addresses": (same_page(request, below=None), same_page(request, below="all")),
        "exports": [
            (kind, with_query(reverse("heatmap_export", args=[kind]), **request.GET.dict())) for kind in ("csv", "xlsx")
        ],
    }
    return render(request, "kpis/heatmap.html", context)


def _scorecard_url(request, field: Field) -> str:
    """The scorecard at the map's unit, or where it starts if it does not reach that unit."""
    card = field.scorecard
    if card is None:
        return ""
    reaches = card.unit_id == field.unit.pk or (card.cascades and card.unit_id in {unit.pk for unit in field.path})
    return with_query(
        reverse("scorecard", args=[card.code]), unit=field.unit.code if reaches else None, **_kept(request)
    )


@page(VIEW)
@require_GET
def export(request, kind: str):
    """All units and KPIs of the choice, not only the page, unrounded: a line for each cell."""
    field = _field(request)
    if field is None or kind not in ("csv", "xlsx"):
        raise Http404
    units = _sorted_units(request, field)
    found = _cells(request, field, field.kpis, units)
    columns = [
        Column(name)
        for name in ("Unit", "Unit code", "KPI", "KPI code", "Period", "Value", "Measured in", "Status", "Score")
    ]
    lines = _lines(found, units)
    name = f"heatmap-{field.unit.code}-{field.asked.period_parameter}"
    if kind == "csv":
        return csv_response(name, columns, lines)
    facts = [("Below", field.unit.name), ("Scorecard", field.scorecard or "All KPIs"), ("As of", field.asked.day)]
    return xlsx_response(name, [Sheet("Heat map", columns, lines)], Cover("Heat map", facts))


def _field(request) -> Field | None:
    """Seven queries, whatever the size. None where the person sees no unit at all."""
    cards = tuple(selectors.visible_scorecards(request.access))
    code = request.GET.get("scorecard", "")
    card = next((card for card in cards if card.code == code), None) if code else next(iter(cards), None)
    if code and code != ALL_KPIS and card is None:
        raise Http404
    day = day_of(request)
    unit = unit_of(request, card, day) if card else _top(request, day)
    if unit is None:
        if request.GET.get("unit"):
            raise Http404
        return None
    asked = asked_of(request, card.unit_id if card else unit.pk, card.grain if card else "month")
    return Field(card, cards, unit, asked, _kpis(request, card), *_below(request, unit, day))


def _top(request, day) -> Unit | None:
    """The unit of the address, or the one under which most of what the person may see stands."""
    units = Unit.objects.visible_to(request.access)
    if code := request.GET.get("unit", "").replace("\0", ""):
        return units.filter(code=code).first()
    paths = UnitPath.objects.in_force(day).filter(descendant__in=request.access.units(VIEW))
    above = paths.filter(ancestor__in=request.access.units(VIEW)).order_by("-depth").values_list("ancestor", flat=True)
    return units.filter(pk=above.first()).first()


def _kpis(request, card: Scorecard | None) -> tuple[int, ...]:
    if card is None:
        return tuple(Kpi.objects.visible_to(request.access).values_list("pk", flat=True))
    nodes = list(card.nodes.order_by("position", "pk").values_list("pk", "parent_id", "kpi_id"))
    return tuple(dict.fromkeys(_in_order(nodes, None)))


def _in_order(nodes, parent):
    """KPI ids as the scorecard lists them."""
    for node, above, kpi in nodes:
        if above == parent:
            if kpi:
                yield kpi
            yield from _in_order(nodes, node) if not kpi else ()


def _below(request, unit: Unit, day) -> tuple[tuple[int, ...], tuple[Unit, ...]]:
    """(units of the rows, units from the top to `unit`)."""
    seen = request.access.units(VIEW)
    paths = UnitPath.objects.in_force(day)
    above = paths.filter(descendant=unit, ancestor__in=seen).select_related("ancestor").order_by("-depth")
    below = paths.filter(ancestor=unit, descendant__in=seen)
    below = below.filter(depth__gte=1) if request.GET.get("below") == "all" else below.filter(depth=1)
    named = below.values_list("descendant", "descendant__name")
    ids = tuple(pk for pk, _ in sorted(named, key=lambda pair: as_read(pair[1])))
    return ids or (unit.pk,), tuple(path.ancestor for path in above)


def _cells(request, field: Field, kpis, units) -> HeatMap:
    asked = field.asked
    return selectors.heatmap(
        kpis, units, asked.grain, asked.day, request.access, period=asked.period, include_open=asked.include_open
    )


def _sorted_units(request, field: Field) -> list[int]:
    """By name, or by one KPI's value (`sort` is its code): for that the column is read for all units."""
    sort = request.GET.get("sort", "")
    code = sort.removeprefix("-")
    if code in ("", "name"):
        return list(reversed(field.units)) if sort == "-name" else list(field.units)
    kpi = Kpi.objects.filter(pk__in=field.kpis, code=code).values_list("pk", flat=True).first()
    if kpi is None:
        return list(field.units)
    column = _cells(request, field, [kpi], field.units).cells
    values = {unit: cell.value for (unit, _), cell in column.items() if cell.value is not None}
    known = sorted((unit for unit in field.units if unit in values), key=values.get, reverse=sort.startswith("-"))
    return known + [unit for unit in field.units if unit not in values]


def _rows(field: Field, shown: HeatMap, order: list[int], kept: dict) -> list[tuple]:
    """(unit, its address here, cells), a cell being (HeatCell or None, format, address)."""
    columns = [(kpi.id, f"{kpi.unit_of_measure}:{kpi.decimals}", kpi_address(kpi.code)) for kpi in shown.kpis]
    units = {unit.id: unit for unit in shown.units}
    choice = _choice(field) | kept
    ends: dict = {}  # period -> the end of the address; a page has few periods and thousands of cells
    rows = []
    for unit in (units[id] for id in order if id in units):
        at_unit = with_query("", unit=unit.code)
        cells = []
        for kpi, form, place in columns:
            cell, address = shown.cells.get((unit.id, kpi)), ""
            if place and cell and cell.period:
                if cell.period not in ends:
                    start = cell.period.start.isoformat()
                    ends[cell.period] = with_query("", grain=cell.period.grain, period=start, **kept)[1:]
                address = f"{place}{at_unit}&{ends[cell.period]}"
            cells.append((cell, form, address))
        rows.append((unit, with_query(reverse("heatmap"), **choice, unit=unit.code), cells))
    return rows


def _choice(field: Field) -> dict:
    asked = field.asked
    return {
        "scorecard": field.scorecard.code if field.scorecard else ALL_KPIS,
        "grain": asked.grain,
        "period": asked.period_parameter,
    }


def _kept(request) -> dict:
    return {"as_of": request.GET.get("as_of")}


def _finest(field: Field) -> str:
    return field.scorecard.grain if field.scorecard else "month"


def _unit_choice(field: Field) -> list[tuple]:
    return [(unit.code, unit.name, unit.pk == field.unit.pk, n) for n, unit in enumerate(field.path)]


def _lines(found: HeatMap, order: list[int]):
    units = {unit.id: unit for unit in found.units}
    for unit in (units[id] for id in order if id in units):
        for kpi in found.kpis:
            cell = found.cells.get((unit.id, kpi.id))
            if cell:
                yield (
                    unit.name,
                    unit.code,
                    kpi.name,
                    kpi.code,
                    cell.period.label,
                    cell.value,
                    kpi.unit_of_measure,
                    status_word(cell.status),
                    cell.score,
                )
