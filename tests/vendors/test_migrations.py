"""What migrations mend of what was there before them."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from tests.factories import UnitFactory
from tests.vendors.factories import a_vendor_below
from vendors.models import Vendor

pytestmark = pytest.mark.django_db


def test_an_end_of_what_never_began_is_taken_by_nobody_and_was_nothing_before():
    """0003"""
    vendor = a_vendor_below(UnitFactory())
    found = Vendor.objects.filter(pk=vendor.pk)
    with pytest.raises(IntegrityError, match="a_cadence_ends_after_it_starts"), transaction.atomic():
        found.update(cadence="", cadence_from=None, cadence_to=date(2025, 1, 1))
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table vendors_vendor drop constraint a_cadence_ends_after_it_starts")
    found.update(cadence="", cadence_from=None, cadence_to=date(2025, 1, 1))
    import_module("vendors.migrations.0003_whole_stretches").make_whole(apps, None)
    assert found.get().cadence_to is None
