"""A pytest plugin: one real Chromium for the whole run. `people(user)` is a window in which that person is signed in.

While a window is open nothing may fail in it: no script, no address, nothing that the content policy refuses.
"""

import os
import shutil
import threading
import time

import pytest

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
SLOW = 30_000  # milliseconds that a step may take while the machine is busy
USUAL = (  # that the console calls an error and is none
    "status of 422",  # a form that came back with its errors
    "htmx:sendAbort",  # the page was left while the bell asked; htmx tells it twice,
    "htmx:afterRequest",  # and after each true failure by a name of its own too
)


def pytest_configure() -> None:
    """Playwright keeps an event loop running in the thread of the tests. Django would refuse queries there, and would
    give code beside a loop another connection than code without one: here a thread has one connection, always."""
    from django.db import connections

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    connections._connections = threading.local()


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def windows(chromium):
    """`windows(address, user=None, **options)`: a page at that server. The options are those of a browser context."""
    contexts, faults = [], []

    def is_fault(message) -> bool:
        return message.type == "error" and not any(usual in message.text for usual in USUAL)

    def open_window(address, user=None, **options):
        context = chromium.new_context(base_url=address, **{"viewport": {"width": 1280, "height": 900}} | options)
        contexts.append(context)
        if user:
            context.add_cookies([_cookie_of(user, address)])
        page = context.new_page()
        page.set_default_timeout(SLOW)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
        return page

    yield open_window
    for context in contexts:
        for page in context.pages:
            page.wait_for_load_state("networkidle")  # the bell asks once more on each page
        context.close()
    assert faults == []


@pytest.fixture
def people(threads_end, live_server, windows):
    """`people(user)`: a page of the live server in which that person is signed in. Of a transactional test."""
    return lambda user, **options: windows(live_server.url, user, **options)


@pytest.fixture
def threads_end(live_server):
    """Afterwards the server's threads, which answer one connection of the browser each, have let the database go."""
    from django.db import connection

    yield
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    until = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(others)
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.05)


def _cookie_of(user, address: str) -> dict[str, str]:
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}
