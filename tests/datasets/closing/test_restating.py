"""B23: closed rows change when one asks, saying why, and another, who had no part in them, lets it in."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from datasets import closing, intake, restating, undo
from datasets.models import Restatement
from datasets.refusals import InvalidRequest, PeriodClosed, SecondPersonNeeded, WrongState
from doors.revisions import ChangedMeanwhile
from kpis.models import RecomputeRequest
from organization.models import AuditEntry, Membership
from organization.models import Role as Member
from tests.datasets.closing.orders import HEAD, NOW, TODAY, WHY, asked_for, let_in, orders_now, restated, rows_of
from tests.factories import KpiFactory, UserFactory, member, perform, upload_csv

pytestmark = pytest.mark.django_db
LATE = HEAD + "1,2025-01-10,11\n4,2025-02-02,4\n"


@pytest.fixture
def manager(people):
    return people[Member.MANAGER]


def test_B23_what_a_second_person_lets_in_is_loaded_and_why_stays_told(orders, people, manager):
    before = orders.current_version
    refused = upload_csv(orders, LATE)
    with pytest.raises(PeriodClosed):  # it would only be refused again
        intake.request_load(refused, by=manager)
    asked = asked_for(refused)
    assert (asked.kind, asked.would) == (
        "load", "1 record of closed periods would change: Orders is closed through 31 Jan 2025.",
    )  # fmt: skip
    assert [one["key"] for one in asked.details] == ["1"]
    assert rows_of(orders_now(orders))[0] == ("1", "2025-01-10", 10.0)  # nothing changes before it is approved
    restating.decide(asked, approve=True, by=manager, now=NOW, seen=restating.revision(asked))
    refused.refresh_from_db()
    perform(refused.job)
    refused.refresh_from_db()
    version = orders.versions.first()
    assert (refused.state, refused.notes) == ("loaded", ["Restated: 1 record of closed periods changed."])
    assert (version.restated, version.restatement, version.restated_by) == (1, WHY, manager)
    told = {entry.action: (entry.actor, entry.details) for entry in AuditEntry.objects.all()}
    assert told["restatement proposed"] == (orders.owner, {"upload": refused.pk, "kind": "load", "reason": WHY})
    assert told["restatement approved"] == (manager, {"upload": refused.pk, "kind": "load", "remark": ""})
    assert told["closed periods restated"] == (
        manager, {"version": version.version, "records": 1, "reason": WHY, "closed_through": "2025-01-31"},
    )  # fmt: skip
    assert rows_of(orders_now(orders))[0] == ("1", "2025-01-10", 11.0)
    assert rows_of(orders, before)[0] == ("1", "2025-01-10", 10.0)  # as it was known before


def test_neither_who_sent_the_rows_nor_who_asked_lets_them_in(orders, people, manager, home):
    own = upload_csv(orders, LATE, by=manager)
    asked = asked_for(own, by=people[Member.ANALYST])
    with pytest.raises(SecondPersonNeeded, match="You loaded the rows"):
        restating.decide(asked, approve=True, by=manager, now=NOW)
    restating.withdraw(asked, by=people[Member.ANALYST], now=NOW)
    another = member(Member.MANAGER, home)
    asked = asked_for(own, by=another)
    with pytest.raises(SecondPersonNeeded, match="You asked"):
        restating.decide(asked, approve=True, by=another, now=NOW)
    with transaction.atomic(), pytest.raises(IntegrityError, match="dataset_restatement_decided_by_a_second_person"):
        Restatement.objects.filter(pk=asked.pk).update(state="approved", decided_by=another, decided_at=NOW)
    restating.decide(asked, approve=True, by=member(Member.MANAGER, home), now=NOW)
    own.refresh_from_db()
    assert own.state == "queued"


def test_an_undo_of_closed_rows_is_let_in_in_the_same_way(orders, manager):
    first = orders.uploads.get()
    asked = asked_for(first)
    assert (asked.kind, [one["key"] for one in asked.details]) == ("undo", ["1", "2"])
    assert len(rows_of(orders_now(orders))) == 3
    restating.withdraw(asked, by=orders.owner, now=NOW)
    let_in(first, by=manager)
    version = orders.versions.first()
    assert (version.kind, version.restated, version.restatement, version.restated_by) == ("undo", 2, WHY, manager)
    assert (rows_of(orders_now(orders)), first.restatement_askers) == ([], {orders.owner.pk})


def test_what_was_loaded_as_a_restatement_is_taken_back_as_one_too(orders, manager):
    """That it could change closed rows by its load says nothing of its undo, which two people let in again."""
    late = upload_csv(orders, LATE)
    let_in(late, by=manager)
    assert late.state == "loaded"
    with pytest.raises(PeriodClosed):
        undo.request_undo(late, by=orders.owner)
    asked = asked_for(late)
    assert (asked.kind, asked.state, len(asked.details)) == ("undo", "proposed", 1)
    restating.decide(asked, approve=True, by=manager, now=NOW)
    late.refresh_from_db()
    perform(late.job)
    late.refresh_from_db()
    assert late.state == "undone" and orders.versions.first().restated == 1


def test_what_changes_nothing_of_closed_periods_needs_no_restatement(orders):
    with pytest.raises(WrongState, match="changes nothing of closed periods"):
        asked_for(upload_csv(orders, HEAD + "4,2025-02-02,4\n"))
    with pytest.raises(WrongState, match="was not refused for closed periods"):
        asked_for(upload_csv(orders, HEAD + "5,2025-02-03,4\n", run=False))


def test_saying_no_says_why_and_nothing_changes_and_it_may_be_asked_again(orders, manager):
    refused = upload_csv(orders, LATE)
    asked = asked_for(refused)
    with pytest.raises(WrongState, match="waits for a second person already"):
        asked_for(refused)
    with pytest.raises(InvalidRequest, match="Say why"):
        restating.decide(asked, approve=False, by=manager, now=NOW)
    done = restating.decide(asked, approve=False, by=manager, now=NOW, remark="No invoice attached")
    assert (done.state, done.decided_by, done.decided_at, done.remark) == (
        "rejected", manager, NOW, "No invoice attached",
    )  # fmt: skip
    refused.refresh_from_db()
    assert (refused.state, refused.restatement, asked_for(refused).state) == ("refused", "", "proposed")
    with pytest.raises(InvalidRequest, match="Say why, in 5 to 500 letters"):
        restating.ask(refused, reason="so", by=orders.owner, now=NOW)


def test_only_who_asked_takes_the_question_back(orders, manager):
    asked = asked_for(upload_csv(orders, LATE))
    with pytest.raises(WrongState, match="Only who asked"):
        restating.withdraw(asked, by=manager, now=NOW)
    assert restating.withdraw(asked, by=orders.owner, now=NOW).state == "withdrawn"


def test_what_was_looked_at_is_let_in(orders, manager):
    """Another restatement of the same record came in while the page was open."""
    asked = asked_for(upload_csv(orders, LATE))
    seen = restating.revision(asked)
    restated(orders_now(orders), HEAD + "1,2025-01-10,12\n", by=manager)
    with pytest.raises(ChangedMeanwhile):
        restating.decide(asked, approve=True, by=manager, now=NOW, seen=seen)
    again = Restatement.objects.get(pk=asked.pk)
    assert (
        restating.decide(again, approve=True, by=manager, now=NOW, seen=restating.revision(again)).state == "approved"
    )


def test_what_is_read_in_another_way_by_now_is_another_load(orders, manager):
    refused = upload_csv(orders, LATE)
    asked = asked_for(refused)
    refused.dialect = {**refused.dialect, "decimal": ","}
    refused.save(update_fields=["dialect"])
    with pytest.raises(WrongState, match="read in another way"):
        restating.decide(asked, approve=True, by=manager, now=NOW)
    refused.refresh_from_db()
    assert (refused.state, Restatement.objects.get(pk=asked.pk).state) == ("refused", "proposed")


def test_it_waits_for_those_who_may_restate_and_had_no_part_in_it(orders, people, manager):
    from organization.access import access_of

    asked_for(upload_csv(orders, LATE, by=manager), by=people[Member.ANALYST])
    waits = {who: Restatement.objects.to_decide(access_of(who, TODAY)).count() for who in people.values()}
    another = member(Member.MANAGER, orders.unit)
    assert (set(waits.values()), Restatement.objects.to_decide(access_of(another, TODAY)).count()) == ({0}, 1)
    assert Restatement.objects.to_decide(access_of(UserFactory(), TODAY)).count() == 0


def test_the_history_of_a_number_tells_a_restatement_from_any_load(orders, manager):
    KpiFactory(dataset=orders)
    upload_csv(orders, HEAD + "4,2025-02-02,4\n")
    restated(orders, HEAD + "1,2025-01-10,11\n", by=manager)
    restating_one, plain = orders.versions.order_by("-version")[:2]
    asked = [one.trigger for one in RecomputeRequest.objects.filter(scope="data").order_by("pk")]
    assert asked[-2:] == [f"load of version {plain.version}", f"load of version {restating_one.version}, a restatement"]


def test_a_right_to_restate_that_is_gone_when_the_load_runs_restates_nothing(orders, manager):
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    restating.decide(asked_for(refused), approve=True, by=manager, now=NOW)
    Membership.objects.filter(user=manager).update(role=Member.ANALYST)
    refused.refresh_from_db()
    perform(refused.job)
    refused.refresh_from_db()
    assert (refused.state, refused.fault["code"]) == ("refused", "period_closed")


def test_a_restatement_whose_periods_are_open_by_now_restates_nothing(orders, people, manager):
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    asked = asked_for(refused)
    opened = closing.propose(orders, date(2024, 12, 31), by=manager, reason="Late invoice", day=TODAY)
    closing.decide(opened, approve=True, by=people[Member.FINANCE], now=timezone.now())
    restating.decide(asked, approve=True, by=manager, now=NOW)
    refused.refresh_from_db()
    perform(refused.job)
    refused.refresh_from_db()
    assert refused.notes == ["It was sent as a restatement, but changed nothing of closed periods."]
    assert orders.versions.first().restated == 0


def test_a_refused_upload_may_be_loaded_once_its_periods_are_open_again(orders, people, manager):
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    asked = closing.propose(orders, date(2024, 12, 31), by=manager, reason="Late invoice", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    perform(intake.request_load(refused, by=orders.owner).upload.job)
    refused.refresh_from_db()
    assert refused.state == "loaded"
