"""The group that buys, who manages its vendors, and the two KPIs of a scorecard, on their day."""

import pytest

from tests.factories import UnitFactory

from .factories import DAY, a_manager, two_kpis


@pytest.fixture(autouse=True)
def day(settings):
    settings.AS_OF = DAY.isoformat()


@pytest.fixture
def group():
    return UnitFactory(code="supply")


@pytest.fixture
def manager(group):
    return a_manager(group)


@pytest.fixture
def kpis(group):
    return two_kpis(group)
