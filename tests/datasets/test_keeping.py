"""An extract that lacks a column changes nothing in it, unless its upload says so. Verbs, REST and pages."""

import io

import pytest
from django.urls import reverse

from datasets import intake, rejects, undo
from datasets.models import Upload
from datasets.refusals import InvalidRequest
from jobs.models import Job
from lake.contract import Contract
from organization.models import AuditEntry
from tests.datasets.closing.orders import CONTRACT, TEXT, orders_now, rows_of
from tests.factories import loaded_dataset, perform, upload_csv

pytestmark = pytest.mark.django_db

LACKS_COST = "id,day\n1,2025-01-10\n2,2025-02-02\n4,2025-02-04\n"


@pytest.fixture
def orders(home):
    return loaded_dataset(TEXT, CONTRACT, unit=home, code="orders", name="Orders")


def blanking(dataset, text) -> Upload:
    upload = intake.receive(dataset, io.BytesIO(text.encode()), name="x.csv", by=dataset.owner, length=len(text))
    perform(intake.request_load(upload, by=dataset.owner, blank_missing=True).upload.job)
    upload.refresh_from_db()
    return upload


def test_records_keep_what_the_extract_lacks_and_the_upload_says_so(orders):
    upload = upload_csv(orders, LACKS_COST)
    assert (upload.state, upload.accepted, upload.replaced, upload.kept) == ("loaded", 3, 2, 2)
    assert rows_of(orders_now(orders)) == [
        ("1", "2025-01-10", 10.0), ("2", "2025-02-02", 20.0), ("3", "2025-02-01", 30.0), ("4", "2025-02-04", None)
    ]  # fmt: skip
    assert upload.notes == [
        "Columns that the file does not have: cost.",
        "Kept: the values of cost in 2 records that the extract replaces.",
    ]


def test_an_extract_with_all_columns_keeps_nothing(orders):
    upload = upload_csv(orders, "id,day,cost\n1,2025-01-10,\n")
    assert (upload.kept, upload.notes, rows_of(orders_now(orders))[0]) == (None, [], ("1", "2025-01-10", None))


def test_they_are_blanked_where_the_upload_says_so(orders):
    upload = blanking(orders, LACKS_COST)
    assert (upload.kept, rows_of(orders_now(orders))[0]) == (None, ("1", "2025-01-10", None))
    assert upload.notes[-1] == "Records that the extract replaces have no value in cost any more."
    assert AuditEntry.objects.filter(action="load requested").latest("seq").details["blank_missing"] is True


def test_a_file_that_was_loaded_may_come_again_to_blank_what_it_lacks(orders):
    first = upload_csv(orders, LACKS_COST)
    assert upload_csv(orders, LACKS_COST) == first
    assert blanking(orders, LACKS_COST) != first
    assert rows_of(orders_now(orders))[1] == ("2", "2025-02-02", None)


def test_without_a_record_key_there_is_nothing_to_blank(home):
    keyless = loaded_dataset("cost\n1\n", Contract(columns=CONTRACT.columns[2:]), unit=home, code="keyless")
    with pytest.raises(InvalidRequest, match="has a record key"):
        blanking(keyless, "cost\n2\n")


def test_corrected_rows_of_such_an_extract_keep_it_too(orders):
    upload = upload_csv(orders, "id,day\n1,10.01.2025\n3,2025-02-01\n")
    rejects.correct(upload, 2, {"day": "2025-01-11", "cost": ""}, by=orders.owner)
    replayed = rejects.replay(upload, by=orders.owner).upload
    perform(replayed.job)
    replayed.refresh_from_db()
    assert (replayed.kept, rows_of(orders_now(orders))[0]) == (1, ("1", "2025-01-11", 10.0))


def test_what_a_later_extract_kept_is_taken_back_after_it(orders):
    first = upload_csv(orders, "id,day,cost\n1,2025-01-10,99\n")
    later = upload_csv(orders, LACKS_COST)
    undo.request_undo(first, by=orders.owner)
    first.refresh_from_db()
    assert not Job.objects.filter(pk=first.job_id, state="done").exists()
    with pytest.raises(AssertionError, match="lacks cost"):
        perform(first.job)
    first.job.refresh_from_db()
    assert first.job.fault == f"1 record of upload #{later.pk}, which lacks cost, keeps values of this one. " + (
        "Take that back first."
    )
    for upload in (later, first):
        perform(undo.request_undo(Upload.objects.get(pk=upload.pk), by=orders.owner))
    assert rows_of(orders_now(orders))[0] == ("1", "2025-01-10", 10.0)


def test_over_rest_and_on_the_page_one_says_that_it_blanks(orders, client):
    client.force_login(orders.owner)
    page = client.get(reverse("upload_new"), {"dataset": "orders"}).content.decode()
    assert 'name="blank_missing"' in page
    file = io.BytesIO(LACKS_COST.encode())
    file.name = "x.csv"
    client.post(reverse("upload_new"), {"dataset": "orders", "file": file, "blank_missing": "yes"})
    assert Upload.objects.latest("pk").blank_missing
    file = io.BytesIO(LACKS_COST.replace("4,", "5,").encode())
    file.name = "y.csv"
    answer = client.post("/api/v1/uploads/", {"dataset": "orders", "file": file, "blank_missing": "true"})
    assert answer.status_code == 202, answer.content
    shown = answer.json()["upload"]
    assert (shown["blank_missing"], shown["kept"]) == (True, None)
