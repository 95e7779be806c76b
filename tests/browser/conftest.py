"""A real Chromium on a live server with one service desk and one scorecard of numbers."""

import shutil
from datetime import date
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from lake import sandbox
from tests.factories import UserFactory
from tests.kpis.sample_board import a_board
from tests.kpis.sample_desk import desk

FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def site(live_server, monkeypatch):
    """What the pages show, and an administrator of all of it."""
    monkeypatch.setattr(sandbox, "run", lambda do, *args, limits=None, on_progress=None, **more: do(*args, **more))
    board, made = a_board(), desk()
    admin = UserFactory(first_name="Ada", last_name="Admin")
    for unit in (board.group, made.group):
        admin.memberships.create(unit=unit, role="administrator", valid_from=date(2000, 1, 1))
    return SimpleNamespace(url=live_server.url, admin=admin, board=board, desk=made)


@pytest.fixture
def page(chromium, site):
    """A page of the administrator's; afterwards no script failed and nothing was refused by the content policy."""
    client = Client()
    client.force_login(site.admin)
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site.url}])
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()
    assert faults == []
