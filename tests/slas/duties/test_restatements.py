"""Who changed what a period is made of does not decide on its restatement; what was looked at is closed."""

from datetime import date

import pytest
from django.utils import timezone

from datasets import undo
from slas import closing, periods
from tests.factories import perform, upload_csv

from ..sample import DAY, deliveries, deliveries_csv
from .doors import Caller, page, said

pytestmark = pytest.mark.django_db


def restated(january, by, late=(3,)):
    """What perfmgr proposes after `by` loaded January anew, with these lines late."""
    dataset = january.agreement.versions.get().targets.get().measure.dataset
    upload_csv(dataset, deliveries_csv(late=late, months=(1,)), name=f"{late}.csv", by=by)
    periods.refresh(january.agreement, day=DAY)
    return january.restatements.get(state="proposed")


def test_who_loaded_the_rows_does_not_decide_on_what_was_restated_by_them(client, desk, second, january):
    asked = restated(january, desk.signer)
    assert (asked.proposed_by, list(asked.caused_by.all())) == (None, [desk.signer])
    own = page(client, desk.signer, "agreement_period", "acme", "2025-01-01")
    assert "Let it count" not in own and "You changed what this restatement is made from" in own
    step = ("agreement_restatement", "acme", "2025-01-01", 1, "approve")
    assert "a second person must decide on it" in said(client, desk.signer, *step, seen=asked.pk)
    status, problem = Caller(client, desk.signer)(f"restatements/{asked.pk}/approve/")
    assert (status, problem["code"]) == (409, "second_person_needed")
    other = page(client, second, "agreement_period", "acme", "2025-01-01")
    assert "Let it count" in other and f"was changed by {desk.signer}" in other
    assert said(client, second, *step, seen=asked.pk) == "The restated figures count."


def test_rows_of_later_months_are_no_cause_and_an_undo_is(desk, january):
    dataset = january.agreement.versions.get().targets.get().measure.dataset
    upload_csv(dataset, "301,2025-03-01,2025-03-01,100.00,air\n".join(["line,due_on,done_on,freight,mode\n", ""]),
               by=desk.signer)  # fmt: skip
    loaded = upload_csv(dataset, deliveries_csv(late=(), months=(1,)), name="january.csv")
    periods.refresh(january.agreement, day=DAY)
    assert list(january.restatements.get().caused_by.all()) == [dataset.owner]  # not who loaded March
    closing.decide_restatement(
        january.restatements.get(), by=desk.signer, is_approved=True, day=DAY, now=timezone.now()
    )
    perform(undo.request_undo(loaded, by=desk.signer))
    periods.refresh(january.agreement, day=DAY)
    assert list(january.restatements.get(state="proposed").caused_by.all()) == [desk.signer]


def test_rejecting_a_restatement_asks_for_the_reason_and_shows_it(client, desk, january):
    asked = restated(january, desk.author)
    step = ("agreement_restatement", "acme", "2025-01-01", 1, "reject")
    assert said(client, desk.signer, *step, seen=asked.pk) == "Say why the figures of the close go on to count."
    caller = Caller(client, desk.signer)
    status, problem = caller(f"restatements/{asked.pk}/reject/")
    assert (status, problem["errors"][0]["field"]) == (400, "note")
    status, body = caller(f"restatements/{asked.pk}/reject/", note="No proof of delivery")
    assert (status, body["state"], body["decision_note"]) == (200, "rejected", "No proof of delivery")
    shown = page(client, desk.author, "agreement_period", "acme", "2025-01-01")
    assert (
        f"rejected by {desk.signer}" in shown and shown.count("No proof of delivery") == 2
    )  # there and in the history


def test_what_was_looked_at_is_decided_on_not_what_took_its_number(client, desk, january):
    """The data change while the page is open: another proposal stands under the same number."""
    looked_at = restated(january, desk.author).pk
    now = restated(january, desk.author, late=())
    assert (now.number, now.pk == looked_at) == (1, False)
    step = ("agreement_restatement", "acme", "2025-01-01", 1, "approve")
    assert "replaced by another one" in said(client, desk.signer, *step, seen=looked_at)
    now.refresh_from_db()
    assert now.state == "proposed"


def test_a_dispute_and_how_it_ended_stand_in_the_history_of_the_period(client, desk):
    made = desk.signed(deliveries(desk.unit)).agreement
    periods.refresh(made, day=DAY)
    one = periods.dispute(made.periods.get(period_start=date(2025, 1, 1)), by=desk.author, reason="Strike at the port")
    periods.settle(one, by=desk.signer, outcome="Two lines are left out")
    shown = page(client, desk.author, "agreement_period", "acme", "2025-01-01")
    assert "dispute settled" in shown and "Strike at the port" in shown and "Two lines are left out" in shown


def test_the_figures_that_were_looked_at_are_closed(client, desk):
    """Rows come while the page is open: 9 of 10 would be frozen where 8 of 10 was read."""
    dataset = deliveries(desk.unit)
    made = desk.signed(dataset).agreement
    periods.refresh(made, day=DAY)
    january = made.periods.get(period_start=date(2025, 1, 1))
    seen = january.figures_hash
    upload_csv(dataset, deliveries_csv(late=(3,), months=(1,)), name="corrected.csv")
    step = ("agreement_period_step", "acme", "2025-01-01", "close")
    assert "Look at it again, then decide." in said(client, desk.signer, *step, figures_hash=seen)
    january.refresh_from_db()
    assert (january.state, january.figures["targets"]["on-time"]["good"]) == ("provisional", "9")  # shown from now on
    status, problem = Caller(client, desk.signer)(f"agreement-periods/{january.pk}/close/", figures_hash=seen)
    assert (status, problem["code"]) == (409, "changed_meanwhile")
    assert "Closed." in said(client, desk.signer, *step, figures_hash=january.figures_hash)
