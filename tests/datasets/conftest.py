"""What the tests of this room share."""

import pytest


@pytest.fixture(autouse=True)
def without_a_child(request):
    if not request.node.get_closest_marker("child_process"):
        request.getfixturevalue("in_this_process")
