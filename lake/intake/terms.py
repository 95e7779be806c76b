"""The words of the intake: how a file is written, what was found in it, what became of its rows, why it was refused."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from lake.contract.words import THOUSANDS
from lake.entries import known_entries

MOST_HEADER_ROWS = 10_000
Kind = Literal["csv", "xlsx", "parquet", "jsonl"]

MIB = 1024 * 1024


class IntakeError(Exception):
    """A file is refused whole. `code` is stable, `message` says thing and fault, `next_step` what to do about it.

    row counts records with the header as row 1 (lines, where a text cannot be split into records); value: 80 chars.
    `details` is plain JSON, e.g. the conflicting keys or the wanted and found columns. Survives pickling.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        file: str = "",
        sheet: str = "",
        row: int | None = None,
        column: str = "",
        value: str = "",
        next_step: str = "",
        details: Any = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.file = file
        self.sheet = sheet
        self.row = row
        self.column = column
        self.value = value[:80]
        self.next_step = next_step
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.code, self.message), self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "message": self.message,
            "file": self.file,
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "next_step": self.next_step,
            "details": self.details,
        }


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one source writes its files; confirmed once by a person, then kept with the dataset.

    header_row: the record that holds the headings, 1 being the first; 0 means that there is none and `headers` gives
    them. escape: what stands before a quote inside a quoted value: the quote itself (the rule of RFC 4180), or a
    backslash. delimiter "" (with kind csv) means a file of one column. decimal_comma, thousands: None leaves it to the
    contract. total_words: a row that begins with one of these words is a total and is left out, counted as excluded.
    """

    kind: Kind = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header_row: int = 1
    headers: tuple[str, ...] = ()
    sheet: str = ""
    decimal_comma: bool | None = None
    thousands: str | None = None
    gzip: bool = False
    total_words: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "headers": list(self.headers), "total_words": list(self.total_words)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Dialect:
        """Read `to_dict` output; ValueError names an entry that is unknown, of another type, or too long."""
        entries = known_entries(cls, plain, "dialect")
        for entry in ("headers", "total_words"):
            entries[entry] = tuple(map(str, entries.get(entry, ())))
        dialect = cls(**entries)
        _check_marks(dialect)
        return dialect


def _check_marks(dialect: Dialect) -> None:
    for entry in ("delimiter", "quote", "escape"):
        mark = getattr(dialect, entry)
        if len(mark) > 1 or mark in ("\r", "\n"):
            raise ValueError(f"The entry {entry!r} of a dialect takes one character, not {mark[:40]!r}.")
    if not 0 <= dialect.header_row <= MOST_HEADER_ROWS:
        raise ValueError(f"The entry 'header_row' of a dialect takes 0 to {MOST_HEADER_ROWS:,}.")
    if dialect.thousands is not None and dialect.thousands not in THOUSANDS:
        raise ValueError(f"Thousands are not separated by {dialect.thousands[:40]!r}: give one of {sorted(THOUSANDS)}.")
    try:
        codecs.lookup(dialect.encoding)
    except (LookupError, ValueError):
        raise ValueError(f"There is no encoding {dialect.encoding[:40]!r}; give one such as utf-8 or cp1252.") from None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may ask for. Beyond a limit it is refused, with the limit named."""

    file_bytes: int = 200 * MIB
    unpacked_bytes: int = 1024 * MIB
    ratio: int = 100
    entries: int = 2_000
    rows: int = 200_000_000
    rows_per_sheet: int = 1_048_576
    cells_per_sheet: int = 15_000_000
    columns: int = 1_000
    cell_chars: int = 32_767
    line_bytes: int = 1 * MIB
    json_depth: int = 32
    chunk_bytes: int = 10 * MIB
    chunk_rows: int = 100_000


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the file does not say by itself and a person must answer.

    code: header_row, day_first, decimal_comma, decimal_point, encoding, total_row, last_row, replace_with_nothing,
        sheet, percent_cells, percent_shown, zeros_shown, plain_cells,
        lost_digits...
    options: the possible answers, the most likely one first; a date question's options are strptime formats, those
        about totals the words that such rows begin with, all of which may be meant.
    """

    code: str
    text: str
    column: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What a sample says about one column. Counts are of the sample.

    types: candidate column types that fit every sampled value, the narrowest first. formats: date formats that fit all;
        of a number, how it is written where that is unlike its file; of a text, the zeros by which a workbook shows
        its numbers.
    missing: texts found that commonly mean "no value" (only proposed). roles: proposed. unique: no value repeats.
    """

    name: str
    header: str
    types: tuple[str, ...]
    formats: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    number_forms: tuple[str, ...] = ()
    filled: int = 0
    distinct: int = 0
    unique: bool = False
    padded: bool = False
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What `inspect` found: the proposed dialect and columns, what must be asked, and the first rows as written."""

    name: str
    dialect: Dialect
    columns: tuple[ColumnGuess, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    first_rows: tuple[tuple[str, ...], ...]
    sampled_rows: int
    complete: bool
    sheets: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "dialect": self.dialect.to_dict()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load` did. rows_read = accepted + duplicates + superseded + rejected + excluded + blank.

    counts: every further number by name, e.g. dst_shifted, dst_ambiguous, precision_lost, unit_codes_normalised,
    calculated_not_finite, hidden_rows, equal_rows (accepted ones that, without a record key, repeat an earlier row).
    notes: the same in words, and what was ignored.
    first_event, last_event: earliest and latest local day of the event time among the accepted rows, as ISO text.
    lacking: names of the contract's columns that the extract does not have.
    """

    accepted_path: Path
    rejects_path: Path
    rows_read: int
    accepted: int
    duplicates: int = 0
    superseded: int = 0
    rejected: int = 0
    excluded: int = 0
    blank: int = 0
    reject_cells: int = 0
    first_event: str = ""
    last_event: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "accepted_path": str(self.accepted_path), "rejects_path": str(self.rejects_path)}
