"""Explore: what a question without SQL asks for, and by which clock its times are read."""

from datetime import date, datetime

import pyarrow as pa
import pytest

from lake.contract import Column, ColumnType, Contract, Role
from lake.explore import Explore, GroupBy, Total, explore_sql, pivoted
from lake.filters import Filter
from lake.query import QueryError, _execute, run_query

from .test_query import CONTRACT, NAMES, ROWS, here


def test_explore_groups_and_totals():
    question = Explore(
        (GroupBy("day", "month"),), (Total("count"), Total("sum", "hours"), Total("count_distinct", "team"))
    )
    sql = explore_sql(question, CONTRACT)
    assert [list(row.values())[1:] for row in here(sql)] == [[2, 3, 2], [2, 4, 1]]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Filter("team", "eq", ("it's",)), [3]),
        (Filter("team", "in", ("N", "S")), [1, 2]),
        (Filter("team", "contains", ("IT",)), [3]),
        (Filter("team", "is_null"), [4]),
        (Filter("hours", "gte", (2,)), [2, 3]),
        (Filter("day", "lt", (date(2025, 2, 1),)), [1, 2]),
        (Filter("team", "eq", ("' or 1=1 --",)), []),
    ],
)
def test_explore_filters(wanted, ids):
    sql = explore_sql(Explore(filters=(wanted,), order_by="id"), CONTRACT)
    assert [row["id"] for row in here(sql)] == ids


def test_explore_groups_times_by_the_local_day_that_kpis_count_them_in():
    """31 January 23:30 UTC is February in Paris, where this dataset counts its days."""
    contract = Contract(
        columns=(Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)), Column("team")),
        timezone="UTC",
        reporting_timezone="Europe/Paris",
    )
    times = [datetime(2025, 1, 31, 22, 30), datetime(2025, 1, 31, 23, 30), datetime(2025, 2, 1, 0, 30)]
    days = [date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 1)]
    rows = pa.table({"at": times, "at__day": days, "team": ["N", "N", "S"]})
    sql = explore_sql(Explore((GroupBy("at", "month"),), (Total("count"),)), contract)
    assert run_query(rows, sql, contract).table.to_pylist() == [
        {"at_month": date(2025, 1, 1), "count": 1},
        {"at_month": date(2025, 2, 1), "count": 2},
    ]
    assert run_query(rows, "select *, at__day from facts", contract).table.column_names == ["at", "team", "at__day"]
    assert run_query(rows, "select * from facts where at__day < '2025-02-01'", contract).table.num_rows == 1


BY_THE_CLOCK = Contract(
    columns=(Column("n", type=ColumnType.INTEGER), Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,))),
    reporting_timezone="Europe/London",
)
# By London's clock: 31 July 23:30, 1 August 00:30, and 30 October 01:30, twice
INSTANTS = [datetime(2016, 7, 31, 22, 30), datetime(2016, 7, 31, 23, 30)]
INSTANTS += [datetime(2016, 10, 30, 0, 30), datetime(2016, 10, 30, 1, 30)]


@pytest.mark.parametrize(
    ("operator", "values", "local", "utc"),
    [
        ("gte", ("2016-08-01",), [2, 3, 4], [3, 4]),
        ("lt", ("2016-08-01",), [1], [1, 2]),
        ("lte", ("2016-08-01",), [1, 2], [1, 2]),  # a day is all of it
        ("lte", ("2016-07-31",), [1], [1, 2]),
        ("gt", ("2016-07-31",), [2, 3, 4], [3, 4]),
        ("eq", ("2016-10-30",), [3, 4], [3, 4]),
        ("ne", ("2016-07-31",), [2, 3, 4], [3, 4]),
        ("in", ("2016-07-31", "2016-10-30 01:30 +00:00"), [1, 4], [1, 2, 4]),
        ("not_in", ("2016-07-31", date(2016, 8, 1)), [3, 4], [3, 4]),
        ("lte", (datetime(2016, 8, 1),), [1], [1, 2]),  # a time is none
        ("eq", ("2016-08-01 00:30",), [2], []),
        ("ne", ("2016-08-01 00:30",), [1, 3, 4], [1, 2, 3, 4]),
        ("in", ("2016-07-31 23:30", "2016-10-30 01:30"), [1, 3], [2, 4]),
        ("gt", ("2016-10-30 01:30",), [4], []),
        ("eq", ("2016-10-30 01:30 +00:00",), [4], [4]),  # as it is shown
        ("eq", ("2016-10-30T01:30+01:00",), [3], [3]),
        ("starts_with", ("2016-08",), [2], []),
        ("contains", ("01:30",), [3, 4], [4]),
        ("not_null", (), [1, 2, 3, 4], [1, 2, 3, 4]),
    ],
)
def test_a_filter_reads_and_compares_times_by_the_clock_of_its_question(operator, values, local, utc):
    rows = pa.table({"n": [1, 2, 3, 4], "at": INSTANTS})
    wanted = Filter("at", operator, values)
    for clock, found in (("local", local), ("utc", utc)):
        sql = explore_sql(Explore(filters=(wanted,), order_by="n", clock=clock), BY_THE_CLOCK)
        assert run_query(rows, sql, BY_THE_CLOCK).table["n"].to_pylist() == found


def test_a_time_that_cannot_be_read_is_refused_and_not_taken_as_another():
    with pytest.raises(QueryError, match="'May' is no date: write it as in 2025-01-31 or 2025-01-31 10:30"):
        explore_sql(Explore(filters=(Filter("at", "gt", ("May",)),)), BY_THE_CLOCK)
    with pytest.raises(QueryError, match="'9999-12-31' is no date"):
        explore_sql(Explore(filters=(Filter("at", "gt", ("9999-12-31",)),)), BY_THE_CLOCK)


def test_a_pivot_names_times_by_the_clock_of_its_question():
    rows = pa.table({"n": [1, 2, 3, 4], "at": INSTANTS})
    for clock, names in (
        ("local", ["2016-07-31 23:30", "2016-08-01 00:30", "2016-10-30 01:30 +01:00", "2016-10-30 01:30 +00:00"]),
        ("utc", ["2016-07-31 22:30:00", "2016-07-31 23:30:00", "2016-10-30 00:30:00", "2016-10-30 01:30:00"]),
    ):
        question = Explore((GroupBy("n"),), (Total("count"),), pivot=GroupBy("at"), clock=clock)
        answer = run_query(rows, explore_sql(question, BY_THE_CLOCK), BY_THE_CLOCK).table
        assert pivoted(answer, question, BY_THE_CLOCK).column_names == ["n", *names]


def test_a_statement_asks_for_a_clock_by_the_name_of_its_zone():
    rows = pa.table({"n": [1, 2, 3, 4], "at": INSTANTS})
    sql = "select n from facts where (at at time zone 'UTC' at time zone 'Europe/London')::date = '2016-08-01'"
    assert run_query(rows, sql, BY_THE_CLOCK).table["n"].to_pylist() == [2]
    with pytest.raises(QueryError, match="Mars"):
        run_query(rows, "select at at time zone 'Mars' as m from facts", BY_THE_CLOCK)


def test_explore_pivots():
    question = Explore((GroupBy("day", "month"),), (Total("count"),), pivot=GroupBy("team"))
    table = _execute(ROWS, [explore_sql(question, CONTRACT)], NAMES, "facts", [100])[0]
    shown = pivoted(table, question, CONTRACT)
    assert shown.column_names == ["day_month", "N", "S", "it's", "(none)"]
    assert [list(row.values())[1:] for row in shown.to_pylist()] == [[1, 1, None, None], [None, None, 1, 1]]


def test_an_answer_that_is_cut_says_so():
    """Four teams, none of them the name of nobody: two rows are asked for, and there are more."""
    for limit, more in ((2, True), (4, False)):
        answer = run_query(ROWS, explore_sql(Explore((GroupBy("team"),), limit=limit), CONTRACT), CONTRACT, limit=limit)
        assert (answer.table.num_rows, answer.truncated) == (limit, more)


def test_a_pivot_of_more_members_than_columns_is_refused_and_not_cut():
    question = Explore((GroupBy("day", "month"),), (Total("count"),), pivot=GroupBy("team"))
    table = _execute(ROWS, [explore_sql(question, CONTRACT)], NAMES, "facts", [100])[0]
    with pytest.raises(QueryError, match="`team` has 4 values, and a table shows at most 3 as columns: filter them"):
        pivoted(table, question, CONTRACT, most=3)


@pytest.mark.parametrize(
    "question",
    [
        Explore((GroupBy("tema"),)),
        Explore((GroupBy("day", "hour'); drop"),)),
        Explore(totals=(Total("string_agg", "team"),)),
        Explore(filters=(Filter("team", "like'", ("x",)),)),
        Explore(filters=(Filter("team", "eq"),)),
        Explore(order_by="1; drop"),
    ],
)
def test_explore_refuses_what_it_does_not_know(question):
    with pytest.raises(QueryError):
        explore_sql(question, CONTRACT)
