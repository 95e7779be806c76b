"""A KPI tells which studies look at its series."""

from datetime import date

import pytest

from kpis.uses import uses_of
from organization.access import access_of
from tests.factories import KpiFactory, member

from .making import a_study

pytestmark = pytest.mark.django_db


def test_a_study_of_a_kpi_is_told_where_it_is_used():
    kpi = KpiFactory()
    study = a_study(kpi.unit, kpi=kpi, runs=0, title="Is it stable?")
    found = uses_of(kpi, access_of(member("viewer", kpi.unit), date(2025, 7, 1)))
    assert [(use.name, use.url) for use in found["Studies"]] == [("Is it stable?", study.get_absolute_url())]
