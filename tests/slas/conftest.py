"""What the tests of this room share."""

import pytest
from django.db import transaction

from .sample_clocks import Desk


@pytest.fixture(autouse=True)
def without_a_child(in_this_process):
    """The tests of this room need not pay the child process."""


@pytest.fixture(scope="module")
def desk(django_db_setup, django_db_blocker):
    """A desk whose clocks have run, made once a module: for tests that change nothing that outlives them."""
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
        yield _ran(Desk())
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def own_desk():
    """The same for one test alone."""
    return _ran(Desk())


def _ran(made: Desk) -> Desk:
    made.run()
    made.agreement.refresh_from_db()
    return made
