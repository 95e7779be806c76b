"""Hostile files at the doors: names and headings are only text, links are never followed, a wrong name is told."""

import csv
import io
import socket

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets.models import Upload
from lake import intake
from lake.contract import Column, ColumnType
from lake.intake import Dialect
from tests.corpus import parquets, texts, workbooks
from tests.corpus.reading import contract, outcome
from tests.factories import ApiTokenFactory, UnitFactory, member

SCRIPT = "<script>alert(1)</script>"
HEADINGS = [
    SCRIPT,
    "</script><img src=x onerror=alert(1)>",
    "{{7*7}}",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "🙂\nx",
]


@pytest.fixture
def analyst(client):
    user = member("analyst", UnitFactory(code="home"))
    client.force_login(user)
    return user


@pytest.mark.django_db
@pytest.mark.usefixtures("in_this_process")
def test_B19_C24_names_and_headings_are_shown_as_text(client, analyst):
    text = io.StringIO()
    csv.writer(text).writerows([["id", *HEADINGS], ["1", *HEADINGS]])
    file = SimpleUploadedFile(f"{SCRIPT}.csv", text.getvalue().encode())
    answer = client.post(reverse("upload_new"), {"file": file}, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200 and Upload.objects.count() == 1
    assert SCRIPT not in page and "<img src=x" not in page and 'href="javascript:' not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "{{7*7}}" in page
    listed = client.get(reverse("upload", args=[Upload.objects.get().public_id]), follow=True).content.decode()
    assert SCRIPT not in listed


@pytest.mark.django_db
@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("name", "build", "what"),
    [
        pytest.param("orders.xlsx", texts.written(texts.GOOD), "delimited text", id="C50-csv-named-xlsx"),
        pytest.param("orders.csv", workbooks.workbook, "a workbook", id="C50-xlsx-named-csv"),
        pytest.param("orders.csv.gz", parquets.parquet, "a Parquet file", id="C50-parquet-named-csv"),
    ],
)
def test_C50_a_name_that_contradicts_the_content_is_told(client, tmp_path, name, build, what):
    secret = ApiTokenFactory(user=member("analyst", UnitFactory()), scopes=["upload"]).secret
    file = SimpleUploadedFile(name, build(tmp_path / "made").read_bytes())
    answer = client.post("/api/v1/uploads/", {"file": file}, headers={"Authorization": f"Bearer {secret}"})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["file"]) == (422, "name_differs", name), problem
    assert what in problem["detail"] and "rename it" in problem["next_step"]
    assert not Upload.objects.exists()


def test_B17_C47_links_and_queries_are_named_as_ignored_and_nothing_calls_out(tmp_path, monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it called out"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it looked up a name"))
    path = workbooks.links(tmp_path / "linked.xlsx")
    of = contract(Column("amount", type=ColumnType.DECIMAL), Column("note"))
    found = outcome(intake.load(path, of, Dialect(kind="xlsx"), into=tmp_path / "into"))
    assert [str(value) for value in found.column("amount")] == ["1.5000", "2.0000"]
    (ignored,) = [note for note in found.loaded.notes if note.startswith("Ignored parts")]
    assert all(word in ignored for word in ("links to other workbooks", "data connections", "pictures", "pivot caches"))
