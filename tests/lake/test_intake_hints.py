"""What a column of texts may be instead is said beside the preview, with what to choose."""

import pytest

from lake import intake
from lake.intake.hints import of_texts
from lake.intake.spelling import types_of

CLOCKS = ["31.01.2025 17:05:00", "31.01.2025 08:40:57 AM", "01.02.2025 09:00:00"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (CLOCKS, "write DD.MM.YYYY HH:MM:SS | DD.MM.YYYY HH:MM:SS AM under “Written as”"),
        (["2025-01-31", "45292", "2025-02-01"], "write YYYY-MM-DD | excel_serial under"),
        (["45292", "31/01/2025"], "'45292' and '31/01/2025' are dates written in two ways"),
        (["80 %", "0.875", "1"], "ratio as its unit: 80 % is then read as 0.8."),
        (["12,5%", "0,25"], "12,5% is then read as 0.125."),
        (["2025-W52", "2025-W53"], "2025-W53 is a week that its year does not have, so the weeks are read as text."),
        (["13/01/2025", "01/13/2025"], "the column mixes both orders"),
        (["31/12/2016 23:59:59", "31/12/2016 23:59:60"], "'31/12/2016 23:59:60' is a leap second, which times here do"),
        (["2016-12-31 23:59:60", "2017-01-01 00:00:00"], "Write its second as 59, or choose the type timestamp"),
    ],
)
def test_a_column_of_texts_says_what_to_choose(values, said):
    (note,) = of_texts("Start", values)
    assert note.startswith("Start: ") and said in note


@pytest.mark.parametrize("values", [["Billing", "Sales"], ["80 %", "n/a"], ["01/02/2025", "3rd of May"], ["W1", "x"]])
def test_other_texts_are_texts(values):
    assert list(of_texts("Start", values)) == []


def proposed(tmp_path, text):
    (tmp_path / "x.csv").write_text(text)
    preview = intake.inspect(tmp_path / "x.csv")
    return [(column.types[0], column.roles) for column in preview.columns], preview.notes


@pytest.mark.parametrize("account", ["1234567890123456", "123456789012345678", "12345678901234567890"])
def test_numbers_of_more_than_15_digits_are_codes(tmp_path, account):
    days = "".join(f"2025-01-0{n},{account},{n}\n" for n in (1, 2, 3))
    columns, notes = proposed(tmp_path, "day,account,cost\n" + days)
    assert columns[1][0] == "text" and "measure" not in columns[1][1]
    assert notes == (
        f"account: '{account}' has more digits than amounts have, so it is read as text, every digit as written.",
    )


def test_an_amount_of_15_digits_is_an_amount(tmp_path):
    columns, notes = proposed(tmp_path, "id,cost\na,123456789012345\nb,2\n")
    assert (columns[1], notes) == (("integer", ("measure",)), ())


def test_numbers_of_a_workbook_with_so_many_digits_are_codes_too():
    assert types_of(["1234567890123456.0", "5"])[0] == ("text",)
    assert types_of(["1.2345678901234568e+17", "5"])[0] == ("text", "number")


@pytest.mark.parametrize("others", ["1.23E+17,4.5E+16", "123,456", "123456789012345678,9"])
def test_a_code_with_an_exponent_lost_digits_before_it_came(tmp_path, others):
    first, second = others.split(",")
    columns, (note,) = proposed(tmp_path, f"order,cost\n1.23E+17,1\n{first},2\n{second},2\n")
    assert columns[0][0] == "text"
    assert note.startswith("order: '1.23E+17' is written with an exponent") and "digits of it were lost" in note


def test_codes_that_lost_digits_are_no_record_key_even_where_each_occurs_once_and_it_is_asked(tmp_path):
    (tmp_path / "x.csv").write_text("order,ref,cost\n1.23E+17,a,1\n1.24E+17,b,2\n1.25E+17,c,2\n")
    preview = intake.inspect(tmp_path / "x.csv")
    assert [column.roles for column in preview.columns] == [("attribute",), ("key",), ("measure",)]
    assert [(question.code, question.column) for question in preview.questions] == [("lost_digits", "order")]
    assert "Each value occurs once, but '1.23E+17' and the like have lost digits" in preview.questions[0].text
    (tmp_path / "x.csv").write_text("order,day\n1.23E+17,2025-01-01\n1.24E+17,2025-01-02\n")
    assert [column.roles for column in intake.inspect(tmp_path / "x.csv").columns] == [("attribute",), ("event_time",)]


def test_an_exponent_among_decimals_is_a_number(tmp_path):
    columns, notes = proposed(tmp_path, "id,flow\na,1.23E+17\nb,0.5\nc,2E-3\n")
    assert (columns[1][0], notes) == ("number", ())


@pytest.mark.parametrize(
    ("head", "is_pivot"),
    [
        ("Team,Jan 2024,Feb 2024,Mar 2024", True),
        ("Team,2024-01,2024-02,2024-03", True),
        ("Team,01/2024,02/2024,03/2024,Total", True),
        ("Team,Q1 2024,Q2 2024,Q3 2024", True),
        ("Team,Januar,Februar,März", True),
        ("Team,Jan 2024,Feb 2024,Comment", False),  # two may be compared
        ("Month,Decision,Marked,Junk", False),
    ],
)
def test_a_column_for_each_period_is_told_as_a_pivot_table(tmp_path, head, is_pivot):
    width = head.count(",")
    (tmp_path / "x.csv").write_text(f"{head}\nA{',1' * width}\nB{',4' * width}\n")
    notes = [note for note in intake.inspect(tmp_path / "x.csv").notes if "are periods, as in a pivot table" in note]
    assert len(notes) == is_pivot
