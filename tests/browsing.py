"""Real browsers for tests of a journey: `people(user)` is a page in which that person is signed in."""

import shutil
import time

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import sync_playwright

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
SLOW = 30_000  # milliseconds that a step may take while the machine is busy


@pytest.fixture
def people(live_server, monkeypatch):
    """At the end nothing has failed in any page. Of a test with a transactional database."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright's loop runs in this thread
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())

        def sign_in(user):
            client = Client()
            client.force_login(user)
            context = browser.new_context(base_url=live_server.url)
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
            page = context.new_page()
            page.set_default_timeout(SLOW)
            page.on("pageerror", lambda error: faults.append(str(error)))
            return page

        yield sign_in
        connection.close()  # while playwright's loop runs, Django gives this thread a connection of its own
        browser.close()
    _await_the_servers_threads()
    assert faults == []


def _await_the_servers_threads() -> None:
    """Each answers one connection of the browser and holds one of the database until it has noticed the end."""
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    until = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            cursor.execute(others)
            if not cursor.fetchone()[0]:
                return
            time.sleep(0.05)
