"""What a sheet's XML says that the reader of its cells does not: its extent, error cells, formulas without value."""

from __future__ import annotations

import re
import zipfile
from array import array
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree import ElementTree

from lake.intake.archive import pieces, read_part
from lake.intake.detect import corrupt_xlsx
from lake.intake.numberformats import Shown, Styles
from lake.intake.terms import MIB, IntakeError, Limits

_ROW = re.compile(rb'<row [^>]*?\br="(\d+)"')
_WIDE = re.compile(rb' r="([A-Z]{2,})\d')
_ERROR = re.compile(rb'<c ([^>]*\bt="e"[^>]*)>(.*?)</c>', re.DOTALL)
_UNVALUED = re.compile(rb"<c ([^>]*)>\s*<f(?:/>|\s[^>]*/>|(?:\s[^>]*)?>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_HIDDEN_ROW = re.compile(rb'<row (?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d{1,7})"')
_HIDDEN_COLUMNS = re.compile(rb'<col ([^>]*\bhidden="(?:1|true)"[^>]*)>')
_MIN, _MAX = re.compile(rb'\bmin="(\d{1,5})"'), re.compile(rb'\bmax="(\d{1,5})"')
_MERGED = re.compile(rb'<mergeCell [^>]*\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_VALUE = re.compile(rb"<v>([^<]*)</v>")
_PREFIX = re.compile(rb"<(\w+):worksheet\b")
_ROW_LIMIT = 32 * MIB
_STYLES_LIMIT = 4 * MIB
_SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """A worksheet of the workbook: its name, its part in the archive, and whether it is hidden."""

    name: str
    part: str
    hidden: bool


@dataclass(slots=True)
class Scan:
    """Counted from the cells themselves. errors (with their text), unvalued: by (row, column) counted from 0. shown:
    the cells that number formats show otherwise than they are. hidden_rows: their numbers, from 1; hidden_columns:
    counted from 0. merged: references of merged cells, such as C2:C3."""

    last_row: int = 0
    last_column: int = 26
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unvalued: set[tuple[int, int]] = field(default_factory=set)
    shown: Shown = field(default_factory=Shown)
    hidden_rows: array[int] = field(default_factory=lambda: array("I"))
    hidden_columns: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    filtered: bool = False


def sheets(archive: zipfile.ZipFile) -> list[SheetEntry]:
    """The worksheets in the workbook's order."""
    try:
        workbook = ElementTree.fromstring(read_part(archive, "xl/workbook.xml"))
        relations = ElementTree.fromstring(read_part(archive, "xl/_rels/workbook.xml.rels"))
    except (ElementTree.ParseError, KeyError) as error:
        raise corrupt_xlsx("its list of sheets cannot be read") from error
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    names = set(archive.namelist())
    found = []
    for sheet in workbook.iter():
        if not sheet.tag.endswith("}sheet"):
            continue
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        target = targets.get(relation, "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in names and "worksheets/" in part:
            found.append(SheetEntry(sheet.get("name", ""), part, sheet.get("state", "visible") != "visible"))
    if not found:
        raise corrupt_xlsx("it names no worksheet that its archive holds")
    return found


def check_strings(archive: zipfile.ZipFile, limits: Limits) -> None:
    """No shared text may be longer than a cell can be. IntakeError cell_too_long, corrupt_xlsx."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return
    longest = 16 * limits.cell_chars  # markup of rich text included
    since = 0
    for piece in pieces(archive, "xl/sharedStrings.xml"):
        first, last = piece.find(b"</si>"), piece.rfind(b"</si>")
        if (since + first if first >= 0 else since + len(piece)) > longest:
            raise _cell_too_long(limits)
        since = len(piece) - last if last >= 0 else since + len(piece)


def _cell_too_long(limits: Limits) -> IntakeError:
    return IntakeError(
        "cell_too_long",
        f"The workbook holds a text that is longer than the {limits.cell_chars:,} characters a cell can have.",
        next_step="Shorten the text, or leave the column out.",
    )


def scan(archive: zipfile.ZipFile, entry: SheetEntry, limits: Limits) -> Scan:
    """Read the sheet's XML once. IntakeError: extent_too_large, cell_too_long, corrupt_xlsx, dtd_refused."""
    found = Scan()
    styles = _styles(archive)
    pending, prefix = b"", None
    for piece in pieces(archive, entry.part):
        if prefix is None:
            match = _PREFIX.search(piece[:4096])
            prefix = match.group(1) + b":" if match else b""
        pending += piece
        cut = pending.rfind(b"row>") + 4
        if cut > 4:
            _scan_rows(_without(prefix, pending[:cut]), found, limits, entry, styles)
            pending = pending[cut:]
        elif len(pending) > _ROW_LIMIT:
            raise _cell_too_long(limits)
    _scan_rows(_without(prefix or b"", pending), found, limits, entry, styles)
    return found


def _styles(archive: zipfile.ZipFile) -> Styles:
    """None that count where the part is so large that no table needs it."""
    name = "xl/styles.xml"
    if name not in archive.namelist() or archive.getinfo(name).file_size > _STYLES_LIMIT:
        return Styles()
    return Styles.read(read_part(archive, name))


def _without(prefix: bytes, xml: bytes) -> bytes:
    return xml.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else xml


def _scan_rows(xml: bytes, found: Scan, limits: Limits, entry: SheetEntry, styles: Styles) -> None:
    found.last_row = max([found.last_row, *map(int, _ROW.findall(xml))])
    for letters in set(_WIDE.findall(xml)):
        found.last_column = max(found.last_column, column_number(letters))
    _refuse_extent(found, limits, entry)
    if b't="e"' in xml:
        for match in _ERROR.finditer(xml):
            value = _VALUE.search(match.group(2))
            if place := _place(match.group(1)):
                found.errors[place] = value.group(1).decode("utf-8", "replace") if value else "#VALUE!"
    if b"<f" in xml:
        for match in _UNVALUED.finditer(xml):
            attributes = match.group(1)
            if (place := _place(attributes)) and not (b't="str"' in attributes and b"<v" in match.group()):
                found.unvalued.add(place)
    if styles.cells:
        for letters, row, style, first, letters_behind, row_behind in styles.cells.findall(xml):
            if kind := styles.kinds.get(int(style or first)):
                found.shown.add(int(row or row_behind) - 1, column_number(letters or letters_behind) - 1, kind)
    _scan_hidden(xml, found, limits)
    found.filtered = found.filtered or b"<autoFilter" in xml


def _scan_hidden(xml: bytes, found: Scan, limits: Limits) -> None:
    """What a person does not see as it is read: hidden rows and columns, and merged cells."""
    if b"hidden=" in xml:
        found.hidden_rows.extend(int(row) for row in _HIDDEN_ROW.findall(xml))
        for attributes in _HIDDEN_COLUMNS.findall(xml):
            first, last = (int(one.group(1)) if (one := part.search(attributes)) else 0 for part in (_MIN, _MAX))
            found.hidden_columns.update(range(max(first, 1) - 1, min(last, limits.columns)))
    if b"<mergeCell " in xml:
        found.merged += [reference.decode() for reference in _MERGED.findall(xml)]


def _refuse_extent(found: Scan, limits: Limits, entry: SheetEntry) -> None:
    extent = found.last_row * found.last_column
    if (
        found.last_column > limits.columns
        or found.last_row > limits.rows_per_sheet
        or extent > 2 * limits.cells_per_sheet
    ):
        raise IntakeError(
            "extent_too_large",
            f"The sheet {entry.name[:80]!r} reaches to row {found.last_row:,} and column {found.last_column:,}; limits "
            f"are {limits.rows_per_sheet:,} rows, {limits.columns:,} columns and {limits.cells_per_sheet:,} cells.",
            sheet=entry.name,
            row=found.last_row,
            next_step="Delete stray cells outside the table, or save the sheet as CSV.",
        )


@lru_cache(maxsize=1_024)
def column_number(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def column_letters(number: int) -> str:
    """A for 1, AA for 27."""
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(65 + place) + letters
    return letters


def _place(attributes: bytes) -> tuple[int, int] | None:
    match = _PLACE.search(b" " + attributes)
    return (int(match.group(2)) - 1, column_number(match.group(1)) - 1) if match else None
