"""Orders closed through January, and who may propose, decide and restate."""

import pytest
from django.utils import timezone

from datasets import closing
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, JANUARY, TEXT, TODAY
from tests.factories import loaded_dataset, member


@pytest.fixture
def people(home):
    """One of each: analyst, manager, finance."""
    return {role: member(role, home, username=role) for role in (Member.ANALYST, Member.MANAGER, Member.FINANCE)}


@pytest.fixture
def orders(home, people):
    """Three records, closed through January by the manager and finance."""
    made = loaded_dataset(TEXT, CONTRACT, unit=home, code="orders", name="Orders")
    asked = closing.propose(made, JANUARY, by=people[Member.MANAGER], reason="Month-end of January", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE], now=timezone.now())
    made.refresh_from_db()
    return made
