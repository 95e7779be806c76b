"""A contract that would read nothing of a column is told before a load, by the same reading as the load's own."""

from pathlib import Path

import pytest
import xlsxwriter

from lake import intake
from lake.contract import Column, ColumnType, Contract, Role

ID = Column("id", roles=(Role.KEY,))


def tried(path: Path, *columns: Column):
    return intake.unread(Contract((ID, *columns)), intake.inspect(path))


@pytest.fixture
def days(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,at,cost\na,31.01.2025,-\nb,28.02.2025,7\nc,2025-03-01,8\n")
    return path


@pytest.mark.parametrize("format", ["%d.%m.%Y", "iso", "%m/%d/%Y|%d.%m.%Y"])
def test_what_reads_some_values_is_no_fault(days, format):
    assert tried(days, Column("at", type=ColumnType.DATE, format=format)) == {}


@pytest.mark.parametrize("format", ["%d.%m.%Y XX", "%m/%d/%Y", "%d.%m.%Y %H:%M", "iso_week", "epoch_s"])
def test_what_reads_no_value_is_told_with_the_first(days, format):
    kind = ColumnType.DATE if format != "epoch_s" else ColumnType.TIMESTAMP
    (said,) = tried(days, Column("at", type=kind, format=format)).values()
    assert said.startswith("at: '31.01.2025' is not a ")


def test_texts_and_columns_without_values_are_always_read(days, tmp_path):
    assert tried(days, Column("at"), Column("cost", type=ColumnType.INTEGER, missing=("-",))) == {}
    (tmp_path / "empty.csv").write_text("id,at\na,\nb,\n")
    assert tried(tmp_path / "empty.csv", Column("at", type=ColumnType.DATE, format="%d.%m.%Y XX")) == {}


def test_the_days_of_a_workbook_are_days_whatever_is_declared(tmp_path):
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, ["id", "at", "cost"])
        sheet.write_string(1, 0, "a")
        sheet.write_number(1, 1, 45688, day)  # 31 January 2025
        sheet.write_number(1, 2, 1.5)
    columns = (Column("at", type=ColumnType.DATE, format="%d.%m.%Y"), Column("cost", type=ColumnType.NUMBER))
    assert tried(path, *columns) == {}
    assert list(tried(path, Column("cost", type=ColumnType.INTEGER))) == ["cost"]
