"""Quality rules in the browser: made, changed, retired; a refusal stands beside its field."""

import pytest
from django.urls import reverse

from datasets import quality
from datasets.models import QualityRule
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.factories import loaded_dataset, member, perform

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER),
        Column("paid", type=ColumnType.BOOLEAN),
    )
)
QUALITY = "/datasets/orders/quality/"


@pytest.fixture
def orders(home, analyst):
    rows = "id,day,cost,paid\n1,2025-01-01,10,true\n2,2025-01-02,5,false\n"
    return loaded_dataset(rows, CONTRACT, unit=home, code="orders")


def made(client, **sent):
    """The rule that the page makes of this, or the errors of its form by field."""
    basic = {"name": "A rule", "severity": "critical", "tolerance_pct": "0"}
    answer = client.post(QUALITY, basic | sent)
    return QualityRule.objects.latest("pk") if answer.status_code == 302 else dict(answer.context["form"].errors)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "range", "column": "day", "low": "31/01/2016"}, "low"),
        ({"kind": "range", "column": "cost", "high": "many"}, "high"),
        ({"kind": "range", "column": "cost", "low": "9", "high": "8"}, "high"),
        ({"kind": "set", "column": "paid", "values": "yes"}, "values"),
        ({"kind": "expression", "expression": "costs > 1"}, "expression"),
        ({"kind": "not_null"}, "column"),
    ],
)
def test_what_is_wrong_with_a_rule_stands_beside_its_field(client, orders, sent, field):
    assert list(made(client, **sent)) == [field]


def test_a_yes_no_column_may_have_to_be_one_of_true_and_false(client, orders):
    made(client, kind="set", column="paid", values="true")
    perform(quality.request_run(orders))
    (result,) = quality.latest_results(orders)
    assert (result.passed, result.checked, result.failing) == (False, 2, 1)  # row 2 is not paid


def test_a_rule_is_changed_on_a_page_that_shows_it_as_it_is(client, orders):
    rule = made(client, name="Cheap", kind="range", column="cost", low="1", high="8")
    page = client.get(QUALITY).content.decode()
    assert "Lies in a range: cost: at least 1 and at most 8" in page
    change = reverse("rule_change", args=[rule.pk])
    assert change in page
    form = client.get(change).context["form"]
    shown = {
        name: form[name].value() for name in ("name", "kind", "column", "low", "high", "severity", "tolerance_pct")
    }
    expected = {"name": "Cheap", "kind": "range", "column": "cost", "low": "1", "high": "8", "severity": "critical"}
    expected["tolerance_pct"] = "0"
    assert shown == expected
    refused = client.post(change, expected | {"high": "none"})
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["high"])
    assert client.post(change, expected | {"high": "10"}).status_code == 302
    perform(quality.request_run(orders))
    (result,) = quality.latest_results(orders)
    assert (QualityRule.objects.count(), result.rule.parameters, result.passed) == (1, {"min": "1", "max": "10"}, True)


def test_the_name_of_a_retired_rule_is_free_again(client, orders):
    first = made(client, kind="not_null", column="cost")
    assert list(made(client, kind="not_null", column="paid")) == ["name"]
    client.post(reverse("rule_retire", args=[first.pk]))
    assert made(client, kind="not_null", column="paid").column == "paid"
    assert client.get(reverse("rule_change", args=[first.pk])).status_code == 404


def test_who_may_not_define_may_not_change_a_rule(client, orders, home):
    rule = made(client, kind="not_null", column="cost")
    client.force_login(member(Member.VIEWER, home))
    assert client.get(reverse("rule_change", args=[rule.pk])).status_code == 403
