"""The pack of a review: all that there is to talk about, made from the numbers as they stand. Plain values for JSON.

A pack has: card, trend, exceptions, attainment, credits, spend, incidents, actions, plans, contracts, risk. Money is
decimal text.
"""

import hashlib
import json
from datetime import date
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder

from kpis.calendars import calendars_of, period_of
from kpis.models import Result
from kpis.selectors.readings import Book

from . import plans as plan_verbs
from .cards import cards_of
from .contract_dates import Terms, dates_on
from .credits import attainment_of, credits_of
from .models import Vendor
from .spending import incidents_of, spend_of

DAYS = frozenset({"due_on", "plan_due_on", "term_end", "notice_by", "assessed_on", "exit_plan_checked_on"})
TREND = 6  # periods, this one included


def pack_of(vendor: Vendor, *, grain: str, at: date, day: date) -> dict:
    """What a review of the period that holds `at` looks at, as known on `day`."""
    trend = trend_of(vendor, grain=grain, at=at, day=day)
    card = trend[-1]
    return {
        "made_on": day,
        "card": card.to_dict(),
        "trend": [
            {"label": c.period_label, "start": c.period_start, "score": c.score, "grade": c.grade} for c in trend
        ],
        "exceptions": exceptions_of(vendor, grain, card.period_start, day),
        "attainment": attainment_of(vendor, grain, card.period_start, card.period_end, day),
        "credits": credits_of(vendor),
        "spend": spend_of(vendor, day, grain=grain, at=card.period_start),
        "incidents": incidents_of(vendor, day, grain=grain, at=card.period_start),
        "actions": [
            {
                "id": action.pk,
                "title": action.title,
                "owner": str(action.owner),
                "due_on": action.due_on,
                "state": action.state,
                "is_overdue": action.is_overdue(day),
            }
            for action in vendor.actions.unfinished().select_related("owner")
        ],
        "plans": [_plan(plan, day) for plan in vendor.plans.running().select_related("kpi", "vendor__unit")],
        "contracts": [_contract(contract, day) for contract in vendor.contracts.all()],
        "risk": _risk(vendor),
    }


def digest_of(pack: dict) -> str:
    """SHA-256 of the pack in canonical form; the same for the pack as it was made and as the database gives it back."""
    plain = json.loads(json.dumps(pack, cls=DjangoJSONEncoder))
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def with_days(pack: dict) -> dict:
    """The pack as a page shows it: days, which JSON keeps as texts, are days again."""
    rows = {name: [_with_days(row) for row in pack[name]] for name in ("actions", "plans", "contracts")}
    return {**pack, **rows, "risk": _with_days(pack["risk"])}


def _with_days(row: dict) -> dict:
    return {name: _day(value) if name in DAYS else value for name, value in row.items()}


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def trend_of(vendor: Vendor, *, grain: str, at: date, day: date) -> list:
    """The cards of the last periods up to the one that holds `at`, oldest first."""
    calendar = calendars_of([vendor.unit_id], day)[vendor.unit_id]
    period, starts = period_of(calendar, at, grain), []
    for _ in range(TREND):
        starts.append(period.start)
        period = calendar.previous(period)
    return [cards_of([vendor], grain=grain, at=start, day=day)[vendor.pk] for start in reversed(starts)]


def exceptions_of(vendor: Vendor, grain: str, start: date, day: date) -> list[dict]:
    """KPIs of the vendor that missed their target in the period, the worst first. Three queries."""
    missed = Result.objects.current().filter(
        unit=vendor.unit_id, grain=grain, period_start=start, dimension="", is_open=False, period_end__lte=day,
        status__in=["red", "amber"],
    )  # fmt: skip
    found = list(missed)
    book = Book({result.kpi_id for result in found}, day)
    rows = [
        {
            "kpi": book.refs[result.kpi_id].code,
            "name": book.refs[result.kpi_id].name,
            "format": f"{book.refs[result.kpi_id].unit_of_measure}:{book.refs[result.kpi_id].decimals}",
            "value": result.value,
            "target": result.target,
            "status": result.status,
            "score": result.score,
        }
        for result in found
    ]
    return sorted(rows, key=lambda row: (row["status"] != "red", row["score"] or 0.0, row["name"]))


def _plan(plan, day: date) -> dict:
    found = plan_verbs.verification(plan, day) if plan.verify_from else None
    return {
        "id": plan.pk,
        "kpi": plan.kpi.name,
        "state": plan.state,
        "plan_due_on": plan.plan_due_on,
        "in_a_row": found.in_a_row if found else None,
        "needed": plan.periods_needed,
    }


def _contract(contract, day: date) -> dict:
    dates = dates_on(Terms.of(contract), day)
    return {
        "id": contract.pk,
        "code": contract.code,
        "title": contract.title,
        "value": f"{Decimal(contract.value):f}",
        "currency": contract.currency,
        "format": contract.money_format,
        "state": dates.state,
        "term_end": dates.term_end,
        "notice_by": dates.notice_by,
    }


def _risk(vendor: Vendor) -> dict:
    newest = vendor.risks.first()
    return {
        "rating": newest.rating if newest else None,
        "level": newest.level if newest else "",
        "assessed_on": newest.assessed_on if newest else None,
        "exit_plan_checked_on": vendor.exit_plan_checked_on,
    }
