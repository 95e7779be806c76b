"""An agreement, its people, and its closed January."""

from datetime import date

import pytest
from django.utils import timezone

from slas import closing, periods
from tests.factories import member

from ..factories import AgreementFactory
from ..sample import DAY, Desk, deliveries
from .doors import excluded


@pytest.fixture(autouse=True)
def day(settings):
    settings.AS_OF = DAY.isoformat()


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def second(desk):
    """Another who may sign."""
    return member("manager", desk.unit)


@pytest.fixture
def agreement(desk):
    return AgreementFactory(code="acme", unit=desk.unit)


@pytest.fixture
def approved(desk, agreement):
    return excluded(desk, agreement)


@pytest.fixture
def january(desk):
    """A closed January of 8 on time out of 10."""
    made = desk.signed(deliveries(desk.unit)).agreement
    periods.refresh(made, day=DAY)
    return closing.close_period(
        made.periods.get(period_start=date(2025, 1, 1)), by=desk.signer, day=DAY, now=timezone.now()
    )
