"""Which columns of a source an agreement reads, and which agreement keeps a KPI."""

from datetime import date

import pytest

from datasets.readers import by_column, readers_of
from kpis.uses import uses_of
from organization.access import access_of
from slas.models import AttainmentKpi, MeasureRule
from tests.factories import DatasetFactory, KpiFactory, UnitFactory, member

from .factories import AgreementFactory, ClockRuleFactory, ServiceTargetFactory, SloFactory

pytestmark = pytest.mark.django_db
DAY = date(2025, 7, 1)


def test_clocks_measures_charges_and_objectives_read_columns():
    tickets = DatasetFactory(code="tickets")
    agreement = AgreementFactory(name="Desk", version={"charge_dataset": tickets, "charge_formula": "sum(Fee)"})
    version = agreement.versions.get()
    clocked = ServiceTargetFactory(version=version, condition="priority = '1'")
    ClockRuleFactory(target=clocked, dataset=tickets, case_column="number", stop="state = 'closed'", pause="waiting")
    measured = ServiceTargetFactory(version=version, metric="quality")
    MeasureRule.objects.create(target=measured, dataset=tickets, good="count_if(right)", total="count(*)")
    SloFactory(name="Answers", dataset=tickets, good="count_if(quick)", total="count(*)", unit=agreement.unit)
    found = by_column(readers_of(tickets))
    names = {column: [reader.name for reader in readers] for column, readers in found.items()}
    desk = dict.fromkeys(("fee", "priority", "number", "state", "waiting", "right"), ["Desk"])
    assert names == desk | {"quick": ["Answers"]}
    stranger = access_of(member("analyst", UnitFactory()), DAY)
    assert readers_of(tickets, stranger) == []


def test_an_agreement_keeps_the_kpi_of_its_promise():
    agreement = AgreementFactory(name="Desk")
    kpi = KpiFactory(unit=agreement.unit)
    AttainmentKpi.objects.create(agreement=agreement, target_code="p1", kpi=kpi)
    found = uses_of(kpi, access_of(member("viewer", agreement.unit), DAY))
    assert [(use.name, use.url) for use in found["Service levels"]] == [("Desk", agreement.get_absolute_url())]
