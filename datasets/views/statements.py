"""The SQL page: one SELECT with its parameters, what it answers, and keeping it for others."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from datasets import charts, currencies, explore, saved_views, times
from datasets.facts import NoSuchVersion, contract_of
from datasets.forms_explore import ShownForm
from datasets.models import Dataset, SavedView
from datasets.refusals import Refusal
from datasets.views.downloads import download, kind_of
from doors.pages import page
from organization.access import QUERY

from .explore import choice, chosen, crumbs

SHOWN = 500


@page(QUERY)
def sql_page(request):
    """The statement stands in the form; it is sent by POST and never in an address. A kept one is opened by `kept`."""
    dataset, choices = chosen(request)
    if dataset is None:
        return choice(request, choices, "sql")
    contract = contract_of(dataset)
    kept = _opened(request, dataset)
    statement = request.POST.get("sql", kept.sql if kept else "")
    values = _values(request, statement, kept)
    form = ShownForm(request.POST or request.GET, dataset=dataset, clock=request.clock)
    context = {
        "dataset": dataset,
        "columns": contract.columns,
        "times": times.times_of_sql(contract),
        "clock": times.clock_in_sql(contract),
        "names": explore.table_names(dataset),
        "shown_form": form,
        "sql": statement or _first_statement(contract),
        "parameters": values,
        "kept": kept,
        "may_remove": kept and saved_views.may_remove(kept, request.access),
        "statements": dataset.saved_views.statements().select_related("created_by").order_by("name"),
        "breadcrumb": crumbs(dataset),
        "most": (SHOWN, explore.MOST_ROWS),
    }
    if request.method != "POST":
        return render(request, "datasets/sql.html", context)
    try:
        if "keep" in request.POST:
            return _keep(request, dataset, statement, values)
        return _answered(request, dataset, statement, values, form, context)
    except (Refusal, NoSuchVersion) as fault:
        step = getattr(fault, "next_step", "")
        context["problems"] = [{"thing": "The statement", "fault": str(fault), "next_step": step}]
    return render(request, "datasets/sql.html", context, status=422)


def _answered(request, dataset: Dataset, statement: str, values: dict[str, str], form: ShownForm, context: dict):
    """The page with its answer, or the answer as a file. Raises Refusal, NoSuchVersion."""
    asked = form.cleaned_data if form.is_valid() else {}
    kind, chart = kind_of(request.POST), asked.get("chart", "")
    how = {"version": asked.get("version"), "limit": explore.MOST_ROWS if kind else SHOWN}
    answer = explore.ask_sql(dataset, statement, request.access, values=values, **how)
    if kind:
        return download(dataset, answer, kind, "sql", times=context["times"])
    drawn = charts.chart_of_numbers(answer, chart, dataset.name)
    context |= {"answer": answer, "chart": drawn, "has_no_chart": chart in ("bar", "line") and drawn is None}
    context["cautions"] = currencies.cautions_of_statement(dataset, answer.sql, request.access)
    return render(request, "datasets/sql.html", context)


def _opened(request, dataset: Dataset) -> SavedView | None:
    """The kept statement of the address."""
    pk = request.GET.get("kept", "")
    if not (pk.isascii() and pk.isdigit()):
        return None
    return get_object_or_404(dataset.saved_views.statements().select_related("dataset", "created_by"), pk=int(pk[:18]))


def _values(request, sql: str, kept: SavedView | None) -> dict[str, str]:
    """The values of the statement's parameters by name, as they were sent or kept."""
    from lake.parameters import parameters_of
    from lake.query import QueryError

    given = kept.values if kept else {}
    try:
        return {name: request.POST.get(f"p-{name}", given.get(name, "")) for name in parameters_of(sql)}
    except QueryError:  # told when it is run
        return {}


def _keep(request, dataset: Dataset, sql: str, values: dict[str, str]):
    name = request.POST.get("view_name", "")
    kept = saved_views.save_statement(dataset, name=name, sql=sql, values=values, by=request.user)
    messages.success(request, f"Kept as {kept.name}.")
    return redirect(f"{reverse('sql')}?{urlencode({'dataset': dataset.code, 'kept': kept.pk})}")


def _first_statement(contract) -> str:
    names = ", ".join(column.name for column in contract.columns[:4])
    return f"SELECT {names}\nFROM facts\nLIMIT 20"
