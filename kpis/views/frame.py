"""What all pages of one KPI show around their content: breadcrumb, chooser, tabs, and what the person may do."""

from django.urls import reverse

from kpis.calendars import period_of
from kpis.models import KpiVersion
from kpis.selectors.units import neighbours
from organization.access import DEFINE, TARGET, UPLOAD
from organization.fields import INDENT

from .addresses import with_query
from .place import Place

TABS = (
    ("overview", "Overview", "kpi"),
    ("chart", "Control chart", "kpi_chart"),
    ("drivers", "What moved it", "kpi_drivers"),
    ("rows", "Rows", "kpi_rows"),
    ("provenance", "Where it comes from", "kpi_provenance"),
    ("definition", "Definition", "kpi_definition"),
)
WITH_ROWS = set(KpiVersion.Kind.values) - {KpiVersion.Kind.DERIVED, KpiVersion.Kind.MANUAL}


def frame_of(request, place: Place, tab: str, *, series=None, shown=None, **part) -> dict:
    """shown: the period (or result) on the page, where the address names none. part: dimension and member, kept."""
    above, below, _ = neighbours(place.unit, place.day, request.access)
    version = place.version
    may_define = request.access.allows(DEFINE, place.kpi.unit_id)
    may_target = request.access.allows(TARGET, place.unit)
    return {
        "place": place,
        "kpi": place.kpi,
        "version": version,
        "heading": place.kpi.name,
        "breadcrumb": _breadcrumb(place, above),
        "chooser": _chooser(place, above, below, series, shown) | {"hidden": _kept(place, part)},
        "tabs": [_tab(place, tab, part, *words) for words in TABS if words[0] != "rows" or version.kind in WITH_ROWS],
        "may_define": may_define,
        "entry_url": with_query(reverse("manual_entries"), kpi=place.kpi.code, unit=place.unit.code) + "#enter",
        "may_enter": request.access.allows(UPLOAD, place.unit),
        "may_target": may_target,
        "export_csv": f"{reverse('kpi_export', args=[place.kpi.code, 'csv'])}?{place.query()}",
        "export_xlsx": f"{reverse('kpi_export', args=[place.kpi.code, 'xlsx'])}?{place.query()}",
    }


def _breadcrumb(place: Place, above) -> list[tuple[str, str]]:
    units = [(unit.name, place.url(unit=unit.code)) for unit in above if unit.id != place.unit.pk]
    return [("KPIs", reverse("kpis")), *units]


def _tab(place: Place, current: str, part: dict, key: str, label: str, name: str) -> dict:
    kept = part if key in ("rows", "provenance") else {}
    return {"label": label, "url": place.url(name, **kept), "active": key == current}


def _kept(place: Place, part: dict) -> list[tuple[str, str]]:
    """What the chooser does not show, but must keep."""
    day = [("as_of", place.day.isoformat())] if place.day_is_chosen else []
    return [*day, *part.items()]


def _chooser(place: Place, above, below, series, shown) -> dict:
    labels = dict(KpiVersion.Grain.choices)
    chooser = {
        "units": _units(place, above, below),
        "grains": [(g, labels[g], g == place.grain) for g in place.grains] if len(place.grains) > 1 else [],
        "periods": _periods(place, series, shown),
        "as_of": place.known_on or "",
        "as_of_name": "known",
        "as_of_label": "as known on",
    }
    starts = [value for value, _, _ in chooser["periods"] if value]
    here = next((n for n, (_, _, is_shown) in enumerate(chooser["periods"]) if is_shown), 0)
    chosen = chooser["periods"][here][0] if chooser["periods"] else ""
    chosen = chosen or _start_of(shown)
    if chosen in starts:
        at = starts.index(chosen)
        if at + 1 < len(starts):
            chooser["previous_url"] = f"?{place.query(period=starts[at + 1])}"
        if at > 0:
            chooser["next_url"] = f"?{place.query(period=starts[at - 1])}"
    return chooser


def _units(place: Place, above, below) -> list[tuple[str, str, bool, int]]:
    listed = [(unit.code, unit.name, unit.id == place.unit.pk, depth) for depth, unit in enumerate(above)]
    if not any(chosen for _, _, chosen, _ in listed):
        listed.append((place.unit.code, place.unit.name, True, len(listed)))
    listed += [(unit.code, unit.name, False, len(listed)) for unit in below]
    return [(code, f"{INDENT * depth}{name}", chosen, depth) for code, name, chosen, depth in listed[:300]]


def _periods(place: Place, series, shown) -> list[tuple[str, str, bool]]:
    """The newest first; the empty value is the last complete period."""
    chosen = place.period.start.isoformat() if place.period else ""
    found = [("", "Last complete period", not chosen)]
    if series:
        found += [
            (p.period.start.isoformat(), f"{p.period.label}{' (open)' if p.is_open else ''}", False)
            for p in reversed(series.points)
        ]
    elif place.period or shown:
        period = place.period or period_of_shown(place, shown)
        found.append((period.start.isoformat(), period.label, False))
    if chosen and chosen not in {value for value, _, _ in found}:
        found.insert(1, (chosen, place.period.label, False))
    return [(value, label, value == chosen) for value, label, _ in found]


def period_of_shown(place: Place, shown):
    return period_of(place.book.calendar(place.kpi.pk), shown.period_start, place.grain)


def _start_of(shown) -> str:
    start = getattr(shown, "start", None) or getattr(shown, "period_start", None)
    return start.isoformat() if start else ""
