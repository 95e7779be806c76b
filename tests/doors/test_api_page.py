"""The browsable page of the API works in a browser under our Content-Security-Policy."""

import pytest
from playwright.sync_api import expect


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_api_page_lists_the_addresses_without_a_blocked_asset(threads_end, live_server, windows):
    page = windows(live_server.url)
    page.goto("/api/docs/")
    page.get_by_placeholder("Filter by tag").fill("units", timeout=120_000)
    page.locator("#operations-tag-units").click(timeout=120_000)
    expect(page.get_by_text("/api/v1/units/", exact=True).first).to_be_visible()
