"""Closing and restating a period together with the money that follows from it."""

from datetime import date, datetime

from django.db import transaction

from . import claims, periods
from .models import PeriodResult, Restatement


def close_period(period: PeriodResult, *, by, day: date, now: datetime, seen: str | None = None) -> PeriodResult:
    """Freeze the period, calculate what it owes and what earlier credits earn back.

    It is computed anew first, and that is kept even if the close is refused because other figures were looked at.
    Raises periods.WrongState, ChangedMeanwhile.
    """
    periods.refresh(period.agreement, day=day, by=by)
    with transaction.atomic():
        closed = periods.close(period, by=by, seen=seen, now=now)
        claims.calculate(closed, by=by, day=day)
        claims.earn_back(closed, by=by)
    return closed


@transaction.atomic
def decide_restatement(
    restatement: Restatement, *, by, is_approved: bool, day: date, now: datetime, note: str = ""
) -> Restatement:
    """Approve or reject; a credit that nobody claimed yet follows the restated figures.

    Raises periods.WrongState, periods.SecondPersonNeeded, AgreementRefused.
    """
    decided = periods.decide_restatement(restatement, by=by, is_approved=is_approved, note=note, now=now)
    if is_approved:
        claims.calculate(decided.period, by=by, day=day)
    return decided
