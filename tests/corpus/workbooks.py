"""Workbooks: sound ones from rows, and damaged or hostile ones made from them by rewriting their archive."""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import xlsxwriter

HEADER = ("id", "day", "amount", "note")
ROWS = (("a1", "2025-02-01", 1.5, "one"), ("a2", "2025-02-02", 2, "two"))
SHEET = "xl/worksheets/sheet1.xml"


def workbook(path: Path, rows: Sequence[Sequence[object]] = (HEADER, *ROWS), **options: object) -> Path:
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("Data")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A sound workbook whose parts `change` alters in place."""
    return altered(workbook(path), change)


def altered(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The workbook at `path`, its parts altered in place by `change`."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def with_sheet_data(path: Path, cells: bytes, *, dimension: bytes = b"A1") -> Path:
    """A workbook whose only sheet holds `cells` as its sheetData."""

    def change(parts: dict[str, bytes]) -> None:
        parts[SHEET] = (
            b'<?xml version="1.0" encoding="UTF-8"?>'
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="' + dimension
            + b'"/><sheetData>' + cells + b"</sheetData></worksheet>"
        )  # fmt: skip

    return rewritten(path, change)


def text_cell(reference: str, text: str) -> bytes:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'.encode()


def header_row() -> bytes:
    return b'<row r="1">' + b"".join(text_cell(f"{'ABCD'[i]}1", name) for i, name in enumerate(HEADER)) + b"</row>"


def false_dimension(path: Path, rows: int = 1_001, dimension: bytes = b"A1:B10") -> Path:
    cells = [header_row()]
    for row in range(2, rows + 1):
        values = (
            text_cell(f"A{row}", f"k{row}")
            + text_cell(f"B{row}", "2025-02-01")
            + f'<c r="C{row}"><v>{row}</v></c>'.encode()
        )
        cells.append(f'<row r="{row}">'.encode() + values + b"</row>")
    return with_sheet_data(path, b"".join(cells), dimension=dimension)


def far_cell(path: Path) -> Path:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return with_sheet_data(path, header_row() + far)


def far_row(path: Path) -> Path:
    """Within the column limit, yet a thousand million cells from corner to corner."""
    return with_sheet_data(path, header_row() + b'<row r="1048576"><c r="ALL1048576"><v>1</v></c></row>')


def zip_bomb(path: Path, size: int = 200_000_000) -> Path:
    return rewritten(path, lambda parts: parts.__setitem__("xl/media/image1.png", bytes(size)))


def many_entries(path: Path, count: int = 10_000) -> Path:
    return rewritten(path, lambda parts: parts.update({f"xl/media/{i}.bin": b"" for i in range(count)}))


def nested_zip(path: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.txt", "x" * 100)
    return rewritten(path, lambda parts: parts.__setitem__("xl/media/inner.zip", inner.getvalue()))


def symlink(path: Path) -> Path:
    workbook(path)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo("xl/link.xml")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return path


def duplicate_entries(path: Path) -> Path:
    workbook(path)
    with zipfile.ZipFile(path, "a") as archive:
        entry = zipfile.ZipInfo(SHEET.replace("sheet1", "sheet9"))
        archive.writestr(entry, b"<a/>")
        archive.filelist.append(archive.filelist[-1])
        archive._didModify = True  # the directory is written with the entry named twice
    return path


def overlapping_entries(path: Path) -> Path:
    """Two names in the directory for the same stretch of bytes."""
    workbook(path)
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.infolist()[0]
        twin = zipfile.ZipInfo("xl/twin.xml")
        for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type", "flag_bits"):
            setattr(twin, name, getattr(first, name))
        archive.filelist.append(twin)
        archive.NameToInfo[twin.filename] = twin
        archive._didModify = True
    return path


def lying_size(path: Path) -> Path:
    """The directory says that the sheet is small; it is not."""
    with_sheet_data(path, header_row() + b"<row>" + b" " * 5_000_000 + b"</row>")
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(SHEET)
    at = data.find(struct.pack("<I", entry.file_size), data.find(b"PK\x01\x02"))
    while at >= 0:
        data[at : at + 4] = struct.pack("<I", 1_000)
        at = data.find(struct.pack("<I", entry.file_size), at + 4)
    path.write_bytes(bytes(data))
    return path


def huge_shared_string(path: Path, size: int = 2_000_000) -> Path:
    def change(parts: dict[str, bytes]) -> None:
        text = random.Random(1).randbytes(size // 2).hex().encode()
        parts["xl/sharedStrings.xml"] = b"<sst><si><t>" + text + b"</t></si></sst>"

    return rewritten(path, change)


def doctype(path: Path) -> Path:
    def change(parts: dict[str, bytes]) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet'
        parts[SHEET] = parts[SHEET].replace(b"<worksheet", bomb, 1)

    return rewritten(path, change)


def external_entity(path: Path) -> Path:
    def change(parts: dict[str, bytes]) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:9/x">]><sst'
        parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(b"<sst", bomb, 1)

    return rewritten(path, change)


def missing_strings(path: Path) -> Path:
    return rewritten(path, lambda parts: parts.pop("xl/sharedStrings.xml") and None)


def string_index_out_of_range(path: Path) -> Path:
    def change(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(b"<v>0</v>", b"<v>9999</v>", 1)

    return rewritten(path, change)


def macros(path: Path) -> Path:
    return rewritten(path, lambda parts: parts.__setitem__("xl/vbaProject.bin", b"\xd0\xcf"))


def gzipped_macros(path: Path) -> Path:
    path.write_bytes(gzip.compress(macros(path).read_bytes(), mtime=0))
    return path


def binary_workbook(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", b"\0")
    return path


def open_document(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<a/>")
    return path


def numbers_document(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Index/Document.iwa", b"\0")
    return path


def old_excel(path: Path) -> Path:
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    return path


def password(path: Path) -> Path:
    name = "EncryptedPackage".encode("utf-16-le")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1_000) + name + bytes(1_000))
    return path


def truncated(path: Path) -> Path:
    workbook(path)
    path.write_bytes(path.read_bytes()[:-400])
    return path


def _with_links(parts: dict[str, bytes]) -> None:
    """Other workbooks, a DDE call, a query, a picture and a pivot's cache; none of them is needed to read the cells."""
    book = b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    parts["xl/externalLinks/externalLink1.xml"] = (
        book + b'<ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    )
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
        b'Target="http://evil.example/book.xlsx" TargetMode="External"/></Relationships>'
    )
    parts["xl/connections.xml"] = b"<connections/>"
    parts["xl/media/image1.png"] = b"\x89PNG"
    parts["xl/pivotCache/pivotCacheDefinition1.xml"] = b"<pivotCacheDefinition/>"


def links(path: Path) -> Path:
    return rewritten(path, _with_links)


def long_numbers(path: Path) -> Path:
    return workbook(
        path, (HEADER, *((12345678901234567 + n, *row[1:]) for n, row in zip((0, 1000), ROWS, strict=True)))
    )


def hidden_parts(path: Path) -> Path:
    """The second row and the column of amounts are hidden."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Data")
        for number, row in enumerate((HEADER, *ROWS)):
            sheet.write_row(number, 0, row)
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(2, 2, None, None, {"hidden": True})
    return path
