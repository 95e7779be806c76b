"""What the tests of this room share."""

import pytest

from organization.models import Role as Member
from tests.factories import UnitFactory, member


@pytest.fixture(autouse=True)
def without_a_child(request):
    if not request.node.get_closest_marker("child_process"):
        request.getfixturevalue("in_this_process")


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def analyst(client, home):
    """Signed in at home."""
    user = member(Member.ANALYST, home)
    client.force_login(user)
    return user
