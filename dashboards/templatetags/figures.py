"""`{% load figures %}`: charts of what `kpis.selectors` return, and how a KPI's numbers are written.

Rooms below hand plain selector values to their templates; here they become figures, so that no room imports upwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboards import charts, formats
from dashboards.charts.breakdown import Part
from dashboards.charts.control import Landing as Ahead
from dashboards.charts.control import Point as ControlPoint
from dashboards.charts.trend import Point
from dashboards.charts.waterfall import Step
from kpis import scoring
from kpis.chart_words import ChartView
from kpis.landing import Landing
from kpis.moved import Moved, rounded_parts
from kpis.selectors import Breakdown, KpiRef, Reading, Series

from .ui import quantity

register = template.Library()
MOST_BARS = 25


@register.filter
def spec(kpi: KpiRef) -> str:
    """`{{ reading.value|quantity:kpi|spec }}` needs a text: `{% with format=reading.kpi|spec %}`. "percent:1"."""
    return f"{kpi.unit_of_measure}:{min(kpi.decimals, 9)}"


@register.filter
def goal(rated: Any, written: str = "") -> SafeString:
    """`{{ reading|goal:format }}`: the target of a reading or result; of a KPI within a band, both of its ends."""
    if rated.target_low is None:
        return quantity(rated.target, written)
    return format_html("{}–{}", quantity(rated.target_low, written), quantity(rated.target_high, written))


@register.filter
def further_goals(rated: Any, written: str = "") -> SafeString:
    """`{{ reading|further_goals:format }}`: "red limit 60.0 %, stretch 90.0 %", as far as they are set."""
    named = (("red limit", rated.red_limit), ("stretch", rated.stretch))
    return format_html_join(
        ", ", "{} {}", ((name, quantity(value, written)) for name, value in named if value is not None)
    )


@register.simple_tag
def trend_of(series: Series, annotations: Iterable = (), bands: Sequence = (), title: str = "") -> charts.Chart:
    """`{% trend_of series notes kpi.bands as figure %}{% chart figure id="trend" %}`: with target and year before."""
    notes = _notes(series, annotations)
    direction = series.kpi.direction
    own = scoring.read_bands(bands or (), direction)
    points = [
        Point(
            label=point.period.label,
            value=point.value,
            target=point.target,
            amber=_amber(point, direction, own),
            red=_red(point, direction, own),
            prior=before,
            status=point.status,
            is_open=point.is_open,
            note=notes.get(place, ""),
        )
        for place, (point, before) in enumerate(zip(series.points, series.last_year, strict=True))
    ]
    subtitle = f"{series.unit.name}, by {series.grain}"
    return charts.trend(
        points,
        title=title or series.kpi.name,
        format=spec(series.kpi),
        direction=series.kpi.direction,
        subtitle=subtitle,
    )


@register.simple_tag
def control_of(chart: ChartView, annotations: Iterable = (), landing: Landing | None = None) -> charts.Chart:
    """`{% control_of chart notes landing as figure %}{% chart figure id="control" %}`: limits, signals, forecast."""
    notes = _notes(chart, annotations)
    points = [
        ControlPoint(
            label=point.period.label,
            value=point.value,
            centre=point.centre,
            lower=point.lower,
            upper=point.upper,
            target=point.target,
            red_limit=point.red_limit,
            phase=point.phase,
            kind=point.kind,
            rules=point.rules,
            excluded=point.excluded.reason if point.excluded else "",
            is_open=point.is_open,
            note=notes.get(place, ""),
        )
        for place, point in enumerate(chart.points)
    ]
    ahead = None
    if landing and landing.forecast:
        made = landing.forecast
        ahead = Ahead(landing.period.label, made.mean, made.low, made.high, made.confidence)
    subtitle = f"{chart.unit.name}, by {chart.grain}, {chart.chart_name}"
    return charts.control(points, title=chart.kpi.name, format=spec(chart.kpi), subtitle=subtitle, landing=ahead)


@register.simple_tag
def bridge_of(moved: Moved) -> charts.Chart:
    """`{% bridge_of moved as figure %}{% chart figure id="bridge" %}`: from the one period to the other, by parts."""
    form = spec(moved.kpi)
    shown = rounded_parts(moved, moved.kpi.decimals)
    steps = [
        Step(part.member or "(empty)", part.total, str(formats.change(rounded, form)))
        for part, rounded in zip(moved.parts, shown, strict=True)
    ]
    return charts.waterfall(
        Step(moved.against.label, moved.before, formats.text(moved.before, form)),
        steps,
        Step(moved.period.label, moved.after, formats.text(moved.after, form)),
        title=f"{moved.kpi.name} by {moved.dimension}",
        format=form,
        subtitle=f"{moved.unit.name}, {moved.against.label} to {moved.period.label}",
    )


@register.simple_tag
def bars_of(parts: Breakdown, title: str) -> charts.Chart:
    """`{% bars_of breakdown "By priority" as figure %}`: the largest parts, with the whole's target across."""
    bars = [Part(row.name or "(empty)", row.value, row.status, row.rows) for row in parts.rows[:MOST_BARS]]
    goal = parts.total.target if parts.total else None
    period = parts.period.label if parts.period else ""
    if len(bars) < len(parts.rows):
        period += f", the {len(bars)} largest of {len(parts.rows)}"
    return charts.breakdown(bars, title=title, format=spec(parts.kpi), target=goal, subtitle=period)


@register.filter
def limits(reading: Reading) -> tuple[float | None, float | None] | tuple[()]:
    """The red limit and where "at risk" begins, for a bullet; empty without a target."""
    red = _red(reading, reading.kpi.direction)
    return () if red is None else (red, reading.target)


@register.filter
def series_values(reading: Reading) -> list[float | None]:
    """The values of a reading's sparkline, oldest first."""
    return [past.value for past in reading.sparkline]


def _amber(point, direction: str, bands: Sequence[scoring.Band] = ()) -> float | None:
    """Where "at risk" begins: the target, or where the KPI's own green band ends."""
    greens = [band for band in bands if band.status == scoring.GREEN]
    return _limit(point, direction, greens, None) if greens else point.target


def _red(point, direction: str, bands: Sequence[scoring.Band] = ()) -> float | None:
    """Where red begins: as recorded with the result, by the KPI's own bands, or by the default ones."""
    return _limit(point, direction, bands, point.red_limit)


def _limit(point, direction: str, bands: Sequence[scoring.Band], red_limit: float | None) -> float | None:
    if direction not in (scoring.HIGHER, scoring.LOWER) or point.target is None:
        return None
    try:
        return scoring.red_limit(direction, scoring.Goals(target=point.target, red_limit=red_limit), bands)
    except scoring.NeedsAbsoluteLimits:
        return None


def _notes(series: Series | ChartView, annotations: Iterable) -> dict[int, str]:
    """Place of the point -> its annotations, the day's first words only: the list below has all of it."""
    notes: dict[int, str] = {}
    for note in annotations:
        for place, point in enumerate(series.points):
            if point.period.start <= note.day < point.period.end:
                short = note.text if len(note.text) <= 32 else f"{note.text[:31]}…"
                notes[place] = f"{notes[place]} …" if place in notes else short
    return notes


@register.filter
def spec_of(version) -> str:
    """As `spec`, of a definition's version."""
    return f"{version.unit_of_measure}:{min(version.decimals, 9)}"


@register.filter
def doors(parts: Breakdown, place) -> Iterable[tuple]:
    """(row, its page, its rows) for each part: a unit leads to the KPI there, a member to its rows."""
    period = parts.period.start.isoformat() if parts.period else None
    for row in parts.rows:
        if parts.dimension:
            rows = place.url("kpi_rows", period=period, dimension=parts.dimension, member=row.key)
            if not row.key:  # a member without a name: the address must still say that one is meant
                rows += "&member="
            yield row, rows, rows
        else:
            there = place.url(unit=row.key, period=period)
            yield row, there, place.url("kpi_rows", unit=row.key, period=period)


@register.filter
def total(numbers: Iterable[float]) -> float | None:
    """The sum of a run's seconds; None where none is known."""
    known = list(numbers or ())
    return sum(known) if known else None
