"""The cases that count in a period: what is behind each attainment, and the way to every breach."""

from datetime import date

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from datasets.scan import ScanFailed
from doors.pages import page
from organization.access import VIEW
from slas.clocks import listing
from slas.clocks.rows import WORDS
from slas.clocks.times import times_of
from slas.models import PeriodResult

from .clocks import _is_loading as is_loading
from .clocks import _targets as targets_of
from .clocks import _text as text_of
from .frame import frame_of, the_agreement

FILTERS = ("target", "verdict", "priority", "held_by")


@page(VIEW)
@require_GET
def agreement_cases(request, code):
    """Cases by period, target, verdict, priority or who had them at the breach; the worst first."""
    agreement = the_agreement(request, code)
    chosen = {name: text_of(request, name) for name in FILTERS}
    periods = list(agreement.periods.all())
    period = _period(periods, text_of(request, "period"))
    context = frame_of(
        request, agreement, "board", part="all", targets=targets_of(agreement), verdicts=WORDS.items(),
        periods=periods, period=period, **chosen,
    )  # fmt: skip
    if not is_loading(request):
        return render(request, "slas/cases.html", context)
    days = {"start": period.period_start, "end": period.period_end} if period else {}
    asked = text_of(request, "page")

    def skip(total: int) -> int:
        context["page"] = Paginator(range(total), listing.MOST).get_page(asked)
        return max(0, context["page"].start_index() - 1)

    try:
        found = listing.cases(agreement, request.access, listing.Wanted(**days, **chosen), skip)
        context |= {"listing": found, "times": times_of(agreement, request.day).noted(found.rows)}
    except ScanFailed as fault:
        context["fault"] = fault
    return render(request, "slas/_cases.html" if request.htmx else "slas/cases.html", context)


def _period(periods: list[PeriodResult], text: str) -> PeriodResult | None:
    """The period that begins on the day. Raises Http404."""
    if not text:
        return None
    try:
        start = date.fromisoformat(text)
    except ValueError:
        raise Http404(f"{text} is no day.") from None
    found = next((one for one in periods if one.period_start == start), None)
    if found is None:
        raise Http404(f"No period begins on {text}.")
    return found
