"""What a second person decided about closed rows reaches who asked, with the remark."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from alerts.models import InboxEntry, Mail
from datasets import closing, restating
from organization.models import Role as Member
from tests.datasets.closing.orders import HEAD, JANUARY, TODAY, WHY, asked_for
from tests.factories import UnitFactory, member, upload_csv

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 3, 15, 9, tzinfo=UTC)
LATE = HEAD + "1,2025-01-10,11\n"


def told(person) -> list[tuple[str, str, str]]:
    entries = InboxEntry.objects.filter(user=person, notice__kind__startswith="dataset.").order_by("pk")
    return [(one.notice.subject, one.notice.text, one.notice.link) for one in entries.select_related("notice")]


def test_a_rejected_restatement_reaches_who_asked_with_the_reason(client, orders, people):
    refused = upload_csv(orders, LATE, by=people[Member.ANALYST])
    asked = asked_for(refused)
    restating.decide(asked, approve=False, by=people[Member.MANAGER], now=NOW, remark="The invoice is of March.")
    here = f"/uploads/{refused.public_id}/"
    assert told(people[Member.ANALYST]) == [
        (
            f"Rejected: load #{refused.pk} as a restatement (Orders)",
            f"{people[Member.MANAGER]}: The invoice is of March.",
            here,
        )
    ]
    assert Mail.objects.filter(entry__user=people[Member.ANALYST]).count() == 1
    client.force_login(people[Member.ANALYST])
    assert f"load #{refused.pk} as a restatement (Orders)" in client.get(reverse("inbox")).content.decode()


def test_an_approved_one_too_and_who_decided_is_told_nothing(orders, people):
    refused = upload_csv(orders, LATE, by=people[Member.ANALYST])
    restating.decide(asked_for(refused), approve=True, by=people[Member.MANAGER], now=NOW)
    ((subject, text, _),) = told(people[Member.ANALYST])
    assert (subject, text) == (
        f"Approved: load #{refused.pk} as a restatement (Orders)",
        f"By {people[Member.MANAGER]}.",
    )
    assert not [one for one in told(people[Member.MANAGER]) if "restatement" in one[0]]


def test_one_that_is_withdrawn_tells_nobody(orders, people):
    asked = asked_for(upload_csv(orders, LATE, by=people[Member.ANALYST]))
    restating.withdraw(asked, by=people[Member.ANALYST], now=NOW)
    assert told(people[Member.ANALYST]) == []


def test_who_uploads_for_a_unit_below_the_dataset_s_alone_is_told_as_well(home, orders, people):
    north = member(Member.ANALYST, UnitFactory(code="n", parent=home))
    asked = asked_for(upload_csv(orders, LATE), by=north)
    restating.decide(asked, approve=False, by=people[Member.MANAGER], now=NOW, remark="Not now.")
    assert [subject.split(":")[0] for subject, *_ in told(north)] == ["Rejected"]


def test_a_decision_about_closing_reaches_who_proposed_it(orders, people):
    asked = closing.propose(orders, None, by=people[Member.MANAGER], reason=WHY, day=TODAY)
    closing.decide(asked, approve=False, by=people[Member.FINANCE], now=NOW, remark="January is reported.")
    said = f"{people[Member.FINANCE]}: January is reported."
    assert told(people[Member.MANAGER])[-1] == (
        "Rejected: re-open all periods (Orders)", said, "/datasets/orders/closing/"
    )  # fmt: skip
    assert orders.closed_through == JANUARY
