"""Parameters of a statement become literals: whatever is given, it is a value and no part of the statement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.parameters import filled, parameters_of
from lake.query import QueryError, guard

SQL = "select site from facts where day >= :since and cost > :low and kind = ':no' and day < :since"


def test_the_names_of_a_statement_in_its_order_once_each():
    assert parameters_of(SQL) == ("since", "low")
    assert parameters_of("select cost::integer, 'at 12:30' from facts where a = :b") == ("b",)
    assert parameters_of("select 'open") == ()  # told where it is run


def test_a_colon_that_ends_a_word_is_no_parameter():
    """DuckDB names a column by it, and slices a list."""
    named = "select total:sum(cost) from facts"
    assert (parameters_of(named), filled(named, {})) == ((), named)
    assert guard(named, ["cost"]) == guard("select sum(cost) as total from facts", ["cost"])
    assert parameters_of("select list[1:n], f(x):y, e:v from facts where a=:b and c in (:d,:e)") == ("b", "d", "e")


@pytest.mark.parametrize(
    ("given", "literal"),
    [
        ("2025-01-31", "'2025-01-31'"),
        ("12.50", "12.50"),
        (" 7 ", "7"),
        ("-3", "(-3)"),
        ("007", "'007'"),
        ("1e9", "'1e9'"),
        ("O'Brien", "'O''Brien'"),
        ("x' or 1 = 1 --", "'x'' or 1 = 1 --'"),
    ],
)
def test_a_number_becomes_a_number_and_anything_else_a_text(given, literal):
    assert filled("select * from facts where a = :v", {"v": given}) == f"select * from facts where a = {literal}"


def test_each_place_gets_its_value_and_a_text_that_looks_like_one_stays():
    done = filled(SQL, {"since": "2025-01-01", "low": "5"})
    assert done == (
        "select site from facts where day >= '2025-01-01' and cost > 5 and kind = ':no' and day < '2025-01-01'"
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"since": "2025-01-01"}, "Give a value for `low`"),
        ({"since": " ", "low": "1"}, "Give a value for `since`"),
        ({"since": "x" * 501, "low": "1"}, "more than 500 characters"),
        ({"since": "2025-01-01", "Low": "1"}, "no parameter `:Low`; it has `:since`, `:low`"),
    ],
)
def test_a_parameter_needs_a_value(values, message):
    with pytest.raises(QueryError, match=message):
        filled(SQL, values)


def test_at_most_twenty_parameters():
    with pytest.raises(QueryError, match="at most 20 parameters, this one has 21"):
        parameters_of("select " + ", ".join(f":p{n}" for n in range(21)))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), min_size=1).filter(str.strip))
def test_no_value_changes_the_statement_around_it(value):
    """The guarded statement differs from the one with a plain text in one literal only."""
    plain = guard("select a from facts where a = 'plain' limit 3", ["a"])
    before, after = plain.split("'plain'")
    done = guard(filled("select a from facts where a = :v limit 3", {"v": value}), ["a"])
    assert done.startswith(before) and done.endswith(after)
