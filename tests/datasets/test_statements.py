"""Statements of the SQL page: their parameters are asked for, and they can be kept for others who may query."""

import pytest
from django.urls import reverse

from datasets.explore import QuestionRefused
from datasets.models import SavedView
from datasets.saved_views import save_statement, save_view
from organization.models import Role as Member
from tests.datasets.test_api import Caller
from tests.datasets.test_pages import CONTRACT
from tests.factories import loaded_dataset, member
from tests.pages import text_of

pytestmark = pytest.mark.django_db
ROWS = "id,day,cost,site\n1,2025-01-01,10,north\n2,2025-01-02,20,south\n3,2025-02-03,5,south\n"
SQL = "select sum(cost) as total from facts where day >= :since and site = :site"


@pytest.fixture
def orders(home):
    return loaded_dataset(ROWS, CONTRACT, unit=home, code="orders")


@pytest.fixture
def address(orders):
    return f"{reverse('sql')}?dataset=orders"


def test_a_parameter_is_asked_for_and_filled_in(client, analyst, address):
    asked = client.post(address, {"sql": SQL})
    assert (asked.status_code, "Give a value for `since`" in text_of(asked)) == (422, True)
    assert asked.context["parameters"] == {"since": "", "site": ""}
    done = client.post(address, {"sql": SQL, "p-since": "2025-01-02", "p-site": "south"})
    assert (done.status_code, done.context["answer"].rows) == (200, [[25.0]])
    kept = client.post(address, {"sql": SQL, "p-since": "2025-02-01", "p-site": "south", "as": "csv"})
    assert kept.getvalue().decode("utf-8-sig").split() == ["total", "5.0"]


def test_a_statement_is_kept_opened_run_again_and_removed(client, analyst, address, orders):
    sent = {"sql": SQL, "p-since": "2025-01-02", "p-site": "south", "keep": "", "view_name": "Costs since"}
    kept = SavedView.objects.get(pk=client.post(address, sent).url.rsplit("=", 1)[1])
    assert (kept.sql, kept.values, kept.created_by) == (SQL, {"since": "2025-01-02", "site": "south"}, analyst)
    opened = client.get(address, {"dataset": "orders", "kept": kept.pk})
    assert (opened.context["sql"], opened.context["parameters"]) == (SQL, kept.values)
    assert "The statement kept as Costs since" in text_of(opened)
    again = client.post(address, sent | {"p-site": "north", "sql": SQL.replace("sum", "max")})
    assert again.status_code == 302
    assert (SavedView.objects.get().values["site"], "max(" in SavedView.objects.get().sql) == ("north", True)
    assert client.get(reverse("saved_view", args=[kept.pk])).url.endswith(f"kept={kept.pk}")
    assert client.post(reverse("view_remove", args=[kept.pk])).url == address
    assert not SavedView.objects.exists()


def test_what_could_not_run_is_not_kept(client, analyst, address, orders):
    with pytest.raises(QuestionRefused, match="no column `price`"):
        save_statement(orders, name="Prices", sql="select price from facts", values={}, by=analyst)
    named = {"sql": "select * from facts", "keep": "", "view_name": " "}
    refused = client.post(address, named)
    assert (refused.status_code, "Give the view a name" in text_of(refused)) == (422, True)
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(("kept", "status"), [("²", 200), ("x", 200), ("99999999999999999999", 404)])
def test_an_address_with_no_kept_statement_is_no_fault_of_the_server(client, analyst, address, kept, status):
    assert client.get(address, {"dataset": "orders", "kept": kept}).status_code == status


def test_a_name_with_a_nul_is_refused(client, analyst, address):
    refused = client.post(address, {"sql": "select * from facts", "keep": "", "view_name": "Costs\0"})
    assert (refused.status_code, "The name holds a NUL" in text_of(refused)) == (422, True)
    assert not SavedView.objects.exists()


def test_views_and_statements_are_listed_apart_and_statements_for_those_who_query(client, analyst, home, orders):
    question = {"groups": [{"column": "site"}], "totals": [{"function": "sum", "column": "cost"}]}
    save_view(orders, name="By site", question=question, by=analyst)
    kept = save_statement(orders, name="All of it", sql="select * from facts", values={}, by=analyst)
    explore, sql = (text_of(client.get(reverse(name), {"dataset": "orders"})) for name in ("explore", "sql"))
    assert ("By site" in explore, "All of it" in explore) == (True, False)
    assert ("By site" in sql, "All of it" in sql) == (False, True)
    client.force_login(member(Member.VIEWER, home))
    assert client.get(reverse("sql"), {"dataset": "orders", "kept": kept.pk}).status_code == 403


def test_a_statement_does_not_take_the_place_of_a_view_of_that_name(client, analyst, home, orders):
    """Nor does it tell who may not query that somebody keeps one."""
    question = {"groups": [{"column": "site"}], "totals": [{"function": "sum", "column": "cost"}]}
    view = save_view(orders, name="By site", question=question, by=analyst)
    statement = save_statement(orders, name="by site", sql="select * from facts", values={}, by=analyst)
    assert set(SavedView.objects.values_list("pk", "sql")) == {(view.pk, ""), (statement.pk, "select * from facts")}
    save_statement(orders, name="All", sql="select * from facts", values={}, by=analyst)
    assert save_view(orders, name="All", question=question, by=member(Member.VIEWER, home)).sql == ""


def test_rest_fills_keeps_lists_and_removes_statements(client, home, orders):
    analyst = Caller(client, Member.ANALYST, home)
    values = {"since": "2025-01-02", "site": "south"}
    status, answer = analyst("post", "datasets/orders/sql/", {"sql": SQL, "values": values})
    assert (status, answer["rows"]) == (200, [[25.0]])
    status, fault = analyst("post", "datasets/orders/sql/", {"sql": SQL})
    assert (status, fault["token"]) == (400, ":since")
    status, kept = analyst("post", "datasets/orders/statements/", {"name": "Costs", "sql": SQL, "values": values})
    assert (status, kept["values"]) == (201, values)
    assert analyst("get", "datasets/orders/statements/")[1] == [kept]
    assert analyst("get", "datasets/orders/views/")[1] == []
    viewer = Caller(client, Member.VIEWER, home)
    assert viewer("get", "datasets/orders/statements/")[0] == 403
    assert analyst("delete", f"datasets/orders/views/{kept['id']}/")[0] == 204
