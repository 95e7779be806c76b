"""The targets' grid in a real browser: what is told before saving."""

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from kpis import targets
from kpis.models import Target
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
    targets.set_target(targets.Goal(made.kpi, made.group, JAN, value=Decimal(95)), by=made.manager)
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
    page.get_by_role("button", name="Set targets").click()
    expect(page.get_by_text("Targets: 4 set")).to_be_visible()
    desks = Target.objects.filter(unit=made.group).order_by("valid_from")
    assert [(int(target.value), target.valid_from.month) for target in desks] == [(95, 1), (90, 2), (91, 3), (95, 4)]
    month(page, "Feb").fill("")
    expect(month(page, "Feb")).to_have_attribute("placeholder", "95")
    page.get_by_role("button", name="Set targets").click()
    expect(page.get_by_text("1 removed, where the standing target holds again")).to_be_visible()
