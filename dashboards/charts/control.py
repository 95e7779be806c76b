"""A control chart: the actual with its natural limits by phase, what fired, what was left out, and the forecast.

The four kinds of line differ as everywhere (see `lines`): target, limits, specification (the red limit), and trajectory
(a target that moves from period to period).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from dashboards.charts.chart import Chart, axis_unit, escaped, plain, scaled
from dashboards.charts.lines import line, upright
from dashboards.charts.trend import Point as TrendPoint
from dashboards.charts.trend import actual_lines, annotations

SIGNALS = {
    "bad": ("Signal, worse", "tone-caution", "triangle-down"),
    "good": ("Signal, better", "tone-info", "triangle-up"),
    "neutral": ("Signal", "ink-2", "square"),
}

LINES = (("centre", "Centre", "centre"), ("upper", "Control limits", "limit"), ("lower", "Control limits", "limit"))


@dataclass(frozen=True, slots=True)
class Point:
    """One period. Values in the KPI's unit, None where there is none.

    phase: 1, 2, ... limits break where it changes. kind: of a signal that is completed here, "good", "bad", "neutral"
    or nothing; rules: its words. excluded: why the point is left out.
    """

    label: str
    value: object = None
    centre: object = None
    lower: object = None
    upper: object = None
    target: object = None
    red_limit: object = None
    phase: int | None = None
    kind: str = ""
    rules: Sequence[str] = ()
    excluded: str = ""
    is_open: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Landing:
    """The forecast of one period, with its interval."""

    label: str
    mean: object
    low: object
    high: object
    confidence: float


def control(
    points: Sequence[Point],
    *,
    title: str,
    format: str = "",
    subtitle: str = "",
    landing: Landing | None = None,
    axis: str = "",
) -> Chart:
    """The chart of `points`, oldest first; an open period is dashed and hollow, a forecast dashed with its interval.

    axis: what is measured, where the title does not say it.
    """
    labels = [escaped(point.label) for point in points]
    unit = axis_unit(format)
    hover = f"%{{y:,.4~f}}{unit}<extra>%{{fullData.name}}</extra>"
    columns = {
        name: [scaled(getattr(point, name), format) for point in points]
        for name in ("value", "centre", "lower", "upper", "target", "red_limit")
    }
    data = [*_limits(points, labels, columns, hover), *_goals(labels, columns, hover)]
    drawn = [TrendPoint(p.label, p.value, is_open=p.is_open, note=p.note) for p in points]
    data += actual_lines(drawn, labels, columns["value"], hover)
    data += [mark for kind in SIGNALS if (mark := _signals(points, labels, columns["value"], kind))]
    data += _excluded(points, labels, columns["value"])
    if landing is not None:
        data += _landing(points, labels, columns["value"], landing, format, hover)
    layout = {
        "xaxis": {"type": "category", "nticks": 14, "tickangle": 0},
        "yaxis": {"ticksuffix": unit, "rangemode": "normal"} | ({"title": {"text": escaped(axis)}} if axis else {}),
        "shapes": _rebases(points, labels),
        "annotations": annotations(drawn, columns["value"]),
    }
    return Chart(
        title=title,
        subtitle=subtitle,
        figure={"data": data, "layout": layout},
        headers=["Period", "Actual", "Centre", "Lower limit", "Upper limit", "Target"],
        rows=[[p.label, p.value, p.centre, p.lower, p.upper, p.target] for p in points],
        format=format,
        summary=_summary(title, points),
    )


def _limits(points: Sequence[Point], labels: list[str], columns: dict, hover: str) -> list[dict[str, Any]]:
    """Centre and limits, each phase apart: a line never joins two phases."""
    traces = []
    phases = sorted({point.phase for point in points if point.phase is not None})
    for place, phase in enumerate(phases):
        inside = [point.phase == phase for point in points]
        for name, words, kind in LINES:
            values = [value if here else None for value, here in zip(columns[name], inside, strict=True)]
            if any(value is not None for value in values):
                shown = place == 0 and name != "lower"
                traces.append(line(kind, words, labels, values, hover=hover, legend=shown) | {"legendgroup": kind})
    return traces


def _goals(labels: list[str], columns: dict, hover: str) -> list[dict[str, Any]]:
    """The target, or the trajectory where it moves with the periods; the red limit as specification."""
    traces = []
    targets = columns["target"]
    known = [value for value in targets if value is not None]
    if known:
        moves = sum(one != other for one, other in pairwise(known))
        kind, name = ("trajectory", "Trajectory") if moves > 2 and 2 * moves >= len(known) - 1 else ("target", "Target")
        traces.append(line(kind, name, labels, targets, hover=hover))
    if any(value is not None for value in columns["red_limit"]):
        traces.append(line("specification", "Red limit", labels, columns["red_limit"], hover=hover))
    return traces


def _signals(points: Sequence[Point], labels: list[str], values: Sequence, kind: str) -> dict[str, Any] | None:
    at = [i for i, point in enumerate(points) if point.kind == kind and values[i] is not None]
    if not at:
        return None
    name, colour, symbol = SIGNALS[kind]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [labels[i] for i in at],
        "y": [values[i] for i in at],
        "text": [escaped("; ".join(points[i].rules)) for i in at],
        "hovertemplate": "%{text}<extra>%{fullData.name}</extra>",
        "marker": {
            "color": f"token:{colour}",
            "symbol": symbol,
            "size": 9,
            "line": {"color": "token:page", "width": 1},
        },
        "meta": f"signal-{kind}",
    }


def _excluded(points: Sequence[Point], labels: list[str], values: Sequence) -> list[dict[str, Any]]:
    at = [i for i, point in enumerate(points) if point.excluded and values[i] is not None]
    if not at:
        return []
    ghost = {"color": "token:page", "symbol": "x-thin", "size": 10, "line": {"color": "token:ink-2", "width": 2}}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Left out",
            "x": [labels[i] for i in at],
            "y": [values[i] for i in at],
            "text": [escaped(points[i].excluded) for i in at],
            "hovertemplate": "left out: %{text}<extra></extra>",
            "marker": ghost,
            "meta": "excluded",
        }
    ]


def _landing(
    points: Sequence[Point],
    labels: list[str],
    values: Sequence,
    landing: Landing,
    format: str,
    hover: str,
) -> list[dict[str, Any]]:
    """From the last complete value to the forecast, dashed, with the interval as a bar."""
    last = next((i for i in reversed(range(len(points))) if values[i] is not None and not points[i].is_open), None)
    mean, low, high = (scaled(value, format) for value in (landing.mean, landing.low, landing.high))
    if last is None or mean is None or low is None or high is None:
        return []
    name = f"Forecast, {landing.confidence * 100:.0f} % interval"
    bar = {
        "type": "data",
        "symmetric": False,
        "array": [0, high - mean],
        "arrayminus": [0, mean - low],
        "thickness": 1.25,
    }
    trace = line("forecast", name, [labels[last], escaped(landing.label)], [values[last], mean], hover=hover)
    marker = {"symbol": "circle-open", "size": [0, 8], "color": "token:chart-actual"}
    return [
        trace
        | {
            "mode": "lines+markers",
            "error_y": bar | {"color": "token:chart-actual", "thickness": 1.25},
            "marker": marker,
        }
    ]


def _rebases(points: Sequence[Point], labels: list[str]) -> list[dict[str, Any]]:
    """A thin upright line where a new phase begins."""
    phased = [(label, point.phase) for label, point in zip(labels, points, strict=True) if point.phase is not None]
    starts = [label for (_, before), (label, phase) in pairwise(phased) if phase != before]
    return [upright("centre", label) | {"layer": "below"} for label in starts]


def _summary(title: str, points: Sequence[Point]) -> str:
    known = [point for point in points if plain(point.value) is not None]
    if not known:
        return f"{title}: no periods."
    bad, good, neutral = (sum(point.kind == kind for point in known) for kind in ("bad", "good", "neutral"))
    span = f"{known[0].label} to {known[-1].label}"
    if neutral:
        return f"{title}, control chart, {span}: signals at {bad + good + neutral} of {len(known)} points."
    return f"{title}, control chart, {span}: signals at {bad} worse and {good} better points."
