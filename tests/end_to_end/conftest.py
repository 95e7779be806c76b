"""The demo, loaded once for all tests here through the same verbs as a person's uploads, and taken back afterwards."""

from datetime import date, timedelta

import pytest

TODAY = date(2026, 1, 15)


@pytest.fixture(scope="package")
def demo(django_db_setup, django_db_blocker):
    """Units, four datasets with KPIs and scorecards, all results computed; in a transaction that is rolled back."""
    from django.db import transaction

    from demo import loader
    from jobs import work

    patch = pytest.MonkeyPatch()
    patch.setattr(work, "HEARTBEAT", timedelta(hours=1))  # its own connection would not see the open transaction's job
    with django_db_blocker.unblock(), transaction.atomic():
        loader.load(TODAY, say=lambda _: None)
        yield loader
        transaction.set_rollback(True)
    patch.undo()
