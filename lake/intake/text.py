"""Delimited text: CSV, TSV and their relatives, read in blocks that end with whole records."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from lake.intake.chunk import Chunk, Ragged
from lake.intake.detect import empty_file, open_bytes
from lake.intake.quotes import Regions, find_regions
from lake.intake.terms import MIB, Dialect, IntakeError, Limits

ENCODINGS = {
    "utf-8": "utf-8",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "cp1252": "cp1252",
    "latin-1": "latin-1",
    "iso-8859-15": "iso-8859-15",
    "iso-8859-2": "iso-8859-2",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "shift-jis": "cp932",
    "gb18030": "gb18030",
    "mac-roman": "mac-roman",
}
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_WORDS = re.compile(rb'"(?:[^"]|"")*"|[^ \t]+')
_NO_DELIMITER = "\x1f"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records as UTF-8. offset, line: where it begins, in the decoded text; line 1 is the first."""

    data: bytes
    offset: int
    line: int
    quoted: bool


def count_breaks(data: bytes) -> int:
    """Line ends in `data`: LF, CRLF or CR."""
    if b"\r" not in data:
        return data.count(b"\n")
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def csv_records(text: str, dialect: Dialect) -> Iterator[tuple[list[str], int]]:
    """The records of `text`, each with the number of characters read up to its end."""
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for match in _LINES.finditer(text):
            if match.group():
                read += len(match.group())
                yield match.group()

    csv.field_size_limit(max(len(text), 131072))
    reader = csv.reader(
        lines(),
        delimiter=_delimiter(dialect),
        quotechar=dialect.quote or None,
        doublequote=dialect.escape == dialect.quote,
        escapechar=None if dialect.escape == dialect.quote else dialect.escape,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    try:
        for record in reader:
            yield record, read
    except csv.Error as error:
        raise IntakeError(
            "bad_quote",
            f"The text near line {reader.line_num} cannot be split into values: {error}.",
            row=reader.line_num,
        ) from error


def _delimiter(dialect: Dialect) -> str:
    return "\t" if dialect.delimiter == " " else dialect.delimiter or _NO_DELIMITER


def blocks(path: Path, dialect: Dialect, limits: Limits) -> Iterator[Block]:
    """The file as blocks of whole records. IntakeError: encoding_error, nul_byte, line_too_long, unclosed_quote,
    bad_quote, and what the gzip stream raises."""
    delimiter, quote, escape = (part.encode() for part in (_delimiter(dialect), dialect.quote, dialect.escape))
    pending, offset, line = b"", 0, 1
    for data, last in _decoded(path, dialect, limits):
        _refuse_nul(data, pending, line)
        pending += data
        regions = find_regions(pending, delimiter=delimiter, quote=quote, escape=escape, last=last)
        _refuse_bad_quotes(pending, regions, line, last=last, limits=limits)
        _refuse_long_lines(pending, line, limits)
        cut = len(pending) if last else regions.last_break(pending)
        if cut:
            block, pending = pending[:cut], pending[cut:]
            yield Block(block, offset, line, quoted=len(regions.starts) > 0)
            offset += cut
            line += count_breaks(block)


def _decoded(path: Path, dialect: Dialect, limits: Limits) -> Iterator[tuple[bytes, bool]]:
    """The text as UTF-8 without byte order mark, piece by piece; the last piece (perhaps empty) is marked."""
    encoding = ENCODINGS.get(dialect.encoding)
    if encoding is None:
        raise IntakeError(
            "encoding_unknown",
            f"The encoding {dialect.encoding!r} is not supported.",
            next_step=f"Use one of {', '.join(ENCODINGS)}.",
        )
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    tail = b""
    with open_bytes(path, gzipped=dialect.gzip, limits=limits) as file:
        offset = 0
        while True:
            raw = file.read(limits.chunk_bytes)
            last = not raw
            start = offset - len(decoder.getstate()[0])
            plain = encoding == "utf-8" and start == offset and offset > 0 and raw.isascii()
            try:
                text = "" if plain else decoder.decode(raw, final=last)
            except UnicodeDecodeError as error:
                before = bytes(error.object[: error.start])
                line = _breaks_until(path, dialect, limits, start) + count_breaks(before) + 1
                raise _encoding_error(dialect, error, start, line) from error
            if offset == 0:
                text = text.removeprefix("\ufeff")
            data = raw if plain else text.encode("utf-8")
            offset += len(raw)
            if dialect.delimiter == " ":
                data, tail = _blanks_to_tabs(tail + data, last=last)
            yield data, last
            if last:
                return


def _breaks_until(path: Path, dialect: Dialect, limits: Limits, offset: int) -> int:
    """Line ends before a byte offset, counted only once an error has to name its line."""
    with open_bytes(path, gzipped=dialect.gzip, limits=limits) as file:
        before = 0
        while offset > 0 and (raw := file.read(min(offset, limits.chunk_bytes))):
            offset -= len(raw)
            before += count_breaks(raw)
    return before


def _encoding_error(dialect: Dialect, error: UnicodeDecodeError, start: int, line: int) -> IntakeError:
    at = start + error.start
    bad = bytes(error.object[error.start : error.start + 1])
    return IntakeError(
        "encoding_error",
        f"Byte {at:,} (line {line:,}) is {bad.hex().upper() or 'missing'}, which is not {dialect.encoding} text.",
        row=line,
        value=bytes(error.object[max(0, error.start - 20) : error.start + 20]).decode("ascii", "replace"),
        next_step="Declare the encoding (cp1252: Western, cp1250: Central European Windows), or export as UTF-8.",
        details={"byte": at, "line": line},
    )


def _blanks_to_tabs(data: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """Runs of blanks become one tab; what follows the last line end waits for its rest."""
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    cut = len(data) if last else data.rfind(b"\n") + 1
    lines = (b"\t".join(_WORDS.findall(line)) for line in data[:cut].split(b"\n"))
    return b"\n".join(lines), data[cut:]


def _refuse_nul(data: bytes, pending: bytes, line: int) -> None:
    at = data.find(b"\0")
    if at >= 0:
        at_line = line + count_breaks(pending) + count_breaks(data[:at])
        raise IntakeError(
            "nul_byte",
            f"Line {at_line:,} holds a NUL byte; the file is damaged or not in the declared encoding.",
            row=at_line,
            next_step="Export the file again as UTF-8 text.",
        )


def _refuse_bad_quotes(block: bytes, regions: Regions, line: int, *, last: bool, limits: Limits) -> None:
    if regions.bad_at >= 0:
        value = block[regions.bad_at : regions.bad_close + 1]
        opened = line + count_breaks(block[: regions.bad_at])
        if b"\n" in value or b"\r" in value:
            raise _unclosed(opened, value)
        escaped = block[regions.bad_close - 1 : regions.bad_close] == b"\\"
        raise IntakeError(
            "bad_quote",
            f"Line {opened:,} has a quote inside a quoted value that is not doubled.",
            row=opened,
            value=value.decode("utf-8", "replace"),
            next_step="Declare the backslash as escape character of the source."
            if escaped
            else "Double the quotes inside quoted values, or declare another quote character.",
        )
    if regions.open_at >= 0 and (last or len(block) - regions.open_at > limits.line_bytes):
        raise _unclosed(line + count_breaks(block[: regions.open_at]), block[regions.open_at :][:200])


def _unclosed(line: int, value: bytes) -> IntakeError:
    return IntakeError(
        "unclosed_quote",
        f"The quote that opens on line {line:,} is not closed where its value ends.",
        row=line,
        value=value.decode("utf-8", "replace"),
        next_step="Close the quote, or declare the quote character that the source uses.",
    )


def _refuse_long_lines(block: bytes, line: int, limits: Limits) -> None:
    start = 0
    while len(block) - start > limits.line_bytes:
        end = start + limits.line_bytes + 1
        newline = max(block.rfind(b"\n", start, end), block.rfind(b"\r", start, end))
        if newline < 0:
            at = line + count_breaks(block[:start])
            raise IntakeError(
                "line_too_long",
                f"Line {at:,} is longer than {limits.line_bytes / MIB:g} MiB.",
                row=at,
                next_step="Check the export: its line ends may be missing.",
            )
        start = newline + 1


class TextSource:
    """A `Source` over delimited text."""

    strict = False
    lacking: tuple[str, ...] = ()
    counts_bytes = True

    def __init__(self, path: Path, dialect: Dialect, limits: Limits) -> None:
        self.dialect = dialect
        self.limits = limits
        self.header_row = dialect.header_row
        self.notes: list[str] = []
        self.counts: dict[str, int] = {}
        self._blocks = blocks(path, dialect, limits)
        self._first = next(self._blocks)
        while not self._first.data.strip() and self._first.offset == 0:
            following = next(self._blocks, None)
            if following is None:
                raise empty_file()
            self._first = Block(self._first.data + following.data, 0, 1, following.quoted)
        self.headers, self._first_data = self._read_header(self._first.data)

    def _read_header(self, data: bytes) -> tuple[tuple[str, ...], bytes]:
        text = data.decode("utf-8")
        if self.dialect.header_row == 0:
            return self.dialect.headers, data
        for number, (record, read) in enumerate(csv_records(text, self.dialect), start=1):
            if number == self.dialect.header_row:
                headers = tuple(self.dialect.headers or record)
                _refuse_columns(len(headers), self.limits)
                return headers, data[len(text[:read].encode()) :]
        raise IntakeError(
            "header_not_found",
            f"The header is declared to be record {self.dialect.header_row}, but the file ends before it.",
            next_step="Correct the header row of the source.",
        )

    def chunks(self) -> Iterator[Chunk]:
        row = self.dialect.header_row + 1
        first = Block(self._first_data, self._first.offset, self._first.line, self._first.quoted)
        for block in self._with_rest(first):
            if block.data:
                chunk, records = self._chunk(block, row)
                row += records
                yield chunk

    def _with_rest(self, first: Block) -> Iterator[Block]:
        yield first
        yield from self._blocks

    def _chunk(self, block: Block, row: int) -> tuple[Chunk, int]:
        invalid: list[tuple[int | None, str]] = []
        table = self._parse(block, invalid, threads=True)
        if invalid:  # the threaded reader cannot say which rows they are
            invalid.clear()
            table = self._parse(block, invalid, threads=False)
        ragged, blank = [], []
        for number, text in invalid:
            assert number is not None
            if text.strip():
                values = next(csv_records(text, self.dialect))[0]
                ragged.append(Ragged(row + number - 1, tuple(values), len(self.headers)))
            else:
                blank.append(row + number - 1)
        records = table.num_rows + len(invalid)
        rows = _row_numbers(row, records, [number - 1 for number, _ in invalid if number])
        texts = {i: _as_string(column) for i, column in enumerate(table.columns)}
        faults = _too_long(texts, self.limits)
        return Chunk(
            rows, texts, faults=faults, ragged=tuple(ragged), blank_rows=tuple(blank), bytes_read=len(block.data)
        ), records

    def _parse(self, block: Block, invalid: list[tuple[int | None, str]], *, threads: bool) -> pa.Table:
        def on_invalid(found: pa_csv.InvalidRow) -> str:
            invalid.append((found.number, found.text))
            return "skip"

        dialect = self.dialect
        names = [f"c{i}" for i in range(len(self.headers))]
        parse = pa_csv.ParseOptions(
            delimiter=_delimiter(dialect),
            quote_char=dialect.quote or False,
            double_quote=dialect.escape == dialect.quote,
            escape_char=False if dialect.escape == dialect.quote else dialect.escape,
            newlines_in_values=block.quoted,
            ignore_empty_lines=False,
            invalid_row_handler=on_invalid,
        )
        convert = pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        )
        for size in (min(2 * MIB, len(block.data) + 1), len(block.data) + 1):
            try:
                read = pa_csv.ReadOptions(column_names=names, block_size=size, use_threads=threads)
                return pa_csv.read_csv(pa.BufferReader(block.data), read, parse, convert)
            except pa.ArrowInvalid as error:
                if "straddl" not in str(error):
                    raise
                invalid.clear()
        raise AssertionError("a block is never longer than itself")


def _refuse_columns(count: int, limits: Limits) -> None:
    if count > limits.columns:
        raise IntakeError(
            "too_many_columns",
            f"The file has {count:,} columns, the limit is {limits.columns:,}.",
            next_step="Export only the columns that are needed.",
        )


def _row_numbers(first: int, records: int, left_out: list[int]) -> pa.Int64Array:
    import numpy as np

    numbers = np.arange(first, first + records, dtype=np.int64)
    return pa.array(np.delete(numbers, left_out) if left_out else numbers)


def _as_string(column: pa.ChunkedArray) -> pa.StringArray:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _too_long(texts: dict[int, pa.StringArray], limits: Limits) -> dict[int, pa.StringArray]:
    """Faults for cells beyond the limit; bytes are looked at first, because they are known without reading."""
    faults = {}
    for position, cells in texts.items():
        longest = pc.max(pc.binary_length(cells)).as_py() or 0
        if longest > limits.cell_chars:
            long = pc.greater(pc.utf8_length(cells), limits.cell_chars)
            if pc.any(long).as_py():
                faults[position] = pc.if_else(long, "text_too_long", pa.scalar(None, pa.string()))
    return faults
