"""What an explored answer says of all its rows: counted from rows, against the same in pandas."""

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from lake.contract import Column, ColumnType, Contract, Role
from lake.explore import Explore, GroupBy, Tabled, Total, explore_sql, tabled, totals_sql
from lake.filters import Filter
from lake.query import QueryError, run_query

CONTRACT = Contract(
    columns=(
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("team"),
        Column("level", type=ColumnType.INTEGER),
        Column("caller"),
        Column("hours", type=ColumnType.NUMBER),
    ),
    timezone="UTC",
    reporting_timezone="UTC",
)
FRAME = pd.DataFrame(
    [
        (date(2025, 1, 1), "N", 1, "a", 1.0),
        (date(2025, 1, 2), "N", 1, "b", 2.0),
        (date(2025, 1, 3), "N", 10, "a", 3.0),
        (date(2025, 1, 4), "S", 1, "a", 10.0),
        (date(2025, 2, 1), "S", 2, "c", None),
        (date(2025, 2, 2), None, 2, "c", 20.0),
        (date(2025, 2, 3), "W", 2, "b", 60.0),
    ],
    columns=["day", "team", "level", "caller", "hours"],
)
ROWS = pa.Table.from_pandas(FRAME, preserve_index=False)
PANDAS = {
    "count_distinct": "nunique",
    "avg": "mean",
    **{same: same for same in ("count", "sum", "min", "max", "median")},
}


def asked(question: Explore) -> tuple[Tabled, bool]:
    sql, more = explore_sql(question, CONTRACT), totals_sql(question, CONTRACT)
    answer = run_query(ROWS, sql, CONTRACT, more=more, limit=question.limit)
    return tabled(answer.table, question, CONTRACT, answer.more), answer.truncated


def test_a_mean_of_all_rows_is_no_mean_of_the_groups():
    """N 6 / 3, S 10 / 1, nobody 20, W 60: the groups' means are 2, 10, 60 and 20, all rows' 96 / 6 = 16, not 23."""
    shown, _ = asked(
        Explore((GroupBy("team"),), (Total("avg", "hours"), Total("count"), Total("count_distinct", "caller")))
    )
    assert shown.table["avg_hours"].to_pylist() == [2, 10, 60, 20]
    assert (shown.all_rows, shown.all_columns) == ([16, 7, 3], None)  # three callers, though the groups have 2, 2, 1, 1


@pytest.mark.parametrize("function", PANDAS)
def test_totals_of_a_pivot_are_those_of_pandas(function):
    column = "caller" if function == "count_distinct" else "hours"
    shown, _ = asked(Explore((GroupBy("team"),), (Total(function, column),), pivot=GroupBy("level")))
    assert shown.table.column_names == ["team", "1", "2", "10"]  # numbers by size, not as texts
    how = PANDAS[function]
    by_level = FRAME.groupby("level")[column].agg(how).to_list()
    by_team = FRAME.groupby("team", dropna=False)[column].agg(how).to_list()
    assert shown.all_rows == by_level
    assert shown.all_columns == [*by_team, FRAME[column].agg(how)]


def test_totals_hold_for_the_rows_of_the_filters_only():
    question = Explore(
        (GroupBy("team"),), (Total("median", "hours"),), (Filter("hours", "gt", (2,)),), GroupBy("level")
    )
    shown, _ = asked(question)
    left = FRAME[FRAME.hours > 2]
    assert shown.all_rows == left.groupby("level").hours.median().to_list() == [10, 40, 3]
    assert shown.all_columns == [3, 10, 60, 20, left.hours.median()] and left.hours.median() == 15


def test_groups_beyond_the_limit_count_in_the_totals():
    shown, truncated = asked(Explore((GroupBy("team"),), (Total("sum", "hours"),), limit=2))
    assert (shown.table["sum_hours"].to_pylist(), truncated, shown.all_rows) == ([6, 10], True, [96])


def test_a_pivot_that_is_cut_keeps_its_columns_and_its_totals():
    """The first two of six cells are N's, at levels 1 and 10; level 2, of others only, is a column too."""
    shown, truncated = asked(Explore((GroupBy("team"),), (Total("sum", "hours"),), pivot=GroupBy("level"), limit=2))
    assert (shown.table.to_pylist(), truncated) == ([{"team": "N", "1": 3, "2": None, "10": 3}], True)
    assert (shown.all_rows, shown.all_columns) == ([13, 80, 3], [6, 96])
    question = Explore((GroupBy("team"),), (Total("sum", "hours"),), pivot=GroupBy("level"), limit=2)
    with pytest.raises(QueryError, match="`level` has 3 values, and a table shows at most 2"):
        answer = run_query(ROWS, explore_sql(question, CONTRACT), CONTRACT, more=totals_sql(question, CONTRACT))
        tabled(answer.table, question, CONTRACT, answer.more, most=2)


def test_the_order_of_the_answer_leaves_each_row_its_own_total():
    question = Explore((GroupBy("team"),), (Total("sum", "hours"),), pivot=GroupBy("level"))
    shown, _ = asked(Explore(question.groups, question.totals, (), question.pivot, "sum_hours", descending=True))
    assert shown.table["team"].to_pylist() == ["W", None, "S", "N"]
    assert shown.all_columns == [60, 20, 10, 6, 96]


@pytest.mark.parametrize(
    ("question", "statements"),
    [
        (Explore(), 0),
        (Explore(totals=(Total("count"),)), 0),
        (Explore((GroupBy("team"),)), 0),
        (Explore((GroupBy("team"), GroupBy("day", "month")), (Total("count"), Total("sum", "hours"))), 1),
        (Explore((GroupBy("team"),), (Total("count"),), pivot=GroupBy("day", "month")), 3),
    ],
)
def test_totals_take_one_more_statement_and_those_of_a_pivot_three(question, statements):
    assert len(totals_sql(question, CONTRACT)) == statements


def test_without_rows_there_is_nothing_to_add():
    shown, _ = asked(Explore((GroupBy("team"),), (Total("count"),), (Filter("team", "eq", ("X",)),), GroupBy("level")))
    assert (shown.table.num_rows, shown.all_rows, shown.all_columns) == (0, None, None)


def test_a_pivot_shows_each_of_its_totals_the_first_as_its_own():
    """Hours and callers: N has 3 and 3 hours at levels 1 and 10, of 2 callers and 1."""
    question = Explore(
        (GroupBy("team"),), (Total("sum", "hours"), Total("count_distinct", "caller")), pivot=GroupBy("level")
    )
    shown, _ = asked(question)
    hours, callers = shown.pivots
    assert (shown.table, shown.all_rows, shown.all_columns) == (hours.table, hours.all_rows, hours.all_columns)
    assert callers.table.column_names == hours.table.column_names == ["team", "1", "2", "10"]
    assert [row["1"] for row in hours.table.to_pylist() if row["team"] == "N"] == [3]
    for (kind, column), one in zip((("sum", "hours"), ("nunique", "caller")), shown.pivots, strict=True):
        wanted = FRAME.pivot_table(index="team", columns="level", values=column, aggfunc=kind)
        found = one.table.to_pandas().dropna(subset="team").set_index("team")
        assert found.loc["N", "1"] == wanted.loc["N", 1] and found.loc["W", "2"] == wanted.loc["W", 2]
        assert one.all_rows == FRAME.groupby("level")[column].agg(kind).to_list()
        assert one.all_columns == [*FRAME.groupby("team", dropna=False)[column].agg(kind), FRAME[column].agg(kind)]


def test_only_a_pivot_has_pivots():
    assert asked(Explore((GroupBy("team"),), (Total("count"), Total("sum", "hours"))))[0].pivots == ()
