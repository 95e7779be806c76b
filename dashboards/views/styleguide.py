"""Every component on one page, with data as real pages have it.

What is built looks like this page, or this page changes.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboards.charts import breakdown, pareto, trend
from dashboards.charts.breakdown import Part
from dashboards.charts.trend import Point
from dashboards.views.styleguide_charts import ICONS, control_charts

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ON_TIME = (93.1, 93.8, 94.6, 95.2, 95.0, 95.9, 96.3, 95.4, 94.4, 92.2, 90.1, 93.7)
ON_TIME_BEFORE = (91.0, 91.6, 92.7, 93.0, 93.9, 94.2, 94.8, 94.1, 93.3, 92.6, 91.9, 92.4)


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As people say it in a meeting.")
    unit = forms.ChoiceField(label="Unit of measure", choices=[("percent", "Percent"), ("hours", "Hours")])
    valid_from = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    announce = forms.BooleanField(required=False, label="Tell the owner when the status changes")


class SampleFilter(forms.Form):
    q = forms.CharField(
        required=False, label="Search", widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name or code"})
    )
    state = forms.ChoiceField(
        required=False, choices=[("", "Any state"), ("certified", "Certified"), ("draft", "Draft")]
    )
    owner = forms.ChoiceField(required=False, choices=[("", "Anyone"), ("me", "Me")])


def node(name: str, level: int, score: float, counts: dict[str, int], status: str, coverage: float = 1) -> dict:
    return {
        "name": name,
        "level": level,
        "is_node": True,
        "expanded": True,
        "score": score,
        "counts": counts,
        "status": status,
        "coverage": coverage,
    }


def kpi(name: str, series: tuple, target: float | None, format: str, status: str, score: float | None, **more) -> dict:  # noqa: A002
    actual = series[-1] if series else None
    variance = None if actual is None or target is None else actual - target
    better = more.pop("better", 1)
    return {
        "name": name,
        "level": 2,
        "url": "#",
        "series": series,
        "actual": actual,
        "target": target,
        "format": format,
        "status": status,
        "score": score,
        "variance": variance,
        "favourable": None if variance is None else variance * better >= 0,
        **more,
    }


def scorecard_rows() -> list[dict]:
    return [
        node("Customer", 1, 71, {"green": 2, "amber": 1, "red": 1}, "amber"),
        kpi(
            "Deliveries on time",
            ON_TIME,
            95.0,
            "percent:1",
            "amber",
            74,
            limits=(85.5, 92.0),
            open=True,
            marks=["open"],
            change="North West fell 2.4 points",
            change_url="#",
        ),
        kpi(
            "A&E seen within 4 hours",
            (79.4, 78.8, 77.9, 76.1, 75.2, 74.6, 74.0, 73.7, 73.3, 72.2, 70.9, 69.4),
            95.0,
            "percent:1",
            "red",
            0,
            limits=(85.5, 95.0),
            change="Red for the 12th month in a row",
            change_url="#",
        ),
        kpi(
            "First response within target",
            (88, 90, 91, 93, 92, 94, 95, 96, 95, 96, 97, 97.2),
            95.0,
            "percent:1",
            "green",
            100,
            limits=(85.5, 90),
            change="Back on target since June",
        ),
        kpi(
            "Complaints per 1,000 orders",
            (4.1, 3.9, 4.0, 3.6, 3.8, 3.1, 3.0, 2.9, 2.8, 2.6, 2.7, 2.4),
            3.0,
            "number:1",
            "green",
            100,
            limits=(3.3, 4.0),
            better=-1,
            change="",
        ),
        node("Internal process", 1, 58, {"green": 1, "amber": 1, "red": 1, "no_data": 1}, "red", coverage=0.8),
        kpi(
            "Time to resolve, 90th percentile",
            (61, 58, 60, 55, 57, 52, 50, 51, 49, 47, 46, 44.3),
            48.0,
            "hours:1",
            "green",
            92,
            limits=(52.8, 60),
            better=-1,
            change="Priority 2 fell by 6 h",
        ),
        kpi(
            "Open backlog, end of month",
            (1180, 1212, 1190, 1264, 1301, 1388, 1340, 1322, 1405, 1466, 1490, 1544),
            1300,
            "count",
            "red",
            12,
            limits=(1300, 1430),
            better=-1,
            change="New signal: run of 8 above the mean",
            marks=["provisional"],
        ),
        kpi(
            "Reassignments per incident",
            (1.2, 1.2, 1.3, 1.1, 1.2, 1.3, 1.2, 1.2, 1.1, 1.3, 1.2, 1.24),
            1.2,
            "number:2",
            "amber",
            61,
            limits=(1.2, 1.32),
            better=-1,
        ),
        kpi("Right first time", (), 98.0, "percent:1", "no_data", None, change="The source is 9 days late"),
        node("Finance", 1, 88, {"green": 1, "no_target": 1}, "green"),
        kpi(
            "Cost per delivery",
            (7.9, 7.8, 7.9, 7.7, 7.6, 7.4, 7.5, 7.3, 7.2, 7.2, 7.1, 6.98),
            7.25,
            "GBP:2",
            "green",
            88,
            limits=(7.25, 7.98),
            better=-1,
            change="Fuel −£0.11",
        ),
        kpi(
            "Service credits claimed",
            (0, 0, 4200, 0, 0, 1800, 0, 0, 0, 0, 2600, 5250),
            None,
            "GBP:0",
            "no_target",
            None,
        ),
    ]


def heat_map() -> dict:
    kpis = ("On time", "4 hours", "Resolve p90", "Backlog", "Cost")
    states = {"g": "green", "a": "amber", "r": "red", "n": "no_data"}
    rows = (
        ("North East", "ggagg", (96.1, 88.0, 41.2, 212, 6.8)),
        ("North West", "arrra", (91.9, 66.2, 58.0, 388, 7.4)),
        ("Midlands", "ggggg", (95.4, 95.1, 44.0, 254, 7.0)),
        ("London", "graga", (96.8, 71.4, 49.9, 301, 7.3)),
        ("South East", "gangg", (95.2, 93.0, None, 190, 6.9)),
        ("South West", "ggggg", (97.0, 95.6, 40.3, 199, 6.7)),
    )
    formats = ("percent:1", "percent:1", "hours:1", "count", "GBP:2")
    return {
        "kpis": kpis,
        "rows": [
            (
                unit,
                [
                    {"value": v, "status": states[s], "format": f}
                    for v, s, f in zip(values, marks, formats, strict=True)
                ],
            )
            for unit, marks, values in rows
        ],
    }


def charts() -> dict:
    points = [
        Point(
            f"{month} 2025",
            value,
            95.0,
            95.0,
            92.0,
            before,
            is_open=month == "Dec",
            status="red" if value < 92 else "amber" if value < 95 else "green",
            note="Depot flooded" if month == "Nov" else "",
        )
        for month, value, before in zip(MONTHS, ON_TIME, ON_TIME_BEFORE, strict=True)
    ]
    parts = [
        Part("North West", 91.9, "red", 18210),
        Part("London", 94.1, "amber", 40110),
        Part("South East", 95.2, "green", 28800),
        Part("Midlands", 95.4, "green", 33020),
        Part("North East", 96.1, "green", 12950),
        Part("Isle of Man", None),
    ]
    causes = [
        ("Depot closed", 412),
        ("Vehicle fault", 287),
        ("Traffic", 264),
        ("Wrong address", 121),
        ("No driver", 96),
        ("Customer absent", 70),
        ("Customs", 22),
    ]
    return {
        "trend": trend(points, title="Deliveries on time", subtitle="Share of deliveries, month", format="percent:1"),
        "breakdown": breakdown(parts, title="By region, November 2025", format="percent:1", target=95.0),
        "pareto": pareto(causes, title="Why deliveries were late", noun="Deliveries"),
        "spc_icons": ICONS,
        **control_charts(),
    }


def furniture() -> dict:
    """What base.html and the smaller components take."""
    places = ("Home", "Scorecards", "KPIs", "Datasets", "Strategy", "Review", "Explore", "Administration")
    return {
        "nav": [{"label": label, "url": "#", "active": label == "Scorecards"} for label in places],
        "search_url": "#",
        "data_through": date(2025, 11, 30),
        "as_of": date(2025, 12, 14),
        "breadcrumb": [("Scorecards", "#"), ("Logistics", "#")],
        "chooser": {
            "units": [("uk", "United Kingdom", True, 0), ("nw", "North West", False, 1)],
            "grains": [("month", "Month", True), ("quarter", "Quarter", False)],
            "periods": [("2025-12", "December 2025 (open)", True), ("2025-11", "November 2025", False)],
            "previous_url": "?period=2025-11",
            "as_of": date(2025, 12, 14),
        },
        "tabs": [
            {"label": "Scorecard", "url": "#", "active": True},
            {"label": "Heat map", "url": "#"},
            {"label": "Exceptions", "url": "#", "count": 4},
            {"label": "History", "url": "#"},
        ],
        "stats": [
            {"label": "Score", "value": 72.4, "format": "score", "status": "amber", "note": "of 100"},
            {"label": "Rows accepted", "value": 49_812, "format": "count", "url": "#"},
            {"label": "Rejected", "value": 188, "format": "count", "note": "0.4 %"},
            {"label": "Benefit realised", "value": 1_284_000, "format": "GBP:0"},
        ],
        "facts": [
            {"label": "Owner", "value": "Amara Okafor", "url": "#"},
            {"label": "Formula", "code": "count(*) filter (where delivered_at <= promised_at) / count(*)"},
            {"label": "Direction", "value": "Higher is better"},
            {"label": "Data", "value": "Deliveries, version 41, complete through 30 Nov 2025"},
        ],
    }


def stories() -> dict:
    return {
        "entries": [
            {
                "at": datetime(2025, 12, 3, 9, 12, tzinfo=UTC),
                "who": "Amara Okafor",
                "what": "certified version 4",
                "state": "certified",
            },
            {
                "at": datetime(2025, 12, 2, 16, 40, tzinfo=UTC),
                "who": "Jonas Weber",
                "what": "changed the denominator",
                "url": "#",
                "detail": "Cancelled deliveries no longer count. The certificate was dropped.",
            },
            {
                "at": datetime(2025, 11, 28, 8, 0, tzinfo=UTC),
                "who": "",
                "what": "Recomputed after upload 118",
                "detail": "3 months, 49,812 rows, 1.4 s",
            },
        ],
        "problems": [
            {
                "thing": "Row 214, closed_at:",
                "fault": "31/02/2025 is not a date.",
                "next_step": "Dates are DD/MM/YYYY; the row was set aside.",
                "url": "#",
            },
            {
                "thing": "Column priority:",
                "fault": "“P9” is not one of P1 to P4.",
                "severity": "warning",
                "next_step": "Correct the rows or add the value to the contract.",
            },
        ],
    }


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    names = ("Deliveries", "Incidents", "A&E attendances", "Rail punctuality", "<script>alert(1)</script>")
    rows = [
        [{"text": name, "url": "#"}, 1000 * i + 812, {"status": s}, "2025-11-30"]
        for i, (name, s) in enumerate(zip(names, ("done", "running", "warning", "failed", "draft"), strict=True))
    ]
    context = {
        **furniture(),
        **charts(),
        **stories(),
        "heading": "Style guide",
        "rows": scorecard_rows(),
        "heat": heat_map(),
        "form": SampleForm({"name": "", "unit": "percent", "valid_from": "2025-13-01", "announce": "on"}),
        "filter": SampleFilter(request.GET or None),
        "columns": [
            {"label": "Dataset", "key": "name"},
            {"label": "Rows", "key": "rows", "numeric": True, "format": "count"},
            {"label": "State", "key": ""},
            {"label": "Complete through", "key": "through"},
        ],
        "table": rows,
        "page": Paginator(range(240), 50).get_page(request.GET.get("page")),
        "states": ["green", "amber", "red", "no_data", "no_target", "info"],
        "marks": ["provisional", "open", "stale"],
        "lives": [
            "draft",
            "in_review",
            "certified",
            "deprecated",
            "queued",
            "running",
            "done",
            "parked",
            "warning",
            "critical",
        ],
        "counts": {"green": 14, "amber": 3, "red": 2, "no_data": 1},
        "grid_headers": ["KPI", "Jan", "Feb", "Mar", "Apr"],
        "grid_rows": [
            {
                "label": name,
                "cells": [
                    {"name": f"t{i}{m}", "value": v, "error": "" if v != "9x" else "“9x” is not a number"}
                    for m, v in enumerate(values)
                ],
            }
            for i, (name, values) in enumerate(
                [("On time", ("95.0", "95.0", "95.5", "9x")), ("Cost", ("7.40", "7.35", "", ""))]
            )
        ],
        "numbers": [
            ("percent:1", 97.348),
            ("share:1", 0.97348),
            ("count", 1234567),
            ("GBP:2", -1234.5),
            ("duration", 273900),
            ("number", None),
        ],
    }
    return render(request, "dashboards/styleguide.html", context)
