"""What a vendor promised and owes: attainment of its agreements, and service credits claimed and paid."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from kpis.calendars import period_of
from kpis.selectors.readings import Book
from kpis.selectors.results import last_rows
from organization.money import decimals_of
from slas.models import Agreement, AttainmentKpi, CreditClaim

from .models import Vendor

State = CreditClaim.State


def agreements_of(vendor: Vendor):
    """Those in which the vendor does the work."""
    return Agreement.objects.filter(providers=vendor.unit_id)


def attainment_of(vendor: Vendor, grain: str, start: date, end: date, day: date) -> list[dict]:
    """Attainment of each promise in the period from `start` to `end`, at the vendor. Five queries."""
    kept = list(
        AttainmentKpi.objects.filter(agreement__in=agreements_of(vendor))
        .select_related("agreement", "kpi")
        .order_by("agreement__name", "kpi__name")
    )
    book = Book({one.kpi_id for one in kept}, day)
    pairs = [(one.kpi_id, vendor.unit_id, book.grain(one.kpi_id, grain)) for one in kept if one.kpi_id in book.refs]
    rows = last_rows(pairs, end - timedelta(days=1), 2, complete_by=day)
    found = []
    for one in kept:
        if one.kpi_id not in book.refs:
            continue
        wanted = period_of(book.calendar(one.kpi_id), start, book.grain(one.kpi_id, grain))
        row = next((r for r in rows.get((one.kpi_id, vendor.unit_id), []) if r.period_start == wanted.start), None)
        found.append(
            {
                "agreement": one.agreement.code,
                "agreement_name": one.agreement.name,
                "promise": one.kpi.name,
                "kpi": one.kpi.code,
                "value": row.value if row else None,
                "required": row.target if row else None,
                "status": row.status if row else "no_data",
                "cases": row.rows if row else 0,
            }
        )
    return found


def credits_of(vendor: Vendor) -> list[dict]:
    """By currency: what was calculated, claimed, agreed and paid of all periods, as decimal text. One query."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for claim in CreditClaim.objects.filter(agreement__in=agreements_of(vendor)):
        money = sums[claim.currency]
        money["calculated"] += claim.amount
        money["claimed"] += claim.amount if claim.claimed_on else 0
        money["agreed"] += (claim.agreed_amount or 0) if claim.state in (State.AGREED, State.CREDITED) else 0
        money["paid"] += (claim.agreed_amount or 0) if claim.state == State.CREDITED else 0
    names = ("calculated", "claimed", "agreed", "paid")
    return [
        {"currency": c, "format": f"{c}:{decimals_of(c)}", **{name: f"{sums[c][name]:.2f}" for name in names}}
        for c in sorted(sums)
    ]
