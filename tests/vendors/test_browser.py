"""A vendor review in a real browser: the manager runs it, the contact answers the action that comes of it."""

import shutil

import pytest
from playwright.sync_api import sync_playwright

from tests.factories import PASSWORD, UnitFactory

from .factories import DAY, THIRD, a_contact, a_manager, a_result, a_template, a_vendor_below, two_kpis

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"


@pytest.fixture
def scene(settings):
    settings.AS_OF = DAY.isoformat()
    group = UnitFactory()
    manager, kpis = a_manager(group, username="mona"), two_kpis(group)
    vendor = a_vendor_below(group, template=a_template(group, kpis, by=manager), manager=manager)
    a_result(kpis[0], vendor, 84.0, THIRD, target=90.0, status="red", score=40.0)
    a_contact(vendor, "vic")
    return vendor


def sign_in(browser, address: str, username: str):
    page = browser.new_context().new_page()
    page.set_default_timeout(30_000)
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_load_state()
    return page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_review_is_run_and_its_action_answered(scene, live_server):
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        page = sign_in(browser, live_server.url, "mona")
        page.goto(f"{live_server.url}/vendors/{scene.pk}/reviews/")
        page.get_by_role("row", name="2025 Q3").get_by_role("button", name="Generate").click()
        assert "gate closed" in page.inner_text("main")
        page.fill("#id_minutes", "On time fell to 84 %.")
        page.get_by_role("button", name="Keep minutes").click()
        page.fill("#decision", "Ask for a plan")
        page.get_by_role("button", name="Add decision").click()
        page.get_by_text("Give an action").click()
        page.fill("#id_title", "Explain the late lines")
        page.select_option("#id_owner", label=str(scene.contacts.get().user))
        page.fill("#id_due_on", "2026-01-10")
        page.get_by_role("button", name="Give it").click()
        page.get_by_role("button", name="Publish").click()
        assert "Frozen pack" in page.inner_text("main")
        page.wait_for_load_state("networkidle")

        contact = sign_in(browser, live_server.url, "vic")
        contact.goto(f"{live_server.url}/vendors/actions/")
        contact.get_by_role("link", name="Explain the late lines").click()
        contact.fill("#answer", "A strike at the port")
        contact.get_by_role("button", name="Send answer").click()
        assert "A strike at the port" in contact.inner_text("main")
        contact.wait_for_load_state("networkidle")  # a request under way would keep its connection
        browser.close()
    assert (scene.reviews.get().state, scene.actions.get().state) == ("published", "answered")
