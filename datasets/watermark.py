"""Data complete through which day: the last event's day, or the end of the period that its row stands for."""

from datetime import date, timedelta

from .models import Dataset

MONTHS = {Dataset.Covers.MONTH: 1, Dataset.Covers.QUARTER: 3, Dataset.Covers.YEAR: 12}


def complete_through(last_day: date | None, covers: str) -> date | None:
    """The last day that rows up to `last_day` speak for; None when there are no rows.

    A monthly report dated 2019-03-01 (or 2019-03-31) is complete through 2019-03-31.
    """
    if last_day is None or covers not in MONTHS:
        return last_day
    months = MONTHS[covers]
    past = (last_day.month - 1) // months * months + months
    if past == 12:
        return date(last_day.year, 12, 31)
    return date(last_day.year, past + 1, 1) - timedelta(days=1)


def first_of(day: date, covers: str) -> date:
    """The first day that a row of `day` speaks for: its day, or the first of the period that it stands for."""
    if covers not in MONTHS:
        return day
    months = MONTHS[covers]
    return date(day.year, (day.month - 1) // months * months + 1, 1)
