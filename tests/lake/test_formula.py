"""What a formula may say, and what it may not: abuse cases B1 to B7 and the traps of the parser."""

import math
import pickle

import duckdb
import pytest

from lake.contract import Column, ColumnType, Contract
from lake.formula import FormulaError, derived, inputs_of, measured, parse

CONTRACT = Contract(
    columns=(
        Column("a", type=ColumnType.INTEGER),
        Column("b", type=ColumnType.NUMBER),
        Column("cost", type=ColumnType.DECIMAL),
        Column("handling_time", type=ColumnType.NUMBER),
        Column("name"),
        Column("day", type=ColumnType.DATE),
        Column("at", type=ColumnType.TIMESTAMP),
        Column("ok", type=ColumnType.BOOLEAN),
        Column("window"),
    ),
    timezone="UTC",
    reporting_timezone="UTC",
)


def refused(text: str, *, aggregate: bool = True) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        parse(text, CONTRACT, aggregate=aggregate, tried=True)
    return caught.value


@pytest.mark.parametrize(
    ("text", "sql", "type_"),
    [
        ("sum(A)/count(*)", 'SUM("a") / NULLIF(COUNT(*), 0)', "number"),
        ("count(distinct name)", 'COUNT(DISTINCT "name")', "integer"),
        ("sum(cost) filter (where ok)", 'SUM("cost") FILTER(WHERE "ok")', "decimal"),
        ("percentile(b, 0.9)", 'QUANTILE_CONT("b", 0.9)', "number"),
        ("percentile_cont(0.9) within group (order by b)", 'QUANTILE_CONT("b", 0.9)', "number"),
        ("100 * count_if(name = 'é;--') / 7", "100 * COUNT_IF(\"name\" = 'é;--') / 7", "number"),
        ('count("window")', 'COUNT("window")', "integer"),
        ("max(b % a)", 'MAX("b" % NULLIF("a", 0))', "number"),
    ],
)
def test_a_measure_is_regenerated_from_its_tree(text, sql, type_):
    formula = parse(text, CONTRACT)
    assert (formula.sql, formula.type) == (sql, type_)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("a > 1 and name in ('x', 'y')", "boolean"),
        ("name like 'x%' or not ok", "boolean"),
        ("date_diff('hour', day, at)", "integer"),
        ("coalesce(cost, 0) * 2", "decimal"),
        ("case when ok then 'good' else lower(name) end", "text"),
        ("at + interval 1 day", "timestamp"),
        ("at between date '2025-01-01' and timestamp '2025-02-01 00:00:00'", "boolean"),
        ("cast(day as timestamp)", "timestamp"),
        ("extract(month from at)", "integer"),
    ],
)
def test_a_row_expression_has_a_type(text, type_):
    assert parse(text, CONTRACT, aggregate=False, wanted=type_).type == type_


def test_the_wanted_type_is_kept_to():
    with pytest.raises(FormulaError, match="gives integer, but boolean is needed"):
        parse("a + 1", CONTRACT, aggregate=False, wanted="boolean")


B1 = [
    ("sum((select 1))", "select"),
    ("sum(a) union select 1", "union"),
    ("sum(a) from facts", "from"),
    ("sum(a in (select a from x))", "select"),
    ("values (1)", "values"),
    ("pivot x", "pivot"),
    ("exists(select 1)", "exists"),
    ("sum(a) over ()", "over"),
    ("a = any([1])", "any"),
]
B2 = [
    (call, call.split("(")[0].strip('"').split(".")[-1])
    for call in (
        "read_csv('x')",
        "READ_TEXT('x')",
        "read_blob('x')",
        "glob('*')",
        "sniff_csv('x')",
        "query('select 1')",
        "query_table('x')",
        "getenv('HOME')",
        "current_setting('threads')",
        "\"read_csv\"('x')",
        "system.main.getenv('x')",
        "duckdb_settings()",
        "strptime(name, '%d')",
        "any_value(facts)",
        "list(a)",
        "replace(name, 'a', 'aaaa')",
        "lpad(name, 1000000000, 'x')",
    )
]
B3 = [
    (text, text.split(" ")[0])
    for text in (
        "COPY facts TO 'x'",
        "ATTACH 'x'",
        "PRAGMA version",
        "SET threads = 1",
        "INSTALL httpfs",
        "DESCRIBE facts",
        "CALL pragma_version()",
        "EXPORT DATABASE 'x'",
        "LOAD x",
    )
] + [("(SHOW TABLES)", "SHOW"), ("sum(a); drop table facts", ";")]
B4 = [
    ("#1", "#"),
    ("COLUMNS('.*')", "COLUMNS"),
    ("*", "*"),
    ("t.*", "*"),
    ("facts.a", "a"),
    ("x.y.a", "a"),
    ("sum($1)", "$"),
]


@pytest.mark.parametrize(("text", "word"), [*B1, *B2, *B3, *B4])
@pytest.mark.parametrize("aggregate", [True, False])
def test_B1_B2_B3_B4_foreign_words_are_refused_by_name_and_place(text, word, aggregate):
    error = refused(text, aggregate=aggregate)
    assert error.token.strip('"').lower() == word.lower()
    assert text[error.position - 1 :].startswith(error.token)


@pytest.mark.parametrize(
    "text",
    [
        "'x'.f()",
        "facts",
        "sum(facts)",
        "x -> x + 1",
        "[a, a]",
        "{'k': a}",
        "a[1]",
        "sum(?)",
        "sum(a::blob)",
        "E'a\\'b'",
    ],
)
def test_other_ways_around_the_columns_are_refused(text):
    refused(text)
    refused(text, aggregate=False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(" * 1_500 + "a" + ")" * 400, "nest at most 50"),
        ("(" * 3_000 + "a" + ")" * 3_000, "at most 2,000 characters"),
        ("a" * 1_000_000, "at most 2,000 characters"),
        ("+".join("a" * 900), "nests at most 50"),
        ("not " * 400 + "ok", "nests too deeply"),
        ("greatest(" + ",".join("a" * 600) + ")", "at most 500 parts"),
        ("sum(1e400)", "too large for a number"),
        ("", "empty"),
        ("sum(a", "cannot be read"),
        ("sum(a) -- total", "no comments"),
    ],
)
def test_B5_size_and_shape_have_limits(text, message):
    assert message in str(refused(text))


@pytest.mark.parametrize("char", ["\0", "\u200b", "\u202e", "\u00a0", "\u0430", "\x1b"])
def test_B6_only_printable_ascii_stands_outside_text(char):
    """NUL, zero width, right-to-left, no-break blank and a Cyrillic a."""
    error = refused(f"sum(a{char})")
    assert (error.token, error.position) == (char, 6)
    if char > "\x7f":
        assert parse(f"count_if(name = '{char}')", CONTRACT)


def test_a_misspelt_column_is_named_with_the_nearest_one():
    error = refused("sum(cost) / sum(handlng_time)")
    assert (error.token, error.position, error.suggestion) == ("handlng_time", 17, "handling_time")
    assert str(error) == "There is no column `handlng_time` (character 17). Did you mean `handling_time`?"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("min(a) + a", "column of one row"),
        ("sum(sum(a))", "inside another aggregate"),
        ("a + 1", "sums up rows"),
        ("sum(name)", r"`sum` does not fit a text \(character 1\)"),
        ("sum(a + name)", r"`\+` does not fit a number and a text \(character 7\)"),
        ("max(day)", "gives date"),
        ("sum(distinct a)", "count\\(distinct"),
        ("count(distinct a, b)", "count\\(distinct"),
        ("percentile(b, 90)", "from 0 to 1"),
        ("percentile(b, a)", "from 0 to 1"),
        ("min(a, 3)", "greatest or least"),
    ],
)
def test_a_measure_that_makes_no_sense_says_why(text, message):
    with pytest.raises(FormulaError, match=message):
        parse(text, CONTRACT)
    with pytest.raises(FormulaError):
        parse(text + " > 0", CONTRACT, aggregate=True)


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("avg(hours_between(opened_at, closed_at))", "; write (epoch(until) - epoch(since)) / 3600"),
        ("avg(minutes(closed_at - opened_at))", "; write (epoch(until) - epoch(since)) / 60"),
        ("avg(days(closed_at, opened_at))", "; write (epoch(until) - epoch(since)) / 86400"),
        ('COUNTIFS(team, "N") / count(*)', "`COUNTIFS` may not stand in a formula; write count_if(condition)"),
        ("divide(sum(hours), count(*))", "; write a / b, which is empty where b is 0"),
        ("average(hours)", "; write avg(column)"),
        ("sum([1, 2])", "; write a column's name without square brackets"),
        ('count_if(name = "Abandoned")', "; a text stands in single quotes, as in 'Abandoned'"),
    ],
)
def test_what_spreadsheets_and_dax_call_it_is_told_as_a_formula_does(text, instead):
    with pytest.raises(FormulaError) as caught:
        parse(text, CONTRACT, aggregate=True)
    assert instead in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ok = 'ja'", r"`ok` is yes and no, which 'ja' is not; write true or false \(character 6\)"),
        ("ok in ('yes', 'nein')", "which 'nein' is not"),
        ("a between 'low' and 5", "`a` is a number, which 'low' is not"),
        ("'soon' > at", "`at` is a time, which 'soon' is not; write '2026-01-31'"),
        ("day <> '31/02/2026'", "`day` is a date, which '31/02/2026' is not; write '2026-01-31'"),
    ],
)
def test_a_text_that_its_column_cannot_hold_is_refused(text, message):
    with pytest.raises(FormulaError, match=message):
        parse(text, CONTRACT, aggregate=False)


@pytest.mark.parametrize(
    "text", ["ok = 'yes'", "a >= '5'", "day = '2026-01-31'", "at < '2026-01-31 10:00'", "name > 'm'"]
)
def test_a_text_that_is_a_value_of_its_column_is_one(text):
    assert parse(text, CONTRACT, aggregate=False).type == "boolean"


def test_aggregates_are_refused_in_a_row_expression():
    assert refused("a > avg(a)", aggregate=False).token == "avg"


def test_B7_division_by_zero_is_no_value():
    sql = parse("a / (a - a) + a % 0 + a // 0", CONTRACT, aggregate=False).sql
    assert duckdb.sql(f"SELECT {sql} FROM (SELECT 3 AS a)").fetchall() == [(None,)]


# --- what no row can be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("a + 'x'", "'x'", "'x' is not a number"),
        ("ok and 'O''Neil'", "'O''Neil'", "'O'Neil' is not true or false"),
        ("a > 1 and ''", "''", "'' is not true or false"),  # fails where a is 0 as well
        ("if('', a, 0)", "''", "'' is not true or false"),
        ("least('Zoë', at)", "'Zoë'", "'Zoë' is not a time"),
        ("date_diff('day', '2025-13-01', day)", "'2025-13-01'", "'2025-13-01' is not a date"),
        ("not day", "", "a date cannot be read as true or false"),
        ("at::double", "", "a time cannot be read as a number"),
        ("cast(999 as decimal(3, 1))", "", "the number 999 is too large for DECIMAL"),
        ("9223372036854775807 + 1", "", "a whole number on the way is too large"),
    ],
)
def test_a_formula_that_fails_on_every_row_is_refused(text, word, said):
    fault = refused(text, aggregate=False)
    assert fault.message.startswith(f"The formula fails on every row: {said}")
    assert fault.token == word


@pytest.mark.parametrize(
    "text",
    [
        "coalesce(name, 'none')::int > 1",
        "name::date > day",
        "case when a > 1 then 'x' + a end",
        "not name",
        "ln(b - 1)",
    ],
)
def test_a_formula_that_some_rows_can_be_is_let_through(text):
    parse(text, CONTRACT, aggregate=False, tried=True)


# --- what the engine computes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "word", "instead"),
    [
        ("hour(max(at))", "max", "`max` gives a time here.*max.hour.at.., or max.epoch.at.. for seconds"),
        ("1 + hour(min(local(at)))", "min", "min.hour.at"),
        ("max(day) - min(day)", "max", "`max` gives a date here.*max.epoch.day.. for seconds"),
        ("epoch(avg(at))", "avg", "avg.hour.at"),
        ("case when min(name) = 'x' then 1 end", "min", "gives a text here.*count.distinct name. tells how many"),
        ("coalesce(count(b), true)", "", "a number in one case and yes and no in another"),
        ("least(true, min(a))", "", "a number in one case|yes and no in one case"),
    ],
)
def test_what_is_made_of_aggregates_that_are_no_numbers_is_none_of_the_engines(text, word, instead):
    """Elsewhere they are SQL: an error budget's total may be the minutes from the first row to the last."""
    with pytest.raises(FormulaError, match=instead) as caught:
        measured(text, CONTRACT)
    assert caught.value.token == word
    assert parse("date_diff('minute', min(at), max(at))", CONTRACT).type == "integer"
    assert measured("max(hour(at)) + sum(ok)", CONTRACT).sql == 'MAX(HOUR("at")) + SUM("ok")'


# --- derived measures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cost / orders", 2.5),
        ("cost / zero", None),
        ("cost + blank", None),
        ("coalesce(blank, 1) + cost", 11),
        ("nullif(zero, 0)", None),
        ("greatest(cost, orders, blank)", 10),
        ("least(cost, orders)", 4),
        ("case when cost > orders then 1 else 0 end", 1),
        ("case when blank > 1 then 1 end", None),
        ("if(blank is null and not zero > 1, 5, 6)", 5),
        ("-abs(orders - cost) ** 2", 36),
        ("round(cost / 3, 2)", 3.33),
        ("round(cost / orders)", 3),  # 2.5
        ("round(-cost / orders)", -3),
        ("round(orders / 16, 1)", 0.3),  # 0.25
        ("round(cost * 12.5, -1)", 130),  # 125
        ("coalesce(cost / zero, 7)", 7),
        ("if(cost / zero > 1 or cost = 10, 5, 6)", 5),
        ("sqrt(-cost)", None),
        ("round((0 - cost) ** 0.5)", None),
        ("if((0 - cost) ** 0.5 > 1, 5, 6)", None),
        ("(0 - cost) ** 0.5", None),
        ("exp(cost * 1000)", None),
        ("ln(zero)", None),
        ("1e300 * 1e300 * cost", None),
    ],
)
def test_a_derived_number_follows_its_inputs(expression, expected):
    value = derived(expression, {"cost": 10, "orders": 4, "zero": 0, "blank": None})
    assert value == (pytest.approx(expected) if expected is not None else None)


def test_inputs_are_named_in_order_and_must_be_known():
    assert inputs_of("b / (a + b)") == ("b", "a")
    with pytest.raises(FormulaError, match="Did you mean `orders`"):
        inputs_of("cost / order", ["cost", "orders"])


@pytest.mark.parametrize(
    "expression", ["sum(cost)", "'x'", "cost || 'a'", "getenv('x')", "cost; cost", "x.cost", "(select 1)"]
)
def test_a_derived_number_is_arithmetic_only(expression):
    with pytest.raises(FormulaError):
        derived(expression, {"cost": 1.0})


def test_a_code_with_a_sign_that_computes_stands_in_quotes_and_is_suggested_so():
    with pytest.raises(FormulaError, match='no column `first`.*Did you mean `"first-fix"`') as refusal:
        derived("first-fix * 2", {"first-fix": 3.0})
    assert derived(f"{refusal.value.suggestion} * 2", {"first-fix": 3.0}) == 6.0


def test_a_derived_number_equals_that_of_the_database():
    expression = "case when a >= 2 or b < 0 then (a - b) / a else coalesce(nullif(a, 1), b) * 3 end"
    for a in (None, 0, 1, 2, 5):
        for b in (None, -1, 0, 4):
            inner = ", ".join(f"{'NULL' if v is None else v}::DOUBLE AS {n}" for n, v in (("a", a), ("b", b)))
            expected = duckdb.sql(f"SELECT {expression} FROM (SELECT {inner})").fetchall()[0][0]
            expected = None if expected is None or not math.isfinite(expected) else expected
            assert derived(expression, {"a": a, "b": b}) == expected, (a, b)
