"""Workbooks whose cells show other values than they hold: proposed as shown of a new dataset, asked about of others."""

import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets import scan
from datasets.facts import facts_of
from datasets.models import Dataset, Upload
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.factories import loaded_dataset, member, perform

from .wizard import codes_asked, dropped, filled

pytestmark = pytest.mark.django_db

SITES = Contract(
    (
        Column("site", roles=(Role.KEY,)),
        Column("rate", type=ColumnType.NUMBER, roles=(Role.MEASURE,), number_forms=("percent",)),
    )
)


def workbook(*rows) -> bytes:
    """Of sites shown with five digits, and rates shown as percent; a third value of a row is the format of its rate."""
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, ["site", "rate"])
        for place, (site, rate, *code) in enumerate(rows, start=1):
            sheet.write(place, 0, site, book.add_format({"num_format": "00000"}))
            sheet.write(place, 1, rate, book.add_format({"num_format": code[0] if code else "0%"}))
    return kept.getvalue()


def rows_of(dataset):
    facts = facts_of(Dataset.objects.get(pk=dataset.pk))
    found = scan.fetch(f"select site, rate from ({facts.relation}) order by site", facts.files)
    return [(row["site"], row["rate"]) for row in found]


@pytest.fixture
def sites(home):
    return loaded_dataset("site,rate\n00001,70 %\n", SITES, unit=home, code="sites", name="Sites")


@pytest.fixture
def steward(sites, client):
    user = member(Member.ANALYST, sites.unit)
    client.force_login(user)
    return user


def sent(client, content, name="x.xlsx") -> Upload:
    file = SimpleUploadedFile(name, content)
    client.post(reverse("upload_new"), {"dataset": "sites", "file": file})
    return Upload.objects.latest("pk")


def confirmed(client, upload, **more):
    address = reverse("upload_confirm", args=[upload.public_id])
    page = client.get(address)
    answer = client.post(address, filled(page) | more)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    return page, upload


def test_a_new_dataset_reads_what_the_workbook_shows_and_then_the_same_table_as_csv(client, analyst):
    address = dropped(client, "sites.xlsx", workbook((12, 0.88), (345, 0.9125)))
    page = client.get(address)
    text = page.content.decode()
    assert "rate: percent cells: 0.88 is read as 88 %, that is 88; with the unit ratio, 0.88." in text
    assert "site: cells shown with zeros in front: 12 is read as the text 00012." in text
    assert page.context["preview"].first_rows == (("00012", "88%"), ("00345", "91.25%"))
    site, rate = (row for row in page.context["columns"] if not row.is_new)
    assert (site["type"].value(), site["format"].value()) == ("text", "00000")
    assert rate.told == ["numbers may have percent", "a cell that shows 88 % is read as 88"]
    upload = Upload.objects.latest("pk")
    _, upload = confirmed(client, upload, code="sites")
    assert (upload.state, upload.rejected) == ("loaded", 0)
    assert rows_of(upload.dataset) == [("00012", 88.0), ("00345", 91.25)]
    assert upload.notes == []

    later = sent(client, b"site,rate\n00012,89 %\n00700,100 %\n", "sites.csv")
    perform(later.job)
    assert rows_of(upload.dataset) == [("00012", 89.0), ("00345", 91.25), ("00700", 100.0)]


def test_a_dataset_that_reads_percent_from_texts_alone_asks_before_a_workbook_mixes_its_scales(sites, steward, client):
    upload = sent(client, workbook((12, 0.88)))
    assert (upload.state, upload.fault["code"]) == ("asks", "shown_otherwise")
    page, upload = confirmed(client, upload, **{"c-1-number_forms": "percent,percent_cells", "c-0-format": "00000"})
    assert codes_asked(page) == ["zeros_shown", "percent_cells"]
    assert page.context["asks"] == "Cells of the workbook are not formatted as Sites reads them, in site, rate."
    assert rows_of(sites) == [("00001", 70.0), ("00012", 88.0)]
    assert Dataset.objects.get(pk=sites.pk).contract_number == 2

    again = sent(client, workbook((13, 0.5)))
    assert again.state == "queued"
    perform(again.job)
    assert rows_of(sites)[2:] == [("00013", 50.0)]


def test_confirmed_as_it_is_it_is_read_as_the_cells_hold_it_and_the_upload_says_so(sites, steward, client):
    _, upload = confirmed(client, sent(client, workbook((12, 0.88))))
    assert (upload.state, Dataset.objects.get(pk=sites.pk).contract_number) == ("loaded", 1)
    assert rows_of(sites) == [("00001", 70.0), ("12", 0.88)]
    assert [note.split(",")[0] for note in upload.notes] == [
        "site: the workbook shows 12 as 00012",
        "rate: the workbook shows 0.88 as 88 %",
    ]


def test_over_rest_scales_are_not_mixed_either_and_zeros_are_noted(sites, steward, client):
    def posted(*row):
        return client.post(
            "/api/v1/uploads/", {"dataset": "sites", "file": SimpleUploadedFile("x.xlsx", workbook(row))}
        )

    answer = posted(12, 0.88)
    assert (answer.status_code, answer.json()["code"], Upload.objects.count()) == (422, "percent_cells", 1)
    assert "add percent_cells to the number forms of the column" in answer.json()["next_step"]
    assert posted(12, 88, "0").status_code == 202
    upload = Upload.objects.latest("pk")
    perform(upload.job)
    upload.refresh_from_db()
    assert rows_of(sites) == [("00001", 70.0), ("12", 88.0)]
    assert [note.split(",")[0] for note in upload.notes] == ["site: the workbook shows 12 as 00012"]


def test_what_was_proposed_as_shown_can_be_read_as_it_is_held(client, analyst):
    dropped(client, "sites.xlsx", workbook((12, 0.88)))
    upload = Upload.objects.latest("pk")
    held = {"c-0-format": "0", "c-1-number_forms": "", "code": "sites"}
    _, upload = confirmed(client, upload, **held)
    assert rows_of(upload.dataset) == [("12", 0.88)]
