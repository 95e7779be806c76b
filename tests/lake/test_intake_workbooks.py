"""XLSX: what the cells mean, what is ignored, what is refused. Numbers are those of the corpus."""

import time
from datetime import date, datetime
from decimal import Decimal

import pytest
import xlsxwriter

from lake import intake
from lake.contract import Column, ColumnType
from lake.intake import Dialect, IntakeError
from lake.intake.sheet import column_letters
from tests.corpus import workbooks
from tests.corpus.reading import contract, outcome
from tests.corpus.refused import CONTRACT

XLSX = Dialect(kind="xlsx")
DAY = Column("day", type=ColumnType.DATE)
V = Column("v", type=ColumnType.DECIMAL)


@pytest.fixture
def book(tmp_path):
    """A workbook under construction: `book.sheet`, `book.day` (a date format), `book.load(contract)`."""

    class Book:
        def __init__(self, **options):
            self.path = tmp_path / "book.xlsx"
            self.file = xlsxwriter.Workbook(self.path, options)
            self.sheet = self.file.add_worksheet("Data")
            self.day = self.file.add_format({"num_format": "yyyy-mm-dd"})

        def load(self, of, dialect=XLSX):
            self.file.close()
            return outcome(intake.load(self.path, of, dialect, into=tmp_path / "into"))

    return Book


def test_numbers_texts_dates_and_booleans(book, tmp_path):
    made = book()
    made.sheet.write_row(0, 0, ["id", "day", "v", "on"])
    made.sheet.write_row(1, 0, [123, "", 0.1 + 0.2, True])
    made.sheet.write_datetime(1, 1, datetime(2025, 2, 1), made.day)
    found = made.load(contract(DAY, V, Column("on", type=ColumnType.BOOLEAN)))
    assert found.rows == [
        {"id": "123", "day": date(2025, 2, 1), "v": Decimal("0.3000"), "on": True, "day__day": date(2025, 2, 1),
         "_month": 0, "_row": 2}
    ]  # fmt: skip


def test_C31_long_numbers_in_a_sheet_are_noted(book):
    made = book()
    made.sheet.write_column(0, 0, ["id", 12345678901234567])
    made.sheet.write_column(0, 1, ["v", 1])
    assert made.load(contract(V)).loaded.counts["precision_lost"] == 1


def test_C40_the_1904_flag_is_honoured(book):
    made = book(date_1904=True)
    made.sheet.write_column(0, 0, ["id", "a"])
    made.sheet.write(0, 1, "day")
    made.sheet.write_datetime(1, 1, datetime(2025, 2, 1), made.day)
    assert made.load(contract(DAY)).column("day") == [date(2025, 2, 1)]


def test_C40_excels_day_that_never_was(book):
    made = book()
    made.sheet.write_row(0, 0, ["id", "day"])
    for row, serial in enumerate((59, 60, 61), start=1):
        made.sheet.write(row, 0, f"k{serial}")
        made.sheet.write_number(row, 1, serial, made.day)
    found = made.load(contract(Column("day", type=ColumnType.DATE, minimum="1900-01-01")))
    assert found.rejects == [(2, "day", "day_does_not_exist"), (3, "day", "day_does_not_exist")]
    assert found.column("day") == [date(1900, 3, 1)]


def test_C43_text_dates_and_real_dates_in_one_column(book):
    made = book()
    made.sheet.write_row(0, 0, ["id", "day"])
    made.sheet.write_row(1, 0, ["a", "01/02/2025"])
    made.sheet.write(2, 0, "b")
    made.sheet.write_datetime(2, 1, datetime(2025, 2, 1), made.day)
    made.sheet.write_row(3, 0, ["c", "2025-02-01"])
    found = made.load(contract(Column("day", type=ColumnType.DATE, format="%d/%m/%Y")))
    assert found.column("day") == [date(2025, 2, 1)] * 2 and found.rejects == [(4, "day", "not_a_date")]


def test_C44_merged_header_is_proposed_and_asked(book, tmp_path):
    made = book()
    made.sheet.merge_range(0, 0, 0, 2, "Deliveries")
    made.sheet.write_row(1, 0, ["id", "v", "note"])
    made.sheet.write_row(2, 0, ["a", 1, "x"])
    made.file.close()
    preview = intake.inspect(made.path)
    assert preview.dialect.header_row == 2 and [q.code for q in preview.questions] == ["header_row"]
    loaded = outcome(intake.load(made.path, contract(V), preview.dialect, into=tmp_path / "into"))
    assert loaded.column("_row") == [3]


def test_C45_hidden_data_is_read_and_merged_blanks_are_not_filled(book):
    made = book()
    made.sheet.write_row(0, 0, ["id", "v", "note"])
    made.sheet.write_row(1, 0, ["a", 1])
    made.sheet.merge_range(1, 2, 2, 2, "both")
    made.sheet.write_row(2, 0, ["b", 2])
    made.sheet.set_row(2, None, None, {"hidden": True})
    made.sheet.set_column(1, 1, None, None, {"hidden": True})
    made.sheet.autofilter(0, 0, 2, 2)
    found = made.load(contract(V, Column("note")))
    assert found.column("v") == [1, 2] and found.column("note") == ["both", None]
    assert found.loaded.notes == (
        "Column B (v) is hidden in the workbook and is read.",
        "1 hidden row is read as data, the first is row 3; the sheet has a filter.",
        "Merged cells have their value in the first cell only, the others are empty: C2:C3. To have it in each of "
        "their rows, unmerge them in the workbook and fill it down.",
    )
    assert intake.inspect(made.path).notes == found.loaded.notes


def test_C45_what_is_hidden_or_merged_above_the_table_or_beside_it_is_not_told(book, tmp_path):
    made = book()
    made.sheet.merge_range(0, 0, 0, 2, "Deliveries")
    made.sheet.write_row(1, 0, ["id", "v", "note"])
    made.sheet.write_row(2, 0, ["a", 1, "x"])
    made.sheet.set_row(0, None, None, {"hidden": True})
    made.sheet.set_column(2, 9, None, None, {"hidden": True})
    made.sheet.autofilter(1, 0, 2, 2)
    found = made.load(contract(V), Dialect(kind="xlsx", header_row=2))
    assert found.loaded.notes == ("Columns that are not in the contract were ignored: note.",)
    assert intake.inspect(made.path).notes == ("Column C (note) is hidden in the workbook and is read.",)


def test_C45_of_many_hidden_columns_rows_and_merged_cells_the_first_are_told(book):
    made = book()
    made.sheet.write_row(0, 0, ["id", *(f"n{place}" for place in range(1, 8))])
    for row in range(1, 15):
        made.sheet.write_row(row, 0, [f"k{row}", *range(1, 8)])
    for row in range(1, 13, 2):
        made.sheet.merge_range(row, 9, row + 1, 9, "x")
    for row in (4, 6):
        made.sheet.set_row(row, None, None, {"hidden": True})
    made.sheet.set_column(1, 2, None, None, {"hidden": True})
    made.sheet.set_column(4, 7, None, None, {"hidden": True})
    made.sheet.write(0, 9, "group")
    made.file.close()
    columns, rows, merged = intake.inspect(made.path).notes
    listed = "B (n1), C (n2), E (n4), F (n5), G (n6) and 1 more"
    assert columns == f"Columns {listed} are hidden in the workbook and are read."
    assert rows == "2 hidden rows are read as data, the first is row 5."
    assert merged.startswith(
        "Merged cells have their value in the first cell only, the others are empty: J2:J3, J4:J5,"
    )
    assert " J10:J11 and 1 more. To have" in merged


def test_C46_formulas_without_value_and_error_cells(book, tmp_path):
    cells = b"".join(
        f'<row r="{row}">'.encode() + workbooks.text_cell(f"A{row}", f"k{row}") + cell + b"</row>"
        for row, cell in enumerate(
            (
                b'<c r="C2"><f>A1+1</f></c>',
                b'<c r="C3" t="e"><f>1/0</f><v>#DIV/0!</v></c>',
                b'<c r="C4"><f>1+1</f><v>2</v></c>',
            ),
            start=2,
        )
    )  # fmt: skip
    path = workbooks.with_sheet_data(tmp_path / "x.xlsx", workbooks.header_row() + cells)
    of = contract(Column("amount", type=ColumnType.DECIMAL), Column("note"))
    found = outcome(intake.load(path, of, XLSX, into=tmp_path / "into"))
    assert found.rejects == [(2, "amount", "formula_without_value"), (3, "amount", "excel_error")]
    assert found.column("amount") == [2]


def test_C46_formulas_without_value_are_told_by_column_before_the_load(tmp_path):
    rows = b"".join(
        f'<row r="{row}">'.encode() + workbooks.text_cell(f"A{row}", f"k{row}") + cell + b"</row>"
        for row, cell in enumerate((b'<c r="C2"><v>5</v></c>', *(b'<c r="C%d"><f>A1+1</f></c>' % n for n in (3, 4))), 2)
    )
    path = workbooks.with_sheet_data(tmp_path / "x.xlsx", workbooks.header_row() + rows)
    assert intake.inspect(path, name="costs.xlsx").notes == (
        "amount: 2 formulas have no stored value in costs.xlsx, the first in C3. Such rows are set aside when the file "
        "is loaded. Open it in a spreadsheet program, save it there and upload it again.",
    )
    assert [column_letters(number) for number in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_C47_extras_are_listed_as_ignored(book):
    made = book()
    made.sheet.write_column(0, 0, ["id", "a"])
    made.sheet.write_column(0, 1, ["v", 1])
    made.sheet.write_comment(1, 1, "remark")
    made.file.add_worksheet("Second")
    chart = made.file.add_chart({"type": "line"})
    chart.add_series({"values": "=Data!$B$2:$B$2"})
    made.sheet.insert_chart("D2", chart)
    notes = made.load(contract(V)).loaded.notes
    assert notes == (
        "The sheet 'Data' was read; not read: Second.",
        "Ignored parts of the workbook: charts, comments, drawings.",
    )


def test_C50_the_name_does_not_matter(tmp_path):
    sound = workbooks.workbook(tmp_path / "really.csv")
    assert intake.inspect(sound).dialect.kind == "xlsx"
    with pytest.raises(IntakeError) as error:
        intake.load(sound, CONTRACT, Dialect(), into=tmp_path / "into")
    assert error.value.code == "kind_differs" and "XLSX" in error.value.message


@pytest.mark.parametrize("dimension", [b"A1:B10", b"A1:XFD1048576"])
def test_C51_a_false_dimension_hides_no_row(tmp_path, dimension):
    path = workbooks.false_dimension(tmp_path / "x.xlsx", dimension=dimension)
    found = outcome(intake.load(path, CONTRACT, XLSX, into=tmp_path / "into"))
    assert len(found.rows) == 1_000 and sum(found.column("amount")) == sum(range(2, 1_002))


def test_C52_a_far_cell_is_refused_quickly(tmp_path):
    path = workbooks.far_cell(tmp_path / "x.xlsx")
    started = time.perf_counter()
    with pytest.raises(IntakeError):
        intake.load(path, CONTRACT, XLSX, into=tmp_path / "into")
    assert time.perf_counter() - started < 1


def test_data_may_begin_away_from_the_corner(book, tmp_path):
    made = book()
    made.sheet.write_row(3, 2, ["id", "v"])
    made.sheet.write_row(4, 2, ["a", 1])
    made.file.close()
    preview = intake.inspect(made.path)
    found = outcome(intake.load(made.path, contract(V), preview.dialect, into=tmp_path / "into"))
    assert found.column("_row") == [5]


def test_inspect_proposes_types_and_asks_for_the_sheet(book):
    made = book()
    made.sheet.write_row(0, 0, ["id", "day", "v"])
    for row in range(1, 6):
        made.sheet.write_row(row, 0, [f"k{row}", "", row / 4])
        made.sheet.write_datetime(row, 1, datetime(2025, 2, row), made.day)
    made.file.add_worksheet("Other")
    made.file.close()
    preview = intake.inspect(made.path)
    assert [(c.name, c.types[0], c.roles) for c in preview.columns] == [
        ("id", "text", ("key",)), ("day", "date", ("event_time",)), ("v", "decimal", ("measure",)),
    ]  # fmt: skip
    assert [(q.code, q.options) for q in preview.questions] == [("sheet", ("Data", "Other"))]
