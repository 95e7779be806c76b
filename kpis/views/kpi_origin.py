"""Behind one number: the rows that add up to it, and where it comes from."""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.http import Http404
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from datasets.facts import NoSuchVersion, contract_of
from datasets.models import Dataset
from datasets.scope import wholly_seen
from datasets.times import by_their_clock, times_said
from doors.pages import page, visible
from kpis import drill, selectors
from kpis.measures import scale_of
from kpis.models import Kpi, Result, Run
from kpis.selectors.history import recorded, result_at
from kpis.selectors.runs import visible_runs
from organization.access import VIEW

from .frame import WITH_ROWS, frame_of
from .place import Place, place_of, sentence

ROWS = 50
UPLOADS = 20
PARTS = {"_numerator", "_denominator", "_value"}
EQUAL = 1e-9


@page(VIEW)
@require_GET
def kpi_rows(request, code):
    """The rows behind one number. The page comes at once; its rows follow, since they are read from the facts."""
    place, result = asked_for(request, code)
    context = _around(request, place, result, "rows")
    if result is None or not (request.htmx or request.GET.get("load")):
        return render(request, "kpis/rows.html", context)
    context |= _rows(request, place, result)
    return render(request, "kpis/_behind.html" if request.htmx else "kpis/rows.html", context)


@page(VIEW)
@require_GET
def kpi_provenance(request, code):
    """Where the number comes from: formula with its values, version, data, run, uploads, checks. No scan."""
    place, result = asked_for(request, code)
    context = _around(request, place, result, "provenance")
    if result is not None:
        origin = drill.provenance(result, request.access)
        dataset = _dataset(origin.version.dataset, request.access)
        newest = list(reversed(origin.uploads))
        context |= {
            "origin": origin,
            "recorded": recorded(result),
            "run_url": _run_url(origin.run, request.access),
            "dataset": dataset,
            "dataset_url": _address(dataset),
            "is_whole": dataset is not None and dataset.pk in wholly_seen(request.access),
            "uploads": [(upload, dataset and _address(upload)) for upload in newest[:UPLOADS]],
            "shows_workings": not request.access.is_vendor_only,
            "more_uploads": len(newest[UPLOADS:]),
            "has_rows": origin.version.kind in WITH_ROWS,
        }
    return render(request, "kpis/provenance.html", context)


def asked_for(request, code: str) -> tuple[Place, Result | None]:
    """The place, and the result that the address names: in all, or of one member of a dimension."""
    kpi = visible(Kpi.objects.select_related("unit", "owner"), request, code=code)
    place = place_of(request, kpi)
    dimension, member = request.GET.get("dimension", "")[:100], request.GET.get("member", "")[:200]
    if "\0" in dimension + member:
        raise Http404
    start = place.period.start if place.period else None
    if start is None:
        known = {"grain": place.grain, "as_known_at": place.known_at, "book": place.book}
        reading = selectors.status_of(kpi, place.unit, place.day, request.access, **known)
        start = reading.period.start if reading.period else None
    found = start and result_at(kpi, place.unit.pk, place.grain, start, dimension, member, place.known_at)
    if found is None and dimension:
        raise Http404(f"{kpi.code} has no number for this part.")
    return place, found


def _around(request, place: Place, result: Result | None, tab: str) -> dict:
    part = {name: request.GET[name] for name in ("dimension", "member") if request.GET.get(name)}
    period = result.period_start.isoformat() if result else None
    return {
        **frame_of(request, place, tab, shown=result, **part),
        "result": result,
        "no_number": "" if result else _why_none(request, place),
        "last_day": result.period_end - timedelta(days=1) if result else None,
        "rows_url": place.url("kpi_rows", period=period, **part),
        "origin_url": place.url("kpi_provenance", period=period, **part),
    }


def _why_none(request, place: Place) -> str:
    """Why the place has no number, as a sentence; empty where nobody knows."""
    known = {"as_known_at": place.known_at, "book": place.book, "grain": place.grain, "period": place.period}
    return sentence(selectors.status_of(place.kpi, place.unit, place.day, request.access, **known).reason)


def _dataset(dataset: Dataset | None, access) -> Dataset | None:
    return dataset and Dataset.objects.visible_to(access).filter(pk=dataset.pk).first()


def _address(thing) -> str:
    try:
        return thing.get_absolute_url() if thing else ""
    except NoReverseMatch:
        return ""


def _run_url(run: Run | None, access) -> str:
    """Its page, for who may see runs of its dataset."""
    seen = run and visible_runs(access).filter(pk=run.pk).exists()
    return reverse("run", args=[run.pk]) if seen else ""


def _rows(request, place: Place, result: Result) -> dict:
    offset = _offset(request)
    try:
        found = drill.rows_behind(result, request.access, limit=ROWS, offset=offset)
    except selectors.NotYours:
        raise Http404 from None
    except (drill.NoRows, drill.TooLong, NoSuchVersion) as fault:
        return {"fault": str(fault)}
    columns, parts = parts_of(found)
    contract = contract_of(result.version.dataset)
    shown = [*columns, *(name for name, _ in parts)]
    return {
        "found": found,
        "times": times_said(contract),
        "sums": sums_of(found, result),
        "columns": columns,
        "numeric": {name for name in columns if any(_is_number(row[name]) for row in found.rows)},
        "lines": by_their_clock(([row[name] for name in shown] for row in found.rows), contract),
        "parts": parts,
        "exports": _exports(place, result) if found.total else (),
        "first": offset + 1,
        "last": offset + len(found.rows),
        "before_url": _at(request, max(0, offset - ROWS)) if offset else "",
        "next_url": _at(request, offset + ROWS) if offset + ROWS < found.total else "",
    }


def parts_of(found: drill.RowsPage) -> tuple[list[str], list[tuple[str, str]]]:
    """The dataset's columns, and (name, heading) of those that say what a row counts for in the number."""
    columns = [name for name in found.columns if not name.startswith("_")]
    if found.denominator is not None:
        return columns, [("_numerator", "numerator"), ("_denominator", "denominator")]
    if found.numerator is not None:
        return columns, [("_numerator", "counts")]
    has_value = any(row.get("_value") is not None for row in found.rows)
    return columns, [("_value", "value")] if has_value else []


def _exports(place: Place, result: Result) -> list[tuple[str, str]]:
    part = {"dimension": result.dimension, "member": result.member} if result.dimension else {}
    query = place.query(period=result.period_start.isoformat(), **part)
    address = reverse("kpi_rows", args=[place.kpi.code])
    return [(kind.upper(), f"{address}{kind}/?{query}") for kind in ("csv", "xlsx")]


def _offset(request) -> int:
    text = request.GET.get("offset", "0")
    return min(int(text), 10_000_000) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _at(request, offset: int) -> str:
    query = request.GET.copy()
    query["offset"] = str(offset)
    return f"?{query.urlencode()}"


def _is_number(value) -> bool:
    return not isinstance(value, bool) and hasattr(value, "__float__")


@dataclass(frozen=True, slots=True)
class Sums:
    """Whether the rows add up to the number, in a sentence."""

    agrees: bool
    words: str
    has_denominator: bool


def sums_of(found: drill.RowsPage, result: Result) -> Sums:
    """The rows' sums against what the result was recorded with."""
    count = f"{found.total:,} row{'' if found.total == 1 else 's'}"
    has_denominator = found.denominator is not None
    if found.hidden:
        return Sums(
            False, f"You see {count} of {result.rows:,}; the others belong to units of others.", has_denominator
        )
    if found.numerator is None:
        agrees = found.total == result.rows
        words = (
            f"All {count} that the number was computed from." if agrees else f"{count}, of {result.rows:,} recorded."
        )
        return Sums(agrees, words, has_denominator)
    verb = "adds" if found.total == 1 else "add"
    total, words = found.numerator, f"{count} {verb} up to {_digits(found.numerator)}"
    if has_denominator:
        scale = scale_of(result.version)
        total = scale * found.numerator / found.denominator if found.denominator else None
        quotient = _digits(total)
        times = f"{scale} × " if scale != 1 else ""
        words = f"{count} {verb} up to {times}{_digits(found.numerator)} / {_digits(found.denominator)} = {quotient}"
    if _equal(total, result.value):
        return Sums(True, f"{words}: the number shown.", has_denominator)
    return Sums(False, f"{words}; the number shown is {_digits(result.value)}.", has_denominator)


def _digits(number: float | None) -> str:
    """Ten digits; of more, all before the point, and never an exponent for them."""
    if number is None:
        return "no value"
    return f"{number:,.10g}" if abs(number) < 10**10 else f"{number:,.0f}"


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=EQUAL, abs_tol=EQUAL)
