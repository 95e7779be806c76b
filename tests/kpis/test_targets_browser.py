"""The targets' grid in a real browser: what is told before saving, keys, and the way from a fault to its cell."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from kpis import targets
from kpis.models import Target
from tests.factories import KpiFactory
from tests.kpis.sample_desk import desk

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
JAN = date(2025, 1, 1)
PASTE = """(node, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    node.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def made(in_this_process):
    return desk()


def month(page, name, unit="Service desk"):
    return page.get_by_label(f"{unit}, {name} 2025", exact=True)


def test_what_a_longer_target_keeps_is_told_while_one_types_and_pastes(people, made):
    targets.set_target(
        targets.Goal(made.kpi, made.group, JAN, value=Decimal(95)), by=made.manager, reason="Agreed late"
    )
    page = people(made.manager)
    page.goto("/targets/?kpi=in_time&unit=group&year=2025-01-01")
    told = page.locator("[data-pm-kept] .notice")
    expect(told).to_be_hidden()
    month(page, "Mar").fill("90")
    expect(told).to_contain_text("Service desk, Mar 2025: the standing target 95 is kept before and after")
    month(page, "Mar").press("Escape")
    expect(told).to_be_hidden()
    month(page, "Feb").evaluate(PASTE, "90\t91\n80\t81")
    expect(told.get_by_role("listitem")).to_have_count(2)  # of the desk; the units below have none of their own
    page.get_by_label("Reason", exact=True).first.fill("Agreed late")
    page.get_by_role("button", name="Set targets").click()
    expect(page.get_by_text("Targets: 4 set")).to_be_visible()
    desks = Target.objects.filter(unit=made.group).order_by("valid_from")
    assert [(int(target.value), target.valid_from.month) for target in desks] == [(95, 1), (90, 2), (91, 3), (95, 4)]
    month(page, "Feb").fill("")
    expect(month(page, "Feb")).to_have_attribute("placeholder", "95")
    page.get_by_label("Reason", exact=True).first.fill("Agreed late")
    page.get_by_role("button", name="Set targets").click()
    expect(page.get_by_text("1 removed, where the standing target holds again")).to_be_visible()


def test_keys_move_as_in_a_spreadsheet_and_leave_the_browsers_own_alone(people, made):
    page = people(made.manager)
    page.goto("/targets/?kpi=in_time&unit=group&year=2025-01-01")
    month(page, "Jan").focus()
    steps = [
        ("Enter", "Jan", "North"),
        ("Shift+Enter", "Jan", "Service desk"),
        ("Tab", "Feb", "Service desk"),
        ("ArrowDown", "Feb", "North"),
        ("ArrowRight", "Mar", "North"),
        ("Shift+Tab", "Feb", "North"),
        ("Control+ArrowRight", "Feb", "North"),  # by words, and not to another cell
    ]
    for key, name, unit in steps:
        page.keyboard.press(key)
        expect(month(page, name, unit)).to_be_focused()


def test_a_fault_leads_to_its_cell(people, made):
    page = people(made.manager)
    page.goto("/targets/?kpi=in_time&unit=group&year=2025-01-01")
    month(page, "Mar", "South").fill("ninety")
    page.get_by_label("Reason", exact=True).first.fill("Agreed late")
    page.get_by_role("button", name="Set targets").click()
    page.get_by_role("link", name="South, Mar 2025: “ninety” is not a number.").click()
    cell = month(page, "Mar", "South")
    expect(cell).to_be_focused()
    expect(cell).to_have_attribute("aria-invalid", "true")


def test_a_year_of_long_numbers_and_their_sum_fit_a_small_laptop(people, made):
    calls = KpiFactory(unit=made.group, code="calls", kind="simple", formula="count(*)", grain="month")
    ends = [date(2025, n, 1) for n in range(2, 13)] + [date(2026, 1, 1)]
    starts = [JAN, *ends[:-1]]
    days = zip(starts, ends, strict=True)
    goals = [targets.Goal(calls, made.group, *pair, Decimal(2_100_000), as_total=True) for pair in days]
    targets.set_many(goals, by=made.manager, reason="Agreed late")
    page = people(made.manager)  # 1280 px wide
    page.goto("/targets/?kpi=calls&unit=group&year=2025-01-01")
    frame = page.locator(".table-frame").first
    assert frame.evaluate("node => node.scrollWidth - node.clientWidth") == 0
    total = page.get_by_role("cell", name="25,200,000")  # 12 x 2,100,000
    page.set_viewport_size({"width": 900, "height": 800})
    assert frame.evaluate("node => node.scrollWidth - node.clientWidth") > 0
    box = total.bounding_box()
    assert box["x"] + box["width"] <= 900  # it stays in view while the months scroll
