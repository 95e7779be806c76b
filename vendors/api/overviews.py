"""What is told of a vendor beside its scorecard: spend, incidents, attainment, credits, and reviews that are due."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from kpis.calendars import calendars_of, period_of
from vendors.credits import attainment_of, credits_of
from vendors.models import Vendor
from vendors.periods import due_reviews
from vendors.spending import incidents_of, spend_of


@dataclass(frozen=True)
class VendorAmount:
    """A KPI of the vendor in the period, and in its fiscal year so far; `format`: its unit of measure and decimals."""

    kpi: str
    name: str
    format: str
    grain: str
    start: date
    label: str
    value: float | None
    year_label: str
    year_to_date: float | None


@dataclass(frozen=True)
class VendorPromise:
    """How a promise of an agreement was kept in the period."""

    agreement: str
    agreement_name: str
    promise: str
    kpi: str
    value: float | None
    required: float | None
    status: str
    cases: int


@dataclass(frozen=True)
class VendorCredit:
    """Service credits of all periods in one currency, as decimal texts."""

    currency: str
    format: str
    calculated: str
    claimed: str
    agreed: str
    paid: str


@dataclass(frozen=True)
class DueReview:
    """`by`: the last day to hold it."""

    period: str
    by: date
    is_missed: bool


@dataclass(frozen=True)
class VendorOverview:
    """`spend` and `incidents` are null without a KPI that counts them."""

    spend: VendorAmount | None
    incidents: VendorAmount | None
    attainment: list[VendorPromise]
    credits: list[VendorCredit]
    reviews_due: list[DueReview]


def overview_of(vendor: Vendor, *, grain: str, at: date, day: date) -> VendorOverview:
    """Of the period that holds `at`, looked at from `day`."""
    period = period_of(calendars_of([vendor.unit_id], day)[vendor.unit_id], at, grain)
    return VendorOverview(
        spend=_amount(spend_of(vendor, day, grain=grain, at=period.start)),
        incidents=_amount(incidents_of(vendor, day, grain=grain, at=period.start)),
        attainment=[VendorPromise(**one) for one in attainment_of(vendor, grain, period.start, period.end, day)],
        credits=[VendorCredit(**one) for one in credits_of(vendor)],
        reviews_due=[DueReview(due.period.label, due.by, due.is_missed) for due in due_reviews([vendor], day)],
    )


def _amount(found: dict[str, Any]) -> VendorAmount | None:
    return VendorAmount(**found) if found else None
