"""One person proposes to close or open periods, another decides."""

from datetime import date

import pytest
from django.utils import timezone

from datasets import closing
from datasets.models import Closing, Dataset
from datasets.refusals import InvalidRequest, SecondPersonNeeded, WrongState
from lake.contract import Column, Contract, Role
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD, JANUARY, TEXT, TODAY
from tests.factories import loaded_dataset, upload_csv

pytestmark = pytest.mark.django_db


def test_one_person_proposes_and_another_closes(home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    asked = closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end of January", day=TODAY)
    dataset.refresh_from_db()
    assert (dataset.closed_through, asked.state, asked.wish) == (None, "proposed", "close through 31 Jan 2025")
    with pytest.raises(SecondPersonNeeded):
        closing.decide(asked, approve=True, by=people[Member.MANAGER], now=timezone.now())
    closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    dataset.refresh_from_db()
    assert dataset.closed_through == JANUARY
    with pytest.raises(WrongState):
        closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    told = AuditEntry.objects.filter(action__startswith="closing").order_by("seq").values_list("action", "actor_name")
    assert list(told) == [
        ("closing proposed", str(people[Member.MANAGER])),
        ("closing approved", str(people[Member.FINANCE])),
    ]


def test_periods_are_reopened_in_the_same_way_and_all_of_it_stays_in_the_history(orders, people):
    asked = closing.propose(orders, None, by=people[Member.FINANCE], reason="The audit moved a booking", day=TODAY)
    assert (asked.before, asked.reopens, asked.wish) == (JANUARY, True, "re-open all periods")
    assert upload_csv(orders, HEAD + "1,2025-01-10,11\n").state == "refused"  # until somebody approves
    closing.decide(asked, approve=True, by=people[Member.MANAGER], now=timezone.now())
    assert upload_csv(orders, HEAD + "1,2025-01-10,12\n").state == "loaded"
    assert [(one.through, one.state) for one in orders.closings.all()] == [(None, "approved"), (JANUARY, "approved")]


def test_a_proposal_is_rejected_with_a_remark_or_withdrawn_by_its_maker(orders, people):
    manager, finance = people[Member.MANAGER], people[Member.FINANCE]

    def ask():
        return closing.propose(orders, date(2025, 2, 28), by=manager, reason="Month-end", day=TODAY)

    with pytest.raises(InvalidRequest, match="why"):
        closing.decide(ask(), approve=False, by=finance, now=timezone.now())
    with pytest.raises(WrongState, match="waits for a second person"):
        ask()
    waiting = Closing.objects.get(state="proposed")
    assert (
        closing.decide(waiting, approve=False, by=finance, remark="Two extracts are missing.", now=timezone.now()).state
        == "rejected"
    )
    asked = ask()
    with pytest.raises(WrongState):
        closing.withdraw(asked, by=finance, now=timezone.now())
    assert closing.withdraw(asked, by=manager, now=timezone.now()).state == "withdrawn"
    orders.refresh_from_db()
    assert orders.closed_through == JANUARY


@pytest.mark.parametrize(
    ("through", "reason", "field"),
    [
        (date(2025, 2, 28), "", "reason"),
        (date(2025, 2, 28), "so", "reason"),
        (TODAY, "Too early", "through"),
        (JANUARY, "Once more", "through"),
    ],
    ids=["no reason", "hardly a reason", "a day that is not over", "as it is"],
)
def test_what_cannot_be_closed_says_why(orders, people, through, reason, field):
    with pytest.raises(InvalidRequest) as refusal:
        closing.propose(orders, through, by=people[Member.MANAGER], reason=reason, day=TODAY)
    assert refusal.value.extra["field"] == field


def test_a_monthly_report_is_closed_by_months(home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home, covers=Dataset.Covers.MONTH)
    with pytest.raises(InvalidRequest, match="2025-01-31"):
        closing.propose(dataset, date(2025, 1, 15), by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)


def test_a_dataset_without_an_event_time_has_no_periods(home, people):
    dataset = loaded_dataset("id\n1\n", Contract((Column("id", roles=(Role.KEY,)),)), unit=home)
    with pytest.raises(WrongState, match="no periods"):
        closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)
