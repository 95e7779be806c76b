"""The page itself: every component once."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from .charts import ICONS, charts
from .frame import furniture, stories
from .scorecard import heat_map, scorecard_rows

STATES = {
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
}
NUMBERS = [
    ("percent:1", 97.348),
    ("share:1", 0.97348),
    ("count", 1234567),
    ("GBP:2", -1234.5),
    ("duration", 273900),
    ("number", None),
]


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


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    context = {
        **furniture(),
        **stories(),
        **charts(),
        **STATES,
        **grid(),
        "heading": "Style guide",
        "spc_icons": ICONS,
        "rows": scorecard_rows(),
        "heat": heat_map(),
        "datasets": datasets(),
        "form": SampleForm({"name": "", "unit": "percent", "valid_from": "2025-13-01", "announce": "on"}),
        "filter": SampleFilter(request.GET or None),
        "page": Paginator(range(240), 50).get_page(request.GET.get("page")),
        "numbers": NUMBERS,
    }
    return render(request, "dashboards/styleguide.html", context)


def datasets() -> list[tuple[str, int, str, str]]:
    """(name, rows, state, complete through) of some, one of them with a hostile name."""
    names = ("Deliveries", "Incidents", "A&E attendances", "Rail punctuality", "<script>alert(1)</script>")
    states = ("done", "running", "warning", "failed", "draft")
    return [
        (name, 1000 * number + 812, state, "2025-11-30")
        for number, (name, state) in enumerate(zip(names, states, strict=True))
    ]


def grid() -> dict[str, Any]:
    def cell(row: int, month: int, value: str) -> dict[str, str]:
        return {"name": f"t{row}{month}", "value": value, "error": "“9x” is not a number" if value == "9x" else ""}

    rows = (("On time", ("95.0", "95.0", "95.5", "9x")), ("Cost", ("7.40", "7.35", "", "")))
    return {
        "grid_headers": ["KPI", "Jan", "Feb", "Mar", "Apr"],
        "grid_rows": [
            {"label": name, "cells": [cell(row, month, value) for month, value in enumerate(values)]}
            for row, (name, values) in enumerate(rows)
        ],
    }
