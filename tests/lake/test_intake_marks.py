"""Currencies, brackets and minuses around the digits: proposed where a column agrees, read as declared."""

from decimal import Decimal

import pytest

from lake import intake
from lake.contract import Column, ColumnType
from tests.corpus.reading import cells, messages

DECIMAL = ColumnType.DECIMAL


def proposed(folder, *texts: str):
    """The guess of the column v of a file with these texts, and its preview."""
    (folder / "x").write_text("id;v\n" + "".join(f"k{i};{text}\n" for i, text in enumerate(texts)))
    preview = intake.inspect(folder / "x")
    return preview.columns[1], preview


@pytest.mark.parametrize(
    ("texts", "forms", "values"),
    [
        (("$1,234.50", "$12.00", "-$3.5"), ("$",), ("1234.50", "12.00", "-3.50")),
        (("€ 12,50", "€ 3"), ("€",), ("12.50", "3")),
        (("1.234,50 €", "-0,10 €", "0"), ("€",), ("1234.50", "-0.10", "0")),
        (("(100.25)", "7", "12.5"), ("parentheses",), ("-100.25", "7", "12.50")),
        (("$ (1,234.50)", "($2.00)", "$3.00"), ("parentheses", "$"), ("-1234.50", "-2", "3")),
        (("5,25- EUR", "6,10 EUR"), ("trailing_minus", "EUR"), ("-5.25", "6.10")),
        (("CHF 1'234.50", "CHF 2.00"), ("CHF",), ("1234.50", "2")),
    ],
)
def test_marks_that_a_whole_column_has_are_proposed_and_read_as_they_say(tmp_path, texts, forms, values):
    guess, preview = proposed(tmp_path, *texts)
    assert (guess.types[0], guess.number_forms, guess.roles, preview.questions) == ("decimal", forms, ("measure",), ())
    column = Column("v", type=DECIMAL, number_forms=guess.number_forms)
    spelt = {"decimal_comma": bool(preview.dialect.decimal_comma), "thousands": preview.dialect.thousands or ""}
    assert cells(tmp_path, column, *texts, **spelt).column("v") == [Decimal(value) for value in values]


def test_how_marks_are_read_is_said_before_the_load(tmp_path):
    _, preview = proposed(tmp_path, "$1,234.50", "($100.25)")
    assert preview.notes == ("v: '$1,234.50' is read as 1234.50 and '($100.25)' is read as -100.25.",)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("$5.00", "€ 6.00"), "are of different currencies, so it is read as text"),
        (("$5.00", "6.00"), "'6.00' has none, so it is read as text. If all are of one, choose the type decimal"),
        (("(1)", "(2)"), "every value stands in brackets, so it is read as text. If they are less than zero"),
        ((*(f"${n}" for n in range(1, 20)), "tbd"), "'tbd' is no amount, so it is read as text"),
    ],
)
def test_a_column_that_does_not_agree_stays_text_and_the_reason_is_said(tmp_path, texts, said):
    guess, preview = proposed(tmp_path, *texts)
    assert (guess.types, guess.number_forms) == (("text",), ())
    assert any(said in note for note in preview.notes), preview.notes


@pytest.mark.parametrize("texts", [("12 pcs", "3 pcs"), ("(a)", "(b)"), ("B-12", "B-13"), ("$x", "$y"), ("$05", "$06")])
def test_other_signs_around_digits_are_text(tmp_path, texts):
    guess, preview = proposed(tmp_path, *texts)
    assert (guess.types, preview.notes) == (("text",), ())


def test_one_amount_with_a_currency_among_plain_numbers_is_named_as_the_odd_one(tmp_path):
    guess, preview = proposed(tmp_path, *(f"{n}.5" for n in range(20)), "€5")
    assert guess.types == ("text",)
    assert preview.notes[0].startswith("v: 1 of 21 values looked at is '€5', all else are numbers; it is read as text.")


def test_a_dash_behind_a_currency_is_proposed_as_no_value(tmp_path):
    guess, _ = proposed(tmp_path, "$5.00", "$-", "$6.00")
    assert (guess.types[0], guess.number_forms, guess.missing) == ("decimal", ("$",), ("$-",))


def test_an_amount_in_another_currency_is_refused_by_its_fault(tmp_path):
    found = cells(tmp_path, Column("v", type=DECIMAL, number_forms=("$", "parentheses")), "$5", "€5", "€ (5)", "$($5")
    assert found.column("v") == [Decimal(5)]
    assert [message.partition(";")[0] for message in messages(found)] == [
        "v: '€5' carries €", "v: '€ (5)' carries €", "v: '$($5' is not a number"]  # fmt: skip
