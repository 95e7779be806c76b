"""A cut of a real extract through the whole room: what the results say is what pandas says of the file."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from kpis import definitions
from kpis.models import Result
from kpis.recompute import recompute
from lake.contract import Column, ColumnType, Contract, Role
from tests.factories import UnitFactory, loaded_dataset, member

pytestmark = pytest.mark.django_db
EXTRACT = Path(__file__).parent.parent / "data" / "baltimore_requests.csv"
TIME = {"type": ColumnType.TIMESTAMP, "format": "%Y-%m-%d %H:%M:%S"}
CONTRACT = Contract(
    (
        Column("sr_type", "SR Type"),
        Column("number", "Service Request Number", roles=(Role.KEY,)),
        Column("status", "SR Status"),
        Column("created", "Created Date", **TIME, roles=(Role.EVENT_TIME,)),
        Column("due", "Due Date", **TIME),
        Column("closed", "Close Date", **TIME),
        Column("outcome", "Outcome"),
        Column("agency", "Agency", trim=True),
        Column("neighborhood", "Neighborhood"),
        Column("zip", "Zip Code"),
        Column("sla", "SLA", type=ColumnType.NUMBER),
        Column("days", "Days_Difference", type=ColumnType.NUMBER),
        Column("ontime", "ontime"),
        Column("groups", "SR_groups", roles=(Role.DIMENSION,)),
        Column("internal", "internal"),
    )
)
KPIS = {
    "requests": {"kind": "simple", "formula": "count(*)", "dimensions": ["groups"]},
    "on_time": {"kind": "ratio", "formula": "count_if(ontime = 'on time')", "denominator": "count(*)"},
    "median_days": {"kind": "percentile", "formula": "days", "percentile": Decimal("0.5")},
    "places": {"kind": "distinct", "formula": "neighborhood"},
    "days_per_sla": {"kind": "weighted_mean", "formula": "days", "weight": "sla"},
}


@pytest.fixture
def results(in_this_process):
    unit = UnitFactory()
    owner = member("analyst", unit)
    dataset = loaded_dataset(EXTRACT.read_bytes(), CONTRACT, unit=unit, owner=owner)
    for code, words in KPIS.items():
        definitions.create_kpi(code=code, name=code, unit=unit, owner=owner, by=owner, dataset=dataset, **words)
    run = recompute(dataset.pk, day=date(2026, 1, 1))
    assert run.faults == []
    return Result.objects.current()


@pytest.fixture
def facts():
    frame = pd.read_csv(EXTRACT, dtype={"Zip Code": str})
    frame["month"] = pd.to_datetime(frame["Created Date"]).dt.to_period("M").dt.start_time.dt.date
    return frame


def computed(results, code):
    found = results.filter(kpi__code=code, grain="month", dimension="").order_by("period_start")
    return dict(found.values_list("period_start", "value"))


def test_counts_shares_medians_distincts_and_weighted_means_are_those_of_pandas(results, facts):
    months = facts.groupby("month")
    assert computed(results, "requests") == months.size().to_dict()
    share = months["ontime"].apply(lambda flags: (flags == "on time").mean())
    assert computed(results, "on_time") == pytest.approx(share.to_dict())
    assert computed(results, "median_days") == pytest.approx(months["Days_Difference"].median().to_dict())
    assert computed(results, "places") == months["Neighborhood"].nunique().to_dict()
    both = facts.dropna(subset=["Days_Difference", "SLA"])
    product = (both["Days_Difference"] * both["SLA"]).groupby(both["month"]).sum()
    weighted = product / both.groupby("month")["SLA"].sum()
    assert computed(results, "days_per_sla") == pytest.approx(weighted.to_dict())


def test_a_years_number_is_that_of_its_rows_not_of_its_months(results, facts):
    years = facts.groupby(pd.to_datetime(facts["Created Date"]).dt.year)
    found = results.filter(grain="year", dimension="").values_list("kpi__code", "period_start", "value")
    of_year = {(code, start.year): value for code, start, value in found}
    for year, rows in years:
        assert of_year["median_days", year] == pytest.approx(rows["Days_Difference"].median())
        assert of_year["places", year] == rows["Neighborhood"].nunique()


def test_parts_by_a_dimension_are_those_of_pandas(results, facts):
    parts = results.filter(kpi__code="requests", grain="month", dimension="groups")
    found = {(r.period_start, r.member): r.value for r in parts}
    assert found == facts.groupby(["month", "SR_groups"]).size().to_dict()
