"""The rows behind one number as CSV and XLSX, with what each of them counts for: they add up to the number."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from datasets.facts import NoSuchVersion, contract_of
from datasets.times import by_their_clock, times_said
from doors.exports import Column, Cover, Sheet, csv_response, xlsx_response
from doors.pages import page
from kpis import drill, selectors
from kpis.models import Result
from organization.access import VIEW

from .kpi_origin import asked_for, parts_of, sums_of
from .place import Place


@page(VIEW)
@require_GET
def kpi_rows_export(request, code, kind: str):
    """All rows of the number, those of its page and in their order."""
    place, result = asked_for(request, code)
    if kind not in ("csv", "xlsx") or result is None:
        raise Http404
    try:
        found = drill.rows_behind(result, request.access, limit=drill.MOST_ROWS)
        _require_all(found)
    except selectors.NotYours:
        raise Http404 from None
    except (drill.NoRows, drill.TooLong, NoSuchVersion) as fault:
        messages.error(request, str(fault))
        return redirect(f"{request.path.removesuffix(f'{kind}/')}?{request.GET.urlencode()}")
    names, parts = parts_of(found)
    columns = [Column(name) for name in (*names, *(heading for _, heading in parts))]
    shown = [*names, *(name for name, _ in parts)]
    lines = by_their_clock(([row[name] for name in shown] for row in found.rows), contract_of(result.version.dataset))
    name = " ".join(["rows", code, place.unit.code, result.period_start.isoformat(), result.member]).strip()
    if kind == "csv":
        return csv_response(name, columns, lines)
    return xlsx_response(name, [Sheet("Rows", columns, lines)], Cover(place.kpi.name, _facts(place, result, found)))


def _require_all(found: drill.RowsPage) -> None:
    """Part of the rows would not add up to the number. Raises drill.TooLong."""
    if found.total > len(found.rows):
        raise drill.TooLong(
            f"The number has {found.total:,} rows; a file holds up to {drill.MOST_ROWS:,}. "
            "Choose a unit below, a shorter period or one part of it."
        )


def _facts(place: Place, result: Result, found: drill.RowsPage) -> list[tuple[str, object]]:
    part = f"{result.dimension} = {result.member or '(empty)'}" if result.dimension else None
    return [
        ("KPI", f"{place.kpi.name} ({place.kpi.code})"),
        ("Unit", f"{place.unit.name} ({place.unit.code})"),
        ("Period start", result.period_start),
        ("Period end, not included", result.period_end),
        ("Part", part),
        ("Value", result.value),
        ("Measured in", result.version.unit_of_measure),
        ("Rows", found.total),
        ("Check", sums_of(found, result).words),
        ("Definition version", result.version.number),
        ("Data version", result.data_version),
        ("Clock", times_said(contract_of(result.version.dataset)) or None),
    ]
