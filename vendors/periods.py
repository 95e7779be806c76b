"""Which periods a vendor is reviewed by, and which reviews are due or missed."""

from dataclasses import dataclass
from datetime import date, timedelta

from kpis.calendars import calendars_of, period_of

from .models import Review, Vendor

DEFAULT_GRAIN = "quarter"
MOST = 120  # periods looked back


@dataclass(frozen=True, slots=True)
class Due:
    """A period that wants a review. `by`: the last day to hold it; `is_missed`: that day has passed without one."""

    vendor: Vendor
    period: object
    by: date
    is_missed: bool
    review: Review | None = None


def grain_of(vendor: Vendor) -> str:
    return vendor.cadence or DEFAULT_GRAIN


def review_period(vendor: Vendor, day: date, grain: str = ""):
    """The period of the vendor's cadence that holds `day`. One query."""
    return period_of(calendars_of([vendor.unit_id], day)[vendor.unit_id], day, grain or grain_of(vendor))


def last_complete(calendar, grain: str, day: date):
    """The newest period that has ended by `day`."""
    running = period_of(calendar, day, grain)
    return calendar.previous(running)


def due_reviews(vendors, day: date) -> list[Due]:
    """Complete periods of each vendor's cadence without a published review, the newest first. Two queries."""
    asked = [vendor for vendor in vendors if vendor.cadence and vendor.cadence_from <= day]
    calendars = calendars_of({vendor.unit_id for vendor in asked}, day)
    reviews = {
        (review.vendor_id, review.grain, review.period_start): review
        for review in Review.objects.filter(vendor__in=asked).defer("pack")
    }
    found = []
    for vendor in asked:
        for period in _periods(vendor, calendars[vendor.unit_id], day):
            review = reviews.get((vendor.pk, vendor.cadence, period.start))
            if review is None or not review.is_published:
                by = period.end + timedelta(days=vendor.review_within_days)
                found.append(Due(vendor, period, by, by < day, review))
    return sorted(found, key=lambda due: (due.period.end, due.vendor.name), reverse=True)


def _periods(vendor: Vendor, calendar, day: date) -> list:
    """Periods of the cadence that have ended by `day`, the newest first."""
    period, found = last_complete(calendar, vendor.cadence, day), []
    while len(found) < MOST and period.start >= vendor.cadence_from:
        if vendor.cadence_to is None or period.end <= vendor.cadence_to:
            found.append(period)
        period = calendar.previous(period)
    return found
