"""The cases of an agreement: the live board, one clock explained, the source's own verdict beside ours, a run."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from datasets.scan import ScanFailed
from doors.days import day_from
from doors.pages import page, require
from organization.access import DEFINE, VIEW
from slas.clocks import board as boards
from slas.clocks import compare as comparing
from slas.clocks import explain as explaining
from slas.clocks.calendars import ALWAYS
from slas.clocks.requests import request_run
from slas.clocks.times import times_of

from .frame import frame_of, the_agreement


@page(VIEW)
@require_GET
def agreement_board(request, code):
    """Open cases by how much of their target is used. Read after the page has come: an earlier day is replayed."""
    agreement = the_agreement(request, code)
    target, priority = _text(request, "target"), _text(request, "priority")
    chosen = day_from(_text(request, "as_of"))
    day = chosen or request.day
    context = frame_of(
        request, agreement, "board", target=target, priority=priority, targets=_targets(agreement), part="open",
        as_of=chosen, band=_text(request, "band"),
    )  # fmt: skip
    if not _is_loading(request):
        return render(request, "slas/clock_board.html", context)
    times = times_of(agreement, request.day)
    try:
        found = boards.board(
            agreement, request.access, day=day, target=target, priority=priority, band=_band(context["band"]),
            clock=times.clock,
        )  # fmt: skip
        context |= {"board": found, "clock": times.clock, "times": times.noted(found.rows, beside=times.clock)}
        context["warnings"] = boards.warnings_of(agreement, request.access)
    except ScanFailed as fault:
        context["fault"] = fault
    return render(request, "slas/_clock_board.html" if request.htmx else "slas/clock_board.html", context)


@page(VIEW)
@require_GET
def clock_explain(request, code):
    """Every interval of a case's clock, how it came to be due then, and who had the case."""
    agreement = the_agreement(request, code)
    case, target = _text(request, "case"), _text(request, "target")
    if not case:
        raise Http404("Which case?")
    try:
        rows = explaining.rows_of_case(agreement, case, request.access)
        row = next(
            (row for row in rows if target in ("", row["target"]) and _cycle(request) in (0, row["cycle"])), None
        )
        if row is None:
            raise Http404("The case has no clock of this target.")
        found = explaining.explain(agreement, row)
    except explaining.NoSuchClock as fault:
        raise Http404(str(fault)) from None
    names = dict(agreement.versions.values_list("targets__code", "targets__name"))
    for other in rows:
        other["name"] = names.get(other["target"], other["target"])
    times = times_of(agreement, request.day)
    context = frame_of(
        request, agreement, "board", found=found, row=found.row, rows=rows, case=case, clock=times.of(found.row),
        counted_in=times.zones[ALWAYS],
    )  # fmt: skip
    context |= {"heading": f"Case {case}", "breadcrumb": _breadcrumb(agreement, context)}
    return render(request, "slas/clock_explain.html", context)


@page(VIEW)
@require_GET
def clock_compare(request, code):
    """Where the clock's verdict and a yes/no column of the source differ, and why."""
    agreement = the_agreement(request, code)
    columns, metrics = comparing.verdict_columns(agreement), comparing.metrics_of(agreement)
    column = _text(request, "column") or (columns[0] if columns else "")
    metric = _text(request, "metric") or (metrics[-1][0] if metrics else "")
    context = frame_of(
        request, agreement, "board", part="compare", columns=columns, metrics=metrics, column=column, metric=metric,
        reason=_text(request, "reason"),
    )  # fmt: skip
    if not _is_loading(request):
        return render(request, "slas/clock_compare.html", context)
    try:
        context["found"] = comparing.compare(
            agreement, request.access, column=column, metric=metric, reason=context["reason"]
        )
    except ScanFailed as fault:
        context["fault"] = fault
    context["is_read"] = True
    return render(request, "slas/_clock_compare.html" if request.htmx else "slas/clock_compare.html", context)


@page(DEFINE)
@require_POST
def clock_run(request, code):
    """Run the clocks again; without any change nothing is written."""
    agreement = the_agreement(request, code)
    require(request, DEFINE, agreement.unit_id)
    request_run(agreement, by=request.user)
    messages.success(request, "The clocks run again. The page shows the new cases when they are done.")
    return redirect("agreement_board", code)


def _is_loading(request) -> bool:
    return bool(request.htmx or request.GET.get("load"))


def _text(request, name: str) -> str:
    found = request.GET.get(name, "")[:200]
    if "\0" in found:
        raise Http404
    return found


def _band(given: str) -> int | None:
    return int(given) if given in [str(number) for number in range(len(boards.BANDS))] else None


def _cycle(request) -> int:
    found = _text(request, "cycle")
    return int(found) if found.isdecimal() and len(found) < 6 else 0


def _targets(agreement) -> list[tuple[str, str]]:
    """(code, name) of the clocked targets, as the newest version names them."""
    found = agreement.versions.filter(targets__clock__isnull=False).order_by("number", "targets__position")
    return list(dict(found.values_list("targets__code", "targets__name")).items())


def _breadcrumb(agreement, context: dict) -> list[tuple[str, str]]:
    from django.urls import reverse

    return [*context["breadcrumb"], (agreement.name, reverse("agreement_board", args=[agreement.code]))]
