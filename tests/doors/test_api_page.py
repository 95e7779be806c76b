"""The browsable page of the API works in a browser under our Content-Security-Policy."""

import pytest
from playwright.sync_api import expect


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_api_page_lists_the_addresses_without_a_blocked_asset(windows, live_server, threads_end):
    page = windows(live_server.url)
    page.goto("/api/docs/")
    page.wait_for_selector("text=/api/v1/annotations/", timeout=120_000)
    address = page.locator("text=/api/v1/units/").first
    for _ in range(200):  # the page draws what one scrolls to
        if address.count():
            break
        page.mouse.wheel(0, 2_000)
        page.wait_for_timeout(50)
    expect(address).to_be_visible(timeout=30_000)
