"""Reviews: generated, minuted, published, and then never changed; those that are due and missed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.models import InboxEntry
from organization.models import Role
from tests.factories import MembershipFactory, UnitFactory
from vendors import actions, reviews, surveys
from vendors.cards import Card, card_of, differs
from vendors.models import Review
from vendors.periods import due_reviews

from .factories import DAY, NOW, THIRD, ContractFactory, a_contact, a_result, a_template, a_vendor_below, two_kpis

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene():
    group = UnitFactory()
    kpis = two_kpis(group)
    vendor = a_vendor_below(group, template=a_template(group, kpis))
    result = a_result(kpis[0], vendor, 84.0, target=90.0, status="red", score=40.0)
    a_result(kpis[1], vendor, 10.0)
    return vendor, kpis, result


def a_review(vendor, at=THIRD, **more) -> Review:
    return reviews.generate(vendor, at=at, day=DAY, now=NOW, by=vendor.manager, **more)


def published(vendor, **more) -> Review:
    review = a_review(vendor, **more)
    reviews.keep_minutes(review, by=vendor.manager, held_on=date(2025, 10, 20), minutes="We talked.")
    return reviews.publish(review, day=DAY, now=NOW, by=vendor.manager)


def test_the_pack_gathers_what_there_is_to_talk_about(scene):
    vendor, kpis, _ = scene
    ContractFactory(vendor=vendor)
    owner = a_contact(vendor)
    actions.give(vendor, title="Send a plan", owner=owner, due_on=date(2025, 12, 1), by=vendor.manager)
    pack = a_review(vendor).pack
    assert pack["card"]["score"] == pytest.approx(0.6 * 100 * 4 / 15 + 0.4 * 100)
    assert [(e["name"], e["value"], e["target"], e["status"]) for e in pack["exceptions"]] == [
        ("On time", 84.0, 90.0, "red")
    ]
    assert [(a["title"], a["is_overdue"]) for a in pack["actions"]] == [("Send a plan", True)]
    assert [(c["value"], c["state"]) for c in pack["contracts"]] == [("250000.00", "active")]
    assert [point["label"] for point in pack["trend"]][-2:] == ["2025 Q2", "2025 Q3"]
    assert pack["trend"][0]["score"] is None


def test_a_published_review_stays_while_the_numbers_change(scene):
    vendor, kpis, result = scene
    review = published(vendor)
    review.refresh_from_db()
    assert reviews.is_as_published(review)
    result.value = 95.0
    result.save()
    kept, now = (card_of(vendor, grain="quarter", at=THIRD, day=DAY, live=live) for live in (False, True))
    assert (kept.review, kept.lines[0].value, now.lines[0].value) == (review.pk, 84.0, 95.0)
    assert differs(kept, now)
    assert kept == Card.from_dict(Review.objects.get().pack["card"], review.pk)
    for step in (
        lambda: a_review(vendor),
        lambda: reviews.keep_minutes(review, by=vendor.manager, held_on=DAY, minutes="Other words"),
        lambda: reviews.decide(review, text="Something", by=vendor.manager),
        lambda: reviews.publish(review, day=DAY, now=NOW, by=vendor.manager),
    ):
        with pytest.raises(reviews.ReviewRefused, match="stays as it is"):
            step()


def test_a_tampered_pack_is_seen(scene):
    review = published(scene[0])
    review.pack["card"]["score"] = 100
    assert not reviews.is_as_published(review)


def test_a_card_computed_again_without_a_change_does_not_differ(scene):
    vendor = scene[0]
    published(vendor)
    kept, now = (card_of(vendor, grain="quarter", at=THIRD, day=DAY, live=live) for live in (False, True))
    assert not differs(kept, now)


def test_a_review_wants_minutes_and_a_whole_period(scene):
    vendor = scene[0]
    with pytest.raises(reviews.ReviewRefused, match="said there"):
        reviews.publish(a_review(vendor), day=DAY, now=NOW, by=vendor.manager)
    with pytest.raises(reviews.ReviewRefused, match="has not ended"):
        a_review(vendor, at=DAY)


def test_a_draft_is_made_anew_not_twice(scene):
    vendor, kpis, result = scene
    first = a_review(vendor)
    result.value = 95.0
    result.save()
    again = a_review(vendor)
    assert (again.pk, again.pack["card"]["lines"][0]["value"]) == (first.pk, 95.0)


def test_monthly_and_quarterly_reviews_stand_beside_each_other(scene):
    assert [a_review(scene[0], grain=grain).label for grain in ("month", "quarter")] == ["Jul 2025", "2025 Q3"]


def test_missed_reviews_are_flagged(scene):
    """Since January 2025: three quarters have ended; 30 days later a review is missed."""
    vendor = scene[0]
    published(vendor)
    due = due_reviews([vendor], date(2026, 1, 10))
    assert [(d.period.label, d.is_missed) for d in due] == [("2025 Q4", False), ("2025 Q2", True), ("2025 Q1", True)]
    assert due[0].by == date(2026, 1, 31)
    vendor.cadence_to = date(2025, 7, 1)
    assert [d.period.label for d in due_reviews([vendor], date(2026, 1, 10))] == ["2025 Q2", "2025 Q1"]


def test_answers_of_a_reviewed_period_stand(scene):
    vendor = scene[0]
    question = a_template(UnitFactory(), survey=True).versions.get().criteria.get(source="survey").question
    surveys.ask(vendor, vendor.manager, by=vendor.manager)
    published(vendor)
    with pytest.raises(surveys.SurveyRefused, match="its answers stand"):
        surveys.answer(vendor, question, day=THIRD, rating=5, by=vendor.manager)


def test_a_missed_review_is_told_once_to_whoever_answers_for_the_vendor(scene):
    vendor, _, _ = scene
    MembershipFactory(user=vendor.manager, unit=vendor.unit, role=Role.MANAGER)
    on = datetime(2025, 10, 31, 5, tzinfo=UTC)
    assert reviews.flag_missed(on) == 0  # the third quarter's last day; the second's passed long ago
    assert reviews.flag_missed(on + timedelta(days=1)) == reviews.flag_missed(on + timedelta(days=2)) == 1
    (told,) = InboxEntry.objects.filter(user=vendor.manager)
    assert told.notice.subject == f"{vendor}: the review of 2025 Q3 is missed"
