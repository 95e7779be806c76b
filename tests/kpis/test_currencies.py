"""Amounts of EUR and USD in one sum: told where a KPI is written, on its page, and beside an answer of explore."""

import html

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from datasets import quality
from datasets.currencies import currencies_of_rows
from datasets.facts import contract_of, facts_of
from kpis import definitions
from kpis.hints import cautions_of
from lake.contract import Column, ColumnType, Contract, Role
from lake.currencies import amounts_together
from organization.access import access_of
from organization.models import Unit
from tests.factories import UnitFactory, loaded_dataset, member, perform, upload_csv
from tests.kpis.pages import opened, sent
from tests.kpis.sample_desk import DAY
from tests.matrix.description import as_described

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process", "on_the_day")]

TEXT, NUMBER, DECIMAL = ColumnType.TEXT, ColumnType.NUMBER, ColumnType.DECIMAL
CONTRACT = Contract(
    (
        Column("id", type=TEXT, roles=(Role.KEY,)),
        Column("at", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("unit", type=TEXT, roles=(Role.UNIT,)),
        Column("status", type=TEXT, roles=(Role.DIMENSION,)),
        Column("currency", type=TEXT, roles=(Role.DIMENSION,)),
        Column("amount", type=DECIMAL),
        Column("amount_eur", type=DECIMAL),
        Column("rate", type=NUMBER),
        Column("items", type=ColumnType.INTEGER),
        Column("freight", type=DECIMAL),
    )
)
ROWS = """id,at,unit,status,currency,amount,amount_eur,rate,items,freight
1,2025-04-01,north,paid,EUR,100,100,1,2,5
2,2025-04-02,north,paid,USD,110,100,0.91,1,5
3,2025-04-03,south,open,EUR,50,50,1,1,5
"""
WRITTEN = {
    "code": "spend", "name": "Spend", "unit": "group", "kind": "simple", "dataset": "orders", "formula": "sum(amount)",
    "grain": "month", "direction": "lower", "unit_of_measure": "number", "decimals": "0",
}  # fmt: skip
SAID = "amount is in EUR and USD (column currency), added up as if they were one: filter on one currency"


@pytest.fixture
def orders():
    group = UnitFactory(code="group", name="Group")
    for code in ("north", "south"):
        UnitFactory(code=code, parent=group)
    made = loaded_dataset(ROWS, CONTRACT, code="orders", name="Orders", unit=group, owner=member("analyst", group))
    return looked_at(made)


def looked_at(dataset):
    perform(quality.request_run(dataset))
    dataset.refresh_from_db()
    return dataset


def hints(client, orders, **more):
    return sent(client, orders.owner, "kpi_preview", **WRITTEN | more).context["hints"]


def test_the_sum_of_euros_and_dollars_is_told_where_it_is_written(client, orders):
    page = html.unescape(sent(client, orders.owner, "kpi_preview", **WRITTEN).content.decode())
    assert "260" in page and SAID in page  # 100 + 110 + 50 of two currencies


@pytest.mark.parametrize(
    "more",
    [
        {"condition": "currency = 'EUR'"},
        {"dimensions": "currency"},
        {"formula": "sum(amount) filter (where currency = 'USD')"},
        {"formula": "sum(amount * rate)"},
        {"formula": "sum(amount_eur)"},
        {"formula": "sum(items)"},
        {"formula": "count_if(amount > 60)"},
        {"condition": "status = 'open'"},  # its one row is in EUR
        {"formula": "sum(freight)"},  # who knows of what
    ],
)
def test_nothing_is_told_of_one_currency_of_what_is_converted_and_of_no_amount(client, orders, more):
    assert hints(client, orders, **more) == []


@pytest.mark.parametrize(
    "more",
    [
        {"formula": "avg(Amount)"},
        {"kind": "percentile", "formula": "amount", "percentile": "0.5"},
        {"kind": "weighted_mean", "formula": "amount", "weight": "items"},
        {"kind": "ratio", "formula": "sum(amount)", "denominator": "sum(items)"},
        {"condition": "status = 'paid'"},
    ],
)
def test_means_percentiles_and_denominators_are_told_too(client, orders, more):
    assert [hint[: len(SAID)].lower() for hint in hints(client, orders, **more)] == [SAID.lower()]


def test_a_kpi_in_euros_is_of_money_whatever_its_column_is_called(client, orders):
    (said,) = hints(client, orders, formula="sum(freight)", unit_of_measure="EUR")
    assert said.startswith("freight is in EUR and USD")


def test_who_sees_rows_of_one_currency_is_not_told_of_others(client, orders):
    unit = Unit.objects.get(code="south")
    local = member("analyst", unit)
    answer = sent(client, local, "kpi_preview", **WRITTEN | {"unit": "south"})
    assert (answer.context["hints"], answer.context["tried"][0].value) == ([], 50)


def test_the_page_of_the_definition_tells_it_and_names_no_currency_to_who_sees_a_part(client, orders):
    version = definitions.create_kpi(
        code="spend", name="Spend", unit=orders.unit, owner=orders.owner, by=orders.owner, dataset=orders,
        kind="simple", formula="sum(amount)",
    )  # fmt: skip
    assert SAID in html.unescape(opened(client, orders.owner, "kpi_definition", "spend"))
    part = access_of(member("analyst", Unit.objects.get(code="south")), DAY)
    (seen,) = cautions_of(version, part)
    assert "amount is in several currencies (column currency)" in seen and "USD" not in seen


def test_explore_tells_it_beside_its_answer(client, orders):
    asked = {"dataset": "orders", "total": "sum", "of": "amount", "group": "status"}
    page = html.unescape(opened(client, orders.owner, "explore", **asked))
    assert "amount is in EUR and USD (column currency), added up as if they were one: group by that column" in page
    assert "as if they were one" not in opened(client, orders.owner, "explore", **asked | {"group": "currency"})


def test_rest_tells_it_beside_a_definition_and_an_answer(orders):
    rest = APIClient()
    rest.force_authenticate(orders.owner)
    version = {name: value for name, value in WRITTEN.items() if name not in ("code", "name", "unit")} | {"decimals": 0}

    def told(path, body, name):
        answer = as_described("post", f"/api/v1/{path}/", rest.post(f"/api/v1/{path}/", body, format="json"))
        assert answer.status_code == 200, answer.content
        return [said for said in answer.json()[name] if "as if they were one" in said]

    for path, name in (("kpis/check", "cautions"), ("kpis/preview", "hints")):
        assert told(path, {"unit": "group", "version": version}, name)[0].startswith(SAID)
        of_one = version | {"condition": "currency = 'EUR'"}
        assert told(path, {"unit": "group", "version": of_one}, name) == []
    question = {"groups": [{"column": "status"}], "totals": [{"function": "sum", "column": "amount"}]}
    said = "amount is in EUR and USD (column currency), added up as if they were one: group by that column"
    assert told("datasets/orders/explore", {"question": question}, "cautions")[0].startswith(said)
    assert told("datasets/orders/sql", {"sql": "select sum(amount) from facts"}, "cautions")[0].startswith(said)
    for sql in ("select currency, sum(amount) from facts group by 1", "select max(amount), sum(items) from facts"):
        assert told("datasets/orders/sql", {"sql": sql}, "cautions") == []


def test_the_page_of_sql_tells_it_beside_its_answer(client, orders):
    client.force_login(orders.owner)
    address = reverse("sql") + "?dataset=orders"
    page = html.unescape(client.post(address, {"sql": "select sum(amount) from orders"}).content.decode())
    assert "260" in page and "amount is in EUR and USD (column currency), added up as if they were one" in page
    of_one = html.unescape(
        client.post(address, {"sql": "select sum(amount) from orders where currency = 'EUR'"}).content.decode()
    )
    assert "150" in of_one and "as if they were one" not in of_one


def test_a_column_is_one_of_currencies_while_all_of_its_values_are(orders):
    assert orders.currencies == {"currency": ["EUR", "USD"]}
    upload_csv(orders, ROWS.splitlines()[0] + "\n4,2025-04-04,north,paid,points,7,7,1,1,5\n")
    orders.refresh_from_db()
    assert looked_at(orders).currencies == {}


def test_small_letters_and_blank_cells_are_no_other_currency():
    rows = ROWS.replace("USD", "eur").replace("open,EUR", "open,")
    home = UnitFactory(code="north")
    UnitFactory(code="south", parent=home)
    made = loaded_dataset(rows, CONTRACT, code="blank", unit=home)
    assert currencies_of_rows(facts_of(made), contract_of(made)) == {"currency": ["EUR"]}


def test_datasets_of_before_are_looked_at_once(orders):
    orders.currencies = None
    orders.save(update_fields=["currencies"])
    assert (quality.request_first_runs(), looked_at(orders).currencies) == (1, {"currency": ["EUR", "USD"]})
    assert quality.request_first_runs() == 0


@pytest.mark.parametrize(
    ("column", "is_amount"),
    [
        (Column("unit_price", type=DECIMAL), True),
        (Column("net_value", type=DECIMAL), True),
        (Column("netto_betrag", type=DECIMAL), True),
        (Column("net_weight", type=DECIMAL), False),
        (Column("cost_center", type=ColumnType.INTEGER), False),
        (Column("sales_count", type=ColumnType.INTEGER), False),
        (Column("price_usd", type=DECIMAL), False),
        (Column("amount", type=DECIMAL, unit="EUR"), False),
        (Column("amount", type=DECIMAL, unit="kg"), False),
        (Column("amount", type=DECIMAL, number_forms=("€",)), False),
        (Column("amount", type=DECIMAL, number_forms=("$", "€", "parentheses")), True),
        (Column("cost", type=DECIMAL, formula="price * items"), True),
        (Column("cost", type=DECIMAL, formula="case currency when 'USD' then price * 0.9 else price end"), False),
    ],
)
def test_what_is_an_amount_of_the_currency_that_its_row_names(column, is_amount):
    assert bool(amounts_together([column], "currency")) is is_amount
