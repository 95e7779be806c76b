"""A workbook's zip archive, looked over before anything in it is believed or unpacked."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.intake.detect import corrupt_xlsx
from lake.intake.terms import MIB, IntakeError, Limits

_LOCAL_HEADER = 30
_PIECE = 4 * MIB
_NESTED = (".zip", ".xlsx", ".xlsm", ".jar", ".gz", ".7z", ".rar")
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, KeyError)


@contextmanager
def open_archive(path: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The archive, once its directory keeps the limits. IntakeError: corrupt_xlsx, unpacks_too_large,
    too_many_entries, nested_archive, encrypted_file."""
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise corrupt_xlsx("its zip directory cannot be read") from error
    with archive:
        _check_directory(archive.infolist(), limits, archive.start_dir)
        yield archive


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits, directory_at: int) -> None:
    if len(entries) > limits.entries:
        raise IntakeError(
            "too_many_entries",
            f"The workbook's archive has {len(entries):,} entries, the limit is {limits.entries:,}.",
            next_step="Export the table alone.",
        )
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise corrupt_xlsx("its archive holds two entries of the same name")
    total = 0
    for entry in entries:
        total += entry.file_size
        _check_entry(entry)
        if entry.file_size > MIB and entry.file_size > limits.ratio * max(entry.compress_size, 1):
            raise _too_large(f"{entry.filename!r} unpacks to more than {limits.ratio} times its packed size")
    if total > limits.unpacked_bytes:
        raise _too_large(f"it unpacks to {total:,} bytes, the limit is {limits.unpacked_bytes:,}")
    spans = sorted((entry.header_offset, entry.compress_size + _LOCAL_HEADER) for entry in entries)
    ends = [offset for offset, _ in spans[1:]] + [directory_at]
    if any(offset + size > end for (offset, size), end in zip(spans, ends, strict=False)):
        raise corrupt_xlsx("entries of its archive overlap")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 0x1:
        raise IntakeError(
            "encrypted_file", "The workbook's archive is encrypted.", next_step="Save it without the password."
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise corrupt_xlsx("its archive holds a symbolic link")
    if entry.filename.startswith("/") or ".." in entry.filename.split("/"):
        raise corrupt_xlsx("its archive names a path outside itself")
    if entry.filename.lower().endswith(_NESTED) and not entry.filename.startswith("xl/embeddings/"):
        raise IntakeError(
            "nested_archive",
            f"The workbook's archive holds another archive ({entry.filename[:80]!r}).",
            next_step="Export the table alone.",
        )


def _too_large(why: str) -> IntakeError:
    return IntakeError(
        "unpacks_too_large", f"The workbook is refused: {why}.", next_step="Split it, or save it as CSV."
    )


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """An XML part, unpacked piece by piece. IntakeError corrupt_xlsx; dtd_refused for a document type or entities."""
    tail = b""
    try:
        with archive.open(name) as part:
            while piece := part.read(_PIECE):
                if tail == b"" and piece[:2] in (b"\xfe\xff", b"\xff\xfe"):
                    raise corrupt_xlsx(f"{name} is not UTF-8")
                seen = tail + piece
                if b"<!DOCTYPE" in seen or b"<!ENTITY" in seen:
                    raise IntakeError(
                        "dtd_refused",
                        f"The workbook's part {name} declares a document type or entities; no spreadsheet does.",
                        next_step="Open it in Excel, save it again and upload that.",
                    )
                tail = piece[-16:]
                yield piece
    except DAMAGE as error:
        raise corrupt_xlsx(f"{name} cannot be unpacked") from error


def read_part(archive: zipfile.ZipFile, name: str, limit: int = 16 * MIB) -> bytes:
    """A small XML part as a whole."""
    content = bytearray()
    for piece in pieces(archive, name):
        content += piece
        if len(content) > limit:
            raise _too_large(f"{name} is larger than {limit:,} bytes")
    return bytes(content)
