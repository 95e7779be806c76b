"""Explore and the SQL page: questions to one dataset, answered over the rows that the person may see."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from datasets import charts, currencies, explore, headings, saved_views, scope, times
from datasets.facts import NoSuchVersion, contract_of
from datasets.forms_explore import QuestionForm, address_of
from datasets.models import Dataset, SavedView
from datasets.refusals import Refusal
from datasets.views.downloads import download, kind_of
from doors.pages import page, visible
from organization.access import QUERY, VIEW


@page(VIEW)
def explore_page(request):
    """Filter, group, pivot and chart without code; without a question, the rows themselves."""
    dataset, choices = chosen(request)
    if dataset is None:
        return choice(request, choices, "explore")
    form = QuestionForm(request.GET, dataset=dataset, contract=contract_of(dataset), clock=request.clock)
    context = {
        "times": times.times_said(form.contract),
        "dataset": dataset,
        "datasets": choices,
        "form": form,
        "breadcrumb": crumbs(dataset),
    }
    context["views"] = dataset.saved_views.questions().select_related("created_by").order_by("name")
    context |= {"address": request.GET.urlencode(), "may_query": request.access.anywhere(QUERY)}
    kind = kind_of(request.GET)
    try:
        if form.is_valid() and (request.GET.get("group") or request.GET.get("total")):
            question, version = form.question(), form.cleaned_data["version"]
            context["answer"] = answer = _answered(dataset, question, request.access, version)
            if kind:
                return download(dataset, answer, kind, "explore", question["filters"], context["times"])
            context["chart"] = charts.chart_of(answer, question, dataset.name)
            context["cautions"] = currencies.cautions_of_question(dataset, question, request.access)
        elif form.is_valid():
            filters, version = form.asked_filters(), form.cleaned_data["version"]
            if kind:
                answer = _answered(dataset, explore.newest_first(dataset, filters), request.access, version)
                return download(dataset, answer, kind, "rows", filters, context["times"])
            context |= _rows(request, dataset, filters, version)
    except (Refusal, NoSuchVersion) as fault:
        context["problems"] = [
            {"thing": "The question", "fault": str(fault), "next_step": getattr(fault, "next_step", "")}
        ]
    return render(request, "datasets/explore.html", context)


def _answered(dataset: Dataset, question: dict, access, version: int | None = None) -> explore.Answer:
    """The answer in words: its headings, hours and weekdays; its times by the clock that the page names."""
    answer = explore.ask(dataset, question, access, version=version)
    contract, together = contract_of(dataset), {"all_rows": answer.all_rows, "all_columns": answer.all_columns}
    totals = {name: times.by_their_clock([row], contract)[0] for name, row in together.items() if row is not None}
    rows = times.units_in_words(times.by_their_clock(answer.rows, contract), question)
    return headings.headed(replace(answer, rows=rows, **totals), question, contract)


def _rows(request, dataset: Dataset, filters: list[dict], version: int | None) -> dict:
    """A page of the rows for which the filters hold, and the way to the next."""
    given = request.GET.get("offset", "0")
    offset = min(int(given), 10**6) if given.isascii() and given.isdigit() and len(given) < 12 else 0
    asked = {"filters": filters, "clock": times.CLOCK, "version": version}
    rows = explore.rows_page(dataset, request.access, **asked, offset=offset, limit=explore.PAGE)
    shown = times.by_their_clock((list(row.values())[:-2] for row in rows.rows), contract_of(dataset))
    listed = [
        {"cells": cells, "upload": row["_upload"], "row": row["_row"]}
        for cells, row in zip(shown, rows.rows, strict=True)
    ]
    following = offset + explore.PAGE
    return {
        "rows": rows,
        "listed": listed,
        "headings": [headings.heading(name) for name in rows.columns],
        "offset": offset,
        "previous_offset": max(0, offset - explore.PAGE) or None,
        "next_offset": following if following < rows.total else None,
        "most": explore.MOST_ROWS,
    }


@require_POST
@page(VIEW)
def save_view(request, code):
    dataset = visible(Dataset.objects, request, code=code)
    form = QuestionForm(request.POST, dataset=dataset, contract=contract_of(dataset), clock=request.clock)
    try:
        if not form.is_valid():
            raise Refusal("This question cannot be kept as it is.")
        name = request.POST.get("view_name", "")
        saved_views.save_view(dataset, name=name, question=form.question(), by=request.user)
        messages.success(request, f"Kept as {name.strip()}.")
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{reverse('explore')}?dataset={code}")


@page(VIEW)
def saved_view(request, pk):
    """Show a kept question: its answer over the rows that the reader may see. A statement is opened where it is run."""
    view = _kept(request, pk)
    if view.sql:
        return redirect(f"{reverse('sql')}?{urlencode({'dataset': view.dataset.code, 'kept': view.pk})}")
    contract = contract_of(view.dataset)
    asked = address_of(view.question, contract)
    context = {"dataset": view.dataset, "view": view, "breadcrumb": crumbs(view.dataset)}
    context["times"] = times.times_said(contract)
    context["may_remove"] = saved_views.may_remove(view, request.access)
    context["again"] = urlencode({"dataset": view.dataset.code, **asked}) if asked else ""
    try:
        context["answer"] = answer = _answered(view.dataset, view.question, request.access)
        if kind := kind_of(request.GET):
            return download(view.dataset, answer, kind, view.name, view.question.get("filters", ()), context["times"])
        context["chart"] = charts.chart_of(answer, view.question, view.name)
        context["cautions"] = currencies.cautions_of_question(view.dataset, view.question, request.access)
    except Refusal as fault:
        context["problems"] = [{"thing": view.name, "fault": str(fault), "next_step": fault.next_step}]
    return render(request, "datasets/saved_view.html", context)


@require_POST
@page(VIEW)
def remove_view(request, pk):
    view = _kept(request, pk)
    if not saved_views.may_remove(view, request.access):
        raise PermissionDenied
    saved_views.remove_view(view, by=request.user)
    messages.success(request, f"{view.name} is no longer kept.")
    return redirect(f"{reverse('sql' if view.sql else 'explore')}?dataset={view.dataset.code}")


def _kept(request, pk: int) -> SavedView:
    seen = Dataset.objects.visible_to(request.access).exclude(contract={})
    return get_object_or_404(SavedView.objects.select_related("dataset", "created_by"), pk=pk, dataset__in=seen)


def chosen(request):
    """The dataset of the address, if any, and those that there are to choose."""
    datasets = Dataset.objects.visible_to(request.access).exclude(contract={})
    code = request.GET.get("dataset")
    return (visible(Dataset.objects.exclude(contract={}), request, code=code) if code else None), datasets


def choice(request, datasets, to: str):
    """The page on which a dataset is chosen, for the page named `to`."""
    whole = scope.wholly_seen(request.access)
    return render(request, "datasets/choose.html", {"datasets": datasets, "to": to, "whole": whole})


def crumbs(dataset: Dataset) -> list[tuple[str, str]]:
    """The way to a page about the dataset."""
    return [("Datasets", reverse("datasets")), (dataset.name, dataset.get_absolute_url())]
