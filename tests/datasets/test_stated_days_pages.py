"""The days of a complete extract as a person states them: two fields below the box, a question if rows lie outside.

Stored are 1 on 10 Jan, 2 on 20 Jan, 3 on 31 Jan, 4 on 1 Feb and 5 on 20 Feb 2025.
"""

import io
from datetime import date

import pytest
from django.urls import reverse

from datasets.models import Upload
from lake.contract import Contract
from tests.datasets.closing.orders import CONTRACT, HEAD
from tests.datasets.test_complete import ORDERS, ids
from tests.factories import loaded_dataset, perform
from tests.pages import text_of

pytestmark = pytest.mark.django_db

JANUARY = {"complete": "yes", "complete_from": "2025-01-01", "complete_through": "2025-01-31"}
WITH_FEBRUARY = HEAD + "1,2025-01-10,11\n2,2025-01-20,20\n4,2025-02-01,40\n"


@pytest.fixture
def orders(analyst, home):
    contract = Contract(CONTRACT.columns, reporting_timezone="Europe/Paris")
    return loaded_dataset(ORDERS, contract, unit=home, code="orders", name="Orders", owner=analyst)


@pytest.fixture
def send(client, orders):
    """Sends a file by the upload page with what is said of it; the answer."""

    def sent(text, **said):
        file = io.BytesIO(text.encode())
        file.name = "all.csv"
        return client.post(reverse("upload_new"), {"dataset": "orders", "file": file, **said})

    return sent


def at_rest() -> Upload:
    """The last upload, after a worker has been there."""
    upload = Upload.objects.latest("pk")
    perform(upload.job)
    upload.refresh_from_db()
    return upload


def test_both_days_are_optional_fields_of_the_upload_with_a_sentence_that_says_what_they_mean(client, orders):
    page = client.get(reverse("upload_new"), {"dataset": "orders"}).content.decode()
    for name in ("complete_from", "complete_through"):
        field = page.split(f'name="{name}"')[0].rsplit("<input", 1)[1] + page.split(f'name="{name}"')[1].split(">")[0]
        assert 'type="date"' in field and 'form="extract"' in field and "required" not in field
    assert "both included, by the clock of Europe/Paris" in " ".join(page.split())
    assert "complete_from" not in client.get(reverse("upload_new")).content.decode()


def test_the_page_asks_before_it_removes_of_the_stated_days_and_then_shows_them(client, send, orders):
    send(HEAD + "2,2025-01-20,20\n", **JANUARY)
    upload = at_rest()
    assert (upload.state, upload.fault["removed"], ids(orders)) == ("asks", 2, "12345")
    here = upload.get_absolute_url()
    assert "2 of the 3 records of 1 Jan 2025 to 31 Jan 2025 (as stated) are" in client.get(here).content.decode()
    client.post(reverse("upload_load", args=[upload.public_id]), {"confirm_removal": "2", "sure": "yes"})
    assert (at_rest().state, ids(orders)) == ("loaded", "245")
    assert "1 Jan 2025 to 31 Jan 2025 <small>as stated</small>" in client.get(here).content.decode()


def test_days_of_events_are_shown_as_such(client, send, orders):
    send(HEAD + "1,2025-01-10,10\n2,2025-01-20,20\n", complete="yes", complete_from="", complete_through="")
    page = client.get(at_rest().get_absolute_url()).content.decode()
    assert "10 Jan 2025 to 20 Jan 2025 <small>by its events</small>" in page


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (JANUARY | {"complete_from": "2025-02-01"}, "The last day, 31 Jan 2025, is before the first, 1 Feb 2025."),
        ({"complete_from": "2025-01-01"}, "but it is not said to be complete. Say that it is complete, or leave the"),
        (JANUARY | {"complete_from": "0001-01-01"}, "Write a day from 1900 to 2200."),
        (JANUARY | {"complete_through": "9999-12-31"}, "Write a day from 1900 to 2200."),
        (JANUARY | {"complete_through": "31 January"}, "Write a day as YYYY-MM-DD."),
    ],
    ids=["reversed", "not complete", "year 1", "year 9999", "no day"],
)
def test_days_that_cannot_be_stated_come_back_with_the_fault_beside_them_and_nothing_is_kept(send, said, words):
    before = Upload.objects.count()
    answer = send(HEAD + "2,2025-01-20,20\n", **said)
    assert (answer.status_code, Upload.objects.count()) == (422, before)
    page = answer.content.decode()
    assert words in page.split('class="field-errors"')[1].split("</ul>")[0]
    assert f'value="{said["complete_from"]}"' in page  # what was written stays


def test_of_a_row_outside_the_page_asks_for_other_days_beginning_with_those_that_hold_it(client, send, orders):
    send(WITH_FEBRUARY, **JANUARY)
    upload = at_rest()
    here, load = upload.get_absolute_url(), reverse("upload_load", args=[upload.public_id])
    page = client.get(here).content.decode()
    assert 'class="problems info"' in page  # a question, not a fault
    assert "<li>row 4: 1 Feb 2025</li>" in page
    assert 'value="2025-01-01"' in page and 'value="2025-02-01"' in page
    assert "complete_through`" not in page  # fields of a request are not its language
    again = client.post(load, {"complete_from": "2025-01-01", "complete_through": "2025-01-31"}, follow=True)
    assert "1 of its 3 rows lies outside the days" in text_of(again)
    reversed_ = client.post(load, {"complete_from": "2025-02-28", "complete_through": "2025-01-31"}, follow=True)
    assert "is before the first" in text_of(reversed_)
    year_1 = client.post(load, {"complete_from": "0001-01-01", "complete_through": ""}, follow=True)
    assert "First day: Write a day from 1900 to 2200." in text_of(year_1)
    client.post(load, {"complete_from": "2025-01-01", "complete_through": "2025-02-28"})
    upload = at_rest()
    assert (upload.fault["code"], upload.fault["removed"]) == ("removal_unconfirmed", 2)  # 3 and 5: it asks first
    assert (upload.stated_through, ids(orders)) == (date(2025, 2, 28), "12345")


def test_it_can_be_loaded_without_removing_instead(client, send, orders):
    send(WITH_FEBRUARY, **JANUARY)
    load = reverse("upload_load", args=[at_rest().public_id])
    client.post(load, {"complete_from": "2025-01-01", "complete_through": "2025-01-31", "complete": "no"})
    upload = at_rest()
    assert (upload.state, upload.complete, upload.stated_from, ids(orders)) == ("loaded", False, None, "12345")


def test_a_file_written_otherwise_keeps_its_days_while_the_wizard_asks(client, send, orders):
    send(HEAD.replace(",", ";") + "2;2025-01-20;20\n", **JANUARY)
    upload = Upload.objects.latest("pk")
    assert (upload.state, upload.fault["code"], upload.stated_from) == ("asks", "written_otherwise", date(2025, 1, 1))
    page = " ".join(client.get(reverse("upload_confirm", args=[upload.public_id])).content.decode().split())
    assert "It was sent as complete, for 1 Jan 2025 to 31 Jan 2025 (as stated): you are asked" in page
