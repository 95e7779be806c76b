"""The targets work-bench: a grid to type and paste into, annual totals, and single targets."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from doors.pages import page, paged, require, visible
from kpis import targets as verbs
from kpis.forms_targets import AnnualForm, TargetForm
from kpis.late_targets import LONGEST_REASON, ReasonNeeded, late_targets
from kpis.models import AnnualTarget, Kpi, Target
from kpis.models.targets import Comparator
from kpis.selectors.catalogue import catalogue, entries, first_unit
from kpis.selectors.target_grid import EACH, TOTAL, Cell, TargetGrid, target_grid
from kpis.targets import Goal, GridRefused, TargetError
from kpis.typed_numbers import NotANumber, read_band, read_number
from organization.access import DEFINE, TARGET, VIEW
from organization.models import Unit


@page(VIEW)
@require_http_methods(["GET", "POST"])
def targets(request):
    """Without a KPI, all to choose from; with one, its grid. Sent, the cells that changed, all or none."""
    code = request.GET.get("kpi", "")
    if not code:
        return _choice(request)
    kpi = visible(Kpi.objects.select_related("unit"), request, code=code.replace("\0", "")[:80])
    grid = _grid(request, kpi)
    if request.method == "GET":
        return _page(request, grid)
    errors, typed, unasked = _save(request, grid)
    if errors or unasked:
        return _page(request, grid, errors=errors, typed=typed, unasked=unasked, status=422)
    return redirect(f"{reverse('targets')}?{_query(grid)}")


def _choice(request):
    words = request.GET.get("q", "").replace("\0", "")[:100]
    found = paged(request, catalogue(request.access, words=words).select_related("unit").order_by("name"))
    readings = {entry.reading.kpi.id: entry.reading for entry in entries(found, request.day, request.access)}
    context = {
        "heading": "Targets",
        "page": found,
        "kpis": [(kpi, readings.get(kpi.pk)) for kpi in found],
        "q": words,
        "may_define": request.access.anywhere(DEFINE),
        "breadcrumb": [("KPIs", reverse("kpis"))],
    }
    return render(request, "kpis/targets_choice.html", context)


def _grid(request, kpi: Kpi) -> TargetGrid:
    code = request.GET.get("unit", "").replace("\0", "")
    units = Unit.objects.filter(pk__in=request.access.units(VIEW))
    unit = units.filter(code=code).first() if code else units.filter(pk=first_unit(kpi, request.access)).first()
    if unit is None:
        raise Http404
    comparator = request.GET.get("comparator", "")
    comparator = comparator if comparator in Comparator.values else Comparator.TARGET
    return target_grid(
        kpi, unit, comparator, _year_of(request), request.day, request.access, request.GET.get("amounts", "")
    )


def _year_of(request) -> date:
    """Any day of the fiscal year that the address names; else of the day from which one looks."""
    try:
        day = date.fromisoformat(request.GET.get("year", ""))
        return day if 1950 <= day.year <= 2150 else request.day
    except ValueError:
        return request.day


def _query(grid: TargetGrid, **changes) -> str:
    words = {
        "kpi": grid.kpi.code,
        "unit": grid.unit.code,
        "year": grid.year.start.isoformat(),
        "comparator": grid.comparator,
    }
    words |= {"amounts": grid.amounts} if grid.amounts else {}
    return urlencode({**words, **changes})


def _save(request, grid: TargetGrid) -> tuple[dict[str, str], dict[str, str], bool]:
    """({cell name: what is wrong}, {cell name: what was typed}, whether to ask first); nothing of it when all was set.

    A number within a longer target's days is set once the page has shown what is kept of that one: `kept` names these
    cells.
    """
    before, kept = _texts_before(request), set(request.POST.get("kept", "").split())
    goals, cleared, errors, typed = [], [], {}, {}
    for cell in grid.cells():
        text = request.POST.get(cell.name)
        if text is None or cell.is_phase or text.strip() == before.get(cell.name, ""):
            continue
        typed[cell.name] = text
        if not cell.may_edit:
            errors[cell.name] = "You may not set targets for this unit."
        elif cell.kept:
            errors[cell.name] = cell.kept
        elif cell.text != before.get(cell.name, ""):
            errors[cell.name] = f"Somebody set {cell.text or 'nothing'} here meanwhile. Send it again to replace it."
        elif not text.strip():
            cleared.append(cell)
        else:
            try:
                goals.append((cell, _goal(grid, cell, text, request.POST.get("basis", ""))))
            except NotANumber as fault:
                errors[cell.name] = str(fault)
    unasked = not errors and any(cell.around and cell.name not in kept for cell, _ in goals)
    if errors or unasked:
        return errors, typed, unasked
    return (_set(goals, cleared, request) if goals or cleared else _nothing(request)), typed, False


def _is_band(grid: TargetGrid) -> bool:
    """Whether its cells hold two ends in place of one number."""
    return bool(grid.version and grid.version.direction == "band" and grid.comparator == Comparator.TARGET)


def _nothing(request) -> dict[str, str]:
    messages.info(request, "No cell was changed.")
    return {}


def _texts_before(request) -> dict[str, str]:
    try:
        before = json.loads(request.POST.get("before", "{}"))
    except (ValueError, RecursionError):
        return {}
    return before if isinstance(before, dict) else {}


def _goal(grid: TargetGrid, cell: Cell, text: str, basis: str) -> Goal:
    goal = Goal(grid.kpi, Unit(pk=cell.unit_id), cell.start, cell.end, comparator=grid.comparator, basis=basis[:200])
    goal = replace(goal, as_total=cell.sets_total, split_standing=cell.around is not None)
    if _is_band(grid):
        low, high = read_band(text)
        return replace(goal, low=low, high=high)
    return replace(goal, value=read_number(text))


def _set(goals: list[tuple[Cell, Goal]], cleared: list[Cell], request) -> dict[str, str]:
    units = Unit.objects.in_bulk({cell.unit_id for cell, _ in goals})
    goals = [(cell, replace(goal, unit=units[cell.unit_id])) for cell, goal in goals]
    try:
        with transaction.atomic():
            again = [verbs.remove_target(cell.own, **_said(request)) for cell in cleared]
            verbs.set_many([goal for _, goal in goals], **_said(request))
    except GridRefused as refusal:
        return {goals[error.row][0].name: error.message for error in refusal.errors}
    except ReasonNeeded as fault:
        return {"reason": str(fault)}
    except TargetError as fault:
        return {cleared[0].name: str(fault)}
    said = [f"{len(goals)} set"] if goals else []
    said += [f"{len(cleared)} removed"] if cleared else []
    said[-1] += ", where the standing target holds again" if any(again) else ""
    messages.success(request, f"Targets: {', '.join(said)}. Status and score are computed again.")
    return {}


def _said(request) -> dict:
    """By whom, and why complete periods are rated anew."""
    return {"by": request.user, "reason": request.POST.get("reason", "")[:LONGEST_REASON]}


def _page(request, grid: TargetGrid, *, errors=None, typed=None, status=200, annual=None, single=None, **asked):
    """asked: `unasked`, cells are to be sent once more; `change`, what was refused of a target's menu."""
    errors, typed = errors or {}, typed or {}
    offer, decimals = _offer(grid, request), grid.version.decimals if grid.version else 2
    rows = _lines(grid, typed, errors)
    context = {
        "heading": f"Targets of {grid.kpi.name}",
        "breadcrumb": [("KPIs", reverse("kpis")), (grid.kpi.name, reverse("kpi", args=[grid.kpi.code]))],
        "grid": grid,
        "is_band": _is_band(grid),
        "rows": rows,
        "kept": [item for line in rows for item in line["cells"] if item["keeps"] and item["value"].strip()],
        "unasked": asked.get("unasked", False),
        "change": asked.get("change"),
        "errors": [(item["cell"].name, item["says"]) for line in rows for item in line["cells"] if item["error"]],
        "widest": max([7, *(len(typed.get(cell.name, cell.text or cell.inherited)) for cell in grid.cells())]),
        "before": json.dumps({cell.name: cell.text for cell in grid.cells()}),
        **_links(grid),
        "query": _query(grid),
        "may_edit": any(cell.may_edit and not cell.kept for cell in grid.cells()),
        "annual_form": annual or AnnualForm(initial={"unit": grid.unit.code, "decimals": decimals}, **offer),
        "single_form": single or _single(grid, request),
        "late": late_targets(grid.kpi, [row.unit.id for row in grid.rows], grid.year.start, grid.year.end),
        "reason_error": errors.get("reason", ""),
        "sent": {name: request.POST.get(name, "") for name in ("basis", "reason") if not asked.get("change")},
        "shows_single": single is not None,
        "shows_annual": annual is not None,
    }
    return render(request, "kpis/targets.html", context, status=status)


def _lines(grid: TargetGrid, typed: dict[str, str], errors: dict[str, str]) -> list[dict]:
    """The grid's rows with what was typed, what is wrong with it, and what it keeps of a longer target."""

    def item(unit, period, cell: Cell) -> dict:
        place, error = f"{unit.name}, {period.label}", errors.get(cell.name, "")
        return {
            "cell": cell,
            "place": place,
            "value": typed.get(cell.name, cell.text),
            "error": error,
            "title": cell.kept or error or cell.said,
            "says": f"{place}: {error}",
            "keeps": f"{place}: {cell.keeps}" if cell.keeps and cell.may_edit else "",
        }

    return [
        {"row": row, "cells": [item(row.unit, *pair) for pair in zip(grid.periods, row.cells, strict=True)]}
        for row in grid.rows
    ]


def _links(grid: TargetGrid) -> dict:
    """To the other amounts, comparators and years."""
    previous_year = date(grid.year.start.year - 1, grid.year.start.month, min(grid.year.start.day, 28))
    return {
        "amounts": [
            (kind, f"for each {grain}", f"?{_query(grid, amounts=kind)}")
            for kind, grain in ((EACH, grid.each), (TOTAL, grid.whole))
            if grid.amounts
        ],
        "comparators": [(value, label, f"?{_query(grid, comparator=value)}") for value, label in Comparator.choices],
        "previous_url": f"?{_query(grid, year=previous_year.isoformat())}",
        "next_url": f"?{_query(grid, year=grid.year.end.isoformat())}",
    }


def _offer(grid: TargetGrid, request) -> dict:
    units = {row.unit.id for row in grid.rows} & request.access.units(TARGET)
    return {"units": Unit.objects.filter(pk__in=units), "dimensions": grid.version.dimensions if grid.version else []}


def _single(grid: TargetGrid, request, data=None) -> TargetForm:
    first = {"unit": grid.unit.code, "comparator": grid.comparator}
    return TargetForm(data, initial=first, may_be_total=grid.may_be_total, **_offer(grid, request))


def _acting(request) -> TargetGrid:
    kpi = visible(Kpi.objects.select_related("unit"), request, code=request.GET.get("kpi", "").replace("\0", "")[:80])
    return _grid(request, kpi)


def _said_in(form, request) -> dict:
    return {"by": request.user, "reason": form.cleaned_data["reason"]}


@page(TARGET)
@require_POST
def target_annual(request):
    """Phase a year's total over its months."""
    grid = _acting(request)
    form = AnnualForm(request.POST, **_offer(grid, request))
    if not form.is_valid():
        return _page(request, grid, annual=form, status=422)
    words = form.cleaned_data
    require(request, TARGET, words["unit"])
    try:
        annual = verbs.set_annual(
            grid.kpi,
            words["unit"],
            words["total"],
            year_of=grid.year.start,
            phasing=words["phasing"],
            decimals=words["decimals"],
            comparator=grid.comparator,
            **_said_in(form, request),
        )
    except TargetError as fault:
        form.add_error(fault.field if fault.field in form.fields else None, str(fault))
        return _page(request, grid, annual=form, status=422)
    messages.success(request, f"{_spoken(annual.total)} is phased over {grid.year.label}; the parts add up exactly.")
    return redirect(f"{reverse('targets')}?{_query(grid)}")


@page(TARGET)
@require_POST
def target_set(request):
    """One target with its own days, or for one segment."""
    grid = _acting(request)
    form = _single(grid, request, request.POST)
    if not form.is_valid():
        return _page(request, grid, single=form, status=422)
    require(request, TARGET, form.cleaned_data["unit"])
    try:
        target = verbs.set_target(Goal(kpi=grid.kpi, **form.goal_words()), **_said_in(form, request))
    except TargetError as fault:
        form.add_error(fault.field if fault.field in form.fields else None, str(fault))
        return _page(request, grid, single=form, status=422)
    messages.success(
        request, f"{target.get_comparator_display()} for {target.unit} is set from {target.valid_from:%-d %b %Y} on."
    )
    return redirect(f"{reverse('targets')}?{_query(grid)}")


@page(TARGET)
@require_POST
def target_change(request, pk: int, step: str):
    """End a target on a day, or take it (or an annual one) back."""
    grid = _acting(request)
    model = AnnualTarget if step == "remove_annual" else Target
    target = model.objects.filter(kpi=grid.kpi, pk=pk).select_related("unit", "kpi").first()
    if target is None or not request.access.allows(VIEW, target.unit_id):
        raise Http404
    require(request, TARGET, target.unit_id)
    try:
        said = STEPS[step](target, request)
    except TargetError as fault:
        sent = {name: request.POST.get(name, "")[:LONGEST_REASON] for name in ("reason", "last_day")}
        return _page(request, grid, change={"pk": pk, "step": step, "said": str(fault), **sent}, status=422)
    except KeyError:
        raise Http404 from None
    messages.success(request, said)
    return redirect(f"{reverse('targets')}?{_query(grid)}")


def _end(target: Target, request) -> str:
    try:
        day = date.fromisoformat(request.POST.get("last_day", ""))
    except ValueError:
        raise TargetError("Say the last day on which it holds, such as 2025-03-31.") from None
    within = target.overrides_id
    verbs.end_target(target, day, **_said(request))
    return f"It holds up to {day:%-d %b %Y}{', then the one within which it was set' if within else ''}."


def _remove(target: Target, request) -> str:
    again = verbs.remove_target(target, **_said(request))
    return f"The target was removed; the trail keeps it.{' What it was set within holds again.' if again else ''}"


def _remove_annual(annual: AnnualTarget, request) -> str:
    total: Decimal = annual.total
    verbs.remove_annual(annual, **_said(request))
    return f"The annual target of {_spoken(total)} and its parts were removed."


def _spoken(total: Decimal) -> str:
    return f"{total.normalize():,f}"


STEPS = {"end": _end, "remove": _remove, "remove_annual": _remove_annual}
