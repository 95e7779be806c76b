"""Rows by the clock of the zone in which their days are counted, on pages and in files; filters by the same clock."""

from datetime import datetime
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from rest_framework.test import APIClient

from datasets import times
from datasets.forms_explore import address_of
from datasets.models import SavedView
from datasets.saved_views import save_view
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.factories import loaded_dataset, member, upload_csv
from tests.pages import text_of

pytestmark = pytest.mark.django_db
LONDON, PARIS = "Europe/London", "Europe/Paris"
# The last two: 01:30 in London and 02:30 in Paris, twice, since both put their clocks back at 01:00 UTC
ROWS = "id,at\na,2016-07-31T22:59Z\nb,2016-07-31T23:30Z\nc,2016-10-30T00:30Z\nd,2016-10-30T01:30Z\n"
SHOWN = {
    LONDON: ["2016-10-30 01:30 +00:00", "2016-10-30 01:30 +01:00", "2016-08-01 00:30", "2016-07-31 23:59"],
    PARIS: ["2016-10-30 02:30 +01:00", "2016-10-30 02:30 +02:00", "2016-08-01 01:30", "2016-08-01 00:59"],
}
BY_MONTH = {
    LONDON: [("2016-07-01", 1), ("2016-08-01", 1), ("2016-10-01", 2)],
    PARIS: [("2016-08-01", 2), ("2016-10-01", 2)],
}


def contract(zone: str) -> Contract:
    """Rows of another clock than the one by which they are shown."""
    at = Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,))
    return Contract((Column("id", roles=(Role.KEY,)), at), timezone="Asia/Tokyo", reporting_timezone=zone)


@pytest.fixture(params=[LONDON, PARIS])
def zone(request, client, home):
    loaded_dataset(ROWS, contract(request.param), unit=home, code="calls")
    client.force_login(member(Member.ANALYST, home))
    return request.param


@pytest.fixture
def london(client, home):
    client.force_login(member(Member.ANALYST, home))
    return loaded_dataset(ROWS, contract(LONDON), unit=home, code="calls")


def explored(client, **asked):
    return client.get(reverse("explore"), {"dataset": "calls", **asked})


def listed(client, **asked) -> list[str]:
    """The rows' times as the page shows them."""
    return [row["cells"][1] for row in explored(client, **asked).context["listed"]]


def ids(client, operator: str, value: str) -> str:
    """The rows for which a filter holds, in the order of their time; the page counts them, and so does the file."""
    asked = {"where": "at", "operator": operator, "value": value}
    page = explored(client, **asked).context
    found = [row["id"] for row in page["rows"].rows]
    file = explored(client, **asked, **{"as": "csv"}).getvalue().decode("utf-8-sig").split()[1:]
    counted = explored(client, **asked, total="count").context["answer"].rows
    assert found == [line.split(",")[0] for line in file]
    assert [[page["rows"].total]] == counted == [[len(found)]]
    return "".join(reversed(found))


def test_rows_are_shown_by_the_clock_that_their_days_are_counted_by(client, zone):
    page = text_of(explored(client))
    places = [page.index(shown) for shown in SHOWN[zone]]
    assert places == sorted(places)  # newest first, also in the hour that occurs twice
    assert f"Times are by the clock of {zone} ({'GMT/BST' if zone == LONDON else 'CET/CEST'})." in page


def test_the_rows_of_a_month_are_those_that_its_filter_lets_through(client, zone):
    """The month of explore and of KPIs, and the rows from its first day until that of the next."""
    months = explored(client, group="at", period="month", total="count").context["answer"].rows
    assert [(f"{month}", count) for month, count in months] == BY_MONTH[zone]
    for first, count in BY_MONTH[zone]:
        after = f"{first[:5]}{int(first[5:7]) + 1:02}-01"
        asked = {"where": "at", "operator": "gte", "value": first, "where2": "at", "operator2": "lt", "value2": after}
        found = explored(client, **asked).context
        assert found["rows"].total == count
        assert {f"{row['cells'][1]:%Y-%m-01}" for row in found["listed"]} == {first}


def test_what_a_row_shows_finds_it(client, zone):
    for shown, row in zip(SHOWN[zone], "dcba", strict=True):
        assert ids(client, "eq", shown) == row


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("gte", "2016-08-01", "bcd"),
        ("lt", "2016-08-01 00:00", "a"),
        ("lte", "2016-07-31 23:59", "a"),
        ("in", "2016-07-31 23:59, 2016-08-01 00:30", "ab"),
        ("eq", "2016-10-30 01:30", "c"),  # the first of the two, as of a time in an extract
        ("gt", "2016-10-30 01:30", "d"),
        ("eq", "2016-07-31T23:30Z", "b"),  # by its own offset
        ("starts_with", "2016-07", "a"),
        ("contains", "00:30", "b"),
        ("contains", "01:30", "cd"),
    ],
)
def test_a_filter_reads_what_is_typed_by_the_clock_that_is_shown(client, london, operator, value, found):
    assert ids(client, operator, value) == found


def test_a_time_that_cannot_be_read_is_said_beside_its_field(client, london):
    errors = explored(client, where="at", operator="gt", value="May").context["form"].errors
    assert errors["value"] == ["'May' is no date. Write it as in 2025-01-31 or 2025-01-31 10:30."]


def test_totals_groups_and_charts_are_of_the_same_clock(client, london):
    assert "2016-07-31 23:59" in text_of(explored(client, group="id", total="min", of="at"))
    by_time = explored(client, group="at", total="count", chart="line").context
    assert by_time["chart"].figure["data"][0]["x"] == [
        "2016-07-31T23:59:00", "2016-08-01T00:30:00", "2016-10-30T01:30:00", "2016-10-30T01:30:00"
    ]  # fmt: skip
    pivot = explored(client, group="id", pivot="at", total="count").context["answer"]
    assert pivot.columns[1:] == ("2016-07-31 23:59", "2016-08-01 00:30", *SHOWN[LONDON][1::-1])


def test_files_say_the_offset_of_each_time_and_can_be_loaded_again(client, london):
    """By the same clock as the page; a workbook shows the offset and keeps the time of the clock."""
    file = explored(client, **{"as": "csv"}).getvalue().decode("utf-8-sig")
    assert file.split() == [
        "id,at", "d,2016-10-30T01:30:00+00:00", "c,2016-10-30T01:30:00+01:00", "b,2016-08-01T00:30:00+01:00",
        "a,2016-07-31T23:59:00+01:00",
    ]  # fmt: skip
    book = load_workbook(BytesIO(explored(client, **{"as": "xlsx"}).getvalue()))
    cells = [book["Answer"].cell(row, 2) for row in (2, 5)]
    assert [(cell.value, cell.number_format[-8:]) for cell in cells] == [
        (datetime(2016, 10, 30, 1, 30), '"+00:00"'), (datetime(2016, 7, 31, 23, 59), '"+01:00"')
    ]  # fmt: skip
    about = {row[0].value: row[1].value for row in book["About"].iter_rows(min_row=3)}
    assert about["Clock"] == "Times are by the clock of Europe/London (GMT/BST)."
    before = explored(client).context["rows"]
    upload_csv(london, file, by=london.owner)
    after = explored(client).context["rows"]
    assert after.version != before.version and [r["at"] for r in after.rows] == [r["at"] for r in before.rows]


def test_a_kept_view_reads_and_shows_times_as_the_page_on_which_it_was_asked(client, london):
    asked = {"group": "at", "total": "count", "where": "at", "operator": "gte", "value": "2016-10-30 01:30"}
    client.post(reverse("view_save", args=["calls"]), {**asked, "view_name": "Late"})
    view = SavedView.objects.get()
    assert address_of(view.question, contract(LONDON)) == asked | {"chart": "table"}
    page = text_of(client.get(reverse("saved_view", args=[view.pk])))
    assert "Times are by the clock of Europe/London (GMT/BST)." in page
    assert "2 rows" in page and page.index("2016-10-30 01:30 +01:00") < page.index("2016-10-30 01:30 +00:00")


def test_rest_asks_and_answers_in_utc_unless_a_question_says_otherwise(home, london):
    rest = APIClient()
    rest.force_authenticate(member(Member.ANALYST, home))
    assert [row["at"] for row in rest.get("/api/v1/datasets/calls/rows/").json()["rows"]] == [
        "2016-10-30T01:30:00", "2016-10-30T00:30:00", "2016-07-31T23:30:00", "2016-07-31T22:59:00"
    ]  # fmt: skip
    question = {"groups": [{"column": "at"}], "filters": [{"column": "at", "operator": "lt", "values": ["2016-08-01"]}]}
    a, b = "2016-07-31T22:59:00", "2016-07-31T23:30:00"
    for clock, found in ({}, [a, b]), ({"clock": "local"}, [a]):
        answer = rest.post("/api/v1/datasets/calls/explore/", {"question": question | clock}, format="json")
        assert [row[0] for row in answer.json()["rows"]] == found
    wrong = rest.post("/api/v1/datasets/calls/explore/", {"question": {"clock": "mine"}}, format="json")
    assert wrong.status_code == 400 and "takes one of utc, local" in wrong.json()["detail"]


def test_a_view_kept_over_rest_that_reads_times_in_utc_is_not_offered_for_change(client, london):
    """The form would read its bound an hour off."""
    question = {"groups": [{"column": "id"}], "totals": [{"function": "count"}]}
    late = question | {"filters": [{"column": "at", "operator": "gte", "values": ["2016-08-01"]}]}
    assert address_of(question, contract(LONDON)) and address_of(late, contract("UTC"))
    assert address_of(late, contract(LONDON)) is None
    view = save_view(london, name="Late", question=late, by=london.owner)
    assert ">Change<" not in client.get(reverse("saved_view", args=[view.pk])).content.decode()


def test_sql_stays_in_utc_and_is_told_how_to_ask_for_the_clock(client, london):
    address = f"{reverse('sql')}?dataset=calls"
    asked = "at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/London'"
    page = client.get(address)
    assert "Times are in UTC; days are counted in Europe/London. By the clock there:" in text_of(page)
    assert page.context["clock"] == asked
    sql = f"select at, {asked} as local from facts where id = 'b'"
    assert client.post(address, {"sql": sql}).context["answer"].rows == [
        [datetime(2016, 7, 31, 23, 30), datetime(2016, 8, 1, 0, 30)]
    ]
    file = client.post(address, {"sql": "select at from facts where id = 'b'", "as": "csv"})
    assert file.getvalue().decode("utf-8-sig").split() == ["at", "2016-07-31T23:30:00Z"]


def test_a_clock_is_named_as_people_call_it():
    said = {zone: times.times_said(contract(zone)) for zone in ("America/New_York", "Asia/Tokyo", "America/Sao_Paulo")}
    assert [text.partition("the clock of ")[2] for text in said.values()] == [
        "America/New_York (EST/EDT).", "Asia/Tokyo (JST).", "America/Sao_Paulo."
    ]  # fmt: skip
    assert times.times_said(contract("UTC")) == "Times are in UTC."
    assert times.times_said(Contract((Column("day", type=ColumnType.DATE),))) == ""
