"""No-break blanks and the minus of Unicode are read as what they are; a dash that may be none is told, never read."""

from datetime import date, datetime

import pytest

from lake import intake
from lake.contract import Column, ColumnType
from tests.corpus.reading import cells, number

TIMESTAMP, DATE, INTEGER = ColumnType.TIMESTAMP, ColumnType.DATE, ColumnType.INTEGER


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (number(), "\u22125.25", -5.25),
        (Column("v", type=INTEGER), "\u22125", -5),
        (number(number_forms=("$",)), "\u2212$5", -5),
        (number(number_forms=("trailing_minus",)), "5\u2212", -5),
        (number(), "\u20135.25", -5.25),
        (number(), " \u2013.5", -0.5),
        (Column("v", type=INTEGER), "\u2013005", -5),
        (Column("v"), "\u20135", "\u20135"),
        (number(), "\u00a07\u202f", 7),
        (Column("v", type=DATE), "2025-11-27\u00a0", date(2025, 11, 27)),
        (Column("v", type=DATE, format="%d %b %Y"), "27\u00a0Nov\u00a02025", date(2025, 11, 27)),
        (
            Column("v", type=TIMESTAMP, format="%m/%d/%Y %I:%M %p"),
            "11/27/2025 1:05\u202fPM",
            datetime(2025, 11, 27, 13, 5),
        ),
        (Column("v", type=ColumnType.BOOLEAN), "true\u00a0", True),
        (Column("v"), "A\u00a01\u2212", "A\u00a01\u2212"),
    ],
)
def test_a_value_with_such_signs_is_read_exactly_and_a_text_keeps_them(tmp_path, column, text, value):
    found = cells(tmp_path, column, text)
    assert (found.column("v"), found.rejects) == ([value], [])


@pytest.mark.parametrize("dash", ["\u2010", "\u2014", "\uff0d"])
def test_another_dash_before_digits_is_rejected_by_name_and_told_before(tmp_path, dash):
    assert cells(tmp_path, number(), f"{dash}5").rejects == [(2, "v", "not_a_number")]
    (tmp_path / "x.csv").write_text(f"id,v\na,{dash}5\nb,7\n")
    preview = intake.inspect(tmp_path / "x.csv")
    assert preview.columns[1].types == ("text",)
    (note,) = preview.notes
    assert note.startswith(f"v: '{dash}5' begins with the dash U+{ord(dash):04X}, which is no minus")


def test_an_en_dash_right_before_digits_is_a_minus_and_told_and_none_anywhere_else(tmp_path):
    (tmp_path / "x.csv").write_text("id,v\na,\u20135\nb,7\n")
    preview = intake.inspect(tmp_path / "x.csv")
    assert preview.columns[1].types[0] == "integer"
    assert preview.notes == ("v: '\u20135' begins with the dash U+2013, and is read as -5.",)
    found = cells(tmp_path, number(missing=("\u2013",)), "\u20135", "\u2013", "\u2013 5", "5\u20137", "\u2013\u20135")
    assert found.column("v") == [-5, None]
    assert found.rejects == [(row, "v", "not_a_number") for row in (4, 5, 6)]


@pytest.mark.parametrize(
    ("texts", "kind", "formats"),
    [
        (("\u22125", "7"), "integer", ()),
        (("11/27/2025 1:05\u202fPM", "11/28/2025 2:05\u202fAM"), "timestamp", ("%m/%d/%Y %I:%M %p",)),
        (("27\u00a0Nov\u00a02025", "28 Nov 2025"), "date", ("%d %b %Y",)),
        (("A\u00a01", "B\u00a02"), "text", ()),
    ],
)
def test_the_proposal_is_that_of_the_plain_signs(tmp_path, texts, kind, formats):
    first, second = texts
    (tmp_path / "x.csv").write_text(f"id,v\na,{first}\nb,{second}\nc,{second}\n")
    column = intake.inspect(tmp_path / "x.csv").columns[1]
    assert (column.types[0], column.formats) == (kind, formats)
