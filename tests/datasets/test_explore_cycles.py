"""Arrivals by hour and weekday: words on pages and in files, numbers over REST, in the order of the clock."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from rest_framework.test import APIClient

from datasets.forms_explore import address_of
from datasets.models import SavedView
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Role as Member
from tests.factories import loaded_dataset, member
from tests.pages import text_of

pytestmark = pytest.mark.django_db
# By London's clock: Tuesday 2 August 00:15, Monday 1 August 09:10 and 00:30, Sunday 31 July 23:30
ROWS = "id,at,due\na,2016-08-01T23:15Z,2016-08-02\nb,2016-08-01T08:10Z,2016-08-01\n"
ROWS += "c,2016-07-31T23:30Z,2016-08-01\nd,2016-07-31T22:30Z,2016-07-31\n"
CONTRACT = Contract(
    (
        Column("id", roles=(Role.KEY,)),
        Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("due", type=ColumnType.DATE),
    ),
    reporting_timezone="Europe/London",
)
CROSSED = {"group": "at", "period": "hour", "pivot": "at", "pivot_period": "weekday", "total": "count"}
WORDS = [f"{hour:02}:00" for hour in range(24)]


@pytest.fixture
def analyst(client, home):
    loaded_dataset(ROWS, CONTRACT, unit=home, code="calls")
    analyst = member(Member.ANALYST, home)
    client.force_login(analyst)
    return analyst


def explored(client, **asked):
    return client.get(reverse("explore"), {"dataset": "calls", **asked})


@pytest.mark.parametrize(
    ("period", "rows"),
    [("hour", [["00:00", 2], ["09:00", 1], ["23:00", 1]]), ("weekday", [["Mon", 2], ["Tue", 1], ["Sun", 1]])],
)
def test_a_page_and_its_file_say_hours_and_weekdays_in_words_in_their_order(client, analyst, period, rows):
    asked = {"group": "at", "period": period, "total": "count"}
    assert explored(client, **asked).context["answer"].rows == rows
    lines = explored(client, **asked, **{"as": "csv"}).getvalue().decode("utf-8-sig").split()
    assert lines == [f"at_{period},count", *(f"{word},{count}" for word, count in rows)]


def test_hours_down_and_weekdays_across_have_their_totals(client, analyst):
    page = explored(client, **CROSSED)
    answer = page.context["answer"]
    assert answer.columns == ("at_hour", "Mon", "Tue", "Sun")
    assert answer.rows == [["00:00", 1, 1, None], ["09:00", 1, None, None], ["23:00", None, None, 1]]
    assert (answer.all_rows, answer.all_columns) == ([2, 1, 1], [2, 1, 1, 4])
    assert "<td>00:00</td>" in page.content.decode()
    book = load_workbook(BytesIO(explored(client, **CROSSED, **{"as": "xlsx"}).getvalue()))
    rows = [[cell.value for cell in row] for row in book["Answer"].iter_rows()]
    assert rows[:2] == [["Hour of at", "Mon", "Tue", "Sun", "All"], ["00:00", 1, 1, None, 2]]


def test_a_chart_draws_hours_along_the_clock_and_a_line_a_weekday(client, analyst):
    figure = explored(client, **CROSSED, chart="line").context["chart"].figure
    assert [line["name"] for line in figure["data"]] == ["Mon", "Tue", "Sun"]
    along = figure["layout"]["xaxis"]
    assert (along["type"], along["categoryorder"], along["categoryarray"]) == ("category", "array", WORDS)


def test_the_lines_of_a_second_group_come_from_monday_on(client, analyst):
    """The rows begin with a's of Tuesday."""
    asked = {"group": "id", "group2": "due", "period": "weekday", "total": "count", "chart": "bar"}
    assert explored(client, **asked).context["answer"].rows[0] == ["a", "Tue", 1]
    figure = explored(client, **asked).context["chart"].figure
    assert [line["name"] for line in figure["data"]] == ["Mon", "Tue", "Sun"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"group": "due", "period": "hour"}, "period"),
        ({"group": "id", "group2": "due", "period": "hour"}, "period"),
        ({"group": "id", "pivot": "due", "pivot_period": "hour"}, "pivot_period"),
    ],
)
def test_a_date_has_no_hour(client, analyst, asked, field):
    page = explored(client, **asked, total="count")
    said = "due holds dates without a time, which have no hour. Choose its weekday, or a time column."
    assert page.context["form"].errors == {field: [said]}
    assert said in text_of(page) and "answer" not in page.context


def test_a_kept_view_says_the_same_and_is_changed_in_the_form(client, analyst):
    client.post(reverse("view_save", args=["calls"]), {**CROSSED, "chart": "line", "view_name": "Arrivals"})
    view = SavedView.objects.get()
    assert address_of(view.question, CONTRACT) == CROSSED | {"chart": "line"}
    answer = client.get(reverse("saved_view", args=[view.pk])).context["answer"]
    assert (answer.columns, answer.rows[0][0]) == (("at_hour", "Mon", "Tue", "Sun"), "00:00")


def test_rest_answers_numbers_and_heads_columns_in_words(analyst):
    rest = APIClient()
    rest.force_authenticate(analyst)

    def answered(question: dict, status: int = 200) -> dict:
        answer = rest.post("/api/v1/datasets/calls/explore/", {"question": question}, format="json")
        assert answer.status_code == status
        return answer.json()

    count = {"totals": [{"function": "count"}]}
    days = answered(count | {"groups": [{"column": "at", "unit": "weekday"}]})
    assert (days["columns"], days["rows"]) == (["at_weekday", "count"], [[1, 2], [2, 1], [7, 1]])
    hours = {"groups": [{"column": "at", "unit": "hour"}]}
    crossed = answered(count | hours | {"pivot": {"column": "at", "unit": "weekday"}})
    assert crossed["columns"] == ["at_hour", "Mon", "Tue", "Sun"]
    assert crossed["rows"] == [[0, 1, 1, None], [9, 1, None, None], [23, None, None, 1]]
    refused = answered(count | {"groups": [{"column": "due", "unit": "hour"}]}, 400)
    assert "`due` holds dates without a time, so it has no hour" in refused["detail"]


def test_the_description_of_rest_says_what_the_numbers_mean(client, analyst):
    schema = client.get("/api/schema/", headers={"Accept": "application/json"}).json()
    text = str(schema["components"]["schemas"])
    assert "`weekday` as a number, 1 (Monday) to 7 (Sunday)" in text and "'weekday', 'hour'" in text
