"""Which records a complete extract would remove is told before anybody confirms it, and other days may be stated then.

Stored are 1 on 10 Jan, 2 on 20 Jan, 3 on 31 Jan, 4 on 1 Feb and 5 on 20 Feb 2025.
"""

import csv
import io
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from datasets import leaving
from datasets.contracts import put_in_force
from datasets.models import Upload
from datasets.refusals import WrongState
from jobs import work
from lake.contract import Column, Contract
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD
from tests.datasets.test_complete import BOTH, OF_UNITS, ORDERS, access, complete, ids
from tests.factories import UnitFactory, loaded_dataset, member, perform
from tests.pages import text_of

pytestmark = pytest.mark.django_db

LACKS_THREE = HEAD + "1,2025-01-10,10\n5,2025-02-20,50\n"


@pytest.fixture
def orders(analyst, home):
    return loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", name="Orders", owner=analyst)


def loaded_with(client, upload, **answer) -> Upload:
    client.post(reverse("upload_load", args=[upload.public_id]), answer)
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    return upload


def test_the_page_lists_the_first_and_all_can_be_downloaded_until_it_is_answered(
    client, orders, django_capture_on_commit_callbacks
):
    upload = complete(orders, LACKS_THREE)
    kept = Path(settings.UPLOAD_ROOT) / "asked" / f"{upload.public_id.hex}.parquet"
    page = text_of(client.get(upload.get_absolute_url()))
    assert "3 of the 5 records of 10 Jan 2025 to 20 Feb 2025 are not in this extract" in page
    assert "record 4 of 1 Feb 2025 record 3 of 31 Jan 2025 record 2 of 20 Jan 2025" in page  # the newest first
    assert "Records to remove (CSV)" in page
    file = client.get(reverse("upload_removed", args=[upload.public_id]), {"as": "csv"})
    assert file["Content-Disposition"].startswith(f'attachment; filename="to-remove-{upload.pk}-all.csv"')
    assert file.getvalue().decode().splitlines()[1:] == ["4,2025-02-01,40.0", "3,2025-01-31,30.0", "2,2025-01-20,20.0"]
    assert (ids(orders), kept.exists()) == ("12345", True)
    with django_capture_on_commit_callbacks(execute=True):
        answered = loaded_with(client, upload, confirm_removal="3", sure="yes")
    assert (answered.state, ids(orders), kept.exists()) == ("loaded", "15", False)


def test_the_list_is_forgotten_before_a_worker_hears_of_the_answer(
    client, orders, monkeypatch, django_capture_on_commit_callbacks
):
    """Who loads it may ask anew, and keep another list in its place."""
    upload, seen = complete(orders, LACKS_THREE), []
    kept = Path(settings.UPLOAD_ROOT) / "asked" / f"{upload.public_id.hex}.parquet"
    monkeypatch.setattr(work, "send", lambda job: seen.append(kept.exists()))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("upload_load", args=[upload.public_id]), {"complete": "no"})
    assert seen == [False]


def test_over_rest_they_are_told_by_the_question_and_listed_where_the_removed_ones_are(client, orders):
    upload = complete(orders, LACKS_THREE)
    here = f"/api/v1/uploads/{upload.public_id}/"
    assert client.get(here).json()["fault"]["details"] == [
        {"key": "4", "day": "2025-02-01"}, {"key": "3", "day": "2025-01-31"}, {"key": "2", "day": "2025-01-20"}
    ]  # fmt: skip
    listed = client.get(f"{here}removed/?limit=1&offset=1").json()
    assert listed == {
        "total": 3, "columns": ["id", "day", "cost"], "rows": [{"id": "3", "day": "2025-01-31", "cost": 30.0}]
    }  # fmt: skip
    text = client.get(f"{here}removed/?as=csv").getvalue().decode("utf-8-sig")
    assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == ["4", "3", "2"]


def test_of_them_a_person_sees_those_whose_rows_they_see(client, home):
    north, south = UnitFactory(code="n", parent=home), UnitFactory(code="s", parent=home)
    cases = loaded_dataset(BOTH, OF_UNITS, unit=home, code="cases")
    upload = complete(cases, "id,day,unit\n1,2025-01-10,n\n5,2025-01-14,n\n", may_remove=0)
    everything = leaving.rows_page(upload, access(cases.owner))
    assert (upload.fault["removed"], everything.total) == (3, 3)
    seen = {unit.code: leaving.rows_page(upload, access(member(Member.ANALYST, unit))) for unit in (north, south)}
    shown = {code: (page.total, {row["unit"] for row in page.rows}) for code, page in seen.items()}
    assert shown == {"n": (1, {"n"}), "s": (1, {"s"})}  # the third is of no unit


def test_more_than_twenty_are_counted_and_all_of_them_are_in_the_list(client, analyst, home):
    rows = "".join(f"{number},2025-01-{number % 28 + 1:02},1\n" for number in range(1, 31))
    many = loaded_dataset(HEAD + rows, CONTRACT, unit=home, code="many", owner=analyst)
    upload = complete(many, HEAD + "28,2025-01-01,1\n27,2025-01-28,1\n")
    assert "and 8 more" in text_of(client.get(upload.get_absolute_url()))  # 28 would leave
    listed = client.get(reverse("upload_removed", args=[upload.public_id]), {"as": "csv"}).getvalue().decode()
    assert len(listed.splitlines()) == 1 + 28


def test_the_question_lets_other_days_be_stated(client, orders):
    """By its events it spoke for 10 Jan to 20 Feb; its sender meant January, where 2 and 3 are gone."""
    upload = complete(orders, LACKS_THREE)
    page = client.get(upload.get_absolute_url()).content.decode()
    assert 'value="2025-01-10"' in page and 'value="2025-02-20"' in page and "Look again with these days" in page
    upload = loaded_with(client, upload, complete_from="2025-02-10", complete_through="2025-02-20")
    assert (upload.state, upload.fault["code"]) == ("asks", "outside_stretch")  # 1 is of January
    upload = loaded_with(client, upload, complete_from="2025-01-01", complete_through="2025-02-28")
    assert (upload.state, upload.fault["removed"], upload.fault["first"]) == ("asks", 3, "2025-01-01")
    assert loaded_with(client, upload, complete="no").state == "loaded"
    assert ids(orders) == "12345"


def test_once_the_contract_has_changed_the_list_of_then_is_no_longer_shown(client, orders):
    upload = complete(orders, LACKS_THREE)
    put_in_force(orders, Contract((*CONTRACT.columns, Column("team", required=False))), by=orders.owner)
    upload = Upload.objects.get(pk=upload.pk)
    with pytest.raises(WrongState, match="is not known as Orders is now"):
        leaving.rows_page(upload, access(orders.owner))
