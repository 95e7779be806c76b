"""Formulas as they are written elsewhere: taken where they mean the same here, else refused with what to write."""

import duckdb
import pytest

from lake.contract import Column, ColumnType, Contract, Role
from lake.formula import FormulaError, derived, inputs_of, parse
from lake.formula.compared import compared_texts

CONTRACT = Contract(
    (
        Column("id", type=ColumnType.TEXT, roles=(Role.KEY,)),
        Column("at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("until", type=ColumnType.TIMESTAMP),
        Column("failed", type=ColumnType.TEXT),
        Column("met", type=ColumnType.BOOLEAN),
        Column("Amount", type=ColumnType.DECIMAL),
        Column("Order lines", type=ColumnType.INTEGER),
    )
)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("sum([Amount])", "sum(amount)"),
        ("SUM([amount]) / COUNT(DISTINCT [id])", "sum(amount) / count(distinct id)"),
        ("sum([Order lines])", 'sum("Order lines")'),
        ("sum(`Amount`)", "sum(amount)"),
        ("= sum(Amount)", "sum(amount)"),
        ("count_if(failed == 'yes')", "count_if(failed = 'yes')"),
        ("count_if(failed != 'yes')", "count_if(failed <> 'yes')"),
        ("countif(failed = '[x]')", "count_if(failed = '[x]')"),
        ("sum(if(failed = 'yes', 1, 0))", "sum(case when failed = 'yes' then 1 else 0 end)"),
        ("sum(iif(failed = 'yes', 1, 0))", "sum(case when failed = 'yes' then 1 else 0 end)"),
        ("avg(datediff(hour, at, until))", "avg(datediff('hour', at, until))"),
    ],
)
def test_what_means_the_same_is_taken(text, same):
    assert parse(text, CONTRACT).sql == parse(same, CONTRACT).sql


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("avg(datediff(at, until, HOUR))", "at", "the unit comes first, as in datediff('hour', since, until)"),
        ("avg(datediff(until, at))", "datediff", "begins with its unit; write datediff('hour', since, until)"),
        ("avg(timestampdiff(HOUR, at, until))", "timestampdiff", "; write datediff('hour', since, until)"),
        ("count(*) where failed = 'yes'", "where", "; write count(*) filter (where failed = 'yes')"),
        ("sum(Amount) WHERE met", "WHERE", "; write sum(Amount) filter (where met)"),
        ("sum(1) / count(*) where met", "where", "behind its aggregate, as in count(*) filter (where condition)"),
        ("Payments[Amount]", "Payments[Amount]", "names a table; write Amount, since a formula is about"),
        ("SUM(Payments[Amount])", "Payments[Amount]", "names a table; write Amount,"),
        ("SUM('My lines'[Order lines])", "", 'names a table; write "Order lines",'),
        ("DIVIDE(sum(Amount), count(*))", "DIVIDE", "; write a / b, which is empty where b is 0"),
        ("CALCULATE(sum(Amount), met)", "CALCULATE", "; write sum(column) filter (where condition)"),
        ("{FIXED [id] : SUM([Amount])}", "{", "{FIXED ...} has no counterpart: write the aggregate alone"),
        ("countif(failed, 'yes')", "countif", "takes one condition; write count_if(failed = 'yes')"),
        ("sumif(failed, 'yes', Amount)", "sumif", "; write sum(column) filter (where condition)"),
        ("averageif(failed, 'yes', Amount)", "averageif", "; write avg(column) filter (where condition)"),
        ("count_if(met && failed = 'yes')", "&&", "; write and"),
        ("count_if(failed = 'yes' || met)", "", "`||` joins texts; write or between conditions"),
        ("count_if(failed = 'yes' || id = 'x')", "", "joins texts; write or between conditions"),
        ("count_if(failed is not 'yes')", "'yes'", "cannot stand behind is; write = or <>"),
        ("countd(id)", "countd", "; write count(distinct column)"),
        ("sum(zn(Amount))", "zn", "; write coalesce(value, 0)"),
        ("sum(round(Amount, 1, 2))", "round", "is given more than it takes"),
    ],
)
def test_what_means_something_else_is_refused_with_what_to_write(text, word, said):
    with pytest.raises(FormulaError) as caught:
        parse(text, CONTRACT)
    assert said in caught.value.message
    if word:
        assert (caught.value.token, text[caught.value.position - 1 :][: len(word)]) == (word, word)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("weekday(interval 1 day) = 1", "`weekday` is about a day or a time; a span of time such as interval '1' DAY"),
        ("weekday(until - at) = 1", "`weekday` is about a day or a time; a span of time such as until - at has none"),
        ("extract(dow from until - at) = 1", "`dow` is about a day or a time"),
        ("at > '2025-01-01' + interval 1 day", "'2025-01-01' is a text here; write '2025-01-01'::date for the day"),
        ("month('2025-01-01') = 1", "'2025-01-01' is a text here; write '2025-01-01'::date for the day"),
        ("hour('2025-01-01 10:00') = 1", "; write '2025-01-01 10:00'::timestamp for the time"),
        ("Amount > interval 1 day", "The formula compares a number with a span of time: compare two of the same kind"),
        ("until + 1 > at", "`+` does not fit a time and a number"),
    ],
)
def test_days_texts_and_spans_that_do_not_fit_are_told_in_plain_words(text, said):
    with pytest.raises(FormulaError) as caught:
        parse(text, CONTRACT, aggregate=False)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("hour(until - at)", "hour", "leaves out its days; for all its hours write epoch(until - at) / 3600"),
        (
            "minute((until - at)) > 5",
            "minute",
            "leaves out its hours; for all its minutes write epoch(until - at) / 60",
        ),
        ("extract(day from until - at)", "", "leaves out its hours; for all its days write epoch(until - at) / 86400"),
        ("extract(second from until - at)", "", "for all its seconds write epoch(until - at) (char"),
        ("case when hour(until - at) < 4 then 1 end", "hour", "write epoch(until - at) / 3600"),
        ("month(until - at)", "month", "of days and hours, of no month; write datediff('month', since, until)"),
    ],
)
def test_a_part_of_a_span_is_refused_with_what_says_how_long_it_is(text, word, said):
    with pytest.raises(FormulaError) as caught:
        parse(text, CONTRACT, aggregate=False)
    assert said in str(caught.value)
    assert not word or (caught.value.token, text[caught.value.position - 1 :][: len(word)]) == (word, word)


def test_what_is_written_instead_tells_25_hours():
    """From 08:00 to 09:00 of the next day; its hour would be 1, its minute 0."""
    times = "timestamp '2025-01-01 08:00' as at, timestamp '2025-01-02 09:00' as until"
    for text, value in (("epoch(until - at) / 3600", 25), ("epoch(until - at) / 60", 1500)):
        sql = parse(text, CONTRACT, aggregate=False).sql
        assert duckdb.sql(f"select {sql} from (select {times})").fetchall() == [(value,)]


@pytest.mark.parametrize(
    "text",
    [
        "at > '2025-01-01'::date + interval 1 day",
        "hour(at + interval 1 day) = 5",
        "extract(epoch from until - at) > 3600",
        "month('2025-01-01'::date) = 1",
        "hour('2025-01-01 10:00'::timestamp) = 1",
        "until - at > interval 1 day",
        "weekday(until) = 1",
        "failed || id = 'yesx'",
    ],
)
def test_what_is_proposed_holds(text):
    assert parse(text, CONTRACT, aggregate=False).type == "boolean"


def test_a_name_in_brackets_is_one_for_all_who_read_a_formula():
    assert compared_texts("count_if([failed] = 'yes')") == {"failed": ["yes"]}
    assert inputs_of("[revenue] - [cost]") == inputs_of("revenue - cost")
    assert derived("[revenue] - [cost]", {"revenue": 7.0, "cost": 4.0}) == 3
