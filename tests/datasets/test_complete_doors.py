"""Complete extracts over REST and on pages: what is asked, confirmed and told, and to whom."""

import csv
import io
from datetime import date

import pytest
from django.urls import reverse

from datasets.models import Upload
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD
from tests.datasets.test_complete import BOTH, LACKS_TWO, OF_UNITS, ORDERS, complete, ids
from tests.factories import UnitFactory, loaded_dataset, member, perform

pytestmark = pytest.mark.django_db


def posted(client, address, **body):
    return client.post(address, body, content_type="application/json")


def test_over_rest_an_extract_says_that_it_is_complete_and_confirms_a_number(client, analyst, home):
    orders = loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", owner=analyst)
    file = io.BytesIO((HEAD + "1,2025-01-10,10\n5,2025-02-20,50\n").encode())
    file.name = "all.csv"
    sent = client.post("/api/v1/uploads/", {"file": file, "dataset": "orders", "complete": "true"})
    upload = Upload.objects.latest("pk")
    assert (sent.status_code, sent.json()["upload"]["complete"]) == (202, True)
    perform(upload.job)
    here = f"/api/v1/uploads/{upload.public_id}/"
    refused = posted(client, f"{here}load/")
    assert (refused.status_code, refused.json()["code"]) == (409, "removal_unconfirmed")
    assert {name: refused.json()[name] for name in ("field", "removed", "stored", "first", "last")} == {
        "field": "confirm_removal", "removed": 3, "stored": 5, "first": "2025-01-10", "last": "2025-02-20"
    }  # fmt: skip
    assert posted(client, f"{here}load/", confirm_removal=3).status_code == 202
    upload.refresh_from_db()
    perform(upload.job)
    shown = client.get(here).json()
    assert (shown["state"], shown["removed"]) == ("loaded", 3)
    assert (shown["complete_from"], shown["complete_through"]) == ("2025-01-10", "2025-02-20")
    listed = client.get(f"{here}removed/?limit=2").json()
    assert (listed["total"], [row["id"] for row in listed["rows"]]) == (3, ["4", "3"])  # the newest first
    text = client.get(f"{here}removed/?as=csv").getvalue().decode("utf-8-sig")
    assert [row["cost"] for row in csv.DictReader(io.StringIO(text))] == ["40.0", "30.0", "20.0"]
    assert client.get("/api/v1/datasets/orders/versions/").json()[0]["removed"] == 3
    assert ids(orders) == "15"


def test_over_rest_a_load_that_waits_is_not_answered_as_done_where_something_else_is_said_now(client, analyst, home):
    """3 of 5 would leave; it is allowed, and while that load waits somebody wants none to."""
    orders = loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", owner=analyst)
    upload = complete(orders, HEAD + "1,2025-01-10,10\n5,2025-02-20,50\n")
    here = f"/api/v1/uploads/{upload.public_id}"
    asking = client.post(f"{here}/undo/", {"reason": "a mistake"})
    assert asking.json()["detail"] == (
        f"Upload #{upload.pk} is waiting for an answer; only a loaded one can be taken back."
    )
    assert posted(client, f"{here}/load/", confirm_removal=3).status_code == 202
    assert posted(client, f"{here}/load/", confirm_removal=3).status_code == 200  # the same again
    assert posted(client, f"{here}/load/").status_code == 200
    days = ({"complete_from": "2025-01-01"}, {"complete_through": "2025-02-28"})
    for said in ({"complete": False}, *days, {"confirm_removal": 1}, {"blank_missing": True}):
        refused = posted(client, f"{here}/load/", **said)
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
        assert (refused.json()["field"],) == tuple(said)
    assert refused.json()["detail"] == (
        f"Upload #{upload.pk} is being loaded as it was asked for before; what is said now changes nothing."
    )
    upload.refresh_from_db()
    perform(upload.job)
    assert posted(client, f"{here}/load/", confirm_removal=4).status_code == 200  # it is loaded: nothing more leaves
    late = posted(client, f"{here}/load/", complete=False).json()
    assert late["next_step"] == "Take it back and send the file again as it should be read."
    assert ids(orders) == "15"


def test_over_rest_it_may_be_loaded_without_removing_also_by_a_form_that_leaves_complete_out(client, analyst, home):
    orders = loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", owner=analyst)
    upload = complete(orders, HEAD + "1,2025-01-10,10\n5,2025-02-20,50\n")
    here = f"/api/v1/uploads/{upload.public_id}/load/"
    assert client.post(here).status_code == 409
    assert client.post(here, {"confirm_removal": "2"}).status_code == 202  # still complete, and too few are allowed
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.complete, upload.fault["removed"]) == ("asks", True, 3)
    assert posted(client, here, complete=False).status_code == 202
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.complete, upload.removed, ids(orders)) == ("loaded", False, None, "12345")


def test_times_of_a_page_s_file_are_by_the_clock_of_the_days_and_over_rest_in_utc(client, analyst, home):
    paris = Contract(
        columns=(
            Column("id", roles=(Role.KEY,)),
            Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        ),
        reporting_timezone="Europe/Paris",
    )
    text = "id,at\n1,2025-03-29 22:30:00\n2,2025-03-29 23:30:00\n3,2025-03-30 20:00:00\n4,2025-03-30 22:00:00\n"
    cases = loaded_dataset(text, paris, unit=home, code="cases", owner=analyst)
    upload = complete(cases, "id,at\n3,2025-03-30 20:00:00\n")  # of 30 March: 2 (00:30 in Paris) and 3
    assert (upload.removed, upload.complete_from, upload.complete_through) == (1, *[date(2025, 3, 30)] * 2)
    on_page = client.get(reverse("upload_removed", args=[upload.public_id])).getvalue().decode()
    assert on_page.splitlines()[1:] == ["2,2025-03-30T00:30:00+01:00"]
    rows = client.get(f"/api/v1/uploads/{upload.public_id}/removed/").json()["rows"]
    assert rows == [{"id": "2", "at": "2025-03-29T23:30:00"}]


def test_over_rest_complete_where_it_cannot_be_is_refused_at_its_field(client, analyst):
    file = io.BytesIO(HEAD.encode())
    file.name = "all.csv"
    sent = client.post("/api/v1/uploads/", {"file": file, "complete": "true"})
    assert (sent.status_code, sent.json()["field"], Upload.objects.count()) == (400, "complete", 0)


def test_who_sees_only_some_rows_is_not_told_how_many_left(client, analyst, home):
    north = UnitFactory(code="n", parent=home)
    UnitFactory(code="s", parent=home)
    cases = loaded_dataset(BOTH, OF_UNITS, unit=home, code="cases")
    upload = complete(cases, "id,day,unit\n1,2025-01-10,n\n5,2025-01-14,n\n3,2025-01-12,s\n")
    assert upload.removed == 2
    client.force_login(member(Member.ANALYST, north))
    assert client.get(f"/api/v1/uploads/{upload.public_id}/").json()["removed"] is None
    assert [row["id"] for row in client.get(f"/api/v1/uploads/{upload.public_id}/removed/").json()["rows"]] == ["2"]


def test_the_page_asks_before_anything_is_removed_and_twice_for_most(client, analyst, home):
    orders = loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", name="Orders", owner=analyst)
    assert 'name="complete"' in client.get(reverse("upload_new"), {"dataset": "orders"}).content.decode()
    assert 'name="complete"' not in client.get(reverse("upload_new")).content.decode()

    def sent(text):
        file = io.BytesIO(text.encode())
        file.name = "all.csv"
        client.post(reverse("upload_new"), {"dataset": "orders", "file": file, "complete": "yes"})
        upload = Upload.objects.latest("pk")
        perform(upload.job)
        return upload, reverse("upload", args=[upload.public_id]), reverse("upload_load", args=[upload.public_id])

    upload, here, load = sent(LACKS_TWO)
    asked = client.get(here).content.decode()
    assert "1 of the 3 records of 10 Jan 2025 to 31 Jan 2025 is not in this extract and would be removed." in asked
    assert 'class="problems info"' in asked  # a question, not a fault
    assert "1</span> record</span></button>" in asked and 'name="sure"' not in asked
    assert ids(orders) == "12345"
    client.post(load, {"confirm_removal": "1"})
    upload.refresh_from_db()
    perform(upload.job)
    assert ids(orders) == "1345"
    done = client.get(here).content.decode()
    assert "Removed: 1 record of 10 Jan 2025 to 31 Jan 2025 that the extract lacks." in done
    assert (
        "</span> record removed, of 10 Jan 2025 to 31 Jan 2025"
        in client.get("/datasets/orders/history/").content.decode()
    )
    rows = client.get(reverse("upload_removed", args=[upload.public_id]), {"as": "csv"}).getvalue().decode()
    assert rows.splitlines()[1] == "2,2025-01-20,20.0"

    upload, here, load = sent(HEAD + "1,2025-01-10,10\n5,2025-02-20,50\n")  # lacks 2 of 4
    assert 'name="sure"' not in client.get(here).content.decode()
    upload, here, load = sent(HEAD + "1,2025-01-10,10\n9,2025-02-20,50\n")  # lacks 3 of 4
    assert 'name="sure"' in client.get(here).content.decode()
    client.post(load, {"confirm_removal": "3"})
    upload.refresh_from_db()
    assert upload.state == "asks"
    client.post(load, {"complete": "no", "confirm_removal": "3"})
    upload.refresh_from_db()
    perform(upload.job)
    assert (ids(orders), Upload.objects.get(pk=upload.pk).complete) == ("13459", False)
