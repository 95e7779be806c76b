"""A row that was set aside for several faults is one row: shown, corrected, counted and loaded as one."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets import rejects, undo
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.factories import loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER, minimum=0),
    ),
    reject_limit_pct=90,
)
TWO_FAULTS = "id,day,cost\n7,2025-02-30,-1\n8,2025-02-31,1\n9,2025-02-01,1\n"  # rows 2 (two faults), 3 (one) and 4


@pytest.fixture
def upload(home, analyst):
    orders = loaded_dataset("id,day,cost\n1,2025-01-01,1\n", CONTRACT, unit=home, code="orders")
    return upload_csv(orders, TWO_FAULTS, by=analyst)


def listed(client, upload, state="open") -> str:
    return client.get(reverse("rejects", args=[upload.public_id]), {"state": state}).content.decode()


def tallies(page: str) -> list[int]:
    """Rows that are open, corrected, replayed."""
    return [int(count) for count in re.findall(r'class="tally">(\d+)<', page)]


def test_a_row_of_two_faults_is_shown_once_with_both_reasons_and_cells_marked(client, upload):
    page = listed(client, upload)
    assert (upload.rejected, upload.rejects.count()) == (2, 3)
    assert (page.count('id="row-2"'), page.count('id="row-3"'), tallies(page)) == (1, 1, [2, 0, 0])
    first = page[page.index('id="row-2"') : page.index('id="row-3"')]
    assert "is not a date" in first and "is below the minimum 0" in first
    assert first.count('aria-invalid="true"') == 2


def test_columns_that_are_not_loaded_are_shown_and_not_offered_for_correction(client, home, analyst):
    orders = loaded_dataset("id,day,cost\n1,2025-01-01,1\n", CONTRACT, unit=home, code="notes")
    noted = upload_csv(orders, "id,day,cost,note\n2,2025-02-30,1,late\n3,2025-02-01,1,\n", by=analyst)
    page = listed(client, noted)
    assert re.findall(r'name="cell:(\w+)"', page) == ["id", "day", "cost"]
    assert "Not loaded: note late" in page


def test_both_faults_are_corrected_at_once_and_the_row_is_loaded_once(client, upload):
    correct = reverse("reject_correct", args=[upload.public_id, 2])
    answer = client.post(correct, {"cell:day": "2025-02-28", "cell:cost": "1"}, headers={"HX-Request": "true"})
    piece = answer.content.decode()
    assert (answer.status_code, piece.count('id="row-2"'), tallies(piece)) == (200, 1, [1, 1, 0])
    assert "Load corrected rows (1)" in piece
    replayed = rejects.replay(upload, by=upload.uploaded_by).upload
    perform(replayed.job)
    replayed.refresh_from_db()
    assert (replayed.accepted, tallies(listed(client, upload))) == (1, [1, 0, 1])


def test_a_row_that_is_wrong_again_has_the_new_reasons_and_no_other(client, upload):
    rejects.correct(upload, 2, {"day": "2025-02-28", "cost": "many"}, by=upload.uploaded_by)
    perform(rejects.replay(upload, by=upload.uploaded_by).upload.job)
    (reason,) = upload.rejects.filter(row=2)
    assert (reason.state, reason.column, reason.value) == ("open", "cost", "many")
    assert (reason.record["day"], reason.correction["day"]) == ("2025-02-30", "2025-02-28")
    rejects.correct(upload, 2, {"day": "x", "cost": "y"}, by=upload.uploaded_by)
    perform(rejects.replay(upload, by=upload.uploaded_by).upload.job)
    assert [(one.column, one.value) for one in upload.rejects.filter(row=2)] == [("day", "x"), ("cost", "y")]


def test_without_scripts_a_refused_correction_says_why(client, upload):
    rejects.dismiss(upload, 2, by=upload.uploaded_by)
    page = client.post(reverse("reject_correct", args=[upload.public_id, 2]), {"cell:cost": "1"}, follow=True)
    assert "Row 2 is dismissed: it is settled." in page.content.decode()


@pytest.mark.parametrize(
    ("corrected", "said"),
    [
        ("2,2025-02-28,1\n3,2025-02-28,1\n", "2 rows were corrected. Load them"),
        ("3,2025-02-28,1\n", "1 row was corrected"),
    ]
    + [("2,2025-02-30,-1\n", "list.csv corrects nothing"), ("99,2025-02-28,1\n", "list.csv corrects nothing")],
)
def test_a_list_of_corrections_is_answered_by_what_it_corrected(client, upload, corrected, said):
    file = SimpleUploadedFile("list.csv", f"row,day,cost\n{corrected}".encode())
    page = client.post(reverse("reject_list_upload", args=[upload.public_id]), {"file": file}, follow=True)
    assert said in page.content.decode()


def test_an_upload_taken_back_says_by_whom_and_why_and_that_its_corrected_rows_stay(client, upload, home):
    rejects.correct(upload, 3, {"day": "2025-02-28"}, by=upload.uploaded_by)
    corrected = rejects.replay(upload, by=upload.uploaded_by).upload
    perform(corrected.job)
    page = client.get(upload.get_absolute_url()).content.decode()
    assert f"Its corrected rows, loaded as #{corrected.pk}, stay until that is taken back too." in page
    other = member(Member.ANALYST, home, first_name="Ola", last_name="Other")
    perform(undo.request_undo(upload, by=other, reason="Wrong month was exported"))
    page = client.get(upload.get_absolute_url()).content.decode()
    assert "Taken back by Ola Other on" in page and "Wrong month was exported" in page
    assert "Its corrected rows are still loaded" in page and corrected.get_absolute_url() in page
    history = client.get(reverse("dataset_history", args=["orders"])).content.decode()
    assert "Ola Other: Wrong month was exported" in history


def test_once_every_row_is_settled_nothing_asks_for_a_correction(client, upload):
    assert "Correct rejected rows" in client.get(upload.get_absolute_url()).content.decode()
    rejects.dismiss(upload, 2, by=upload.uploaded_by)
    rejects.correct(upload, 3, {"day": "2025-02-28"}, by=upload.uploaded_by)
    assert "Load corrected rows (1)" in listed(client, upload)
    perform(rejects.replay(upload, by=upload.uploaded_by).upload.job)
    page = listed(client, upload)
    assert "Nothing waits to be corrected." in page and "Load corrected rows" not in page
    assert (tallies(page), "Dismissed" in page) == ([0, 0, 1, 1], True)
    assert "See the rejected rows" in client.get(upload.get_absolute_url()).content.decode()
