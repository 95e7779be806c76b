"""Rules judge the rows that readers see; a failed critical rule makes it provisional until somebody answers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from datasets import quality
from datasets.contracts import put_in_force
from datasets.models import QualityRule
from datasets.quality.rules import InvalidRule
from datasets.refusals import InvalidRequest, SecondPersonNeeded, WrongState
from datasets.signals import provisional_changed
from doors.revisions import ChangedMeanwhile
from lake.contract import Column, ColumnType, Contract, Role
from organization.access import NOBODY, access_of
from tests.factories import DatasetFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db

ORDERS = Contract(
    columns=(
        Column("number", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER),
        Column("state"),
    )
)
TEXT = "number,day,cost,state\n1,2025-01-01,10,open\n2,2025-01-02,-5,shut\n3,2025-01-03,,shut\n4,2025-01-04,7,lost\n"


@pytest.fixture
def orders():
    return loaded_dataset(TEXT, ORDERS)


def rule_of(dataset, kind, column="", severity="warning", **more):
    return QualityRule.objects.create(
        dataset=dataset, kind=kind, column=column, severity=severity, created_by=dataset.owner,
        name=more.pop("name", f"{kind} {column}"), **more,
    )  # fmt: skip


def test_each_kind_of_rule_counts_what_it_checks_and_what_fails_in_one_scan(orders, monkeypatch):
    for kind, column, parameters in (
        ("not_null", "cost", {}),
        ("unique", "state", {}),
        ("range", "cost", {"min": 0, "max": 100}),
        ("set", "state", {"values": ["open", "shut"]}),
        ("expression", "", {"expression": "cost > 8 or state = 'shut'"}),
        ("reference", "state", {"dataset": orders.code, "column": "number"}),
        ("volume", "", {"min": 4}),
        ("freshness", "", {"hours": 1}),
    ):
        rule_of(orders, kind, column, parameters=parameters)
    assert perform(quality.request_run(orders))["rules"] == 8
    found = {
        result.rule.kind: (result.passed, result.checked, result.failing) for result in quality.latest_results(orders)
    }
    assert found == {
        "not_null": (False, 4, 1),
        "unique": (False, 4, 1),  # shut twice
        "range": (False, 3, 1),  # -5; the empty cell is not looked at
        "set": (False, 4, 1),  # lost
        "expression": (False, 4, 1),  # 7 and lost; an empty cost with shut is fine
        "reference": (False, 4, 4),
        "volume": (True, 1, 0),
        "freshness": (True, 1, 0),
    }
    sample = QualityRule.objects.get(kind="set").results.first().sample
    assert sample == [{"upload": orders.uploads.get().pk, "row": 5, "value": "lost"}]


def test_a_rule_that_cannot_be_evaluated_counts_as_failed_and_says_why(orders):
    rule_of(orders, "not_null", "no_such_column")
    perform(quality.request_run(orders))
    result = quality.latest_results(orders)[0]
    assert (result.passed, "no_such_column" in result.fault) == (False, True)


def test_the_score_weighs_by_severity_and_counts_the_share_of_good_rows(orders):
    rule_of(orders, "not_null", "cost", "critical")  # 3 of 4 rows, weight 9
    rule_of(orders, "not_null", "state", "warning")  # passes, weight 3
    perform(quality.request_run(orders))
    orders.refresh_from_db()
    assert orders.quality_score == Decimal("81.25")  # 100 * (9 * 0.75 + 3) / 12


def test_tolerance_lets_some_rows_fail(orders):
    rule_of(orders, "not_null", "cost", tolerance_pct=25)
    perform(quality.request_run(orders))
    assert quality.latest_results(orders)[0].passed


def test_a_failed_critical_rule_makes_provisional_until_it_is_overridden_with_a_reason(orders):
    told = []
    provisional_changed.connect(lambda dataset, **_: told.append(dataset.is_provisional), weak=False, dispatch_uid="t")
    rule = rule_of(orders, "not_null", "cost", "critical")
    perform(quality.request_run(orders))
    orders.refresh_from_db()
    assert orders.is_provisional
    with pytest.raises(InvalidRequest):
        quality.override(rule, reason=" ", by=orders.owner)
    for act in (
        lambda: quality.override(rule, reason="It will do.", by=orders.owner),
        lambda: quality.retire_rule(rule, by=orders.owner),
        lambda: quality.define_rule(orders, rule=rule, by=orders.owner, access=NOBODY, severity="info"),
    ):  # who loaded the rows neither answers for them nor makes the rule milder
        with pytest.raises(SecondPersonNeeded, match="a second person must answer for them"):
            act()
    second = member("analyst", orders.unit)
    with pytest.raises(ChangedMeanwhile, match="at another version of the rows by now"):
        quality.override(rule, reason="The cost of order 3 follows next week.", by=second, seen=99)
    quality.override(rule, reason="The cost of order 3 follows next week.", by=second)
    orders.refresh_from_db()
    assert not orders.is_provisional
    assert told == [True, False]
    upload_csv(orders, "number,day,cost,state\n5,2025-01-05,,open\n")  # the next version needs its own answer
    perform(quality.request_run(orders))
    orders.refresh_from_db()
    assert orders.is_provisional
    provisional_changed.disconnect(dispatch_uid="t")


def test_a_corrected_extract_ends_what_is_provisional(orders):
    rule = rule_of(orders, "not_null", "cost", "critical")
    perform(quality.request_run(orders))
    upload_csv(orders, "number,day,cost,state\n3,2025-01-03,12,shut\n")
    perform(quality.request_run(orders))
    orders.refresh_from_db()
    assert (orders.is_provisional, orders.quality_score) == (False, Decimal("100.00"))
    with pytest.raises(WrongState):
        quality.override(rule, reason="nothing to answer for", by=orders.owner)


def test_freshness_is_asked_by_the_clock_and_written_when_it_changes(orders):
    rule = rule_of(orders, "freshness", severity="critical", parameters={"hours": 24})
    now = timezone.now()
    assert [quality.check_freshness(now), quality.check_freshness(now + timedelta(hours=1))] == [1, 0]
    assert quality.check_freshness(now + timedelta(hours=25)) == 1
    orders.refresh_from_db()
    assert (rule.results.count(), orders.is_provisional) == (2, True)


@pytest.mark.parametrize(
    ("kind", "column", "parameters", "field"),
    [
        ("range", "state", {"min": 1}, "column"),
        ("range", "cost", {}, "parameters"),
        ("range", "cost", {"min": "1e999"}, "parameters.min"),
        ("range", "cost", {"min": "10", "max": "9"}, "parameters.max"),
        ("range", "day", {"min": "2025-01-02", "max": "2025-01-01"}, "parameters.max"),
        ("not_null", "", {}, "column"),
        ("set", "state", {"values": []}, "parameters.values"),
        ("expression", "", {"expression": "read_csv('/etc/passwd') is null"}, "parameters.expression"),
        ("expression", "", {"expression": "(select 1) = 1"}, "parameters.expression"),
        ("reference", "state", {"dataset": "nowhere", "column": "x"}, "parameters.dataset"),
        ("volume", "", {}, "parameters"),
    ],
)
def test_an_impossible_rule_is_refused_with_its_field(kind, column, parameters, field):
    orders = DatasetFactory()
    put_in_force(orders, ORDERS, by=orders.owner)
    orders.refresh_from_db()
    access = access_of(orders.owner, timezone.now().date())
    with pytest.raises(InvalidRule) as refusal:
        quality.define_rule(
            orders, by=orders.owner, access=access, name="x", kind=kind, column=column, parameters=parameters
        )
    assert refusal.value.extra["field"] == field
    assert not QualityRule.objects.exists()
