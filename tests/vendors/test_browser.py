"""A vendor review in a real browser: the manager runs it, the contact answers the action that comes of it."""

import pytest
from playwright.sync_api import expect

from tests.factories import UnitFactory

from .factories import DAY, THIRD, a_contact, a_manager, a_result, a_template, a_vendor_below, two_kpis


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_review_is_run_and_its_action_answered(people, settings):
    settings.AS_OF = DAY.isoformat()
    group = UnitFactory()
    manager, kpis = a_manager(group), two_kpis(group)
    vendor = a_vendor_below(group, template=a_template(group, kpis, by=manager), manager=manager)
    a_result(kpis[0], vendor, 84.0, THIRD, target=90.0, status="red", score=40.0)
    contact = a_contact(vendor)

    page = people(manager)
    page.goto(f"/vendors/{vendor.pk}/reviews/")
    page.get_by_role("row", name="2025 Q3").get_by_role("button", name="Generate").click()
    expect(page.locator("main")).to_contain_text("gate closed")
    page.fill("#id_minutes", "On time fell to 84 %.")
    page.get_by_role("button", name="Keep minutes").click()
    page.fill("#decision", "Ask for a plan")
    page.get_by_role("button", name="Add decision").click()
    page.get_by_text("Give an action").click()
    page.fill("#id_title", "Explain the late lines")
    page.select_option("#id_owner", label=str(contact))
    page.fill("#id_due_on", "2026-01-10")
    page.get_by_role("button", name="Give it").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("main")).to_contain_text("Frozen pack")

    theirs = people(contact)
    theirs.goto("/vendors/actions/")
    theirs.get_by_role("link", name="Explain the late lines").click()
    theirs.fill("#answer", "A strike at the port")
    theirs.get_by_role("button", name="Send answer").click()
    expect(theirs.locator("main")).to_contain_text("A strike at the port")
    assert (vendor.reviews.get().state, vendor.actions.get().state) == ("published", "answered")
