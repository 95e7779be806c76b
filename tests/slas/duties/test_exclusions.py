"""What two people left out of attainment counts again by two people, with a reason that stands on the page."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from organization import audit
from slas import exclusions
from slas.drafting import AgreementRefused
from slas.models import Exclusion

from ..factories import ExclusionFactory
from .doors import Caller, excluded, page, said

pytestmark = pytest.mark.django_db
JUNE = datetime(2025, 6, 1, tzinfo=UTC)


def test_what_two_people_excluded_counts_again_once_a_second_person_agrees(client, desk, second, approved):
    asked = said(client, desk.author, "exclusion_decide", approved.pk, "withdraw", reason="Wrong month")
    assert asked == "Asked for: what it leaves out counts again once a second person has agreed."
    approved.refresh_from_db()
    assert approved.state == "approved"  # it goes on to be left out
    shown = page(client, second, "agreement_exclusions", "acme")
    assert f"Withdrawal asked for by {desk.author}" in shown and "Wrong month" in shown
    assert "Let it count again" in shown
    assert said(client, second, "exclusion_decide", approved.pk, "approve-withdrawal") == "Withdrawn: it counts again."
    approved.refresh_from_db()
    assert approved.state == "withdrawn"
    shown = page(client, desk.author, "agreement_exclusions", "acme")
    assert f"Agreed to by {second}" in shown and "Wrong month" in shown


def test_who_asks_for_a_withdrawal_does_not_decide_on_it(client, desk, approved):
    exclusions.withdraw(approved, by=desk.signer, reason="Wrong month", now=timezone.now())
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert "Let it count again" not in shown
    assert "Waits for a second person: who asked for the withdrawal cannot decide on it." in shown
    refused = "You asked for this withdrawal: a second person must decide on it."
    assert said(client, desk.signer, "exclusion_decide", approved.pk, "approve-withdrawal") == refused
    status, problem = Caller(client, desk.signer)(f"exclusions/{approved.pk}/approve_withdrawal/")
    assert (status, problem["code"], problem["detail"]) == (409, "second_person_needed", refused)
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_a_withdrawal_is_kept_out_with_a_reason_and_may_be_asked_for_again(client, desk, second, approved):
    exclusions.withdraw(approved, by=desk.author, reason="Wrong month", now=timezone.now())
    with pytest.raises(AgreementRefused, match="Say why it stays"):
        exclusions.decide_withdrawal(approved, by=second, is_approved=False, now=timezone.now())
    said(client, second, "exclusion_decide", approved.pk, "reject-withdrawal", reason="The plant was down")
    shown = page(client, desk.author, "agreement_exclusions", "acme")
    assert f"Rejected by {second}" in shown and "The plant was down" in shown
    exclusions.withdraw(approved, by=desk.author, reason="It was not", now=timezone.now())
    with pytest.raises(exclusions.WrongState, match="waits for a second person already"):
        exclusions.withdraw(approved, by=desk.signer, reason="Me too", now=timezone.now())


def test_a_proposal_is_taken_back_by_its_maker_alone(client, desk, agreement):
    asked = exclusions.propose(agreement, by=desk.author, kind="customer", reason="Away", cases=["C-1"])
    with pytest.raises(exclusions.SecondPersonNeeded, match="reject it instead"):
        exclusions.withdraw(asked, by=desk.signer, reason="No", now=timezone.now())
    assert "Take back" not in page(client, desk.signer, "agreement_exclusions", "acme")
    assert "Take back" in page(client, desk.author, "agreement_exclusions", "acme")
    exclusions.withdraw(asked, by=desk.author, reason="They were there", now=timezone.now())
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert f"Withdrawn by {desk.author}" in shown and "They were there" in shown


@pytest.mark.parametrize("reason", ["", "  "])
def test_ending_or_rejecting_an_exclusion_asks_for_the_reason_at_every_door(client, desk, agreement, approved, reason):
    waiting = exclusions.propose(agreement, by=desk.author, kind="customer", reason="Away", cases=["C-2"])
    assert "Say why" in said(client, desk.author, "exclusion_decide", approved.pk, "withdraw", reason=reason)
    assert "Say why" in said(client, desk.signer, "exclusion_decide", waiting.pk, "reject", reason=reason)
    caller = Caller(client, desk.signer)
    for path, field in ((f"{approved.pk}/withdraw", "reason"), (f"{waiting.pk}/reject", "note")):
        status, problem = caller(f"exclusions/{path}/", **{field: reason})
        assert (status, problem["errors"][0]["field"]) == (400, field)
    assert set(agreement.exclusions.values_list("state", flat=True)) == {"approved", "proposed"}


def test_the_api_shows_a_withdrawal_as_the_page_does(client, desk, second, approved):
    status, body = Caller(client, desk.author)(f"exclusions/{approved.pk}/withdraw/", reason="Wrong month")
    assert (status, body["state"], body["withdrawals"][0]["state"]) == (200, "approved", "proposed")
    status, body = Caller(client, second)(f"exclusions/{approved.pk}/approve_withdrawal/", note="Right")
    (ended,) = body["withdrawals"]
    assert (status, body["state"], ended["state"]) == (200, "withdrawn", "approved")
    people = (ended["asked_by"], ended["reason"], ended["decided_by"], ended["note"])
    assert people == (desk.author.username, "Wrong month", second.username, "Right")


@pytest.mark.parametrize(
    "stretch",
    [
        {"starts_at": JUNE},
        {"ends_at": JUNE},
        {"starts_at": JUNE, "ends_at": JUNE},
        {"starts_at": JUNE, "ends_at": datetime(2025, 5, 1, tzinfo=UTC)},
    ],
)
def test_the_database_takes_no_half_stretch_of_time(stretch):
    with pytest.raises(IntegrityError, match="exclusion_time_runs_forward"), transaction.atomic():
        ExclusionFactory(**stretch)


def test_half_stretches_of_before_are_withdrawn_and_what_they_said_is_kept(client, desk, agreement):
    """Migration 0004: nobody can say what was meant, and half of it could not be applied."""
    with connection.cursor() as cursor:
        cursor.execute("alter table slas_exclusion drop constraint exclusion_time_runs_forward")
    whole = excluded(desk, agreement, starts_at=JUNE, ends_at=datetime(2025, 6, 2, tzinfo=UTC))
    half = excluded(desk, agreement)
    waits = ExclusionFactory(agreement=agreement, ends_at=JUNE)
    over = ExclusionFactory(agreement=agreement, state="rejected", starts_at=JUNE)
    Exclusion.objects.filter(pk=half.pk).update(starts_at=JUNE)
    import_module("slas.migrations.0004_whole_stretches").make_whole(apps, None)
    states = dict(agreement.exclusions.values_list("pk", "state"))
    assert states == {whole.pk: "approved", half.pk: "withdrawn", waits.pk: "withdrawn", over.pk: "rejected"}
    assert list(agreement.exclusions.exclude(starts_at=None)) == [whole]
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert "Of a stretch of time only this end was given: from 2025-06-01 00:00 UTC." in shown
    assert "Withdrawn by perfmgr" in shown and "Propose it again with both." in shown


def test_withdrawals_that_one_person_made_before_stand_on_the_page_with_their_reason(client, desk, agreement):
    """Migration 0004 takes them over from the audit trail."""
    old = excluded(desk, agreement)
    Exclusion.objects.filter(pk=old.pk).update(state="withdrawn")
    audit.record(desk.author, "exclusion withdrawn", old, unit=desk.unit, reason="The port was open")
    import_module("slas.migrations.0004_whole_stretches").take_over(apps, None)
    shown = page(client, desk.signer, "agreement_exclusions", "acme")
    assert f"Withdrawn by {desk.author}" in shown and "The port was open" in shown
