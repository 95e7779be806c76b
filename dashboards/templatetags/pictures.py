"""`{% load pictures %}`: the pictures of an analysis (plain values, see `studies.analysis.words.Picture`) as charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import template

from analytics.wording import digits, in_points, percent
from dashboards import charts, formats
from dashboards.charts.boxes import Box
from dashboards.charts.control import Point as ControlPoint
from dashboards.charts.intervals import Interval

register = template.Library()


@register.simple_tag
def picture_of(picture: Mapping[str, Any]) -> charts.Chart:
    """`{% picture_of picture as figure %}{% chart figure id="picture-1" %}`"""
    return BUILDERS[picture["kind"]](picture["title"], picture["data"])


@register.filter
def picture_id(number: int) -> str:
    return f"picture-{number}"


@register.filter
def significant(value: object, unit: str = "") -> str:
    """A number of unknown unit: four significant digits, thousands apart; a text as it is; nothing as a dash.

    unit: "share" is shown in percent, "points" (the difference of two shares) in points.
    """
    if value is None:
        return formats.NONE
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if unit == "share":
        return percent(number, 1)
    if unit == "points":
        return f"{in_points(number)}{formats.NO_BREAK}pts"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else digits(number)


def when(labels: Sequence[str]) -> list[str]:
    """ISO days and moments as people write them: months alone where each label is the first day of one."""
    try:
        moments = [datetime.fromisoformat(label) for label in labels]
    except ValueError:
        return list(labels)
    if all(moment.day == 1 and len(label) == 10 for moment, label in zip(moments, labels, strict=True)):
        return [f"{moment:%b %Y}" for moment in moments]
    clock = "" if all(len(label) == 10 for label in labels) else " %H:%M"
    return [f"{moment.day} {moment:%b %Y{clock}}" for moment in moments]


@register.filter
def p_value(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


@register.filter
def check_state(holds: bool | None) -> str:
    """The state (see `dashboards.states`) that a check is shown as."""
    return {True: "passed", False: "warning", None: "info"}[holds]


def _box(title: str, data: Mapping[str, Any]) -> charts.Chart:
    return charts.boxes([Box(**one) for one in data["boxes"]], title=title, value=data["value"])


def _intervals(title: str, data: Mapping[str, Any]) -> charts.Chart:
    points = [Interval(**one) for one in data["points"]]
    reference = {"ratio": 1.0, "amount": 0.0}.get(data["unit"])
    return charts.intervals(points, title=title, unit=data["unit"], reference=reference)


def _control(title: str, data: Mapping[str, Any]) -> charts.Chart:
    fired: dict[int, list[str]] = {}
    for one in data["signals"]:
        fired.setdefault(one["position"], []).append(one["words"])
    columns = (when(data["labels"]), *(data[name] for name in ("points", "centre", "lower", "upper")))
    points = [
        ControlPoint(*one, phase=1, kind="neutral" if at in fired else "", rules=fired.get(at, ()))
        for at, one in enumerate(zip(*columns, strict=True))
    ]
    return replace(charts.control(points, title=title, axis=data["value"]), height="high")


def _run(title: str, data: Mapping[str, Any]) -> charts.Chart:
    return charts.run_chart(
        when(data["labels"]), data["points"], median=data["median"], title=title, value=data["value"]
    )


def _scatter(title: str, data: Mapping[str, Any]) -> charts.Chart:
    given = {name: data[name] for name in ("x", "y", "x_name", "y_name", "of")}
    return charts.scatter(given.pop("x"), given.pop("y"), title=title, **given, **data["fit"])


def _pareto(title: str, data: Mapping[str, Any]) -> charts.Chart:
    sized = [(bar["name"], bar["amount"]) for bar in data["bars"]]
    return charts.pareto(sized, title=title, noun=data["value"], keep=len(sized), in_order=True)


BUILDERS: dict[str, Callable[[str, Mapping[str, Any]], charts.Chart]] = {
    "box": _box,
    "intervals": _intervals,
    "control": _control,
    "run": _run,
    "histogram": lambda title, data: charts.histogram(title=title, **data),
    "scatter": _scatter,
    "pareto": _pareto,
    "power": lambda title, data: charts.power_curve(title=title, **data),
    "interrupted": lambda title, data: charts.interrupted(title=title, **{**data, "labels": when(data["labels"])}),
}
