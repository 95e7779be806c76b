"""The browsable page of the API works in a browser under our Content-Security-Policy."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_api_page_lists_the_addresses_without_a_blocked_asset(live_server):
    complaints = []
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.goto(f"{live_server.url}/api/docs/")
        page.wait_for_selector("text=/api/v1/annotations/", timeout=120_000)
        address = page.locator("text=/api/v1/units/").first
        for _ in range(200):  # the page draws what one scrolls to
            if address.count():
                break
            page.mouse.wheel(0, 2_000)
            page.wait_for_timeout(50)
        expect(address).to_be_visible(timeout=30_000)
        browser.close()
    assert complaints == []
