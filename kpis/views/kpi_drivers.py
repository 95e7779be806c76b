"""What moved a KPI between two complete periods, by the members of a dimension."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from doors.days import day_asked
from doors.pages import page, visible
from kpis import selectors
from kpis.calendars import calendars_of
from kpis.models import Kpi
from kpis.moved import Moved, rounded_parts, what_moved
from organization.access import VIEW

from .frame import frame_of
from .kpi_windows import windows_of
from .place import Place, place_of


@page(VIEW)
@require_GET
def kpi_drivers(request, code):
    """Any two complete periods; by habit the last one and the one before it. Reads results, never rows."""
    kpi = visible(Kpi.objects.select_related("unit", "owner"), request, code=code)
    place = place_of(request, kpi)
    series = selectors.kpi_series(kpi, place.unit, place.grain, place.day, request.access, book=place.book)
    by = _dimension(request, place)
    against = _against(request, place)
    moved = what_moved(kpi, place.unit, place.period, against, by, place.day, request.access, grain=place.grain)
    kept = {"by": by, "against": against.start.isoformat() if against else None}
    context = {
        **frame_of(request, place, "drivers", series=series, shown=moved.period),
        "moved": moved,
        "lines": _lines(moved),
        "periods": _periods(series, moved),
        "dimensions": [
            (name, f"?{place.query(by=name, against=kept['against'])}", name == by) for name in place.version.dimensions
        ],
        "kept": [(name, value) for name, value in _query(place, by)],
        "windows": windows_of(request, place, moved.period.end if moved.period else None),
    }
    return render(request, "kpis/drivers.html", context)


def _query(place: Place, by: str):
    yield "unit", place.unit.code
    if place.grain != place.version.grain:
        yield "grain", place.grain
    if place.period:
        yield "period", place.period.start.isoformat()
    if place.day_is_chosen:
        yield "as_of", place.day.isoformat()
    if by:
        yield "by", by


def _dimension(request, place: Place) -> str:
    kept = place.version.dimensions
    asked = request.GET.get("by", "")
    return asked if asked in kept else (kept[0] if kept else "")


def _against(request, place: Place):
    """The period of the address to compare with; None: the one before."""
    day = day_asked(request, "against", "this compares with the period before")
    if not day:
        return None
    calendar = calendars_of([place.kpi.unit_id], place.day)[place.kpi.unit_id]
    return calendar.period_of(day, place.grain)


def _periods(series, moved: Moved) -> list[tuple[str, str, bool]]:
    """The complete periods to compare with, the newest first."""
    chosen = moved.against.start if moved.against else None
    return [
        (point.period.start.isoformat(), point.period.label, point.period.start == chosen)
        for point in reversed(series.points)
        if not point.is_open and (moved.period is None or point.period.start != moved.period.start)
    ]


def _lines(moved: Moved) -> list[tuple]:
    """(part, its change rounded so that the column adds up to the change as shown)."""
    if not moved.parts:
        return []
    return list(zip(moved.parts, rounded_parts(moved, moved.kpi.decimals), strict=True))
