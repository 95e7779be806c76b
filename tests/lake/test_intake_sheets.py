"""Which sheet of a workbook is proposed, and the reason that is given."""

from datetime import date

import openpyxl
import pytest

from lake import intake
from lake.contract import Column
from tests.corpus.reading import contract

ORDERS = [["id", "day", "cost"], ["a", date(2025, 1, 1), 1], ["b", date(2025, 1, 2), 2]]
COVER = [["", "Monthly report"], [], ["", "Author", "Ann"], ["", "Date", date(2025, 1, 1)]]
READ_ME = [["This workbook holds the orders of January."], ["Ask Ann."]]
RATES = [["currency", "rate"], ["EUR", 1.1], ["GBP", 1.3]]


def inspected(tmp_path, sheets, **more):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "x.xlsx")
    preview = intake.inspect(tmp_path / "x.xlsx", **more)
    asked = next(question for question in preview.questions if question.code == "sheet")
    return preview, asked


@pytest.mark.parametrize("first", [COVER, READ_ME])
def test_behind_a_cover_or_a_read_me_the_table_is_proposed_and_the_others_can_be_chosen(tmp_path, first):
    preview, asked = inspected(tmp_path, {"Cover": first, "Data": ORDERS})
    assert (preview.dialect.sheet, preview.dialect.header_row) == ("Data", 1)
    assert [column.header for column in preview.columns] == ["id", "day", "cost"]
    assert asked.text.endswith("'Data' is proposed: it looks like a table, and 'Cover' does not.")
    assert (asked.options, preview.sheets) == (("Data", "Cover"), ("Cover", "Data"))


def test_of_two_tables_the_first_is_proposed_unless_the_other_has_the_headings_of_the_contract(tmp_path):
    sheets = {"Rates": RATES, "Data": ORDERS}
    preview, asked = inspected(tmp_path, sheets)
    assert (preview.dialect.sheet, asked.text) == (
        "Rates", "The workbook has several sheets; which one holds the table?"
    )  # fmt: skip
    preview, asked = inspected(tmp_path, sheets, contract=contract(Column("cost"), Column("note")))
    assert preview.dialect.sheet == "Data"
    assert "it has 2 of the 3 headings of the contract, and 'Rates' does not" in asked.text


def test_a_declared_sheet_is_not_chosen_again(tmp_path):
    preview, _ = inspected(tmp_path, {"Cover": READ_ME, "Data": ORDERS})
    again = intake.inspect(tmp_path / "x.xlsx", dialect=intake.Dialect(kind="xlsx", sheet="Cover"))
    assert (preview.dialect.sheet, again.dialect.sheet) == ("Data", "Cover")
