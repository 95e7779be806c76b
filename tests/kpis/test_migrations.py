"""What migrations fill in of what was there before them."""

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from kpis.models import ChartSetting
from organization import audit
from tests.factories import KpiFactory, KpiVersionFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_who_changed_a_draft_of_before_is_named_by_the_trail():
    """0012: of what may still be certified; a change of another version, or of another KPI, is none."""
    maker, helper, stranger = (UserFactory(username=name) for name in ("maker", "helper", "stranger"))
    kpi, other = KpiFactory(), KpiFactory()
    done = kpi.versions.get()
    draft = KpiVersionFactory(kpi=kpi, number=2, state="in_review", created_by=maker, valid_from=date(2025, 1, 1))
    for who, thing, number in ((helper, kpi, 2), (stranger, kpi, 1), (stranger, other, 2)):
        audit.record(who, "KPI draft changed", thing, version=number)
    audit.record(stranger, "KPI commented", kpi, version=2)
    import_module("kpis.migrations.0012_authors").name_authors(apps, None)
    assert set(draft.authors.all()) == {maker, helper}
    assert not done.authors.exists()


LOCKS = [("2025-01-01", None), (None, "2025-06-01"), (None, None)]


@pytest.mark.parametrize(("start", "end"), LOCKS)
def test_the_database_takes_no_half_of_a_lock(start, end):
    kpi = KpiFactory()
    lock = {"baseline": "locked", "baseline_from": start, "baseline_to": end, "changed_by": UserFactory()}
    with pytest.raises(IntegrityError, match="chart_lock_has_two_periods_or_more"), transaction.atomic():
        ChartSetting.objects.create(kpi=kpi, unit=kpi.unit, grain="month", **lock)


def test_a_half_lock_of_before_is_none():
    """0013: such a series is charted from its first points; a whole lock stays."""
    with connection.cursor() as cursor:
        cursor.execute("alter table kpis_chartsetting drop constraint chart_lock_has_two_periods_or_more")
    who = UserFactory()
    for start, end in [*LOCKS, ("2025-01-01", "2025-06-01")]:
        kpi = KpiFactory()
        lock = {"baseline": "locked", "baseline_from": start, "baseline_to": end, "changed_by": who}
        ChartSetting.objects.create(kpi=kpi, unit=kpi.unit, grain="month", **lock)
    import_module("kpis.migrations.0013_whole_locks").make_whole(apps, None)
    kept = ChartSetting.objects.order_by("pk").values_list("baseline", "baseline_from", "baseline_to")
    assert list(kept) == [("first", None, None)] * 3 + [("locked", date(2025, 1, 1), date(2025, 6, 1))]
