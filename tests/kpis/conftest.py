"""The service desk, seen on its day."""

import pytest

from tests.kpis.sample_desk import DAY, desk


@pytest.fixture
def on_the_day(settings):
    settings.AS_OF = DAY.isoformat()


@pytest.fixture
def made():
    return desk()
