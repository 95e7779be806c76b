"""B20: text stays text, numbers stay numbers, in CSV and XLSX."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from doors import exports
from doors.exports import Column, Cover, Sheet

RISKY = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\0=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "  =1",
    "\u200b=1",
    "\ufeff=1",
]
HARMLESS = ["plain", "a=1", "1-2", "", "é", "'quoted'", "5 > 3"]
COLUMNS = [Column("Name"), Column("Value")]


def as_csv(rows):
    content = b"".join(exports.csv_lines(COLUMNS, rows)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))[1:]


def as_xlsx(rows, cover=None):
    from openpyxl import load_workbook

    file = io.BytesIO()
    exports.write_xlsx(file, [Sheet("Results", COLUMNS, rows)], cover)
    return load_workbook(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize("text", RISKY)
def test_b20_a_text_that_a_spreadsheet_would_run_is_neutral(text):
    ((shown, _),) = as_csv([(text, None)])
    assert shown == "'" + text.replace("\0", "")
    cell = as_xlsx([(text, None)])["Results"]["A2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix


@pytest.mark.parametrize("text", HARMLESS)
def test_b20_other_text_is_left_as_it_is(text):
    assert as_csv([(text, None)]) == [[text, ""]]


@pytest.mark.parametrize("number", [-12.5, -3, Decimal("-0.10"), 0, 1e-9])
def test_b20_a_number_stays_a_number(number):
    assert as_csv([("x", number)]) == [["x", str(number)]]
    cell = as_xlsx([("x", number)])["Results"]["B2"]
    assert (cell.data_type, float(cell.value)) == ("n", float(number))


@pytest.mark.parametrize(
    ("value", "in_csv", "in_xlsx"),
    [
        (None, "", None),
        (float("nan"), "", None),
        (float("inf"), "", None),
        (True, "true", True),
        (date(2025, 3, 31), "2025-03-31", datetime(2025, 3, 31)),
        (datetime(2025, 3, 31, 8, tzinfo=UTC), "2025-03-31T08:00:00Z", datetime(2025, 3, 31, 8)),
        (date(1850, 1, 1), "1850-01-01", "1850-01-01"),
        (9007199254740993, "9007199254740993", "9007199254740993"),  # more digits than a spreadsheet keeps
        ("x" * 40_000, "x" * 40_000, "x" * 32_747 + " … (cut here)"),
    ],
)
def test_each_value_is_written_with_its_type(value, in_csv, in_xlsx):
    assert as_csv([("x", value)])[0][1] == in_csv
    assert as_xlsx([("x", value)])["Results"]["B2"].value == in_xlsx


LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("moment", "in_csv", "format"),
    [
        (datetime(2016, 1, 31, 23, 30, tzinfo=LONDON), "2016-01-31T23:30:00+00:00", 'yyyy-mm-dd hh:mm:ss"+00:00"'),
        (datetime(2016, 8, 1, 0, 30, tzinfo=LONDON), "2016-08-01T00:30:00+01:00", 'yyyy-mm-dd hh:mm:ss"+01:00"'),
        (datetime(2016, 10, 30, 1, 30, tzinfo=LONDON), "2016-10-30T01:30:00+01:00", 'yyyy-mm-dd hh:mm:ss"+01:00"'),
        (
            datetime(2016, 10, 30, 1, 30, fold=1, tzinfo=LONDON),
            "2016-10-30T01:30:00+00:00",
            'yyyy-mm-dd hh:mm:ss"+00:00"',
        ),
        (datetime(2016, 8, 1, 0, 30), "2016-08-01T00:30:00Z", 'yyyy-mm-dd hh:mm:ss"Z"'),
        (datetime(2016, 8, 1, 0, 30, tzinfo=ZoneInfo("UTC")), "2016-08-01T00:30:00Z", 'yyyy-mm-dd hh:mm:ss"Z"'),
    ],
)
def test_a_moment_stands_by_its_own_clock_with_its_offset(moment, in_csv, format):
    assert as_csv([("x", moment)])[0][1] == in_csv
    sheet = as_xlsx([("x", moment)])["Results"]
    assert (sheet["B2"].value, sheet["B2"].number_format) == (moment.replace(tzinfo=None, fold=0), format)
    assert sheet.column_dimensions["B"].width >= len(in_csv)  # else a spreadsheet writes ####


def test_a_cover_says_what_the_numbers_are():
    book = as_xlsx(
        [("x", 1)], Cover("Monthly review", [("Unit", "=north"), ("Data complete through", date(2025, 3, 31))])
    )
    about = book["About"]
    assert book.sheetnames == ["About", "Results"]
    assert (about["A1"].value, about["A3"].value, about["B4"].value) == (
        "Monthly review",
        "Unit",
        datetime(2025, 3, 31),
    )
    assert about["B3"].data_type == "s"


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 3)
    with pytest.raises(exports.TooManyRows):
        as_xlsx([("x", 1)] * 4)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("ordinary name", 'filename="ordinary-name.csv"'),
        ('../../x"; evil', 'filename="x-evil.csv"'),
        ("a\r\nSet-Cookie: x", 'filename="a-Set-Cookie-x.csv"'),
        ("Zürich", "filename=\"Zurich.csv\"; filename*=UTF-8''Z%C3%BCrich.csv"),
        ("Пуск", "filename=\"export.csv\"; filename*=UTF-8''%D0%9F%D1%83%D1%81%D0%BA.csv"),
    ],
)
def test_the_name_of_a_download_is_plain_and_in_its_own_letters_beside_it(name, header):
    response = exports.csv_response(name, COLUMNS, [])
    assert response["Content-Disposition"] == f"attachment; {header}"
    assert response["Cache-Control"] == "no-store"
