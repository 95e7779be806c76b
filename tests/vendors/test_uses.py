"""A KPI tells which vendor scorecards and corrective plans go by it."""

import pytest

from kpis.uses import uses_of
from organization.access import access_of

from .factories import DAY, a_contact, a_template, a_vendor_below

pytestmark = pytest.mark.django_db


def test_a_vendor_scorecard_goes_by_its_criteria(group, manager, kpis):
    template = a_template(group, kpis)
    found = uses_of(kpis[0], access_of(manager, DAY))
    assert [(use.name, use.url) for use in found["Vendor scorecards"]] == [("Vendors", template.get_absolute_url())]
    contact = a_contact(a_vendor_below(group))
    assert uses_of(kpis[0], access_of(contact, DAY)) == {}
