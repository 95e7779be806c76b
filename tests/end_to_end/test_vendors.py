"""Vendors of the demo: scorecards, review and plans by the data's own numbers, counted anew from the extract."""

import csv
import gzip
from datetime import date, datetime

import pytest

from demo.extracts import DATA
from organization.access import access_of
from organization.models import User
from vendors import plans, reviews
from vendors.cards import card_of, cards_of
from vendors.models import Review, Vendor, VendorAction

from .conftest import TODAY

pytestmark = pytest.mark.django_db
THIRD = date(2015, 7, 1)


@pytest.fixture(scope="module")
def lines():
    """(vendor, scheduled, delivered, value) of every order line."""
    with gzip.open(DATA / "vendor_delivery_scms" / "scms_delivery_history.csv.gz", "rt", encoding="utf-8-sig") as file:
        return [
            (
                row["Vendor"],
                _day(row["Scheduled Delivery Date"]),
                _day(row["Delivered to Client Date"]),
                float(row["Line Item Value"]),
            )
            for row in csv.DictReader(file)
        ]


def _day(text: str) -> date:
    return datetime.strptime(text, "%d-%b-%y").date()


def in_quarter(lines, vendor: str, start: date, end: date) -> list:
    return [line for line in lines if line[0] == vendor and start <= line[1] < end]


@pytest.fixture
def orgenics(demo):
    return Vendor.objects.select_related("unit", "template").get(unit__code="V-ORGENICS-LTD")


def test_the_numbers_of_a_card_are_those_of_the_order_lines(lines, orgenics):
    card = card_of(orgenics, grain="quarter", at=THIRD, day=TODAY)
    rows = in_quarter(lines, "Orgenics, Ltd", THIRD, date(2015, 10, 1))
    on_time = [row for row in rows if row[2] <= row[1]]
    found = {line.code: line for line in card.lines}
    assert (len(rows), found["on_time"].rows) == (40, 40)
    assert found["on_time"].value == pytest.approx(100 * len(on_time) / len(rows))  # 72.5 %
    weighted = 100 * sum(row[3] for row in on_time) / sum(row[3] for row in rows)
    assert found["value_on_time"].value == pytest.approx(weighted)
    used = [line for line in card.lines if line.score is not None]
    assert card.score == pytest.approx(
        sum(line.weight * line.score for line in used) / sum(line.weight for line in used)
    )
    assert (card.grade, [line.code for line in card.gates]) == ("D", ["on_time"])


def test_every_vendor_that_delivered_is_registered_and_many_are_scored(lines, demo):
    vendors = list(Vendor.objects.select_related("unit", "template"))
    names = {line[0] for line in lines} - {"SCMS from RDC"}
    assert {vendor.name.split()[0] for vendor in vendors} == {name.split()[0] for name in names}
    cards = cards_of(vendors, grain="quarter", at=THIRD, day=TODAY)
    delivered = {line[0] for line in lines if THIRD <= line[1] < date(2015, 10, 1)} - {"SCMS from RDC"}
    assert sum(card.score is not None for card in cards.values()) == len(delivered)


def test_the_strategic_ones_have_the_largest_value(lines, demo):
    sums: dict[str, float] = {}
    for vendor, _, _, value in lines:
        sums[vendor] = sums.get(vendor, 0.0) + value
    sums.pop("SCMS from RDC")
    largest = sorted(sums, key=sums.get, reverse=True)[:5]
    strategic = Vendor.objects.filter(tier=1).values_list("unit__aliases__code", flat=True)
    assert set(strategic) == set(largest)


def test_the_review_is_generated_and_asks_the_vendor(orgenics):
    review = Review.objects.get(vendor=orgenics)
    assert (review.label, review.state) == ("2015 Q3", "draft")
    missed = [row["kpi"] for row in review.pack["exceptions"]]  # the KPI, and the promise of its agreement
    assert sorted(missed) == ["deliveries_on_time", "sla_orgenics_delivery_due_date"]
    assert reviews.digest_of(review.pack)
    asked = VendorAction.objects.visible_to(access_of(User.objects.get(username="vendor"), TODAY))
    assert {action.title for action in asked} == {
        "Explain the late lines of 2015 Q3", "Corrective plan: Deliveries on time"
    }  # fmt: skip
    assert asked.get(title__startswith="Explain").detail.startswith("11 of 40 order lines came after")


def test_an_earlier_plan_was_closed_by_two_quarters_at_target(orgenics):
    plan = orgenics.plans.get(state="closed")
    assert plan.outcome == "At target in 2 periods in a row, 2014 Q1 to 2014 Q2."
    found = plans.verification(plan, date(2014, 7, 15))
    assert [round(period.value, 1) for period, _ in found.periods] == [91.7, 80.5, 78.0, 100.0, 94.4]
    assert plan.reason == "48.4 % of 31 order lines on time in 2013 Q1; 90 % is asked."
