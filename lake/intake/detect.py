"""What a file is, by its content and never by its name."""

from __future__ import annotations

import gzip
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast

from lake.intake.terms import IntakeError, Kind, Limits

_HEAD = 64 * 1024

_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"{\\rtf", "a rich text document"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
_USE = "Export the table as XLSX, CSV, Parquet or JSON lines and upload that."


@dataclass(frozen=True, slots=True)
class Found:
    """The kind of a file and whether it is gzipped."""

    kind: Kind
    gzip: bool


def detect(path: Path, limits: Limits) -> Found:
    """What the file at `path` is. Raises IntakeError."""
    size = path.stat().st_size
    if size == 0:
        raise empty_file()
    if size > limits.file_bytes:
        raise IntakeError(
            "file_too_large",
            f"The file has {size:,} bytes, the limit is {limits.file_bytes:,}.",
            next_step="Split the extract, for example by month, or gzip it.",
        )
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head[:2] != b"\x1f\x8b":
        return Found(_kind(head, path), gzip=False)
    with open_bytes(path, gzipped=True, limits=limits) as file:
        head = file.read(_HEAD)
    if not head:
        raise empty_file()
    if head[:2] == b"\x1f\x8b":
        raise IntakeError("nested_archive", "The file is gzipped twice.", next_step="Unpack it once and upload that.")
    if head[257:262] == b"ustar":
        raise IntakeError(
            "not_a_table", "The gzip holds a tar archive.", next_step="Unpack it and upload the table itself."
        )
    return Found(_kind(head, None), gzip=True)


def empty_file() -> IntakeError:
    return IntakeError("empty_file", "The file holds no data.", next_step="Check the export and upload it again.")


def _kind(head: bytes, path: Path | None) -> Kind:
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise IntakeError("not_a_table", f"The file is {what}, not a table.", next_step=_USE)
    if head.startswith(b"PK"):
        return _kind_of_zip(head, path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _ole_refusal(head, path)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PARE"):
        raise IntakeError("encrypted_file", "The Parquet file is encrypted.", next_step="Export it without encryption.")
    return _kind_of_text(head)


def _kind_of_zip(head: bytes, path: Path | None) -> Kind:
    if path is None:  # inside a gzip: the directory at the end is read once it is unpacked
        return "xlsx"
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            types = archive.read("[Content_Types].xml")[:_HEAD] if "[Content_Types].xml" in names else b""
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise corrupt_xlsx("its zip directory cannot be read") from error
    what = ""
    if "xl/workbook.bin" in names:
        what = "a binary workbook (.xlsb)"
    elif b"macroEnabled" in types or "xl/vbaProject.bin" in names:
        what = "a workbook with macros (.xlsm)"
    elif "mimetype" in names and "content.xml" in names:
        what = "an OpenDocument file (.ods)"
    elif "Index/Document.iwa" in names or "Index.zip" in names:
        what = "a Numbers document"
    if what:
        raise IntakeError(
            "use_xlsx_or_csv", f"The file is {what}.", next_step="Save it as XLSX or CSV and upload that."
        )
    if "xl/workbook.xml" not in names:
        raise IntakeError("not_a_table", "The file is a zip archive, not a workbook.", next_step=_USE)
    return "xlsx"


def corrupt_xlsx(why: str) -> IntakeError:
    return IntakeError(
        "corrupt_xlsx", f"The workbook is damaged: {why}.", next_step="Open it in Excel, save it again and upload that."
    )


def _ole_refusal(head: bytes, path: Path | None) -> IntakeError:
    sample = head
    if path is not None:
        with path.open("rb") as file:
            sample = file.read(4 * 1024 * 1024)
    if "EncryptedPackage".encode("utf-16-le") in sample:
        return IntakeError(
            "encrypted_file", "The workbook is protected by a password.", next_step="Save it without the password."
        )
    return IntakeError(
        "use_xlsx_or_csv",
        "The file is an old Excel workbook (.xls).",
        next_step="Save it as XLSX or CSV and upload that.",
    )


def _kind_of_text(head: bytes) -> Kind:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    lower = start[:200].lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<table", b"<meta")):
        raise IntakeError("not_a_table", "The file is an HTML page, whatever its name says.", next_step=_USE)
    if lower.startswith((b"<?xml", b"<workbook")):
        raise IntakeError("not_a_table", "The file is an XML document, whatever its name says.", next_step=_USE)
    if start.startswith(b"{"):
        return _kind_of_braces(start)
    if start.startswith(b"[") and start[1:].lstrip().startswith((b"{", b"[")):
        raise IntakeError(
            "not_json_lines",
            "The file is one JSON array.",
            next_step="Write one JSON object per line, without the array.",
        )
    return "csv"


def _kind_of_braces(start: bytes) -> Kind:
    line = start.split(b"\n", 1)[0]
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return "jsonl" if line.startswith((b'{"', b"{ ", b"{}", b"{\r")) or line.strip() == b"{" else "csv"
    if isinstance(first, dict) and {"doc_id", "resource_id"} & set(first):
        raise IntakeError(
            "use_xlsx_or_csv",
            "The file is a shortcut to a Google sheet, it holds no data.",
            next_step="Download the sheet as XLSX or CSV and upload that.",
        )
    return "jsonl"


class _Bounded:
    """A gzip stream that stops with IntakeError at the limits, and at a damaged or truncated archive."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._raw = path.open("rb")
        self._packed = path.stat().st_size
        self._stream = gzip.GzipFile(fileobj=self._raw)
        self._limits = limits
        self._read = 0

    def read(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except (EOFError, OSError, zlib.error) as error:
            raise IntakeError(
                "corrupt_gzip",
                f"The gzip archive is damaged or cut off after {self._read:,} unpacked bytes.",
                next_step="Transfer the file again.",
            ) from error
        self._read += len(data)
        allowed = min(self._limits.unpacked_bytes, max(self._packed, 64 * 1024) * self._limits.ratio)
        if self._read > allowed:
            raise IntakeError(
                "unpacks_too_large",
                f"The archive unpacks to more than {allowed:,} bytes (limits: {self._limits.unpacked_bytes:,} and "
                f"{self._limits.ratio} times the packed size).",
                next_step="Split the extract, or upload it unpacked.",
            )
        return data

    def close(self) -> None:
        self._stream.close()
        self._raw.close()


@contextmanager
def open_bytes(path: Path, *, gzipped: bool, limits: Limits) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked within the limits where it is gzipped."""
    stream = _Bounded(path, limits) if gzipped else path.open("rb")
    try:
        yield cast(IO[bytes], stream)
    finally:
        stream.close()


@contextmanager
def unpacked(path: Path, *, gzipped: bool, limits: Limits, scratch: Path) -> Iterator[Path]:
    """A path to the plain file, for formats that need random access; a gzipped one is unpacked into `scratch`."""
    if not gzipped:
        yield path
        return
    plain = scratch / "unpacked"
    try:
        with open_bytes(path, gzipped=True, limits=limits) as packed, plain.open("wb") as file:
            shutil.copyfileobj(packed, file, 1024 * 1024)
        detect(plain, replace(limits, file_bytes=limits.unpacked_bytes))  # what only the whole file tells: macros
        yield plain
    finally:
        plain.unlink(missing_ok=True)
