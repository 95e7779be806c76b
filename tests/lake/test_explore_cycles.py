"""Explore by hour of the day and by weekday: by the clock of the reporting zone, against the same in pandas."""

from datetime import datetime

import pandas as pd
import pyarrow as pa
import pytest

from lake.contract import Column, ColumnType, Contract, Role
from lake.explore import Explore, GroupBy, Tabled, Total, explore_sql, tabled, totals_sql
from lake.query import QueryError, run_query

LONDON = "Europe/London"
BY_HOUR, BY_WEEKDAY, COUNT = GroupBy("at", "hour"), GroupBy("at", "weekday"), (Total("count"),)


def contract(zone: str = LONDON) -> Contract:
    at = Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,))
    return Contract((at, Column("due", type=ColumnType.DATE), Column("site")), reporting_timezone=zone)


def stored(instants, zone: str = LONDON) -> pa.Table:
    """As the store holds them: instants in UTC, and the day of each by the clock of the zone."""
    local = pd.Series(instants).dt.tz_localize("UTC").dt.tz_convert(zone)
    days = pa.array(local.dt.date, pa.date32())
    at = pa.array(instants, pa.timestamp("us"))
    return pa.table({"at": at, "at__day": days, "due": days, "due__day": days, "site": ["A"] * len(at)})


def asked(rows: pa.Table, question: Explore, zone: str = LONDON) -> Tabled:
    sql, more = explore_sql(question, contract(zone)), totals_sql(question, contract(zone))
    answer = run_query(rows, sql, contract(zone), more=more)
    return tabled(answer.table, question, contract(zone), answer.more)


# By London's clock: Sunday 31 July 23:30, Monday 1 August 00:30 and 09:15, Monday 31 October 09:15, no time.
FEW = [datetime(2016, 7, 31, 22, 30), datetime(2016, 7, 31, 23, 30), datetime(2016, 8, 1, 8, 15)]
FEW += [datetime(2016, 10, 31, 9, 15), None]


@pytest.mark.parametrize("clock", ["local", "utc"])
def test_an_hour_and_a_weekday_are_those_of_the_reporting_zone_whatever_the_clock_of_the_question(clock):
    rows = stored(FEW)
    hours = asked(rows, Explore((BY_HOUR,), COUNT, clock=clock)).table
    assert hours.to_pydict() == {"at_hour": [0, 9, 23, None], "count": [1, 2, 1, 1]}
    weekdays = asked(rows, Explore((BY_WEEKDAY,), COUNT, clock=clock)).table
    assert weekdays.to_pydict() == {"at_weekday": [1, 7, None], "count": [3, 1, 1]}  # Monday before Sunday


def test_in_utc_the_same_instants_have_other_hours():
    hours = asked(stored(FEW, "UTC"), Explore((BY_HOUR,), COUNT), "UTC").table
    assert hours.to_pydict() == {"at_hour": [8, 9, 22, 23, None], "count": [1, 1, 1, 1, 1]}


def test_a_date_has_a_weekday():
    """Sunday 31 July, Monday 1 August twice, Monday 31 October."""
    weekdays = asked(stored(FEW), Explore((GroupBy("due", "weekday"),), COUNT)).table
    assert weekdays.to_pydict() == {"due_weekday": [1, 7, None], "count": [3, 1, 1]}


def test_hour_by_weekday_is_a_table_in_the_order_of_the_clock_with_its_totals():
    shown = asked(stored(FEW), Explore((BY_HOUR,), COUNT, pivot=BY_WEEKDAY))
    assert shown.table.column_names == ["at_hour", "Mon", "Sun", "(none)"]
    rows = [list(row.values()) for row in shown.table.to_pylist()]
    assert rows == [[0, 1, None, None], [9, 2, None, None], [23, None, 1, None], [None, None, None, 1]]
    assert shown.all_rows == [3, 1, 1]
    assert shown.all_columns == [1, 2, 1, 1, 5]


def test_weekday_by_hour_names_its_columns_as_a_clock_does():
    shown = asked(stored(FEW), Explore((BY_WEEKDAY,), COUNT, pivot=BY_HOUR))
    assert shown.table.column_names == ["at_weekday", "00:00", "09:00", "23:00", "(none)"]


def test_the_hour_that_a_clock_shows_twice_is_one():
    """30 October 2016, 00:30 and 01:30 UTC, are both 01:30 in London."""
    twice = [datetime(2016, 10, 30, 0, 30), datetime(2016, 10, 30, 1, 30)]
    assert asked(stored(twice), Explore((BY_HOUR,), COUNT)).table.to_pydict() == {"at_hour": [1], "count": [2]}


@pytest.mark.parametrize("zone", [LONDON, "Asia/Kathmandu", "America/New_York"])
def test_a_summer_with_both_its_clock_changes_counts_as_it_does_in_pandas(zone):
    """From before London's clocks go forward until after they go back."""
    instants = pd.date_range("2025-03-25 00:10", "2025-11-05", freq="37min")
    local = instants.tz_localize("UTC").tz_convert(zone)
    wanted = pd.Series(1, index=[local.hour, local.dayofweek + 1]).groupby(level=[0, 1]).sum().unstack()
    shown = asked(stored(instants, zone), Explore((BY_HOUR,), COUNT, pivot=BY_WEEKDAY), zone)
    assert shown.table.column_names == ["at_hour", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert shown.table["at_hour"].to_pylist() == list(range(24))
    assert [list(row.values())[1:] for row in shown.table.to_pylist()] == wanted.to_numpy().tolist()
    assert shown.all_rows == wanted.sum().tolist()
    assert shown.all_columns == [*wanted.sum(axis=1).tolist(), len(instants)]


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (GroupBy("due", "hour"), "`due` holds dates without a time, so it has no hour; choose its weekday"),
        (GroupBy("site", "weekday"), "`site` holds no times: group by it without `weekday`"),
        (GroupBy("site", "month"), "`site` holds no times: group by it without `month`"),
        (GroupBy("at", "minute"), "`minute` is not a unit of time; choose one of day, week"),
    ],
)
def test_what_has_no_such_unit_is_refused_by_name(group, said):
    for question in (Explore((group,), COUNT), Explore((GroupBy("site"),), COUNT, pivot=group)):
        with pytest.raises(QueryError, match=said):
            explore_sql(question, contract())


def test_the_table_can_be_ordered_by_its_numbers():
    rows = stored([*FEW, datetime(2016, 8, 2, 23, 30)])  # Wednesday 00:30 there
    question = Explore((BY_HOUR,), COUNT, order_by="at_hour", descending=True)
    assert asked(rows, question).table["at_hour"].to_pylist() == [23, 9, 0, None]
