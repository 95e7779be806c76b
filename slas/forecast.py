"""Where each promise of the running period will land, by its cases so far and those of the periods before."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from .figures import read_figures
from .models import PeriodResult

if TYPE_CHECKING:
    from analytics.budgets.landing import Landing

HISTORY = 6  # periods that inform the rate and the number of cases to come


def forecast(period: PeriodResult, earlier: list[PeriodResult], day: date) -> "dict[str, Landing]":
    """Target code -> landing, for an open period; promises without any case, counted or expected, are left out.

    earlier: the periods before it, the newest first. Cases to come: the mean of the last periods for the share of the
    period that is left, at least those in flight. Only promises that count cases land so; minutes do not.
    """
    from analytics.budgets.landing import landing

    if period.state != PeriodResult.State.OPEN:
        return {}
    left = max(0, (period.period_end - day).days - 1) / (period.period_end - period.period_start).days
    before = [read_figures(one.figures) for one in earlier[:HISTORY]]
    found = {}
    for code, figure in read_figures(period.figures).items():
        counts = _counts(figure)
        history = [pair for one in before if code in one and (pair := _counts(one[code]))]
        if counts is None or figure.metric == "availability":
            continue
        usual = sum(total for _, total in history) / len(history) if history else 0
        remaining = max(figure.in_flight, usual * left)
        if counts[1] + round(remaining):
            required = float(Decimal(figure.required) / 100)
            found[code] = landing(*counts, remaining, required=required, history=history)
    return found


def _counts(figure) -> tuple[int, int] | None:
    good, total = Decimal(figure.good), Decimal(figure.total)
    return (int(good), int(total)) if good == int(good) and total == int(total) and good >= 0 else None
