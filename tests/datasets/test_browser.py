"""In a real browser: a file for a dataset that is there, its rejected row corrected and loaded; a chart saved."""

import pytest
from playwright.sync_api import expect

from datasets.models import Upload
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Part
from tests.factories import UnitFactory, loaded_dataset, member, perform

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CONTRACT = Contract(
    (
        Column("id", roles=(Role.KEY,), required=True),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("amount", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
    ),
    reject_limit_pct=60,
)


@pytest.fixture
def page(people):
    unit = UnitFactory(code="north", name="North")
    loaded_dataset("id,day,amount\na,2025-01-01,1\n", CONTRACT, code="lines", name="Lines", unit=unit)
    return people(member(Part.ANALYST, unit))


def test_a_file_is_sent_once_and_its_rejected_row_corrected(page, tmp_path):
    file = tmp_path / "later.csv"
    file.write_text("id,day,amount\na,2025-01-01,2\nb,2025-02-31,3\n")
    sent = []
    page.on("request", lambda call: sent.append(call.url) if call.method == "POST" else None)
    page.goto("/uploads/new/?dataset=lines")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("h1")).to_contain_text("later.csv")
    assert len(sent) == 1 and Upload.objects.filter(file_name="later.csv").count() == 1

    perform(Upload.objects.get(file_name="later.csv").job)
    page.get_by_role("link", name="Correct rejected rows").click()
    expect(page.locator(".reject")).to_contain_text("Row 3, day: '2025-02-31' is not a date")
    page.get_by_role("textbox", name="day").fill("2025-02-28")
    page.get_by_role("button", name="Keep the correction").click()
    page.get_by_role("button", name="Load corrected rows (1)").click()
    expect(page.locator(".lead")).to_contain_text("Corrected rows of")
    perform(Upload.objects.latest("pk").job)
    assert Upload.objects.latest("pk").accepted == 1


def test_a_chart_is_saved_with_its_title_and_its_numbers(page):
    page.goto("/explore/?dataset=lines&group=day&total=sum&of=amount&chart=bar")
    saved = {}
    for kind in ("SVG", "CSV"):
        with page.expect_download() as taken:
            page.locator(".chart-save").get_by_text(kind, exact=True).click()
        saved[taken.value.suggested_filename] = taken.value.path().read_text("utf-8-sig")
    assert list(saved) == ["Lines.svg", "Lines.csv"]
    assert ">Lines</text>" in saved["Lines.svg"] and ">Sum of amount</text>" in saved["Lines.svg"]
    assert saved["Lines.csv"].splitlines() == ["day,sum_amount", "2025-01-01,1"]


def test_the_days_of_a_complete_extract_appear_with_its_box_and_are_sent_with_the_file(page, tmp_path):
    file = tmp_path / "january.csv"
    file.write_text("id,day,amount\nb,2025-01-20,2\n")
    page.goto("/uploads/new/?dataset=lines")
    first, last = page.get_by_label("First day"), page.get_by_label("Last day")
    expect(first).to_be_hidden()
    page.get_by_label("This extract is complete").check()
    first.fill("2025-01-31")
    last.fill("2025-01-01")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".field-errors")).to_contain_text("is before the first, 31 Jan 2025")
    first.fill("2025-01-01")
    last.fill("2025-01-31")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("h1")).to_contain_text("january.csv")
    sent = Upload.objects.get(file_name="january.csv")
    assert (str(sent.stated_from), str(sent.stated_through)) == ("2025-01-01", "2025-01-31")
