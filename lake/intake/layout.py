"""How a text is laid out: its encoding, its delimiter, its header row. Proposals, for a person to confirm."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lake.intake.detect import empty_file, open_bytes
from lake.intake.terms import Dialect, IntakeError, Limits
from lake.intake.text import ENCODINGS, csv_records

_SAMPLE_BYTES = 512 * 1024
_SAMPLE_RECORDS = 300
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_BYTEWISE = set(ENCODINGS) - {"utf-8", "utf-16-le", "utf-16-be"}
_LEGACY = ("cp1252", "cp1250", "shift-jis", "gb18030", "latin-1")
_NOT_A_NAME = re.compile(
    r"[-+(]?[$€£]?\s?\d[\d.,'\s\u00a0]*\s?[%)€]?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|true|false|nan|null", re.IGNORECASE
)


def sample_text(path: Path, *, gzipped: bool, encoding: str, limits: Limits) -> tuple[str, str, bool]:
    """The beginning of the text, its encoding, and whether it is UTF-8 in spite of that one.

    A byte order mark says what the file is, whatever was declared; else `encoding` counts, or is detected if empty.
    """
    with open_bytes(path, gzipped=gzipped, limits=limits) as file:
        head = file.read(_SAMPLE_BYTES)
        complete = not file.read(1)
    encoding = _marked(head) or encoding or detect_encoding(head)
    decoder = codecs.getincrementaldecoder(ENCODINGS.get(encoding, encoding))("strict")
    try:
        text = decoder.decode(head, final=complete)
    except UnicodeDecodeError as error:
        raise _unknown(head, error) from error
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise empty_file()
    return text, encoding, encoding in _BYTEWISE and _is_plainly_utf8(head, complete)


def _is_plainly_utf8(head: bytes, complete: bool) -> bool:
    """Signs beyond ASCII that all happen to form UTF-8 are no chance: in an older encoding almost none would."""
    try:
        return not head.isascii() and bool(codecs.getincrementaldecoder("utf-8")("strict").decode(head, final=complete))
    except UnicodeDecodeError:
        return False


def detect_encoding(head: bytes) -> str:
    """UTF-8 and UTF-16 by mark or pattern; anything else must be declared. IntakeError encoding_unknown."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise IntakeError("encoding_unknown", "The text is UTF-32.", next_step="Export the file as UTF-8.")
    if encoding := _marked(head):
        return encoding
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(1, len(head[:4096]) // 2)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return "utf-8"


def _marked(head: bytes) -> str:
    return next((encoding for mark, encoding in _MARKS if head.startswith(mark)), "")


def _unknown(head: bytes, error: UnicodeDecodeError) -> IntakeError:
    possible = []
    for encoding in _LEGACY:
        try:
            head.decode(ENCODINGS[encoding])
            possible.append(encoding)
        except UnicodeDecodeError:
            continue
    line = head[: error.start].count(b"\n") + 1
    return IntakeError(
        "encoding_unknown",
        f"Byte {error.start:,} (line {line:,}) is {head[error.start : error.start + 1].hex().upper()}, not UTF-8, "
        "and the file does not say what it is.",
        row=line,
        value=head[max(0, error.start - 20) : error.start + 20].decode("ascii", "replace"),
        next_step="Declare the encoding (cp1252: Western, cp1250: Central European Windows), or export as UTF-8.",
        details={"byte": error.start, "line": line, "possible": possible},
    )


def first_records(text: str, dialect: Dialect, count: int = _SAMPLE_RECORDS) -> list[list[str]]:
    """The first records of a sample; the last one, perhaps cut off, is left out unless it is the only one."""
    if dialect.delimiter == " ":
        records = [line.split() for line in re.split(r"\r\n|\n|\r", text)[: count + 1]]
    else:
        records = []
        for record, _ in csv_records(text, dialect):
            records.append(record)
            if len(records) > count:
                break
    return records[:-1] if len(records) > count else records


def detect_dialect(text: str, base: Dialect) -> tuple[Dialect, list[str]]:
    """The dialect with the delimiter (and quote) that splits most records alike, and the delimiters that do as well."""
    scores, whole = {}, set()
    for delimiter in (",", ";", "\t", "|", " "):
        records = first_records(text, replace(base, delimiter=delimiter))
        widths = Counter(len(record) for record in records if any(map(str.strip, record)))
        if not widths:
            continue
        if len(widths) == 1:
            whole.add(delimiter)
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        share = times / sum(widths.values())
        if width > 1:
            scores[delimiter] = (share if delimiter != " " else 0.8 * share, width)
    good = {delimiter: score for delimiter, score in scores.items() if score[0] >= 0.75}
    if not good:
        good = {delimiter: score for delimiter, score in scores.items() if delimiter != " " and score[0] >= 0.4}
    if not good:
        return replace(base, delimiter=""), []
    best = max(good, key=lambda delimiter: (round(good[delimiter][0], 1), good[delimiter][1]))
    others = [one for one, score in good.items() if one not in (best, " ") and score[0] >= 0.95 * good[best][0]]
    if best in whole:  # header and all: what splits only the rows is a sign in their numbers
        others = [one for one in others if one in whole]
    return _with_quote(text, replace(base, delimiter=best)), others


def _with_quote(text: str, dialect: Dialect) -> Dialect:
    """Apostrophes around most values of a column mean that they are the quotes."""
    records = first_records(text, dialect, 50)[1:]
    cells = [cell for record in records for cell in record if cell]
    if '"' in text or not cells:
        return dialect
    wrapped = sum(1 for cell in cells if len(cell) > 1 and cell[0] == cell[-1] == "'")
    return replace(dialect, quote="'", escape="'") if wrapped > 0.3 * len(cells) else dialect


def find_header(records: Sequence[Sequence[str]]) -> int:
    """The number (from 1) of the first record that can be a header: as wide as most, no value in it a number or date.

    IntakeError header_not_found shows the first three records; empty_file if there are none.
    """
    filled = [record for record in records if any(cell.strip() for cell in record)]
    if not filled:
        raise empty_file()
    width = Counter(_width(record) for record in filled).most_common(1)[0][0]
    for number, record in enumerate(records[:30], start=1):
        if _width(record) >= max(1, width - (0 if width < 4 else width // 4)) and _can_be_header(record):
            return _below_groups(records, number, width)
        if _width(record) == width and width > 1 and any(cell.strip() for cell in record):
            break  # data begins here
    shown = [list(record[:50]) for record in filled[:3]]
    raise IntakeError(
        "header_not_found",
        "No row looks like a header; the first rows are: " + " / ".join(", ".join(row)[:100] for row in shown) + ".",
        row=1,
        next_step="Add a row of headings to the file, or declare the headings of the source.",
        details={"rows": shown},
    )


def _below_groups(records: Sequence[Sequence[str]], number: int, width: int) -> int:
    """The row of the headings where record `number` only groups them: two or three heading rows are taken as such."""
    last = min(number + 2, len(records) - 1)
    while number < last and _groups(records[number - 1], records[number : number + 6], width):
        number += 1
    return number


def _groups(record: Sequence[str], following: Sequence[Sequence[str]], width: int) -> bool:
    """Whether it repeats or spans names, the next record has each once, and a number or date shows that data follow."""
    above, below = ([cell.strip() for cell in cells[:width]] for cells in (record, following[0]))
    repeats = len(set(above) - {""}) < width
    names = len(set(below) - {""}) == width and _can_be_header(below)
    return repeats and names and any(not _can_be_header(cells) for cells in following[1:] if any(cells))


def _width(record: Sequence[str]) -> int:
    """Cells up to the last that is filled."""
    return max((i for i, cell in enumerate(record, start=1) if cell.strip()), default=0)


def _can_be_header(record: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in record if cell.strip()]
    return bool(cells) and not any(_NOT_A_NAME.fullmatch(cell) for cell in cells)
