"""Measured promises and charges of a draft, tried on history before it is signed; due dates without a start."""

from datetime import date
from decimal import Decimal as D

import pytest
from django.urls import reverse
from django.utils import timezone

from organization.access import access_of
from slas import drafting, lifecycle
from slas.clocks import bench
from slas.clocks.run import run
from tests.factories import UnitFactory, member
from tests.matrix.description import as_described

from .sample import DAY, Desk, deliveries

pytestmark = pytest.mark.django_db
JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def draft(desk):
    return desk.agreement(deliveries(desk.unit))


def try_(version, user) -> bench.Trial:
    return bench.try_on_history(version, access_of(user, DAY), day=DAY)


def test_measured_promises_and_their_charge_are_replayed(desk, draft):
    trial = try_(draft, desk.signer)
    assert [(m.start, m.figures["on-time"].good, m.figures["on-time"].total, m.credit) for m in trial.months] == [
        (JANUARY, "8", "10", D("100.00")),  # at or below 80 %: 20 % of 1,000, capped at 10 %
        (FEBRUARY, "10", "10", D("0")),
    ]
    assert (trial.totals["on-time"].good, trial.totals["on-time"].total, trial.credit) == ("18", "20", D("100.00"))
    assert trial.cases == 0


def test_a_change_of_the_draft_shows_in_its_replay(desk, draft):
    drafting.set_target(draft, "on-time", by=desk.author, condition="mode = 'sea'")  # of both late lines neither
    assert try_(draft, desk.signer).months[0].figures["on-time"].attainment == 100
    drafting.change_version(draft, by=desk.author, charge_condition="mode = 'sea'", period="quarter")
    drafting.set_target(draft, "on-time", by=desk.author, condition="")
    draft.refresh_from_db()
    (quarter,) = try_(draft, desk.signer).months
    assert (quarter.start, quarter.figures["on-time"].total, quarter.credit) == (JANUARY, "20", D("0"))  # 90 % of 90


def test_a_replay_counts_the_rows_that_its_reader_may_see(desk, draft):
    stranger = member("manager", UnitFactory())
    assert try_(draft, stranger).months == []


def test_the_page_and_the_api_replay_it(desk, draft, client):
    client.force_login(desk.author)
    page = client.get(reverse("agreement_replay", args=["acme"]), {"load": 1}).content.decode()
    assert "$100.00" in page and "Cases that would flip" not in page
    address = "/api/v1/clocks/acme/replay/"
    found = as_described("get", address, client.get(address)).json()
    assert [period["credit"] for period in found["periods"]] == ["100.00", "0"]
    assert (found["targets"][0]["met"], found["targets"][0]["cases"]) == (18, 20)


def test_a_due_date_without_a_start_has_no_time_to_use(desk, draft, client):
    clock = {"source": "columns", "dataset": draft.charge_dataset, "case_column": "line", "due_column": "due_on",
             "stopped_column": "done_on"}  # fmt: skip
    drafting.set_target(draft, "by-date", by=desk.author, name="By its date", metric="delivery", required_pct=D(95),
                        clock=clock)  # fmt: skip
    agreement = lifecycle.sign(
        lifecycle.offer(draft, by=desk.author), by=desk.signer, day=DAY, now=timezone.now()
    ).agreement
    run(agreement)
    client.force_login(desk.signer)
    page = client.get(reverse("agreement_cases", args=["acme"]), {"load": 1, "verdict": "missed"}).content.decode()
    assert page.count('data-label="Late by">24 h<') == 2  # done on the next day
    address = "/api/v1/clocks/acme/explain/?case=103"
    found = as_described("get", address, client.get(address)).json()["clocks"]
    assert (found[0]["verdict"], found[0]["used_pct"], found[0]["late_s"]) == ("missed", None, 86400)
