"""What the tests of this room share: tickets loaded once, and work done without a child process."""

from datetime import timedelta

import pytest


@pytest.fixture(scope="package")
def tickets_once(django_db_setup, django_db_blocker):
    """The sample's units and dataset, in a transaction that is rolled back when the room is done."""
    from django.db import transaction

    from jobs import work

    from .sample_tickets import load

    patch = pytest.MonkeyPatch()
    patch.setattr(work, "HEARTBEAT", timedelta(hours=1))  # its own connection would not see the open transaction's job
    with django_db_blocker.unblock(), transaction.atomic():
        yield load()
        transaction.set_rollback(True)
    patch.undo()


@pytest.fixture
def desk(tickets_once, db, in_this_process):
    """A group with two units, the tickets of both."""
    return tickets_once
