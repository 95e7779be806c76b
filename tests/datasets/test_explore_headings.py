"""Explore in words: what stands above its columns and along its charts, and how a chart writes numbers and days."""

from datetime import date, datetime
from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from rest_framework.test import APIClient

from datasets.charts import chart_of, chart_of_numbers
from datasets.explore import Answer
from datasets.headings import headed, heading
from lake.contract import Column, ColumnType, Contract
from organization.models import Role as Member
from tests.factories import UnitFactory, loaded_dataset, member
from tests.pages import text_of

pytestmark = pytest.mark.django_db
CONTRACT = Contract(
    columns=(
        Column("flight_no", roles=("key",)),
        Column("time_hour", type=ColumnType.TIMESTAMP, roles=("event_time",)),
        Column("arr_delay", type=ColumnType.INTEGER, unit="min"),
        Column("origin"),
    )
)
ROWS = "flight_no,time_hour,arr_delay,origin\n1,2025-01-01 09:00,4000,EWR\n2,2025-02-01 09:00,2000,JFK\n"
MEAN = {"group": "time_hour", "period": "month", "total": "avg", "of": "arr_delay"}


@pytest.fixture
def flights():
    return loaded_dataset(ROWS, CONTRACT, unit=UnitFactory(code="air"), code="flights")


@pytest.fixture
def explored(client, flights):
    client.force_login(member(Member.ANALYST, flights.unit))
    return lambda **asked: client.get(reverse("explore"), {"dataset": "flights", **asked})


@pytest.mark.parametrize(
    ("group", "total", "said"),
    [
        ({"column": "origin"}, {"function": "count"}, ("Origin", "Number of rows")),
        (
            {"column": "time_hour", "unit": "hour"},
            {"function": "avg", "column": "arr_delay"},
            ("Hour of time hour", "Mean of arr delay (min)"),
        ),
        (
            {"column": "time_hour", "unit": "month"},
            {"function": "max", "column": "time_hour"},
            ("Month of time hour", "Most of time hour"),
        ),
        (
            {"column": "time_hour", "unit": "weekday"},
            {"function": "count_distinct", "column": "arr_delay"},
            ("Weekday of time hour", "Different values of arr delay"),
        ),
    ],
)
def test_a_heading_says_the_column_and_what_was_done_with_it(group, total, said):
    answer = Answer(("a", "b"), [], False, "", 1)
    assert headed(answer, {"groups": [group], "totals": [total]}, CONTRACT).headed == said


def test_the_page_and_the_workbook_say_it_in_words_the_csv_and_rest_by_name(explored, flights):
    page = explored(**MEAN)
    assert '<th scope="col">Month of time hour</th><th scope="col" class="num">Mean of arr delay (min)</th>' in (
        page.content.decode()
    )
    assert explored(**MEAN, **{"as": "csv"}).getvalue().decode("utf-8-sig").split() == [
        "time_hour_month,avg_arr_delay",
        "2025-01-01,4000.0",
        "2025-02-01,2000.0",
    ]
    book = load_workbook(BytesIO(explored(**MEAN, **{"as": "xlsx"}).getvalue()))
    assert [cell.value for cell in book["Answer"][1]] == ["Month of time hour", "Mean of arr delay (min)"]
    about = {row[0].value: row[1].value for row in book["About"].iter_rows(min_row=3)}
    assert about["Column Mean of arr delay (min)"] == "avg_arr_delay"
    rest = APIClient()
    rest.force_authenticate(page.wsgi_request.user)
    asked = {
        "groups": [{"column": "time_hour", "unit": "month"}],
        "totals": [{"function": "avg", "column": "arr_delay"}],
    }
    found = rest.post(f"/api/v1/datasets/{flights.code}/explore/", {"question": asked}, format="json").json()
    assert found["columns"] == ["time_hour_month", "avg_arr_delay"]
    assert "headings" not in found and "measured" not in found


def test_a_pivot_says_what_its_numbers_are(explored):
    page = explored(**MEAN, pivot="origin", chart="line")
    assert page.context["answer"].headed == ("Month of time hour", "EWR", "JFK")
    assert "Numbers: Mean of arr delay (min)." in text_of(page)
    assert page.context["chart"].figure["layout"]["yaxis"]["title"]["text"] == "Mean of arr delay (min)"


def test_the_rows_themselves_have_their_columns_names_in_words(explored):
    assert '<th scope="col">Flight no</th><th scope="col">Time hour</th>' in explored().content.decode()
    assert heading("arr_delay") == "Arr delay"


def test_a_chart_says_the_same_and_saves_its_numbers_by_name(explored):
    page = explored(**MEAN, chart="bar")
    layout = page.context["chart"].figure["layout"]
    assert layout["xaxis"]["title"]["text"] == "Month of time hour"
    assert layout["yaxis"]["title"]["text"] == "Mean of arr delay (min)"
    assert (
        '<th scope="col" class="num" data-value="avg_arr_delay">Mean of arr delay (min)</th>' in page.content.decode()
    )


def figure_of(*columns, question=None):
    names = tuple(f"column_{number}" for number, _ in enumerate(columns))
    answer = Answer(names, [list(row) for row in zip(*columns, strict=True)], False, "", 1)
    if question:
        return chart_of(answer, question | {"chart": "bar"}, "Flights").figure["layout"]
    return chart_of_numbers(answer, "bar", "Flights").figure["layout"]


def test_an_axis_groups_digits_where_the_table_does():
    """A total is an amount; a statement's whole number may be a year or a code, one with a fraction is none."""
    up = figure_of(["a", "b"], [4000, 20000], question={"groups": [{"column": "x"}]})["yaxis"]
    assert (up["separatethousands"], up["exponentformat"]) == (True, "none")
    assert figure_of(["a", "b"], [2013, 2014])["yaxis"]["separatethousands"] is False
    assert figure_of(["a", "b"], [4000.5, 20000.0])["yaxis"]["separatethousands"] is True
    assert figure_of([2013, 2014], [1, 2])["xaxis"] == {
        "title": {"text": "column_0"},
        "type": "-",
        "exponentformat": "none",
    }


def test_an_axis_writes_days_and_times_as_the_table_does():
    days = figure_of([date(2025, 1, 1), date(2025, 2, 1)], [1, 2])["xaxis"]
    times = figure_of([datetime(2025, 1, 1, 9), datetime(2025, 1, 1, 10)], [1, 2])["xaxis"]
    assert (days["type"], days["hoverformat"], times["hoverformat"]) == ("date", "%Y-%m-%d", "%Y-%m-%d %H:%M")
    assert [stop["value"] for stop in times["tickformatstops"]] == ["%Y-%m-%d %H:%M", "%Y-%m-%d"]
