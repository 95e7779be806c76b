"""A refusal for closed rows tells values of stored records: each person is told of those that they may see now."""

import pytest
from django.utils import timezone

from datasets import closing, restating
from datasets.models import Upload
from lake.contract import Column, ColumnType, Contract, Role
from organization import members
from organization.models import Role as Member
from tests.datasets.closing.orders import JANUARY, NOW, TODAY, WHY
from tests.datasets.test_complete import complete
from tests.factories import MembershipFactory, UnitFactory, loaded_dataset, member, upload_csv
from tests.pages import text_of

pytestmark = pytest.mark.django_db

CONTRACT = Contract(
    (
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("unit", roles=(Role.UNIT,)),
        Column("cost", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
    )
)
HEAD = "id,day,unit,cost\n"
STORED = HEAD + "N1,2025-01-10,n,4711\nS1,2025-01-11,s,4712\nN2,2025-02-10,n,1\nS2,2025-02-11,s,1\n"
CHANGES_BOTH = HEAD + "N1,2025-01-10,n,1\nS1,2025-01-11,s,2\n"


@pytest.fixture
def units(home):
    return UnitFactory(code="n", parent=home), UnitFactory(code="s", parent=home)


@pytest.fixture
def cases(home, units):
    """Four records of two units, closed through January."""
    made = loaded_dataset(STORED, CONTRACT, unit=home, code="cases", name="Cases")
    asked = closing.propose(made, JANUARY, by=member(Member.MANAGER, home), reason="Month-end of January", day=TODAY)
    closing.decide(asked, approve=True, by=member(Member.FINANCE, home), now=timezone.now())
    made.refresh_from_db()
    return made


@pytest.fixture
def sender(units):
    """An analyst of both units, who has lost the north by now."""
    person = member(Member.ANALYST, units[1])
    person.north = MembershipFactory(user=person, unit=units[0], role=Member.ANALYST)
    return person


def told(client, person, upload) -> tuple[set[str], str, str]:
    """The keys of the records that a person is told of over REST, and what page and load say."""
    client.force_login(person)
    here = f"/api/v1/uploads/{upload.public_id}/"
    keys = {one["key"] for one in client.get(here).json()["fault"].get("details", [])}
    again = client.post(f"{here}load/", {}, content_type="application/json").content.decode()
    return keys, text_of(client.get(upload.get_absolute_url())), again


def test_an_uploader_who_lost_a_unit_is_told_no_more_of_its_records(client, cases, sender):
    refused = upload_csv(cases, CHANGES_BOTH, by=sender)
    assert refused.fault["code"] == "period_closed"
    keys, page, again = told(client, sender, refused)
    assert keys == {"N1", "S1"} and "4711" in page and "4711" in again
    members.end(sender.north, on=TODAY, by=None)
    keys, page, again = told(client, sender, refused)
    assert keys == {"S1"}
    assert "4711" not in page and "N1" not in page and "4712" in page
    assert "4711" not in again and "N1" not in again and "4712" in again


def test_neither_by_the_restatement_that_they_asked_for(client, cases, sender):
    refused = upload_csv(cases, CHANGES_BOTH, by=sender)
    asked = restating.ask(refused, reason=WHY, by=sender, now=NOW)
    members.end(sender.north, on=TODAY, by=None)
    client.force_login(sender)
    shown = client.get(f"/api/v1/dataset-restatements/{asked.pk}/").json()
    assert [one["key"] for one in shown["details"]] == ["S1"]
    assert "4711" not in client.get(refused.get_absolute_url()).content.decode()


def test_nor_of_the_records_that_a_complete_extract_would_remove(client, cases, sender):
    asks = complete(cases, HEAD + "N2,2025-02-10,n,1\nS3,2025-02-12,s,1\nN4,2025-02-09,n,1\n", by=sender, may_remove=0)
    assert [one["key"] for one in asks.fault["details"]] == ["S2"]
    MembershipFactory(user=sender, unit=cases.unit, role=Member.INTEGRATION)
    members.end(sender.memberships.get(unit__code="s"), on=TODAY, by=None)
    members.end(sender.memberships.get(unit=cases.unit), on=TODAY, by=None)
    keys, page, again = told(client, sender, asks)
    assert keys == set() and "S2" not in page and '"S2"' not in again
    assert client.get(f"/api/v1/uploads/{asks.public_id}/removed/").json()["total"] == 0


def test_of_an_older_refusal_that_names_no_units_the_records_are_for_who_sees_every_row(client, cases, sender):
    refused = upload_csv(cases, CHANGES_BOTH, by=sender)
    older = refused.fault | {"details": [{**one, "units": []} for one in refused.fault["details"]]}
    Upload.objects.filter(pk=refused.pk).update(fault=older)
    assert told(client, sender, refused)[0] == set()
    assert told(client, cases.owner, refused)[0] == {"N1", "S1"}
