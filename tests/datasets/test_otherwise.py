"""A file that is not written as those of its dataset: the page asks, with the preview; REST refuses it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets.models import Upload
from lake.intake import Dialect
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, TEXT, orders_now, rows_of
from tests.datasets.test_wizard import filled
from tests.factories import loaded_dataset, member, perform

pytestmark = pytest.mark.django_db

SEMICOLONS = "id;day;cost\n4;2025-02-04;40,5\n5;2025-02-05;50,25\n"


@pytest.fixture
def orders(home):
    return loaded_dataset(
        TEXT, CONTRACT, dialect=Dialect(total_words=("total",)), unit=home, code="orders", name="Orders"
    )


@pytest.fixture
def steward(orders, client):
    user = member(Member.ANALYST, orders.unit)
    client.force_login(user)
    return user


def sent(client, content, name="x.csv", **more) -> Upload:
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    answer = client.post(reverse("upload_new"), {"dataset": "orders", "file": file, **more})
    upload = Upload.objects.latest("pk")
    assert answer["Location"] == reverse("upload_confirm", args=[upload.public_id])
    return upload


def answered(client, upload, **more) -> Upload:
    page = client.get(reverse("upload_confirm", args=[upload.public_id]))
    assert client.post(page.request["PATH_INFO"], filled(page) | more).status_code == 302
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    return upload


def test_another_delimiter_and_decimal_sign_are_asked_about_with_the_preview(orders, steward, client):
    upload = sent(client, SEMICOLONS, complete="yes", blank_missing="yes")
    assert (upload.state, upload.complete, upload.may_remove, upload.blank_missing) == ("asks", True, 0, True)
    page = client.get(reverse("upload_confirm", args=[upload.public_id]))
    assert "not written as those of Orders: delimiter semicolon instead of comma." in page.content.decode()
    assert page.context["preview"].first_rows[0] == ("4", "2025-02-04", "40,5")
    assert [row["name"].value() for row in page.context["columns"] if not row.is_new] == ["id", "day", "cost"]
    assert "Confirm how it is read" in client.get(upload.get_absolute_url()).content.decode()


def test_it_is_read_so_alone_or_with_all_later_files_and_the_trail_tells(orders, steward, client):
    before = orders.dialect
    upload = answered(client, sent(client, SEMICOLONS))
    assert (upload.state, upload.accepted) == ("loaded", 2)
    assert rows_of(orders_now(orders))[3:] == [("4", "2025-02-04", 40.5), ("5", "2025-02-05", 50.25)]
    assert (orders.dialect, orders.contract_number) == (before, 1)
    assert AuditEntry.objects.filter(action="upload read otherwise").count() == 1
    assert not AuditEntry.objects.filter(action="reading of files changed").exists()

    answered(client, sent(client, SEMICOLONS.replace("4;", "6;", 1)), settles="yes")
    assert (orders_now(orders).dialect["delimiter"], orders.dialect["total_words"]) == (";", ["total"])
    told = AuditEntry.objects.get(action="reading of files changed").details
    assert told["delimiter"] == {"before": ",", "after": ";"}
    file = SimpleUploadedFile("z.csv", SEMICOLONS.replace("4;", "7;", 1).encode())
    client.post(reverse("upload_new"), {"dataset": "orders", "file": file})
    assert Upload.objects.latest("pk").state == "queued"


def test_of_files_that_are_written_in_the_usual_way_another_one_is_asked_about_too(home, client):
    usual = loaded_dataset(TEXT, CONTRACT, unit=home, code="orders", name="Orders")
    client.force_login(usual.owner)
    upload = answered(client, sent(client, SEMICOLONS))
    assert (upload.state, upload.accepted, orders_now(usual).dialect["delimiter"]) == ("loaded", 2, ",")
    file = SimpleUploadedFile("x.csv", b"id,day,cost\n9,2025-02-09,90\n")
    client.post(reverse("upload_new"), {"dataset": "orders", "file": file})
    assert Upload.objects.latest("pk").state == "queued"


def test_what_lacks_a_required_column_however_it_is_read_is_refused_as_before(orders, steward, client):
    file = SimpleUploadedFile("x.csv", b"id;cost\n4;40\n")
    answer = client.post(reverse("upload_new"), {"dataset": "orders", "file": file})
    assert answer.status_code == 422
    assert Upload.objects.count() == 1


def test_over_rest_it_is_refused_and_nothing_is_kept(orders, steward, client):
    file = SimpleUploadedFile("x.csv", SEMICOLONS.encode())
    answer = client.post("/api/v1/uploads/", {"dataset": "orders", "file": file})
    assert (answer.status_code, answer.json()["code"], Upload.objects.count()) == (422, "rows_do_not_fit", 1)
