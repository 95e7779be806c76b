"""Cells of a workbook whose number format shows another text than they hold: percent, and zeros before a code."""

import json
import re
import time
from dataclasses import replace
from datetime import date

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from lake import intake
from lake.contract import Column, ColumnType, Contract, ContractError, Role
from lake.intake import Dialect
from lake.intake.numberformats import Styles, kind_of
from lake.intake.shown import times_100
from tests.corpus import workbooks
from tests.corpus.reading import KEY, contract, number, outcome

XLSX = Dialect(kind="xlsx")
RATES = [["id", "rate"], ["a", 0.88], ["b", 0.9125], ["c", 1], ["d", -0.005]]
READ = [88.0, 91.25, 100.0, -0.5]
BOTH = ("percent", "percent_cells")


@pytest.fixture
def sheet(tmp_path):
    """Writes rows as a workbook, the numbers below the header with the number format of their column or place."""

    def write(rows, formats=None, cells=None):
        path = tmp_path / "sheet.xlsx"
        with xlsxwriter.Workbook(path) as book:
            made = book.add_worksheet("Data")
            codes = {*(formats or {}).values(), *(cells or {}).values()}
            styles = {code: book.add_format({"num_format": code}) for code in codes}
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    code = (cells or {}).get((r, c), (formats or {}).get(c)) if r else None
                    made.write(r, c, value, *([styles[code]] if code else []))
        return path

    return write


def proposed(preview) -> Contract:
    """The contract as the wizard proposes it."""
    columns = [
        Column(
            guess.name, guess.header, ColumnType(guess.types[0]), tuple(map(Role, guess.roles)),
            format="".join(guess.formats), number_forms=guess.number_forms,
            **({"true_words": ("yes",), "false_words": ("no",)} if guess.types[0] == "boolean" else {}),
        )
        for guess in preview.columns
    ]  # fmt: skip
    return Contract(tuple(columns), reject_limit_pct=100).check()


def loaded(path, of, tmp_path, dialect=XLSX):
    return outcome(intake.load(path, of, dialect, into=tmp_path / "into"))


def values(found):
    return [{name: value for name, value in row.items() if not name.startswith("_")} for row in found.rows]


def test_a_workbook_and_the_same_table_as_csv_are_proposed_alike_and_load_the_same_values(sheet, tmp_path):
    held = [
        ["code", "day", "rate", "amount", "open"],
        [12, date(2025, 1, 31), 0.88, 1.5, "yes"],
        [345, date(2025, 2, 1), -0.9125, 2, "no"],
        [98765, date(2025, 2, 2), 1, 3.25, "yes"],
    ]
    shown = (
        "code,day,rate,amount,open\n00012,2025-01-31,88 %,1.5,yes\n00345,2025-02-01,-91.25 %,2,no\n"
        "98765,2025-02-02,100 %,3.25,yes\n"
    )
    book, text = sheet(held, {0: "00000", 1: "yyyy-mm-dd", 2: "0.00%"}), tmp_path / "text.csv"
    text.write_text(shown)
    one, other = intake.inspect(book), intake.inspect(text)
    assert proposed(one).columns == (replace(proposed(other).columns[0], format="00000"), *proposed(other).columns[1:])
    both = [loaded(path, proposed(one), tmp_path, intake.inspect(path).dialect) for path in (book, text)]
    assert both[0].rows == both[1].rows and both[0].rejects == both[1].rejects == []
    assert both[0].column("code") == ["00012", "00345", "98765"]
    assert both[0].column("rate") == [88.0, -91.25, 100.0]
    assert both[0].column("day") == [date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 2)]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0%", "%"), ("0.00 %", "%"), ('#,##0.0%;[Red]-#,##0.0%', "%"), ("00000", "00000"), ("00000;@", "00000"),
        ("General", ""), ("0.00", ""), ("0", ""), ('0.0"%"', ""), (r"0.0\%", ""), ('"%"', ""), ("yyyy-mm-dd", ""),
        ("000-00-0000", ""), ("00.00", ""), ("[<=9999999]###-####", ""),
    ],
)  # fmt: skip
def test_which_number_formats_show_something_else(code, kind):
    assert kind_of(code) == kind


def test_digits_behind_the_shown_ones_are_kept():
    held = ["0.88", "0.8812", "0.07", "0.29", "1", "0", "-0.005", "1e-05", "12.5", "0.123456"]
    read = ["88", "88.12", "7", "29", "100", "0", "-0.5", "0.001", "1250", "12.3456"]
    assert [times_100(one) for one in held] == read


@pytest.mark.parametrize(
    ("held", "read"),
    [
        ("0.9400000000000001", "94"),
        ("0.30000000000000004", "30"),
        ("-0.5700000000000001", "-57"),
        ("0.28999999999999998", "29"),
        ("1.1102230246251565e-16", "0.000000000000011102230246251565"),  # what a difference of equal shares leaves
        ("0.3333333333333333", "33.33333333333333"),  # a third has no shorter writing
        ("0.123456789012345", "12.3456789012345"),
        ("0.1234567890123456", "12.34567890123456"),
    ],
)
def test_what_a_binary_fraction_adds_is_not_read_and_no_digit_of_a_value_is_lost(held, read):
    assert times_100(held) == read


def test_a_formula_s_94_percent_is_94(sheet, tmp_path):
    path = sheet([["id", "rate"], ["a", 1.04 - 0.1], ["b", 0.1 + 0.2], ["c", 0.123456]], {1: "0%"})
    assert loaded(path, proposed(intake.inspect(path)), tmp_path).column("rate") == [94.0, 30.0, 12.3456]


@pytest.mark.parametrize("format_of", ["0%", "0.0%", "#,##0.00 %;[Red]-0.00 %"])
def test_percent_cells_of_a_new_table_are_proposed_and_told(sheet, tmp_path, format_of):
    path = sheet(RATES, {1: format_of})
    preview = intake.inspect(path)
    rate = preview.columns[1]
    assert (rate.types, rate.number_forms, rate.roles) == (("number", "text"), BOTH, ("measure",))
    assert [row[1] for row in preview.first_rows] == ["88%", "91.25%", "100%", "-0.5%"]
    assert preview.notes == ("rate: percent cells: 0.88 is read as 88 %, that is 88; with the unit ratio, 0.88.",)
    assert loaded(path, proposed(preview), tmp_path).column("rate") == READ


def test_with_the_unit_ratio_they_are_shares_as_the_text_is(sheet, tmp_path):
    ratio = contract(number("rate", unit="ratio", number_forms=BOTH))
    assert loaded(sheet(RATES, {1: "0%"}), ratio, tmp_path).column("rate") == [0.88, 0.9125, 1, -0.005]


@pytest.mark.parametrize(
    ("forms", "code"), [((), "percent_shown"), (("percent",), "percent_cells")], ids=["plain", "texts only"]
)
def test_a_contract_that_says_nothing_of_percent_cells_reads_them_as_they_are_held_and_it_is_said(
    sheet, tmp_path, forms, code
):
    path, of = sheet(RATES, {1: "0%"}), contract(number("rate", number_forms=forms))
    found = loaded(path, of, tmp_path)
    assert found.column("rate") == [0.88, 0.9125, 1, -0.005]
    said = (
        "rate: the workbook shows 0.88 as 88 %, and it is read as 0.88. To have such cells read as shown, write "
        "percent,percent_cells under “Numbers may have”, or ratio as the unit where shares are meant."
    )
    assert found.loaded.notes == (said,)
    preview = intake.inspect(path, contract=of)
    assert [(q.code, q.text, q.column) for q in preview.questions] == [(code, said, "rate")]
    assert (preview.notes, [row[1] for row in preview.first_rows]) == ((), ["0.88", "0.9125", "1", "-0.005"])


def test_where_percent_cells_are_expected_a_share_without_percent_format_is_told(sheet, tmp_path):
    of = contract(number("rate", number_forms=BOTH))
    said = (
        "rate: 0.88 has no percent format in the workbook, unlike the cells that the contract expects, and is read as "
        "0.88. If it means 88 %, give such cells a percent format and upload the workbook again."
    )
    found = loaded(sheet(RATES), of, tmp_path)
    assert (found.column("rate"), found.loaded.notes) == ([0.88, 0.9125, 1, -0.005], (said,))
    assert [q.code for q in intake.inspect(sheet(RATES), contract=of).questions] == ["plain_cells"]
    found = loaded(sheet([["id", "rate"], ["a", 88], ["b", 0.91]], cells={(2, 1): "0%"}), of, tmp_path)
    assert (found.column("rate"), found.loaded.notes) == ([88, 91], ())


def test_a_column_of_which_only_some_cells_are_percent_cells_is_read_as_held_and_told(sheet, tmp_path):
    path = sheet([["id", "rate"], ["a", 0.88], ["b", 0.5]], cells={(1, 1): "0%"})
    preview = intake.inspect(path)
    assert (preview.columns[1].types[0], preview.columns[1].number_forms) == ("decimal", ())
    assert preview.notes == (
        "rate: some cells are shown otherwise than others: 0.88 as 88 %, but 0.5 as 0.5. All are read as they are "
        "held, 0.88 and 0.5; give them one number format to have them read as shown.",
    )
    assert [float(one) for one in loaded(path, proposed(preview), tmp_path).column("rate")] == [0.88, 0.5]


def test_codes_shown_with_zeros_are_proposed_as_texts_even_where_none_of_the_sample_needs_them(sheet, tmp_path):
    path = sheet([["code", "n"], [12345, 1], [23456, 2]], {0: "00000"})
    preview = intake.inspect(path)
    code = preview.columns[0]
    assert (code.types, code.formats, code.roles) == (("text",), ("00000",), ("key",))
    later = sheet([["code", "n"], [12, 1], [-7, 2], [1.5, 3], ["x", 4]], {0: "00000"})
    found = loaded(later, proposed(preview), tmp_path)
    assert found.column("code") == ["00012", "-00007", "1.5", "x"]


def test_of_new_codes_it_is_told_how_they_are_read(sheet):
    preview = intake.inspect(sheet([["code", "n"], [12, 1], [345, 2]], {0: "00000"}))
    assert preview.notes == ("code: cells shown with zeros in front: 12 is read as the text 00012.",)
    assert [row[0] for row in preview.first_rows] == ["00012", "00345"]


def test_codes_of_a_contract_that_does_not_say_so_are_read_as_before_and_it_is_asked(sheet, tmp_path):
    path, of = sheet([["id", "n"], [12, 1]], {0: "00000"}), contract(number("n"))
    found = loaded(path, of, tmp_path)
    assert found.column("id") == ["12"]
    (said,) = found.loaded.notes
    assert said == (
        "id: the workbook shows 12 as 00012, and it is read as 12. To have such cells read as shown, write 00000 under "
        "“Written as”; to keep 12, as in records loaded so before, write 0 there."
    )
    assert [q.code for q in intake.inspect(path, contract=of).questions] == ["zeros_shown"]
    for written, read in (("00000", "00012"), ("0", "12")):
        found = loaded(path, Contract((replace(KEY, format=written), number("n"))), tmp_path)
        assert (found.column("id"), found.loaded.notes) == ([read], ())


def test_a_rejected_row_holds_what_is_shown_so_that_it_can_be_corrected_and_replayed(sheet, tmp_path):
    of = Contract((replace(KEY, format="00000"), number("rate", number_forms=BOTH), number("n")), reject_limit_pct=100)
    path = sheet([["id", "rate", "n"], [12, 0.88, "x"]], {0: "00000", 1: "0%"})
    found = intake.load(path, of, XLSX, into=tmp_path / "into")
    (reject,) = pq.read_table(found.rejects_path).to_pylist()
    record = json.loads(reject["record"]) | {"n": "5"}
    again = outcome(intake.load_records([record], of, into=tmp_path / "again"))
    assert values(again) == [{"id": "00012", "rate": 88.0, "n": 5.0}]


@pytest.mark.parametrize(
    ("column", "said"), [(Column("v", format="0000x"), "0000x"), (Column("v", format="iso"), "iso")]
)
def test_the_format_of_a_text_is_of_zeros(column, said):
    with pytest.raises(ContractError, match=f"the format '{said}' of a text is not of zeros"):
        contract(column).check()


def test_styles_that_cannot_be_understood_say_nothing():
    assert Styles.read(b"<styleSheet><cellXfs>").kinds == {}
    assert Styles.read(b'<s><numFmts><numFmt numFmtId="x"/></numFmts><cellXfs><xf/></cellXfs></s>').kinds == {}


def test_the_order_of_a_cells_attributes_does_not_matter(sheet):
    def turned(parts):
        name = "xl/worksheets/sheet1.xml"
        parts[name] = re.sub(rb'<c (r="[A-Z]+\d+") (s="\d+")', rb"<c \2 \1", parts[name])
        assert b'<c s="1" r="B2"' in parts[name]

    preview = intake.inspect(workbooks.altered(sheet(RATES, {1: "0%"}), turned))
    assert (preview.columns[1].number_forms, preview.first_rows[0]) == (BOTH, ("a", "88%"))


def test_a_cell_of_a_million_attributes_does_not_hold_up_the_reader():
    styles = Styles.read(b'<s><cellXfs><xf numFmtId="9"/></cellXfs></s>')
    started = time.perf_counter()
    assert styles.cells.findall(b"<c " + b's="0" ' * 1_000_000) == []
    assert time.perf_counter() - started < 1


def test_more_styles_than_are_listed_are_told_all_the_same(sheet):
    def with_many(parts):
        more = b'<xf numFmtId="9"/>' * 30_000
        parts["xl/styles.xml"] = parts["xl/styles.xml"].replace(b"</cellXfs>", more + b"</cellXfs>")

    path = workbooks.altered(sheet(RATES, {1: "0%"}), with_many)
    assert intake.inspect(path).columns[1].number_forms == BOTH
