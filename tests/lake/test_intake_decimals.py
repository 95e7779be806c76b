"""Decimal commas in one column and points in another: each is read as it is written, and what is not plain is asked."""

from dataclasses import replace
from decimal import Decimal

import pytest

from lake import intake
from lake.contract import Column, ColumnType, Contract, ContractError, Role
from lake.intake import Dialect
from tests.corpus.reading import cells, load_bytes, messages, number

SCRAP = "id;cost;kg\na;1.234,56;{}\nb;99,50;{}\nc;0,75;{}\n"


def inspected(tmp_path, text, name="x.csv", **declared):
    (tmp_path / name).write_text(text)
    preview = intake.inspect(tmp_path / name)
    return intake.inspect(tmp_path / name, dialect=replace(preview.dialect, **declared)) if declared else preview


def formats(preview):
    return {column.name: column.formats for column in preview.columns if column.types[0] != "text"}


def asked(preview):
    return [(question.code, question.column, question.options) for question in preview.questions]


def test_a_column_with_points_in_a_file_of_commas_is_read_with_points(tmp_path):
    preview = inspected(tmp_path, SCRAP.format("12.5", "0.250", "3.125"))
    assert (preview.dialect.decimal_comma, preview.dialect.thousands) == (True, ".")
    assert formats(preview) == {"cost": (), "kg": ("1234.56",)} and asked(preview) == []
    assert preview.notes == ("kg: '12.5' is written unlike other numbers of the file, and is read as in 1234.56.",)
    columns = (
        Column("id", roles=(Role.KEY,)), number("cost"), Column("kg", type=ColumnType.DECIMAL, format="1234.56")
    )  # fmt: skip
    found = load_bytes(tmp_path, SCRAP.format("12.5", "0.250", "3.125"), Contract(columns), preview.dialect)
    assert found.column("cost") == [1234.56, 99.5, 0.75]
    assert found.column("kg") == [Decimal("12.5"), Decimal("0.25"), Decimal("3.125")]


def test_a_point_that_may_part_thousands_is_asked_where_other_numbers_have_commas(tmp_path):
    """1.250 kg beside 99,50 EUR: 1250 or 1.25."""
    preview = inspected(tmp_path, SCRAP.format("1.250", "10.125", "2.375"))
    assert asked(preview) == [("decimal_point", "kg", ("1.234,56", "1234.56"))]
    assert preview.questions[0].text == (
        "kg: is '1.250' 1250, with a point between thousands, or 1.25, with a decimal point?"
    )
    assert formats(preview)["kg"] == ()


def test_beside_whole_numbers_thousands_are_proposed_and_asked_all_the_same(tmp_path):
    preview = inspected(tmp_path, SCRAP.format("1.250", "987", "12.375"))
    assert asked(preview) == [("decimal_point", "kg", ("1.234,56", "1234.56"))]
    assert formats(preview)["kg"] == ("1.234,56",) and preview.columns[2].types[0] == "integer"


def test_a_file_of_semicolons_with_nothing_but_such_points_is_asked_too(tmp_path):
    assert asked(inspected(tmp_path, "id;pieces\na;1.250\nb;2.375\n")) == [
        ("decimal_point", "pieces", ("1.234,56", "1234.56"))
    ]
    assert asked(inspected(tmp_path, "id;kg;pieces\na;0.5;1.250\nb;1.25;2.375\n")) == []  # kg has decimal points
    assert asked(inspected(tmp_path, "id,kg\na,1.250\nb,2.375\n")) == []  # commas part the cells


def test_what_a_person_says_of_the_whole_file_is_not_asked_again_of_its_columns(tmp_path):
    text = "id;cost;pieces\na;99,50;1.250\nb;0,75;2.375\n"
    assert len(asked(inspected(tmp_path, text))) == 1
    said = inspected(tmp_path, text, decimal_comma=True, thousands=".")
    assert asked(said) == [] and formats(said) == {"cost": (), "pieces": ()}
    assert asked(inspected(tmp_path, "id;pieces\na;1.250\nb;2.375\n", decimal_comma=False)) == []


def test_a_comma_that_may_part_thousands_is_asked_beside_decimal_commas_too(tmp_path):
    preview = inspected(tmp_path, "id;cost;kg\na;99,50;1,250\nb;0,75;2,375\n")
    assert asked(preview) == [("decimal_comma", "kg", ("thousands", "decimal"))]
    assert asked(inspected(tmp_path, "id;cost;kg\na;99,50;1,250\nb;0,75;2,375\n", decimal_comma=True)) == asked(preview)


def test_one_column_with_commas_among_those_with_points_is_the_odd_one(tmp_path):
    preview = inspected(tmp_path, "id;a;b;c\nk;1.5;2.25;1.234,5\nl;0.5;3.75;2,25\n")
    assert preview.dialect.decimal_comma is None and preview.dialect.thousands is None
    assert formats(preview) == {"a": (), "b": (), "c": ("1.234,56",)}


def test_numbers_of_a_workbook_or_of_json_need_no_sign(tmp_path):
    rows = '{"id": "a", "cost": "99,50", "kg": 1.125}\n{"id": "b", "cost": "0,75", "kg": 2.375}\n'
    preview = inspected(tmp_path, rows, "x.jsonl")
    assert asked(preview) == [] and formats(preview) == {"cost": (), "kg": ()}


@pytest.mark.parametrize(
    ("text", "format", "value"),
    [
        ("1.250", "1.234,56", 1250.0),
        ("1.250", "1234.56", 1.25),
        ("1,250", "1,234.56", 1250.0),
        ("1,250", "1234,56", 1.25),
        ("1 250,5", "1 234,56", 1250.5),
        ("1’250.5", "1'234.56", 1250.5),
    ],
)
def test_a_column_s_own_format_counts_whatever_its_file_is_written_like(tmp_path, text, format, value):
    for dialect in (Dialect(delimiter="|"), Dialect(delimiter="|", decimal_comma=True, thousands=".")):
        assert cells(tmp_path, number(format=format), text, dialect=dialect).column("v") == [value]


def test_what_is_not_written_as_its_column_says_is_set_aside_with_the_reason(tmp_path):
    of_file = Dialect(delimiter="|", decimal_comma=True, thousands=".")
    (said,) = messages(cells(tmp_path, number(format="1234.56"), "1,5", dialect=of_file))
    assert said.startswith("v: '1,5' has a decimal comma, which is not declared; write it with a decimal point")


def test_a_contract_names_one_of_the_ways():
    with pytest.raises(ContractError, match="the format '1.5' of a number is none of 1234.56; 1,234.56;"):
        Contract((number(format="1.5"),)).check()
    with pytest.raises(ContractError, match="the format '1234.56' of a text is not of zeros, such as 00000"):
        Contract((Column("v", format="1234.56"),)).check()
    Contract((number(format="1234,56"),)).check()
