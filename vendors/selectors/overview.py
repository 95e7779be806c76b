"""The register: each vendor with its card and what waits for somebody."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from vendors.cards import Card, cards_of
from vendors.contract_dates import ACTIVE, UNDER_NOTICE, UPCOMING, Terms, dates_on
from vendors.models import Contract, CorrectivePlan, RiskAssessment, Vendor, VendorAction
from vendors.periods import due_reviews


@dataclass(slots=True)
class Row:
    """`is_overseen`: whether the person may see more than the score; the rest is empty if not."""

    vendor: Vendor
    card: Card
    is_overseen: bool
    open_actions: int = 0
    overdue_actions: int = 0
    missed_reviews: int = 0
    plans: int = 0
    risk: RiskAssessment | None = None
    next_day: date | None = None
    next_is_near: bool = False


def rows_of(vendors: Sequence[Vendor], *, grain: str, at: date, day: date, overseen: frozenset[int]) -> list[Row]:
    """In the order of `vendors`. overseen: ids of the units that the person oversees."""
    cards = cards_of(vendors, grain=grain, at=at, day=day)
    inside = [vendor for vendor in vendors if vendor.unit_id in overseen]
    ids = [vendor.pk for vendor in inside]
    actions = list(VendorAction.objects.unfinished().filter(vendor__in=ids))
    opened = Counter(action.vendor_id for action in actions)
    overdue = Counter(action.vendor_id for action in actions if action.is_overdue(day))
    missed = Counter(due.vendor.pk for due in due_reviews(inside, day) if due.is_missed)
    plans = Counter(CorrectivePlan.objects.running().filter(vendor__in=ids).values_list("vendor_id", flat=True))
    risks = newest_risks(ids)
    days = _next_days(ids, day)
    return [
        Row(
            vendor,
            cards[vendor.pk],
            vendor.unit_id in overseen,
            opened[vendor.pk],
            overdue[vendor.pk],
            missed[vendor.pk],
            plans[vendor.pk],
            risks.get(vendor.pk),
            *days.get(vendor.pk, (None, False)),
        )
        for vendor in vendors
    ]


def newest_risks(vendors: Sequence[int]) -> dict[int, RiskAssessment]:
    newest = RiskAssessment.objects.filter(vendor__in=vendors).order_by("vendor_id", "-assessed_on", "-pk")
    return {risk.vendor_id: risk for risk in newest.distinct("vendor_id")}


def _next_days(vendors: Sequence[int], day: date) -> dict[int, tuple[date, bool]]:
    """vendor id -> (the next day of one of its contracts, whether its reminder is due)."""
    found: dict[int, tuple[date, bool]] = {}
    for contract in Contract.objects.filter(vendor__in=vendors):
        dates = dates_on(Terms.of(contract), day)
        if dates.state in (UPCOMING, ACTIVE, UNDER_NOTICE) and dates.next:
            is_near = (dates.next - day).days <= contract.remind_days
            found[contract.vendor_id] = min(found.get(contract.vendor_id, (date.max, False)), (dates.next, is_near))
    return found
