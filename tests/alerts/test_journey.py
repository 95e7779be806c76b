"""In a real browser: write a rule with its back-test, it fires, find it by the bell, acknowledge it, follow it up."""

import pytest
from playwright.sync_api import expect

from alerts.evaluate import evaluate_all
from alerts.models import FollowUp
from tests.factories import UnitFactory

from .samples import DAY, NOW, kpi_with, manager_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(people, settings):
    settings.AS_OF = DAY.isoformat()
    unit = UnitFactory(code="north", name="North")
    kpi_with([96.0, 94.0, 93.0, 96.0, 97.0, 92.0], unit=unit, name="Seen in time", code="in_time")
    opened = people(manager_of(unit))
    opened.goto("/alerts/rules/")
    return opened


def test_from_a_rule_to_a_follow_up(page):
    page.get_by_role("link", name="New rule").first.click()
    page.get_by_label("Name").fill("North is slow")
    page.locator("#id_kpi").select_option("in_time")
    expect(page.locator("#id_grain option")).to_have_count(3)  # a monthly KPI: month, quarter, year
    page.locator("#id_unit").select_option("north")
    page.locator("#id_comparator").select_option("below")
    page.locator("#id_limit").fill("93.5")
    expect(page.locator("#preview")).to_contain_text("2 alerts from Jan 2025 to Jun 2025; 1 would stand today")
    page.get_by_role("button", name="Put in force").click()
    expect(page.locator(".notice.success")).to_contain_text("North is slow is in force")

    evaluate_all(None, now=NOW, day=DAY)
    page.reload()
    expect(page.locator(".bell-count")).to_have_text("1")
    page.locator(".bell").click()
    page.get_by_role("button", name="North is slow: North").click()
    expect(page.locator(".lead")).to_contain_text("92.0 in Jun 2025, limit 93.5")
    expect(page.locator(".bell-count")).to_have_count(0)

    page.locator("#id_note").fill("Two people are ill.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".stat-line")).to_contain_text("acknowledged")
    page.get_by_text("Add a follow-up").click()
    page.get_by_label("What is to be done").fill("Call the agency")
    page.get_by_role("button", name="Add it").click()
    expect(page.locator("#follow-ups")).to_contain_text("Call the agency")
    page.locator("#follow-ups details.menu summary").click()
    page.get_by_label("What came of it").fill("Two came.")
    page.get_by_role("button", name="It is done").click()
    expect(page.locator("#follow-ups")).to_contain_text("Two came.")
    assert FollowUp.objects.get().done_at is not None
