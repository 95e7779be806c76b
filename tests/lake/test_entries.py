"""Contracts and dialects come as JSON from anywhere: an entry that is not right is named, never an error of ours."""

import contextlib

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lake.contract import Contract, ContractError
from lake.contract.words import FORMAT_PARTS
from lake.intake import Dialect

COLUMN = {"name": "hours", "type": "number", "roles": ["measure"]}
CONTRACT = {"columns": [{"name": "opened", "type": "date", "roles": ["key", "event_time"]}, COLUMN]}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("entry", "value", "fault"),
    [
        ("header", 5, "'header' of a column 'hours' takes a text, not '5'"),
        ("required", "yes", "takes true or false"),
        ("roles", ["mesure"], "takes a list of key, event_time"),
        ("type", "datte", "takes one of text, integer, number"),
        ("allowed", [["a"]], "takes a list of texts"),
        ("minimum", [], "takes a number or a text or null"),
        ("colour", "red", "Unknown entry 'colour'"),
    ],
)
def test_an_entry_of_a_column_that_is_not_right_is_named(entry, value, fault):
    with pytest.raises(ContractError, match=fault) as caught:
        Contract.from_dict({"columns": [{**COLUMN, entry: value}]})
    assert caught.value.column == "hours"


@pytest.mark.parametrize("rule", [{}, {"name": "in order"}, {"formula": "hours > 0"}])
def test_a_rule_that_is_not_whole_is_named(rule):
    with pytest.raises(ContractError, match="A row rule names itself and its formula"):
        Contract.from_dict({"columns": [COLUMN], "rules": [rule]})


def test_numbers_pass_for_codes():
    column = Contract.from_dict({"columns": [{**COLUMN, "type": "text", "allowed": [1, "2"]}]}).columns[0]
    assert column.allowed == ("1", "2")


@given(st.sampled_from(sorted(Contract(()).to_dict())), ANY_JSON)
@example("rules", [{}])
def test_no_entry_of_a_contract_is_an_error_of_ours(entry, value):
    with contextlib.suppress(ContractError):
        Contract.from_dict({**CONTRACT, entry: value}).check()


@given(st.sampled_from(["header", "type", "roles", "required", "minimum", "format", "formula", "trim"]), ANY_JSON)
def test_no_entry_of_a_column_is_an_error_of_ours(entry, value):
    with contextlib.suppress(ContractError):
        Contract.from_dict({"columns": [CONTRACT["columns"][0], {**COLUMN, entry: value}]}).check()


@pytest.mark.parametrize(
    ("entry", "value", "fault"),
    [
        ("delimiter", "##", "one character"),
        ("quote", "\n", "one character"),
        ("kind", "exe", "one of csv, xlsx, parquet, jsonl"),
        ("header_row", -1, "0 to 10,000"),
        ("header_row", True, "whole number"),
        ("encoding", "klingon", "no encoding"),
        ("thousands", "xx", "not separated by"),
        ("headers", "abc", "list of texts"),
    ],
)
def test_an_entry_of_a_dialect_that_is_not_right_is_named(entry, value, fault):
    with pytest.raises(ValueError, match=fault):
        Dialect.from_dict({entry: value})


@pytest.mark.parametrize(
    ("format", "fault"),
    [("%Q", "'%Q', which means nothing"), ("%Y-%", "'%', which means"), ("%d.%m.", "says no year"), ("%%Y", "no year")],
)
def test_a_format_that_cannot_read_dates_is_refused_with_the_contract(format, fault):
    with pytest.raises(ContractError, match=fault):
        Contract.from_dict({"columns": [{**CONTRACT["columns"][0], "format": format}]}).check()


@pytest.mark.parametrize("part", sorted(FORMAT_PARTS))
def test_every_part_of_a_format_is_one_that_the_reader_knows(part):
    duckdb.execute("select try_strptime('x', ?)", [f"%Y %{part}"]).fetchall()
