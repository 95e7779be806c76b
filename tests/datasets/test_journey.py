"""The journey of an extract in a browser: refused, read, loaded, its rejected row corrected and loaded too."""

import pytest
from playwright.sync_api import expect

from datasets.models import Dataset
from jobs.models import Job
from tests.factories import UnitFactory, member, perform


def work() -> None:
    """What the workers do meanwhile."""
    while job := Job.objects.unfinished().order_by("pk").first():
        perform(job)


def file(name: str, text: str) -> dict:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_this_process")
def test_from_a_refused_file_to_a_corrected_row(people):
    page = people(member("analyst", UnitFactory(code="home")))
    page.goto("/uploads/new/")
    page.locator("input[type=file]").set_input_files(file("visits.csv", "id,day,Day\n1,2025-01-01,x\n"))
    page.get_by_role("button", name="Upload", exact=True).click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("visits.csv, row 1, day")
    expect(refusal).to_contain_text("The heading 'day' stands over columns 2, 3.")
    expect(refusal).to_contain_text("Give each column a heading of its own")

    rows = "id,day,minutes\n1,2025-01-01,10\n2,2025-01-02,20\n3,2025-01-03,x\n"  # the answer's form works as the first
    page.locator("input[type=file]").set_input_files(file("visits.csv", rows.replace(",x", ",30")))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How to read visits.csv")
    page.get_by_role("button", name="Confirm and load").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    work()
    expect(page.get_by_role("definition").filter(has_text="Loaded")).to_be_visible()

    dataset = Dataset.objects.get()
    page.goto(f"/uploads/new/?dataset={dataset.code}")
    lines = "".join(f"{n},2025-02-01,{n}\n" for n in range(4, 40))
    page.locator("input[type=file]").set_input_files(file("more.csv", rows + lines))
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    work()
    page.get_by_role("link", name="Correct rejected rows").click()
    page.get_by_label("minutes").fill("31")
    page.get_by_role("button", name="Keep the correction").click()
    page.get_by_role("button", name="Load corrected rows (1)").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    work()
    dataset.refresh_from_db()
    assert dataset.rows == 39
    assert dataset.uploads.filter(state="loaded").count() == 3
