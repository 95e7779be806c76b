"""The results of one KPI at one unit, as they stand in the database: every period, and every part that is kept."""

from collections.abc import Iterator

from django.http import Http404
from django.views.decorators.http import require_GET

from doors.exports import Column, Cover, Sheet, csv_response, xlsx_response
from doors.pages import page, visible
from kpis.models import Kpi, Result
from kpis.status_words import status_word
from organization.access import VIEW

from .place import Place, place_of

NAMES = (
    ("Period start", "period_start"),
    ("Period end, not included", "period_end"),
    ("Split by", "dimension"),
    ("Member", "member"),
    ("Value", "value"),
    ("Numerator", "numerator"),
    ("Denominator", "denominator"),
    ("Rows", "rows"),
    ("Why there is no value", "reason"),
    ("Target", "target"),
    ("Target, low end", "target_low"),
    ("Target, high end", "target_high"),
    ("Red limit", "red_limit"),
    ("Stretch", "stretch"),
    ("Status", "status"),
    ("Score", "score"),
    ("Period open", "is_open"),
    ("Provisional", "is_provisional"),
    ("Definition version", "version__number"),
    ("Data version", "data_version"),
    ("Run", "run_id"),
    ("Recorded at", "recorded_at"),
)
COLUMNS = tuple(Column(heading) for heading, _ in NAMES)
STATUS = NAMES.index(("Status", "status"))


@page(VIEW)
@require_GET
def kpi_export(request, code, kind: str):
    kpi = visible(Kpi.objects.select_related("unit", "owner"), request, code=code)
    place = place_of(request, kpi)
    name = f"{kpi.code} {place.unit.code} {place.grain}"
    if kind == "csv":
        return csv_response(name, COLUMNS, _rows(place))
    if kind == "xlsx":
        sheets = [Sheet("Results", COLUMNS, _rows(place))]
        return xlsx_response(name, sheets, Cover(kpi.name, _facts(place, request)))
    raise Http404


def _rows(place: Place) -> Iterator[tuple]:
    results = Result.objects.as_known_at(place.known_at) if place.known_at else Result.objects.current()
    mine = results.filter(kpi=place.kpi, unit=place.unit, grain=place.grain, period_start__lte=place.day)
    fields = [field for _, field in NAMES]
    found = mine.order_by("dimension", "member", "period_start").values_list(*fields).iterator(chunk_size=2000)
    return ((*row[:STATUS], status_word(row[STATUS]), *row[STATUS + 1 :]) for row in found)


def _facts(place: Place, request) -> list[tuple[str, object]]:
    version, dataset = place.version, place.version.dataset
    return [
        ("KPI", f"{place.kpi.name} ({place.kpi.code})"),
        ("Unit", f"{place.unit.name} ({place.unit.code})"),
        ("Period", place.grain),
        ("As of", place.day),
        ("As known at", place.known_at or "now"),
        ("Unit of measure", version.unit_of_measure),
        ("Direction", version.get_direction_display()),
        ("Definition", f"version {version.number}, {version.get_state_display().lower()}"),
        ("Formula", version.formula),
        ("Denominator", version.denominator),
        ("Only rows for which", version.condition),
        ("Dataset", dataset.name if dataset else None),
        ("Data complete through", dataset.complete_through if dataset else None),
        ("Data version", dataset.current_version if dataset else None),
        ("Owner", str(place.kpi.owner)),
        ("Exported by", str(request.user)),
    ]
