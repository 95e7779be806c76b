"""A KPI over time, against its target, its bands and the year before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.charts.chart import Chart, axis_unit, escaped, scaled
from dashboards.charts.lines import line

STATUS_TOKENS = {"green": "tone-positive", "amber": "tone-caution", "red": "tone-negative"}


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a trend. Values are in the KPI's unit, or None where there is none.

    amber, red: the limits of the bands in force (at_risk begins at amber, off target at red). note: an annotation.
    """

    label: str
    value: object = None
    target: object = None
    amber: object = None
    red: object = None
    prior: object = None
    status: str = ""
    is_open: bool = False
    note: str = ""


def trend(
    points: Sequence[Point],
    *,
    title: str,
    format: str = "",
    direction: str = "higher",
    subtitle: str = "",
) -> Chart:
    """The trend of `points`, oldest first.

    The step into an open period is dashed and its dot hollow. Points off target or at risk are marked by shape and
    colour. The fields behind the lines show the newest period's bands; direction: "higher", "lower", or anything else
    for no bands.
    """
    labels = [escaped(point.label) for point in points]
    values = [scaled(point.value, format) for point in points]
    targets = [scaled(point.target, format) for point in points]
    prior = [scaled(point.prior, format) for point in points]
    unit = axis_unit(format)
    hover = f"%{{y:,.4~f}}{unit}<extra>%{{fullData.name}}</extra>"
    data: list[dict[str, Any]] = []
    if any(value is not None for value in prior):
        data.append(line("prior", "Year before", labels, prior, hover=hover))
    if any(value is not None for value in targets):
        data.append(line("target", "Target", labels, targets, hover=hover))
    data += actual_lines(points, labels, values, hover)
    data += [trace for trace in (signal(points, values, status) for status in ("amber", "red")) if trace]
    layout = {
        "xaxis": {"type": "category", "nticks": 14, "tickangle": 0},
        "yaxis": {"ticksuffix": unit, "rangemode": "normal"},
        "shapes": bands(points, [*values, *targets, *prior], format, direction),
        "annotations": annotations(points, values),
    }
    rows = [[p.label, p.value, p.target, p.prior] for p in points]
    return Chart(
        title=title,
        subtitle=subtitle,
        figure={"data": data, "layout": layout},
        headers=["Period", "Actual", "Target", "Year before"],
        rows=rows,
        format=format,
        summary=summary(title, points),
    )


def actual_lines(
    points: Sequence[Point], labels: Sequence[str], values: Sequence[float | None], hover: str
) -> list[dict[str, Any]]:
    """The actual: solid for closed periods, dashed from the last closed one into the open one.

    A period without a neighbour, which no line passes, is a dot.
    """
    closed = [None if point.is_open else value for point, value in zip(points, values, strict=True)]
    solid = line("actual", "Actual", labels, closed, hover=hover)
    beside = [None, *closed, None]
    sizes = [6 if one is not None and beside[at] is beside[at + 2] is None else 0 for at, one in enumerate(closed)]
    if any(sizes):
        solid |= {"mode": "lines+markers", "marker": {"color": "token:chart-actual", "size": sizes}}
    lines = [solid]
    first_open = next((index for index, point in enumerate(points) if point.is_open), None)
    if first_open is not None and values[first_open] is not None:
        start = max(first_open - 1, 0)
        step = [*[None] * start, *values[start:]]
        dashed = line("open", "Period still open", labels, step, hover=hover)
        hollow = {"color": "token:page", "size": 8, "line": {"color": "token:chart-actual", "width": 1.75}}
        sizes = [8 if point.is_open else 0 for point in points]
        lines.append(dashed | {"mode": "lines+markers", "marker": hollow | {"size": sizes}})
    return lines


def signal(points: Sequence[Point], values: Sequence[float | None], status: str) -> dict[str, Any] | None:
    """The closed periods with `status`, as marks of their own shape: triangles at risk, diamonds off target."""
    marked = [
        (escaped(p.label), value)
        for p, value in zip(points, values, strict=True)
        if p.status == status and value is not None and not p.is_open
    ]
    if not marked:
        return None
    return {
        "type": "scatter",
        "mode": "markers",
        "name": {"amber": "At risk", "red": "Off target"}[status],
        "x": [label for label, _ in marked],
        "y": [value for _, value in marked],
        "marker": {
            "color": f"token:{STATUS_TOKENS[status]}",
            "symbol": {"amber": "triangle-up", "red": "diamond"}[status],
            "size": 9,
            "line": {"color": "token:page", "width": 1.5},
        },
        "hoverinfo": "skip",
        "meta": status,
    }


def bands(
    points: Sequence[Point],
    values: Sequence[float | None],
    format: str,
    direction: str,
) -> list[dict[str, Any]]:
    """The fields off target and at risk, from the limits of the newest period that has them."""
    known = [value for value in values if value is not None]
    last = next((point for point in reversed(points) if point.red is not None and point.amber is not None), None)
    if last is None or not known or direction not in ("higher", "lower"):
        return []
    red, amber = scaled(last.red, format), scaled(last.amber, format)
    if red is None or amber is None:
        return []
    room = (max(known) - min(known) or abs(max(known)) or 1.0) * 0.08
    # The outer end lies just beyond the data: a field to infinity would stretch the axis.
    end = min(*known, red) - room if direction == "higher" else max(*known, red) + room
    return [field(end, red, "negative"), field(red, amber, "caution")]


def field(start: float, end: float, tone: str) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": min(start, end),
        "y1": max(start, end),
        "fillcolor": f"token:chart-band-{tone}",
        "line": {"width": 0},
        "layer": "below",
    }


def annotations(points: Sequence[Point], values: Sequence[float | None]) -> list[dict[str, Any]]:
    return [
        {
            "x": escaped(point.label),
            "y": value,
            "text": escaped(point.note),
            "showarrow": True,
            "arrowhead": 0,
            "arrowwidth": 1,
            "arrowcolor": "token:chart-limit",
            "ax": 0,
            "ay": -34,
            "font": {"size": 11, "color": "token:ink-2"},
            "bgcolor": "token:page",
        }
        for point, value in zip(points, values, strict=True)
        if point.note and value is not None
    ]


def summary(title: str, points: Sequence[Point]) -> str:
    """How long, and how many periods are off target or at risk."""
    if not points:
        return f"{title}: no periods."
    red = sum(point.status == "red" for point in points)
    amber = sum(point.status == "amber" for point in points)
    counts = f"{red} off target, {amber} at risk, of {len(points)} periods"
    return f"{title}, {points[0].label} to {points[-1].label}: {counts}."
