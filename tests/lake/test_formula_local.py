"""`local(at)` in formulas: by hand, against pandas, and what it does not let in."""

import re
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from lake.contract import Column, ColumnType, Contract, ContractError, Role
from lake.engine import compute
from lake.formula import FormulaError, derived, parse
from lake.formula.local import read_in_utc
from lake.periods import Calendar
from lake.plan import Measure, UnitLevel
from lake.query import QueryError, guard

LONDON, KATHMANDU = "Europe/London", "Asia/Kathmandu"


def contract(zone: str = LONDON, *more: Column) -> Contract:
    columns = (
        Column("id", type=ColumnType.INTEGER, roles=(Role.KEY,)),
        Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("until", type=ColumnType.TIMESTAMP),
        Column("due", type=ColumnType.DATE),
        Column("site"),
        Column("local", type=ColumnType.INTEGER),
    )
    return Contract((*columns, *more), reporting_timezone=zone)


def of_row(text: str, at: str, zone: str = LONDON):
    """The value of a formula for one row."""
    sql = parse(text, contract(zone), aggregate=False).sql
    row = f"timestamp '{at}' as at, timestamp '{at}' + interval 2 day as until, date '2025-08-01' as due, 7 as local"
    return duckdb.sql(f"select {sql} from (select 1 as id, 'A' as site, {row})").fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "utc", "london"),
    [  # Thursday 31 July 2025 23:30 in UTC is Friday 1 August 00:30 in London
        ("hour({})", 23, 0),
        ("weekday({})", 4, 5),
        ("isodow({})", 4, 5),
        ("dayofweek({})", 4, 5),
        ("day({})", 31, 1),
        ("month({})", 7, 8),
        ("extract(hour from {})", 23, 0),
        ("({})::date", date(2025, 7, 31), date(2025, 8, 1)),
        ("({})::date = due", False, True),
        ("date_trunc('month', {})::date", date(2025, 7, 1), date(2025, 8, 1)),
        ("{} >= '2025-08-01'", False, True),
        ("hour({} - interval 6 hour)", 17, 18),
        ("hour({}) + local", 30, 7),  # a column of that name is one still
    ],
)
def test_half_past_eleven_at_night_in_utc_is_the_next_day_in_london(text, utc, london):
    assert of_row(text.format("at"), "2025-07-31 23:30") == utc
    assert of_row(text.format("local(at)"), "2025-07-31 23:30") == london
    assert of_row(text.format("local(at)"), "2025-07-31 23:30", "UTC") == utc


def test_in_winter_london_has_the_clock_of_utc_and_the_repeated_hour_comes_twice():
    assert of_row("hour(local(at))", "2025-01-31 23:30") == 23
    assert [of_row("hour(local(at))", at) for at in ("2016-10-30 00:30", "2016-10-30 01:30")] == [1, 1]


def test_sunday_is_the_seventh_weekday_as_in_explore():
    assert [of_row("weekday(at)", f"2025-08-0{day} 12:00") for day in (3, 4)] == [7, 1]


def test_of_no_time_there_is_no_local_time():
    assert of_row("hour(local(case when site = 'B' then at end))", "2025-07-31 23:30") is None


def test_formulas_without_it_are_regenerated_as_they_were():
    assert parse("hour(at)", contract(), aggregate=False).sql == 'HOUR("at")'
    assert parse("sum(local)", contract()).sql == 'SUM("local")'
    turned = parse("hour(local(at))", contract(), aggregate=False).sql
    assert turned == "HOUR((\"at\" AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/London'))"
    assert parse("hour(local(at))", contract(KATHMANDU), aggregate=False).sql != turned  # each dataset by its own zone


MEASURES = [
    Measure("early", "simple", "count_if(hour(local(at)) < 6)", time_column="at"),
    Measure("weekend", "ratio", "count(*) filter (where weekday(local(at)) > 5)", "at", denominator="count(*)"),
    Measure("hours", "simple", "avg(hour(local(at)))", time_column="at"),
    Measure("p90", "percentile", "hour(local(at)) + minute(local(at)) / 60", time_column="at", percentile=0.9),
    Measure("days", "distinct_count", "local(at)::date", time_column="at"),
    Measure("at night", "simple", "count(*)", time_column="at", where="hour(local(at)) >= 22"),
    Measure("latest hour", "simple", "max(hour(local(at)))", time_column="at"),
]


def by_pandas(code: str, local: pd.Series) -> float:
    hours = local.dt.hour
    match code:
        case "early":
            return (hours < 6).sum()
        case "weekend":
            return (local.dt.dayofweek > 4).mean()
        case "hours":
            return hours.mean()
        case "p90":
            return (hours + local.dt.minute / 60).quantile(0.9)
        case "days":
            return local.dt.date.nunique()
        case "at night":
            return (hours >= 22).sum()
    return hours.max()


@pytest.mark.parametrize("zone", [LONDON, KATHMANDU])
def test_every_kind_of_measure_equals_pandas(zone):
    """Of 2025, every 47 minutes; months are those of the same clock."""
    at = pd.Series(pd.date_range("2025-01-01", "2026-01-01", freq="47min"))
    local = at.dt.tz_localize("UTC").dt.tz_convert(zone)
    days = pa.array(local.dt.date, pa.date32())
    month = pa.array(local.dt.year * 100 + local.dt.month, pa.int32())
    rows = pa.table({"id": range(len(at)), "at": pa.array(at, pa.timestamp("us")), "at__day": days, "_month": month})
    months = Calendar().periods("month", date(2025, 1, 1), date(2026, 1, 1))
    found = compute(rows, contract(zone), MEASURES, months, [UnitLevel(None, 1, 0)]).to_pylist()
    assert len(found) == len(MEASURES) * 12
    for row in found:
        of_month = local[local.dt.month == row["period_start"].month]
        of_month = of_month[of_month.dt.year == 2025]
        assert row["value"] == pytest.approx(by_pandas(row["code"], of_month), rel=1e-9), row


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hour(local('2025-08-01 00:30'))", "`local` takes a time, such as a timestamp column, not a text"),
        ("hour(local(null))", "`local` takes a time, such as a timestamp column, not this"),
        ("hour(local(due))", "`local` takes a time, such as a timestamp column, not a date"),
        ("hour(local(site))", "not a text"),
        ("hour(local(until - at))", "not a span of time"),
        ("hour(local())", "`local` takes one time in brackets, as in local(at); the zone is that of the dataset"),
        ("hour(local(at, 'Europe/Paris'))", "`local` takes one time in brackets"),
        ("hour(local(at, site))", "`local` takes one time in brackets"),
        ("hour(local(*))", "`*` stands only in count"),
        ("hour(local(distinct at))", "stands only in count"),
        ("hour(local(zone := at))", "may not stand in a formula"),
        ("hour(main.local(at))", "may not stand in a formula"),
        ("hour(local((select at)))", "`select` may not stand in a formula"),
        ("hour(local(att))", "There is no column `att`"),
        ("hour(local(local(at)))", "`local` stands inside another local: a time is turned once"),
        ("hour(local(date_trunc('hour', local(at))))", "`local` stands inside another local"),
        ("hour(local(case when hour(local(at)) > 1 then at end))", "`local` stands inside another local"),
        ("hour(at at time zone 'Europe/Paris')", "`at time zone` may not stand in a formula; local"),
        ("hour(timezone('Europe/Paris', at))", "may not stand in a formula"),
        ("local(at) > 'May'", "`at` is a time, which 'May' is not"),
        ("local(at) > until", "`until` is a time of UTC beside one of another clock: write local"),
        ("epoch(until) - epoch(local(at)) + epoch(until - local(at))", "`until` is a time of UTC"),
        ("coalesce(local(at), until)::date", "`until` is a time of UTC"),
        ("date_diff('day', at, local(until))", "`at` is a time of UTC"),
        ("weekday(site)", "`weekday` does not fit a text"),
        ("weekday(at, 1)", "`weekday` takes one time in brackets"),
    ],
)
def test_what_is_no_time_of_the_dataset_is_refused(text, said):
    with pytest.raises(FormulaError, match=re.escape(said)):
        parse(text, contract(), aggregate=False)


def test_a_measure_turns_the_times_of_its_rows():
    with pytest.raises(FormulaError, match="`local` is about the time of one row; write it inside the aggregate"):
        parse("hour(local(max(at)))", contract())


@pytest.mark.parametrize("text", ["local(at)", "coalesce(local(at), local(until))", "date_trunc('day', local(at))"])
def test_a_local_time_is_not_kept_as_one_of_utc(text):
    """It would be turned once more where it is shown, and dated by another day."""
    said = "A time by the local clock would be read as one of UTC: take its hour"
    with pytest.raises(FormulaError, match=said):
        parse(text, contract(), aggregate=False)
    with pytest.raises(ContractError, match=said):
        contract(LONDON, Column("moved", type=ColumnType.TIMESTAMP, formula=text)).check()
    fine = Column("moved", type=ColumnType.TIMESTAMP, formula="case when hour(local(at)) > 6 then at end")
    assert contract(LONDON, fine).check()


def test_a_zone_is_a_text_whatever_it_says():
    """A contract is checked for it; a formula does not rely on that."""
    odd = contract("x' as facts; drop table facts; --")
    assert "'x'' as facts; drop table facts; --'" in parse("hour(local(at))", odd, aggregate=False).sql


def test_the_function_is_one_of_formulas_about_rows_alone():
    with pytest.raises(QueryError, match="`local` may not stand in a query"):
        guard("select local(at) from facts", ["at"])
    with pytest.raises(FormulaError, match="`local` may not stand in a formula"):
        derived("local(orders)", {"orders": 1})


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("count_if(hour(at) < 8)", {"at": "hour"}),
        ("weekday(AT)", {"at": "weekday"}),
        ("extract(isodow from at)", {"at": "weekday"}),
        ("date_trunc('month', until)", {"until": "month"}),
        ("until::date", {"until": "date"}),
        ("hour(at - interval 6 hour)", {"at": "hour"}),
        ("hour(local(at)) + day(until)", {"until": "day"}),
        ("hour(local(at))", {}),
        ("local(at)::date", {}),
        ("hour(until - at)", {}),  # a span has no clock
        ("(epoch(until) - epoch(at)) / 3600", {}),
        ("day(due)", {}),
        ("at >= '2025-08-01'", {}),
    ],
)
def test_what_a_formula_takes_in_utc_is_known(text, read):
    assert read_in_utc(text, contract()) == read
