"""Explore with several groups and filters, and looking at the data as it was; what is said about a dataset."""

from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from rest_framework.test import APIClient

from datasets import compaction
from datasets.facts import table_of
from datasets.models import Dataset
from jobs import work
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.factories import loaded_dataset, member, upload_csv
from tests.pages import text_of

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
        Column("site", roles=(Role.DIMENSION,)),
        Column("kind", roles=(Role.DIMENSION,)),
    )
)
ROWS = "id,day,cost,site,kind\n1,2025-01-01,10,north,a\n2,2025-01-02,20,south,a\n3,2025-02-03,5,south,b\n"


@pytest.fixture
def orders(home):
    return loaded_dataset(ROWS, CONTRACT, unit=home, code="orders")


def explored(client, **asked):
    answer = client.get(reverse("explore"), {"dataset": "orders", **asked})
    assert answer.status_code == 200
    return answer.context


def test_two_groups_and_several_filters_at_once(client, analyst, orders):
    groups = {"group": "day", "period": "month", "group2": "site", "total": "sum", "of": "cost"}
    seen = explored(client, **groups, chart="bar")
    assert [row[1:] for row in seen["answer"].rows] == [["north", 10], ["south", 20], ["south", 5]]
    assert [(line["name"], line["y"]) for line in seen["chart"].figure["data"]] == [("north", [10]), ("south", [20, 5])]
    where = {"where": "cost", "operator": "gt", "value": "5", "where2": "site", "operator2": "in"}
    seen = explored(client, **groups, **where, value2="south, west")
    assert [row[1:] for row in seen["answer"].rows] == [["south", 20]]
    assert len(seen["form"].filters) == 3  # the two in use, and one to fill


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"total": "sum", "of": "site"}, "of", "site holds texts, which have no sum. Choose another column"),
        ({"total": "sum", "of": "day"}, "of", "day holds dates, which have no sum."),
        ({"total": "median"}, "of", "Choose the column whose median is shown."),
        ({"where": "cost", "operator": "lt", "value": "abc"}, "value", "'abc' is no number. Write it as in 12.5."),
        ({"where": "cost", "operator": "in", "value": "1,x"}, "value", "'x' is no number."),
        ({"where2": "day", "operator2": "gt", "value2": "May"}, "value2", "'May' is no date. Write it as"),
    ],
)  # fmt: skip
def test_what_a_column_cannot_answer_is_said_beside_its_field(client, analyst, orders, asked, field, said):
    seen = explored(client, **{"group": "site", **asked})
    assert list(seen["form"].errors) == [field] and seen["form"].errors[field][0].startswith(said)
    assert "answer" not in seen


def test_an_answer_says_what_of_it_is_shown(client, analyst, home):
    """1,200 days in one group each: all of them are counted, 500 stand on the page, and the chart draws as many."""
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(1_200)]
    lines = "".join(f"{n},{day},1,{n % 60},a\n" for n, day in enumerate(days))
    loaded_dataset(f"id,day,cost,site,kind\n{lines}", CONTRACT, unit=home, code="orders")
    seen = explored(client, group="day", total="count", chart="line")
    assert (len(seen["answer"].rows), seen["answer"].truncated) == (1_200, False)
    assert seen["chart"].subtitle == "the first 500 of 1,200 rows"
    page = text_of(client.get(reverse("explore"), {"dataset": "orders", "group": "day", "total": "count"}))
    assert "1,200 rows; the first 500 stand here, a file holds them all. Data version" in page
    refused = explored(client, group="kind", pivot="site", total="count")["problems"][0]
    assert refused["fault"].startswith("`site` has 60 values, and a table shows at most 50 as columns: filter them")


def test_a_filter_takes_the_words_that_its_operator_reads(client, analyst, orders):
    where = {"group": "site", "where": "cost"}
    assert explored(client, **where, operator="not_null")["answer"].rows == [["north", 1], ["south", 2]]
    assert explored(client, **where, operator="starts_with", value="1")["answer"].rows == [["north", 1]]
    days = {"group": "site", "where": "day", "operator": "gte", "value": "2025-01-02"}
    assert explored(client, **days)["answer"].rows == [["south", 2]]


def test_the_rows_themselves_are_filtered_paged_and_downloaded(client, analyst, orders):
    """Without a group and a total, as the form is sent when only a filter is chosen."""
    where = {"group": "", "total": "", "where": "site", "operator": "eq", "value": "south"}
    seen = explored(client, **where)
    assert [row["id"] for row in seen["rows"].rows] == ["3", "2"]
    assert (seen["rows"].total, [row["row"] for row in seen["listed"]]) == (2, [4, 3])
    and_where = {"where2": "cost", "operator2": "gt", "value2": "5", "where3": "day", "operator3": "lt"}
    assert [row["id"] for row in explored(client, **where, **and_where, value3="2025-02-01")["rows"].rows] == ["2"]
    assert explored(client, where="site", operator="eq", value="' or 1=1 --")["rows"].total == 0
    file = client.get(reverse("explore"), {"dataset": "orders", **where, "as": "csv"}).getvalue().decode("utf-8-sig")
    assert file.split() == ["id,day,cost,site,kind", "3,2025-02-03,5.0,south,b", "2,2025-01-02,20.0,south,a"]


def test_a_chart_says_what_it_measures_and_how_many_of_its_lines_it_draws(client, analyst, home):
    """Ten sites, one row each: eight lines are drawn."""
    lines = "".join(f"{n},2025-01-0{n % 9 + 1},1,site-{n},a\n" for n in range(10))
    loaded_dataset(f"id,day,cost,site,kind\n{lines}", CONTRACT, unit=home, code="orders")
    for more in ({"group2": "site"}, {"pivot": "site"}):
        chart = explored(client, group="day", total="sum", of="cost", chart="line", **more)["chart"]
        said = (chart.subtitle, chart.figure["layout"]["yaxis"]["title"]["text"], len(chart.figure["data"]))
        assert said == ("the first 8 of 10 series", "Sum of cost", 8)
        dashes = [line.get("line", {}).get("dash") for line in chart.figure["data"]]
        assert dashes == [None] * 6 + ["dot"] * 2  # there are six colours
    alone = explored(client, group="kind", total="count", chart="bar")["chart"]
    assert (alone.subtitle, alone.figure["layout"]["yaxis"]["title"]["text"]) == ("", "Number of rows")


def test_a_workbook_keeps_numbers_and_days_and_says_what_was_asked(client, analyst, orders):
    where = {"where": "site", "operator": "in", "value": "south,west"}
    where |= {"where2": "cost", "operator2": "gt", "value2": "4"}
    answer = client.get(reverse("explore"), {"dataset": "orders", **where, "as": "xlsx"})
    book = load_workbook(BytesIO(answer.getvalue()))
    rows = [[cell.value for cell in row] for row in book["Answer"].iter_rows()]
    assert rows[1:] == [["3", datetime(2025, 2, 3), 5, "south", "b"], ["2", datetime(2025, 1, 2), 20, "south", "a"]]
    about = [(row[0].value, row[1].value) for row in book["About"].iter_rows(min_row=3)]
    assert about[1:4] == [("Only where", "site is one of south, west"), ("Only where", "cost > 4"), ("Rows", 2)]
    assert dict(about)["Data version"] == orders.current_version
    assert 'filename="orders-rows.xlsx"' in answer["Content-Disposition"]


def test_a_statement_s_answer_is_taken_as_a_workbook(client, analyst, orders):
    sql = {"sql": "select site, sum(cost) as cost from facts group by site order by site", "as": "xlsx"}
    book = load_workbook(BytesIO(client.post(f"{reverse('sql')}?dataset=orders", sql).getvalue()))
    assert [[cell.value for cell in row] for row in book["Answer"].iter_rows()][1:] == [["north", 10], ["south", 25]]


def test_an_older_version_is_looked_at_in_explore_and_by_sql(client, analyst, orders):
    first = orders.current_version
    upload_csv(orders, "id,day,cost,site,kind\n1,2025-01-01,100,north,a\n", by=analyst)
    total = {"total": "sum", "of": "cost"}
    assert explored(client, **total)["answer"].rows == [[125]]
    assert explored(client, **total, version=first)["answer"].rows == [[35]]
    assert explored(client, version=first)["rows"].version == first
    history = client.get(reverse("dataset_history", args=["orders"])).content.decode()
    assert f"?dataset=orders&amp;version={first}" in history
    asked = {"sql": "select sum(cost) as total from facts", "version": first}
    answer = client.post(f"{reverse('sql')}?dataset=orders", asked)
    assert answer.context["answer"].rows == [[35]]
    assert explored(client, version=99)["form"].errors


def test_a_version_whose_files_were_deleted_is_no_damage_and_not_offered(client, analyst, orders):
    first = orders.current_version
    for cost in (100, 200):
        upload_csv(orders, f"id,day,cost,site,kind\n1,2025-01-01,{cost},north,a\n", by=analyst)
    assert compaction.vacuum(timezone.now() + timedelta(days=31)) == 1  # the file of January, as it was
    assert str(first) not in dict(explored(client)["form"].fields["version"].choices)
    gone = f"as they were at version {first} are no longer kept"
    assert gone in explored(client, version=first)["problems"][0]["fault"]
    asked = {"sql": "select 1 from facts", "version": first}
    answer = client.post(f"{reverse('sql')}?dataset=orders", asked)
    assert answer.status_code == 422 and gone in answer.context["problems"][0]["fault"]
    rest = APIClient()
    rest.force_authenticate(analyst)
    answer = rest.get(f"/api/v1/datasets/orders/rows/?version={first}")
    assert answer.status_code == 404 and gone in answer.json()["detail"]


def test_what_a_killed_writer_left_is_deleted_and_nothing_else(orders):
    table = table_of(orders)
    left = table.folder / "_month=202501" / "never-named.parquet"
    left.write_bytes(table.files()[0].read_bytes())
    assert compaction.vacuum() == 1
    assert not left.exists() and table.verify() == len(table.files())


def test_an_upload_whose_replaced_records_were_deleted_stays_loaded_and_says_so(client, analyst, orders):
    second, _ = (
        upload_csv(orders, f"id,day,cost,site,kind\n1,2025-01-01,{cost},north,a\n", by=analyst) for cost in (100, 200)
    )
    compaction.vacuum(timezone.now() + timedelta(days=31))
    client.post(reverse("upload_undo", args=[second.public_id]))
    second.refresh_from_db()
    work.perform(second.job_id)
    page = client.get(second.get_absolute_url()).content.decode()
    assert "It was to be taken back, and was not. It can no longer be taken back: the records that it replaced" in page
    assert "Try again" not in page and "parked" not in page and "parquet" not in page
    assert "parked" not in client.get(orders.get_absolute_url()).content.decode()


def test_what_is_said_about_a_dataset_is_changed_and_recorded(client, analyst, home, orders):
    steward = member(Member.VIEWER, home)
    address = reverse("dataset_describe", args=["orders"])
    page = client.get(address)
    sent = {f.html_name: f.value() for f in page.context["form"] if f.value() is not None}
    sent |= {"steward": steward.pk, "source_system": "ERP", "refresh_promise_hours": 48, "covers": "month"}
    assert client.post(address, sent).status_code == 302
    orders.refresh_from_db()
    assert (orders.steward, orders.source_system, orders.refresh_promise_hours) == (steward, "ERP", 48)
    entry = AuditEntry.objects.filter(action="dataset changed").latest("seq")
    assert entry.details["after"]["steward"] == str(steward)
    client.force_login(steward)
    assert client.get(address).status_code == 403


def test_over_rest_as_well_and_the_codes_of_stored_rows_stay(home, orders):
    client = APIClient()
    client.force_authenticate(member(Member.ANALYST, home))
    address = "/api/v1/datasets/orders/"
    tag = client.get(address)["ETag"]
    other = member(Member.ANALYST, home)
    answer = client.patch(address, {"owner": other.username, "steward": None, "licence": "CC0"}, format="json")
    assert (answer.status_code, answer.json()["owner"], answer.json()["steward"]) == (200, other.username, None)
    assert client.get(address)["ETag"] != tag
    refused = client.patch(address, {"code_system": "erp"}, format="json")
    assert (refused.status_code, Dataset.objects.get().code_system) == (400, "")
