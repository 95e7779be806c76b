"""The aggregates of promises without a clock, run over rows, against the pure functions of the same name."""

import duckdb
import pytest

from analytics.queueing.service_level import service_level
from lake.contract import Column, ColumnType, Contract
from lake.formula import parse
from slas.measures import parts_of
from slas.models import MeasureRule

CONTRACT = Contract(
    columns=(
        Column("outcome"),
        Column("waited_s", type=ColumnType.INTEGER),
        Column("agreed_min", type=ColumnType.INTEGER),
        Column("maintenance_min", type=ColumnType.INTEGER),
        Column("down_min", type=ColumnType.INTEGER),
    )
)
CALLS = [("answered", 5)] * 860 + [("answered", 90)] * 140 + [("abandoned", 3)] * 10 + [("abandoned", 15)] * 10
CALLS += [("abandoned", 60)] * 40  # as in docs/algorithms/queueing.md: 1,000 answered, 60 abandoned, 20 within 20 s


def share(rule: MeasureRule, metric: str, rows: str, within: int | None = None) -> float:
    good, total = (parse(text, CONTRACT).sql for text in parts_of(rule, metric, within))
    with duckdb.connect() as connection:
        found = connection.execute(f"select ({good})::double / ({total}) from ({rows})").fetchone()
    return found[0]


@pytest.mark.parametrize("formula", [1, 2, 3, 4, 5])
def test_the_five_contact_service_levels(formula):
    rule = MeasureRule(
        contact_formula=formula,
        answered="outcome = 'answered'",
        abandoned="outcome = 'abandoned'",
        waited="waited_s",
        short_seconds=5,
    )
    rows = " union all ".join(f"select '{outcome}' as outcome, {waited} as waited_s" for outcome, waited in CALLS)
    expected = service_level(
        answered_within=860, answered=1000, abandoned=60, abandoned_within=20, abandoned_short=10, formula=formula
    )
    assert share(rule, "contact", rows, within=20) == pytest.approx(expected.value)


def test_availability_leaves_excluded_minutes_out_of_both_sides():
    rule = MeasureRule(agreed="agreed_min", excluded="maintenance_min", downtime="down_min")
    rows = "from (values (43200, 200, 43), (43200, null, null)) t(agreed_min, maintenance_min, down_min)"
    assert share(rule, "availability", rows) == pytest.approx((86400 - 200 - 43) / (86400 - 200))


def test_a_quality_ratio_is_good_over_total():
    rule = MeasureRule(good="count(case when outcome = 'right' then 1 end)", total="count(*)")
    rows = "from (values ('right'), ('right'), ('wrong'), (null)) t(outcome)"
    assert share(rule, "quality", rows) == 0.5
