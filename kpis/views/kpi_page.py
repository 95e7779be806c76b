"""One KPI: over time, to date, in parts, and what happened beside it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from doors.pages import page, require, visible
from kpis import annotations, selectors
from kpis.charting import chart_of, runs_of
from kpis.forms import AnnotationForm
from kpis.landing import landing
from kpis.late_targets import above, late_targets
from kpis.models import Annotation, Kpi
from kpis.selectors.comparators import unrated_targets
from kpis.selectors.runs import job_of
from kpis.selectors.to_date import to_date, why_none
from organization.access import DEFINE, TARGET, VIEW

from .frame import frame_of
from .place import Place, place_of, sentence

SIGNALS = 6
NO_NUMBER = (
    "Numbers come with the first run after an extract is loaded or the definition is saved; or choose another unit or "
    "grain above."
)
NO_NUMBER_THEN = "Choose a later day under “as known on”, or leave it empty to see what is known now."


@page(VIEW)
@require_GET
def kpi(request, code):
    """Trend, to-date, parts, annotations. Reads results only, by a constant number of queries."""
    kpi = visible(Kpi.objects.select_related("unit", "owner", "counter_kpi"), request, code=code)
    place = place_of(request, kpi)
    return render(request, "kpis/kpi.html", _overview(request, place))


def _overview(request, place: Place) -> dict:
    kpi, unit, grain, access = place.kpi, place.unit, place.grain, request.access
    known = {"as_known_at": place.known_at, "book": place.book}
    series = selectors.kpi_series(kpi, unit, grain, place.day, access, **known)
    reading = selectors.status_of(kpi, unit, place.day, access, grain=grain, period=place.period, **known)
    by = _dimension(request, place)
    parts = by and selectors.breakdown(kpi, unit, by, grain, place.day, access, period=place.period, **known)
    notes = _notes(place, series, access)
    chart = chart_of(kpi, unit, grain, place.day, access, **known)
    ahead = None if place.known_on else landing(kpi, unit, grain, place.day, access, book=place.book)
    return {
        **frame_of(request, place, "overview", series=series, shown=reading.period),
        "reading": reading,
        "no_number": sentence(reading.reason) + (NO_NUMBER_THEN if place.known_on else NO_NUMBER),
        "unrated": unrated_targets(place.version, unit, reading.period)
        if reading.period and not place.known_on
        else [],
        "late": late_targets(kpi, above(unit), reading.period.start, reading.period.end) if reading.period else [],
        "series": series,
        "chart": chart,
        "fired": runs_of(chart.fired)[:SIGNALS],
        "ahead": ahead,
        "to_date": to_date(kpi, unit, place.day, access, **known),
        "no_to_date": why_none(place.version),
        "by": by,
        "parts": parts,
        "below": selectors.organisation_drill(kpi, unit, grain, place.day, access, period=place.period, **known),
        "notes": notes,
        "note_form": AnnotationForm(initial={"day": reading.period.start if reading.period else place.day}),
        "may_annotate": access.allows(DEFINE, unit) or access.allows(TARGET, unit),
        "counter": _counter(place, request),
        "job": job_of(kpi),
        "dimensions": [(name, f"?{place.query(by=name)}", name == by) for name in place.version.dimensions],
        "rows_url": place.url("kpi_rows", period=_start(reading)),
        "origin_url": place.url("kpi_provenance", period=_start(reading)),
        "chart_url": place.url("kpi_chart"),
        "drivers_url": place.url("kpi_drivers", period=_start(reading)),
        "plain_query": place.query(known=None),
    }


def _start(reading) -> str | None:
    return reading.period.start.isoformat() if reading.period else None


def _dimension(request, place: Place) -> str:
    """The dimension that the address asks for, or the KPI's first; empty where it keeps none."""
    kept = place.version.dimensions
    asked = request.GET.get("by", "")
    return asked if asked in kept else (kept[0] if kept else "")


def _notes(place: Place, series, access) -> list[Annotation]:
    if not series.points:
        return []
    first, last = series.points[0].period.start, max(series.points[-1].period.end, place.day)
    return annotations.annotations_of(place.kpi, [place.unit.pk], first, last, access)


def _counter(place: Place, request):
    """The reading of the KPI that is watched with this one, at the same unit, if the person may see it."""
    counter = place.kpi.counter_kpi
    if counter is None or not Kpi.objects.visible_to(request.access).filter(pk=counter.pk).exists():
        return None
    try:
        return selectors.status_of(counter, place.unit, place.day, request.access, as_known_at=place.known_at)
    except selectors.NotYours:
        return None


@page(VIEW)
@require_POST
def annotate(request, code):
    """Write beside the number what happened; or take an own annotation back."""
    kpi = visible(Kpi.objects, request, code=code)
    place = place_of(request, kpi)
    if not (request.access.allows(DEFINE, place.unit) or request.access.allows(TARGET, place.unit)):
        require(request, DEFINE, place.unit)
    if "remove" in request.POST:
        mine = Annotation.objects.filter(kpi=kpi, unit__in=request.access.units(VIEW), by=request.user)
        annotation = mine.filter(pk=request.POST["remove"] if request.POST["remove"].isdigit() else 0).first()
        if annotation is None:
            raise Http404
        annotations.withdraw(annotation, by=request.user)
        messages.success(request, "The annotation was removed.")
        return redirect(place.url())
    form = AnnotationForm(request.POST)
    if form.is_valid():
        try:
            annotations.annotate(kpi, place.unit, by=request.user, **form.cleaned_data)
        except ValidationError as fault:
            messages.error(request, " ".join(fault.messages))
        else:
            messages.success(request, "The annotation stands beside the number now.")
    else:
        messages.error(request, "Nothing was kept: an annotation has a day and a text of at most 1,000 letters.")
    return redirect(place.url())
