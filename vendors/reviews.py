"""Reviews: the pack is generated, the meeting is minuted, and publishing freezes it all."""

from datetime import date, datetime, timedelta

from django.db import transaction

from organization import audit

from . import telling
from .models import Decision, Review, Vendor
from .packs import digest_of, pack_of
from .periods import due_reviews, review_period
from .refusals import Refusal

State = Review.State
LATELY = timedelta(days=31)  # what was missed long ago is seen on the vendor's page


class ReviewRefused(Refusal):
    """The review is published, or not ready for this step."""


@transaction.atomic
def generate(vendor: Vendor, *, at: date, day: date, now: datetime, by, grain: str = "") -> Review:
    """The draft review of the period that holds `at`, its pack made anew from the numbers as known on `day`.

    Raises ReviewRefused for a period that has not ended, and for one whose review is published.
    """
    period = review_period(vendor, at, grain)
    if period.end > day:
        raise ReviewRefused(f"{period.label} has not ended: a review looks at a whole period.", "at")
    found = Review.objects.select_for_update().filter(vendor=vendor, grain=period.grain, period_start=period.start)
    review = found.first() or Review(vendor=vendor, grain=period.grain, period_start=period.start)
    _require_draft(review)
    review.period_end, review.label = period.end, period.label
    review.pack = pack_of(vendor, grain=period.grain, at=period.start, day=day)
    review.generated_by, review.generated_at = by, now
    review.full_clean(exclude=["pack"])
    review.save()
    audit.record(by, "vendor review generated", review, unit=vendor.unit, period=period.label)
    return review


@transaction.atomic
def keep_minutes(review: Review, *, by, held_on: date | None, attendees: str = "", minutes: str = "") -> Review:
    """Raises ReviewRefused."""
    review = _locked(review)
    _require_draft(review)
    if held_on and held_on < review.period_start:
        raise ReviewRefused("A review is held after its period began.", "held_on")
    review.held_on, review.attendees, review.minutes = held_on, attendees, minutes
    review.save(update_fields=["held_on", "attendees", "minutes"])
    audit.record(by, "vendor review minuted", review, unit=review.vendor.unit, held_on=held_on)
    return review


@transaction.atomic
def decide(review: Review, *, text: str, by) -> Decision:
    """Write down what was decided. Raises ReviewRefused."""
    review = _locked(review)
    _require_draft(review)
    if not text.strip():
        raise ReviewRefused("Write down what was decided.", "text")
    decision = Decision.objects.create(review=review, text=text.strip(), by=by)
    audit.record(by, "vendor review decision", review, unit=review.vendor.unit, text=decision.text)
    return decision


@transaction.atomic
def publish(review: Review, *, day: date, now: datetime, by) -> Review:
    """Freeze the pack, as the numbers are now, with minutes and decisions. Raises ReviewRefused."""
    review = _locked(review)
    _require_draft(review)
    if review.held_on is None or not review.minutes.strip():
        raise ReviewRefused("Say when the review was held and what was said there, then publish it.", "minutes")
    review.pack = pack_of(review.vendor, grain=review.grain, at=review.period_start, day=day)
    review.pack_sha256 = digest_of(review.pack)
    review.state, review.published_by, review.published_at = State.PUBLISHED, by, now
    review.save()
    audit.record(by, "vendor review published", review, unit=review.vendor.unit, sha256=review.pack_sha256)
    return review


@transaction.atomic
def flag_missed(now: datetime) -> int:
    """Tell whoever answers for a vendor of each review that was missed lately, once; returns how many those are."""
    day = now.date()
    vendors = Vendor.objects.exclude(cadence="").select_related("unit", "manager")
    missed = [due for due in due_reviews(vendors, day) if due.is_missed and due.by >= day - LATELY]
    for due in missed:
        telling.review_missed(due, now)
    return len(missed)


def is_as_published(review: Review) -> bool:
    """Whether the pack is still what the review froze."""
    return digest_of(review.pack) == review.pack_sha256


def _locked(review: Review) -> Review:
    return Review.objects.select_for_update(of=("self",)).select_related("vendor__unit").get(pk=review.pk)


def _require_draft(review: Review) -> None:
    if review.is_published:
        raise ReviewRefused(f"The review of {review.label} is published and stays as it is: review the next period.")
