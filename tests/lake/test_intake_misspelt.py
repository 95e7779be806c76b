"""Numbers that a file writes in another way than it is declared to: the fault by its name, and a step that helps."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.contract import Column, ColumnType
from lake.intake.reading import Spelling
from lake.intake.rejects import explain
from tests.corpus.reading import cells, messages, number

INTEGER, DECIMAL = ColumnType.INTEGER, ColumnType.DECIMAL
COMMA, THOUSANDS = "the decimal comma", "the {} as thousands separator"


@pytest.mark.parametrize(
    ("text", "fault", "step", "declared"),
    [
        ("13,50", "a decimal comma, which is not declared", COMMA, {"decimal_comma": True}),
        ("1.234,50", "a decimal comma and a point between thousands", COMMA, {"decimal_comma": True, "thousands": "."}),
        ("1.234.567", "a point between thousands", COMMA, {"decimal_comma": True, "thousands": "."}),
        ("1,234.50", "a comma between thousands", THOUSANDS.format("comma"), {"thousands": ","}),
        ("1,234", "a comma that may part thousands or decimals", "or as decimal comma", {"thousands": ","}),
        ("1,234", "a comma that may part thousands or decimals", "the comma as thousands", {"decimal_comma": True}),
        ("1\u00a0234.5", "a blank between thousands", THOUSANDS.format("blank"), {"thousands": " "}),
        ("1’234.5", "an apostrophe between thousands", THOUSANDS.format("apostrophe"), {"thousands": "'"}),
        ("€ 13.50", "carries €", "may have €", {"forms": ("€",)}),
        ("13.50 EUR", "carries EUR", "may have EUR", {"forms": ("EUR",)}),
        ("-R$5", "carries R$", "may have R$", {"forms": ("R$",)}),
        ("13.5 %", "is written with %", "may have percent", {"forms": ("percent",)}),
        ("(13.5)", "stands in brackets for less than zero", "may have parentheses", {"forms": ("parentheses",)}),
        ("13.5-", "has its minus behind it", "may have trailing_minus", {"forms": ("trailing_minus",)}),
        ("€ 1.234,5", "carries € and has a decimal comma and a point between", "may have €; write it with a decimal",
         {"decimal_comma": True, "thousands": ".", "forms": ("€",)}),
    ],
)  # fmt: skip
def test_a_number_written_otherwise_is_refused_by_its_fault_and_taken_as_the_step_says(
    tmp_path, text, fault, step, declared
):
    def decimal(forms: tuple[str, ...] = ()) -> Column:
        return Column("v", type=DECIMAL, number_forms=forms)

    refused = cells(tmp_path, decimal(), text)
    (message,) = messages(refused)
    said, _, steps = message.partition("; ")
    assert [code for _, _, code in refused.rejects] == ["not_a_number"] and fault in said and step in steps
    forms = declared.get("forms", ())
    settings = {name: value for name, value in declared.items() if name != "forms"}
    assert len(cells(tmp_path, decimal(forms), text, **settings).column("v")) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\u20145", "has the dash U+2014 for a minus; write a hyphen (-)."),
        ("\u200b5", "begins or ends with the blank U+200B; take it out."),
        ("- 5", "has a blank behind its sign; take it out."),
        ("1_000", "has _ between its digits; take it out."),
        ("٣", "has other digits than 0 to 9; write it with these."),
        ("1,,2", "has separators that part its digits in no known way; write groups of three, and one decimal point"),
        ("1.23456", "has more than 4 decimals; round it, or make the column a number."),
        ("123456789012345", "has more than 14 digits before its decimals; correct it, or make the column a number."),
        ("1e3", "is written with an exponent; write it out, or make the column a number."),
        ("1,50505", "has a decimal comma, which is not declared and has more than 4 decimals; write it with a decimal"),
        ("late", "is not a number; correct it, or declare that it means no value."),
    ],
)
def test_a_number_that_no_declaration_helps_is_refused_by_its_fault(tmp_path, text, said):
    (message,) = messages(cells(tmp_path, Column("v", type=DECIMAL), text))
    assert message.startswith(f"v: {text!r} {said}")


def test_a_decimal_point_is_the_fault_where_the_comma_is_declared(tmp_path):
    (point, both) = messages(cells(tmp_path, number(), "13.50", "1,234.5", decimal_comma=True))
    assert "has a decimal point, which is not declared; write it with a decimal comma" in point
    assert "has a decimal point and a comma between thousands, which are not declared" in both
    (decimals, large) = messages(cells(tmp_path, Column("v", type=INTEGER), "13.5", "9223372036854775808"))
    assert "has decimals; correct it, or make the column a number" in decimals and "is beyond 64 bits" in large


@given(st.text("0123456789.,' \u00a0-+()%€eE_", min_size=1, max_size=9), st.booleans(), st.sampled_from(["", *",.' "]))
def test_no_text_breaks_the_words_of_its_refusal(text, comma, thousands):
    if thousands != ("," if comma else "."):
        spelling = Spelling(comma, thousands, date(1900, 1, 1), date(2100, 1, 1), True)
        for kind in (INTEGER, DECIMAL, ColumnType.NUMBER):
            _, message = explain(Column("v", type=kind), "not_a_number", text, (), spelling)
            assert message.startswith("v: ") and message.endswith(".")
