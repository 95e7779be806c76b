"""Texts become values, or a reject with its reason; nothing changes on the way. Numbers are those of the corpus."""

from datetime import date
from decimal import Decimal

import pytest

from lake import intake
from lake.contract import Column, ColumnType, Contract, Role, RowRule
from lake.intake import Dialect, IntakeError
from tests.corpus.reading import KEY, cells, codes, contract, day, load_bytes, messages, number, proposed, when

DATE, TIMESTAMP, INTEGER, DECIMAL = ColumnType.DATE, ColumnType.TIMESTAMP, ColumnType.INTEGER, ColumnType.DECIMAL


def test_C20_decimal_comma_by_declaration(tmp_path):
    comma = {"decimal_comma": True, "thousands": "."}
    assert cells(tmp_path, number(), "1.234,56", "1,234", "-0,5", "7", **comma).column("v") == [1234.56, 1.234, -0.5, 7]
    point = cells(tmp_path, number(), "1,234.56", "1,234", "7", thousands=",")
    assert point.column("v") == [1234.56, 1234, 7]
    assert codes(cells(tmp_path, number(), "1,5", "1.234,56")) == ["not_a_number", "not_a_number"]
    of_file = Dialect(delimiter="|", decimal_comma=True)
    assert cells(tmp_path, Column("v", type=DECIMAL), "1,25", dialect=of_file).column("v") == [Decimal("1.2500")]


def test_C20_an_ambiguous_comma_is_a_question(tmp_path):
    (tmp_path / "x").write_text("id;v\nk1;1,234\nk2;2,500\n")
    questions = intake.inspect(tmp_path / "x").questions
    assert [(q.code, q.column, q.options) for q in questions] == [("decimal_comma", "v", ("thousands", "decimal"))]
    (tmp_path / "x").write_text("id;v\nk1;1.234,5\nk2;2,25\n")
    preview = intake.inspect(tmp_path / "x")
    assert (preview.dialect.decimal_comma, preview.dialect.thousands, preview.questions) == (True, ".", ())


@pytest.mark.parametrize(
    "text, settings, value",
    [
        ("1 234,5", {"thousands": " ", "decimal_comma": True}, 1234.5),
        ("1\u00a0234", {"thousands": " "}, 1234),
        ("1\u202f234\u2009567", {"thousands": " "}, 1234567),
        ("1'234.5", {"thousands": "'"}, 1234.5),
        ("1’234", {"thousands": "'"}, 1234),
        ("12,34,567", {"thousands": ","}, 1234567),
    ],
)
def test_C21_thousands_by_locale(tmp_path, text, settings, value):
    assert cells(tmp_path, number(), text, **settings).column("v") == [value]
    assert codes(cells(tmp_path, number(), text)) == ["not_a_number"]


@pytest.mark.parametrize(
    "text, form, unit, value",
    [
        ("12-", "trailing_minus", "", -12),
        ("(123)", "parentheses", "", -123),
        ("12 %", "percent", "%", 12),
        ("12 %", "percent", "ratio", 0.12),
        ("$ 5.5", "$", "", 5.5),
        ("-$5", "$", "", -5),
        ("5 EUR", "EUR", "", 5),
    ],
)
def test_C21_signs_only_when_declared(tmp_path, text, form, unit, value):
    assert cells(tmp_path, number(number_forms=(form,), unit=unit), text).column("v") == [pytest.approx(value)]
    assert codes(cells(tmp_path, number(), text)) == ["not_a_number"]


def test_C21_misplaced_separators_are_errors(tmp_path):
    assert codes(cells(tmp_path, number(), "1,23", "12,3456", ",123", "1,,234", thousands=",")) == ["not_a_number"] * 4


def test_C30_texts_stay_byte_identical(tmp_path):
    odd = ["NA", "null", "None", "nan", "TRUE", "1E5", "00123", "1-2", " padded ", "#N/A", "-", "'quoted'"]
    found = cells(tmp_path, Column("v"), *odd, dialect=Dialect(delimiter="|", quote=""))
    assert found.column("v") == odd


def test_C30_only_declared_texts_are_missing(tmp_path):
    found = cells(tmp_path, Column("v", missing=("?", "N/A")), "?", "N/A", "n/a", "")
    assert found.column("v") == [None, None, "n/a", None]


def test_padding_is_data_unless_trim_is_declared(tmp_path):
    assert cells(tmp_path, Column("v", trim=True), " Housing   ", "a b").column("v") == ["Housing", "a b"]


def test_C31_integers_are_exact_to_64_bits(tmp_path):
    large = ["12345678901234567", "9007199254740993", "9223372036854775807", "-9223372036854775808", "007", "+5"]
    assert cells(tmp_path, Column("v", type=INTEGER), *large).column("v") == [int(text) for text in large]
    wrong = cells(tmp_path, Column("v", type=INTEGER), "9223372036854775808", "1.5", "1e5", "0x10", "1_000")
    assert codes(wrong) == ["not_an_integer"] * 5


def test_C32_not_finite_is_an_error(tmp_path):
    found = cells(tmp_path, number(), "1e308", "1e400", "Infinity", "-inf", "NaN", "#DIV/0!", "#N/A")
    assert found.column("v") == [1e308]
    assert codes(found) == ["not_finite"] * 4 + ["excel_error"] * 2
    assert cells(tmp_path, number(missing=("#N/A",)), "#N/A").column("v") == [None]


def test_decimals_are_kept_exactly_or_refused(tmp_path):
    found = cells(
        tmp_path, Column("v", type=DECIMAL), "1.2345", "1.23450000", "0.1", "1.23456", "1e-9", "99999999999999.9999"
    )
    assert found.column("v") == [Decimal(text) for text in ("1.2345", "1.2345", "0.1", "99999999999999.9999")]
    assert codes(found) == ["too_many_decimals", "too_many_decimals"]


def test_C33_row_rules_name_both_columns(tmp_path):
    of = Contract(
        (KEY, Column("opened", type=DATE), Column("closed", type=DATE)),
        reject_limit_pct=100,
        rules=(RowRule("order", "closed >= opened", "the end lies before the start"),),
    )
    found = load_bytes(
        tmp_path, "id,opened,closed\na,2025-02-02,2025-02-01\nb,2025-02-01,2025-02-01\nc,2025-02-01,\n", of
    )
    assert found.column("id") == ["b", "c"]
    assert found.rejects == [(2, "closed,opened", "row_rule")]


def test_C33_a_negative_duration_is_an_error_where_the_contract_has_a_minimum(tmp_path):
    found = cells(tmp_path, number("hours", minimum=0), "-1", "0", "2.5")
    assert found.column("hours") == [0, 2.5] and found.rejects == [(2, "hours", "below_minimum")]


def test_C34_percent_and_range(tmp_path):
    ratio = number(minimum=0, maximum=1, unit="ratio", number_forms=("percent",))
    found = cells(tmp_path, ratio, "0.95", "95 %", "95")
    assert found.column("v") == [0.95, 0.95] and codes(found) == ["above_maximum"]


def test_C32_what_is_no_number_in_a_column_of_numbers_is_named(tmp_path):
    numbers = [str(n) for n in range(30)]
    column, (note,), _ = proposed(tmp_path, "cost", *numbers, "Infinity", "-inf", "#DIV/0!", "NaN")
    assert (column.types[0], column.roles, column.missing) == ("number", ("measure",), ("NaN",))
    assert note == (
        "cost: 3 of 33 values looked at are '#DIV/0!', '-inf', 'Infinity', not numbers. Such rows are set aside when "
        "the file is loaded."
    )
    words, (note,), _ = proposed(tmp_path, "house", *numbers, "12A")
    assert words.types == ("text",) and "'12A', all else are numbers; it is read as text." in note


def test_C30_words_for_no_value_are_not_proposed_in_a_key(tmp_path):
    (tmp_path / "x").write_text("id,region,cost\nNA,x,1\nnull,NA,2\n00123,x,n/a\n1E5,y,3\n")
    proposed_missing = {column.name: column.missing for column in intake.inspect(tmp_path / "x").columns}
    assert proposed_missing == {"id": (), "region": ("NA",), "cost": ("n/a",)}


def test_booleans_by_declared_words(tmp_path):
    column = Column("v", type=ColumnType.BOOLEAN, true_words=("yes", "1"), false_words=("no",))
    found = cells(tmp_path, column, "YES", "no", "1", "0", "true")
    assert found.column("v") == [True, False, True] and codes(found) == ["not_a_boolean"] * 2


def test_required_and_allowed(tmp_path):
    column = Column("v", required=True, allowed=("Air", "Ocean"))
    assert codes(cells(tmp_path, column, "Air", "", "Ochean")) == ["required", "not_allowed"]


UNITS = Contract((KEY, Column("unit", roles=(Role.UNIT,))), reject_limit_pct=100)


def test_C61_unknown_units_are_rejected_with_near_matches(tmp_path):
    found = load_bytes(tmp_path, "id,unit\na,NORTH\nb,NROTH\nc,\n", UNITS, unit_codes={"NORTH", "SOUTH"})
    assert found.column("unit") == ["NORTH", None] and found.rejects == [(3, "unit", "unknown_unit")]
    (message,) = messages(found)
    assert "Did you mean NORTH" in message


def test_C61_rows_outside_the_declared_days_have_their_own_code(tmp_path):
    found = cells(tmp_path, day(minimum="2025-01-01", maximum="2025-01-31"), "2024-12-31", "2025-01-31", "2025-02-01")
    assert found.rejects == [(2, "d", "date_too_early"), (4, "d", "date_too_late")]


def test_C62_codes_compare_in_composed_form(tmp_path):
    data = "id,unit,\na,Re\u0301gion,\nb,Région  ,\nc,R\u200bégion,\n"
    found = load_bytes(tmp_path, data, UNITS, unit_codes={"Région"})
    assert found.column("unit") == ["Région", "Région"] and codes(found) == ["unknown_unit"]
    assert found.loaded.counts["unit_codes_normalised"] == 2
    kept = cells(tmp_path, Column("v"), "e\u0301 🙂 \u05d0\u200b").column("v")
    assert kept == ["e\u0301 🙂 \u05d0\u200b"]


def test_B22_rows_of_other_units_refuse_the_file(tmp_path):
    rows = "".join(f"k{i},{'SOUTH' if i % 2 else 'NORTH'}\n" for i in range(60))
    with pytest.raises(IntakeError) as error:
        load_bytes(tmp_path, "id,unit\n" + rows, UNITS, unit_codes={"NORTH", "SOUTH"}, may_write_units={"NORTH"})
    refused = error.value
    assert refused.code == "unit_not_allowed" and refused.message.startswith("30 rows")
    assert len(refused.details) == 20 and refused.details[0] == {"row": 3, "unit": "SOUTH"}
    assert not (tmp_path / "into" / "accepted.parquet").exists()


@pytest.mark.parametrize("text", ["٣", "1_000", "０"])
def test_C65_only_plain_digits_are_numbers(tmp_path, text):
    assert codes(cells(tmp_path, number(), text)) == ["not_a_number"]
    assert codes(cells(tmp_path, Column("v", type=INTEGER), text)) == ["not_an_integer"]


def test_calculated_columns(tmp_path):
    of = Contract(
        (KEY, number("cost"), number("units"), Column("each", type=ColumnType.NUMBER, formula="cost / units")),
        reject_limit_pct=100,
    )
    found = load_bytes(tmp_path, "id,cost,units\na,10,4\nb,10,0\n", of)
    assert found.column("each") == [2.5, None]


def test_calculated_columns_and_rules_read_a_clock(tmp_path):
    """23:30 on 31 July in UTC is 00:30 on 1 August in London; a row of the next hour breaks the rule."""
    of = Contract(
        (
            KEY,
            when(),
            Column("hour", type=INTEGER, formula="hour(local(t))"),
            Column("d", type=DATE, formula="local(t)::date"),
        ),
        reporting_timezone="Europe/London",
        reject_limit_pct=100,
        rules=(RowRule("at midnight", "hour(local(t)) < 1"),),
    )
    found = load_bytes(tmp_path, "id,t\na,2025-07-31T23:30Z\nb,2025-08-01T00:30Z\n", of)
    assert (found.column("hour"), found.column("d"), len(found.rejects)) == ([0], [date(2025, 8, 1)], 1)


def test_B20_cells_that_look_like_formulas_stay_text(tmp_path):
    odd = ["=1+1", "+1", "-1", "@x", "＝1", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "{{7*7}}"]
    lines = "".join(f"k{i}\t{text}\n" for i, text in enumerate(odd))
    found = load_bytes(tmp_path, "id\tv\n" + lines, contract(Column("v")), Dialect(delimiter="\t", quote=""))
    assert found.column("v") == odd
