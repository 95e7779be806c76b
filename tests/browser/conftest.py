"""A real Chromium on a live server with one service desk and one scorecard of numbers."""

from datetime import date
from types import SimpleNamespace

import pytest

from tests.factories import UserFactory
from tests.kpis.sample_board import a_board
from tests.kpis.sample_desk import desk


@pytest.fixture
def site(live_server, in_this_process):
    """What the pages show, and an administrator of all of it."""
    board, made = a_board(), desk()
    admin = UserFactory(first_name="Ada", last_name="Admin")
    for unit in (board.group, made.group):
        admin.memberships.create(unit=unit, role="administrator", valid_from=date(2000, 1, 1))
    return SimpleNamespace(url=live_server.url, admin=admin, board=board, desk=made)


@pytest.fixture
def page(people, site):
    """A page of the administrator's."""
    return people(site.admin, reduced_motion="reduce")
