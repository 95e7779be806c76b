"""An alert rule is told where its KPI says what goes by it."""

import pytest

from alerts import rules
from kpis.uses import uses_of
from organization.access import access_of
from tests.factories import member

from .samples import DAY, NOW, a_rule, kpi_with

pytestmark = pytest.mark.django_db


def test_the_active_rules_that_watch_a_kpi_are_told_to_those_who_see_them():
    kpi = kpi_with([96.0])
    rule = a_rule(kpi, name="Below the promise")
    rules.switch(a_rule(kpi, name="Switched off"), on=False, by=kpi.owner, now=NOW)
    found = uses_of(kpi, access_of(member("viewer", kpi.unit), DAY))
    assert [(use.name, use.url) for use in found["Alert rules"]] == [("Below the promise", rule.get_absolute_url())]
