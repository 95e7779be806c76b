"""In a real browser, on real incidents: two groups differ, it is kept, reviewed by a second person, and run again."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.factories import PASSWORD, UnitFactory, loaded_dataset, member, upload_csv

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOG = Path(__file__).parents[2] / "demo/data/itsm_incident_log/incident_event_log_full_prefixes_stripped.csv.gz"
CONTRACT = Contract(
    (
        Column("number", roles=(Role.KEY,)),
        Column("opened_at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,), format="%d/%m/%Y %H:%M"),
        Column("priority", roles=(Role.DIMENSION,)),
        Column("made_sla", type=ColumnType.BOOLEAN),
    )
)
COLUMNS = ("number", "opened_at", "priority", "made_sla")


def incidents(start: int, count: int) -> str:
    """Some incidents of the log as they stood at their last update: priorities 2 and 3 only."""
    last: dict[str, list[str]] = {}
    with gzip.open(LOG, "rt", newline="") as file:
        rows = csv.reader(file)
        heads = next(rows)
        places = [heads.index(name) for name in COLUMNS]
        for row in rows:
            if len(last) > 6_000:
                break
            last[row[places[0]]] = [row[place] for place in places]
    chosen = [row for row in last.values() if row[2] in ("2", "3")][start : start + count]
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *chosen])
    return text.getvalue()


@pytest.fixture
def enter(threads_end, live_server, windows):
    """Sign somebody in, in a window of their own."""

    def sign_in(username: str):
        page = windows(live_server.url, accept_downloads=True)
        page.goto("/accounts/login/?next=/analysis/")
        page.fill("input[name=login]", username)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        return page

    return sign_in


def test_two_groups_differ_and_a_second_person_agrees(enter):
    unit = UnitFactory(code="it", name="IT service")
    member(Member.ANALYST, unit, username="ann")
    member(Member.MANAGER, unit, username="rob")
    dataset = loaded_dataset(incidents(0, 900), CONTRACT, unit=unit, code="incidents", name="Incidents")

    page = enter("ann")
    page.get_by_role("link", name="New analysis").click()
    page.get_by_role("link", name="Are these different?").click()
    page.get_by_label("Dataset", exact=True).select_option("incidents")
    page.get_by_label("What is compared").select_option("made_sla")
    page.get_by_label("Between the members of").select_option("priority")
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".study-verdict")).to_contain_text("The shares differ: made_sla in 2 less 3")
    expect(page.locator(".study-result")).to_contain_text("z test of two proportions")
    expect(page.locator("#picture-1 .scatterlayer .point").first).to_be_visible()
    with page.expect_download() as svg:
        page.get_by_role("button", name="SVG").click()
    assert svg.value.suggested_filename == "Share-of-made-sla-by-priority.svg"
    assert Path(svg.value.path()).read_text().startswith("<svg")
    with page.expect_download() as numbers:
        page.get_by_role("button", name="CSV").click()
    assert numbers.value.suggested_filename == "Share-of-made-sla-by-priority.csv"
    assert len(Path(numbers.value.path()).read_text("utf-8-sig").splitlines()) == 3, "a head and two priorities"
    page.get_by_label("Title").fill("Does the SLA depend on the priority?")
    page.get_by_label("Conclusion").fill("Priority 2 hardly ever makes it.")
    page.get_by_role("button", name="Keep as a study").click()
    page.get_by_role("button", name="Hand in for review").click()
    expect(page.locator(".lead")).to_contain_text("in review")

    second = enter("rob")
    second.get_by_role("link", name="Does the SLA depend on the priority?").click()
    second.get_by_role("button", name="Accept it").click()
    expect(second.locator(".lead")).to_contain_text("reviewed")

    upload_csv(dataset, incidents(900, 600))
    page.reload()
    page.get_by_role("button", name="Run again").click()
    changes = page.locator("#changes")
    expect(changes).to_contain_text("Run 2")
    expect(changes.get_by_role("row", name="share of 3")).not_to_contain_text("same")
    expect(page.locator(".study-conclusion")).to_contain_text("later numbers differ and are not reviewed")
