"""Tables as CSV and XLSX: numbers stay numbers, text stays text and never becomes a formula.

In CSV a text that a spreadsheet would run gets an apostrophe before it. In XLSX each cell has its type, and such a text
the marker "quoted" of the spreadsheet itself, so that its content stays as it is. Source: OWASP, CSV injection;
ASVS 5.0, 1.2.10.
"""

import csv
import math
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from django.http import FileResponse, StreamingHttpResponse

STARTS_FORMULA = frozenset("=+-@")
IGNORED_BEFORE = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*")
LARGEST_EXACT = 10**15  # a spreadsheet keeps 15 digits
MOST_ROWS = 1_048_576 - 1
LONGEST_CELL = 32_767
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = {"date": "yyyy-mm-dd", "percent": "0.0%"}
MOMENT_WIDTH = 25


class TooManyRows(Exception):
    """A sheet holds 1,048,575 rows below its head; ask for CSV or for fewer rows."""


@dataclass(frozen=True)
class Column:
    """One column: its heading, and "percent" where a share of 1 is shown as per cent (in XLSX only)."""

    heading: str
    format: str = ""
    width: int = 16


@dataclass(frozen=True)
class Sheet:
    """A table with its rows, each a sequence of str, int, float, Decimal, bool, date, datetime or None.

    last: a row of totals, bold and below an empty row: a spreadsheet neither sorts nor filters it with the rows.
    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[object]]
    last: Sequence[object] | None = None


@dataclass(frozen=True)
class Cover:
    """What the reader of a printed export must know: filters, data complete through, data version."""

    title: str
    facts: Sequence[tuple[str, object]] = field(default_factory=tuple)


def is_risky(text: str) -> bool:
    """Whether a spreadsheet may take `text` for a formula, also in full-width signs or behind blanks and controls."""
    if text[:1] in {"\t", "\r", "\n", "\0"}:
        return True
    rest = text[IGNORED_BEFORE.match(text).end() :]
    return bool(rest) and unicodedata.normalize("NFKC", rest[0])[:1] in STARTS_FORMULA


def csv_cell(value: object) -> object:
    """`value` as it stands in a CSV: neutral text, ISO dates, moments with their offset, nothing for no value."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if not math.isfinite(value):
            return ""
        case int() | float() | Decimal():
            return value
        case datetime():
            return f"{value.isoformat(timespec='seconds')[:19]}{_offset(value)}"
        case date():
            return value.isoformat()
    text = str(value)
    return f"'{text}".replace("\0", "") if is_risky(text) else text.replace("\0", "")


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The table line by line in UTF-8 with the mark that spreadsheets look for."""
    writer = csv.writer(_Echo())
    yield "\ufeff".encode() + writer.writerow([csv_cell(column.heading) for column in columns])
    for row in rows:
        yield writer.writerow([csv_cell(value) for value in row])


def write_xlsx(file, sheets: Sequence[Sheet], cover: Cover | None = None) -> None:
    """Write a workbook into the binary `file`, row by row in constant memory. Raises TooManyRows."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "",
    }
    with xlsxwriter.Workbook(file, options) as book:
        pen = _Pen(book)
        if cover:
            pen.cover(cover)
        for sheet in sheets:
            pen.table(sheet)


def csv_response(name: str, columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """A download of one table. `name` has no ending."""
    response = StreamingHttpResponse(csv_lines(columns, rows), content_type="text/csv; charset=utf-8")
    return _as_download(response, f"{name}.csv")


def xlsx_response(name: str, sheets: Sequence[Sheet], cover: Cover | None = None) -> FileResponse:
    """A download of a workbook. `name` has no ending. Raises TooManyRows."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    write_xlsx(file, sheets, cover)
    file.seek(0)
    return _as_download(FileResponse(file, content_type=XLSX), f"{name}.xlsx")


def _as_download(response, name: str):
    stem, _, ending = name.rpartition(".")
    kept = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", stem))[-120:].strip("-.") or "export"
    bare = "".join(one for one in unicodedata.normalize("NFKD", kept) if not unicodedata.combining(one))
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", bare).strip("-.") or "export"
    own = "" if plain == kept else f"; filename*=UTF-8''{quote(kept)}.{ending}"  # RFC 6266: for all that read it
    response["Content-Disposition"] = f'attachment; filename="{plain}.{ending}"{own}'
    response["Content-Security-Policy"] = "sandbox"
    response["Cache-Control"] = "no-store"
    return response


class _Pen:
    """Writes typed cells into one workbook."""

    def __init__(self, book):
        self.book = book
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.quoted = book.add_format({"quote_prefix": True})
        self.formats = {name: book.add_format({"num_format": form}) for name, form in FORMATS.items()}
        self.formats["total"] = book.add_format({"bold": True})

    def cover(self, cover: Cover) -> None:
        sheet = self.book.add_worksheet("About")
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 60)
        sheet.write_string(0, 0, cover.title, self.title)
        for row, (label, value) in enumerate(cover.facts, start=2):
            self.cell(sheet, row, 0, str(label))
            self.cell(sheet, row, 1, value)

    def table(self, table: Sheet) -> None:
        sheet = self.book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", table.name)[:31].strip() or None)
        sheet.freeze_panes(1, 1)
        for number, column in enumerate(table.columns):
            sheet.set_column(number, number, column.width)
            sheet.write_string(0, number, column.heading, self.head)
        row, moments = 0, set()
        for row, values in enumerate(table.rows, start=1):
            if row > MOST_ROWS:
                raise TooManyRows(f"An XLSX sheet holds {MOST_ROWS:,} rows: take CSV, or filter first.")
            for number, value in enumerate(values):
                self.cell(sheet, row, number, value, table.columns[number].format)
                if isinstance(value, datetime):
                    moments.add(number)
        for number in moments:  # narrower, a spreadsheet writes ####
            sheet.set_column(number, number, max(MOMENT_WIDTH, table.columns[number].width))
        sheet.autofilter(0, 0, row, max(0, len(table.columns) - 1))
        for number, value in enumerate(table.last or ()):
            self.cell(sheet, row + 2, number, value, "total")

    def cell(self, sheet, row: int, number: int, value: object, form: str = "") -> None:
        match value:
            case None:
                return
            case bool():
                sheet.write_boolean(row, number, value)
            case float() if not math.isfinite(value):
                return
            case int() | float() | Decimal() if abs(value) < LARGEST_EXACT:
                sheet.write_number(row, number, value, self.formats.get(form))
            case datetime() if value.year >= 1900:
                sheet.write_datetime(row, number, value.replace(tzinfo=None), self.moment(_offset(value)))
            case date() if value.year >= 1900:
                sheet.write_datetime(row, number, value, self.formats["date"])
            case _:
                self.text(sheet, row, number, str(value), form)

    def moment(self, offset: str):
        """The format of a moment, which stands there by its own clock: a cell has no offset, its format may say it."""
        name = f"moment {offset}"
        if name not in self.formats:
            self.formats[name] = self.book.add_format({"num_format": f'yyyy-mm-dd hh:mm:ss"{offset}"'})
        return self.formats[name]

    def text(self, sheet, row: int, number: int, text: str, form: str) -> None:
        text = text.replace("\0", "")
        if len(text) > LONGEST_CELL:
            text = f"{text[: LONGEST_CELL - 20]} … (cut here)"
        sheet.write_string(row, number, text, self.quoted if is_risky(text) else self.formats.get(form))


class _Echo:
    """A file for csv.writer that gives back what is written."""

    def write(self, text: str) -> bytes:
        return text.encode("utf-8", "replace")


def _offset(moment: datetime) -> str:
    """The offset of its clock: "Z" in UTC, which is meant where there is none, else such as "+01:00" or "+00:00"."""
    if moment.tzinfo is None or str(moment.tzinfo) == "UTC":
        return "Z"
    return moment.isoformat(timespec="minutes")[16:]
