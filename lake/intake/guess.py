"""What the values of a sample say about their columns: types, date formats, spellings, roles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from lake.contract.words import format_in_words
from lake.intake.decimals import Numbers, settle
from lake.intake.hints import (
    codes,
    dashes_read,
    lost_digits,
    numbered_days,
    of_texts,
    periods_as_columns,
    weeks,
)
from lake.intake.marks import PERCENT_FORMS, marks_of
from lake.intake.reading import literal
from lake.intake.roles import EVENT, with_roles
from lake.intake.spelling import FEWEST, MOST, almost_dates, shortened_code, types_of
from lake.intake.tally import Tally
from lake.intake.terms import ColumnGuess, Dialect, Question
from lake.intake.weeks import iso_week

_NO_NUMBER = re.compile(r"[+-]?inf(inity)?|#[A-Z0-9/]+[!?]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Guessed:
    """The columns with what must be asked about them; decimal_comma, thousands: as the numbers seem written."""

    columns: tuple[ColumnGuess, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    decimal_comma: bool | None
    thousands: str | None


@dataclass(frozen=True, slots=True)
class _Read:
    """Types, date formats and number spelling that fit a column, with the marks of its numbers (`marks.py`)."""

    types: tuple[str, ...]
    formats: tuple[str, ...]
    spelling: str
    forms: tuple[str, ...] = ()
    nothings: tuple[str, ...] = ()


def guess(
    connection: duckdb.DuckDBPyConnection,
    headers: Sequence[str],
    table: pa.Table,
    dialect: Dialect,
    natives: Collection[int] = (),
    codes: Mapping[int, str] | None = None,
) -> Guessed:
    """table: `c<i>` texts of the sampled records, one per header, natives (of the columns at the places `natives`)
    already in canonical text. dialect: how the file is written, as far as that is declared. codes: places of columns
    whose numbers a workbook shows with zeros in front, and these zeros."""
    names = column_names(headers)
    questions: list[Question] = []
    notes: list[str] = []
    numbers: list[Numbers] = []
    for position, (name, header) in enumerate(zip(names, headers, strict=True)):
        tally = Tally.of(connection, table.column(f"c{position}"))
        zeros = (codes or {}).get(position, "")
        numbers.append(_guess_column(tally, name, header, table.num_rows, questions, notes, zeros))
    lossy = {one.column.name: found for one in numbers if (found := shortened_code(one.values))}
    columns = with_roles(connection, table, [one.column for one in numbers], lossy)
    questions += lost_digits(columns, lossy)
    numbers = [replace(one, column=column) for one, column in zip(numbers, columns, strict=True)]
    settled = settle(numbers, dialect, natives)
    asked = [one.column.header for one in numbers if one.column.name in {q.column for q in settled.questions}]
    told = [note for note in notes if not (" is read as " in note and any(note.startswith(f"{h}: ") for h in asked))]
    return Guessed(
        settled.columns,
        (*questions, *settled.questions),
        (*periods_as_columns(headers), *told, *settled.notes),
        settled.decimal_comma,
        settled.thousands,
    )


def column_names(headers: Sequence[str]) -> list[str]:
    """A snake_case identifier for each heading, each its own."""
    names: list[str] = []
    for header in headers:
        plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode().lower()
        name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:50] or "column"
        name = name if name[0].isalpha() else f"c_{name}"
        name = name.replace("__", "_")
        unique, number = name, 2
        while unique in names:
            unique, number = f"{name}_{number}", number + 1
        names.append(unique)
    return names


def _guess_column(
    tally: Tally, name: str, header: str, rows: int, questions: list[Question], notes: list[str], zeros: str
) -> Numbers:
    """The column, without roles, and how its numbers are spelt; adds what must be asked and told of it."""
    told, (read, values) = tally.told(), _read_plain(tally, header, [] if zeros else notes)
    read = _Read(("text",), (zeros,), "") if zeros else read
    _ask(name, header, read.formats, values, questions)
    column = ColumnGuess(
        name=name,
        header=header,
        types=read.types,
        formats=read.formats,
        missing=tuple(sorted((*(told["missing"] or ()), *read.nothings))),
        number_forms=read.forms,
        filled=told["filled"],
        distinct=told["different"],
        unique=told["filled"] == told["different"] == rows > 0,
        padded=told["padded"] > 0.5 * max(1, told["filled"]),
        examples=tuple(value[:80] for value in values[:5]),
    )
    return Numbers(column, read.spelling, values)


def _read_plain(tally: Tally, header: str, notes: list[str]) -> tuple[_Read, list[str]]:
    """How the values are read, and these: with plain blanks and minuses, as a load reads all that are no texts."""
    if (plain := tally.plain()) is not tally:
        told: list[str] = []
        values = plain.values()
        read = _read(plain, values, header, told)
        if read.types[0] != "text":
            notes += told
            notes += dashes_read(header, tally.values())
            return read, values
    values = tally.values()
    return _read(tally, values, header, notes), values


def _read(tally: Tally, values: Sequence[str], header: str, notes: list[str]) -> _Read:
    """What fits the first values, and then the whole sample or nearly."""
    types, formats, spelling = types_of(values)
    if types == ("text",):
        types, formats = almost_dates(values)
    if formats:
        formats = _fitting(tally, formats, header, notes)
        types = types if formats else ("text",)
        notes += weeks(header, values) if formats == ("iso_week",) else []
    if types[0] == "integer" and not tally.all_integers():
        types = ("text",)
    if told := list(codes(header, values)):
        notes += told
        return _Read(types, (), "")
    if types == ("text",) and values:
        notes += of_texts(header, values)
        if marks := marks_of(values):
            notes += [f"{header}: {marks.said}"] if marks.said else []
            return _Read(marks.types, (), marks.spelling, marks.forms, marks.nothings)
        types = _almost_numbers(tally, header, notes)
    if types[0] == "integer" and EVENT.search(header):
        notes += numbered_days(header, values)
    return _Read(types, formats, spelling, PERCENT_FORMS if spelling.startswith("percent") else ())


def _fitting(tally: Tally, formats: Sequence[str], header: str, notes: list[str]) -> tuple[str, ...]:
    """The formats that read most of the whole sample, not only of the distinct values looked at first; what they do
    not read is noted. None where that is more than a tenth."""
    misfits = {}
    for text in formats:
        read = "try_cast(x AS TIMESTAMP)" if text == "iso" else f"try_strptime(x, {literal(text)})"
        read = f"({iso_week('x')})" if text == "iso_week" else read
        fails = f"{read} IS NULL OR year({read}) NOT BETWEEN 1900 AND 2100"
        misfits[text] = tally.misfits(fails)
    fewest = min(found.rows for found in misfits.values())
    kept = tuple(text for text, found in misfits.items() if found.rows == fewest)
    found = misfits[kept[0]]
    if found.filled - found.rows < MOST * found.filled:
        return ()
    if found.rows:
        notes.append(
            f"{header}: {found.said}, not dates written {_said(kept)}. Such rows are set aside when the file is "
            "loaded; choose the type text to take them as they are."
        )
    return kept


def _almost_numbers(tally: Tally, header: str, notes: list[str]) -> tuple[str, ...]:
    """Types of a column of texts, most of which are numbers: numbers if the others are what a program writes for none,
    text if they are words of somebody; both is noted."""
    number = "regexp_full_match(x, '[+-]?(?:(?:0|[1-9][0-9]*)[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?')"
    found = tally.misfits(f"NOT {number}")
    if not found.rows or found.filled - found.rows < max(FEWEST, MOST * found.filled):
        return ("text",)
    if all(_NO_NUMBER.fullmatch(value) for value in found.values):
        notes.append(f"{header}: {found.said}, not numbers. Such rows are set aside when the file is loaded.")
        return ("number", "text")
    notes.append(
        f"{header}: {found.said}, all else are numbers; it is read as text. Choose the type number to set such rows "
        "aside instead."
    )
    return ("text",)


def _ask(name: str, header: str, formats: Sequence[str], values: Sequence[str], questions: list[Question]) -> None:
    example = values[0] if values else ""
    if len(formats) > 1:
        text = (
            f"{header}: is {example!r} written as {_said(formats, ' or as ')}? Every sampled value fits each of them."
        )
        questions.append(Question("day_first", text, name, tuple(formats)))
    elif any("%y" in text for text in formats):
        text = f"{header}: the years have two digits; 00 to 68 will be read as 2000 to 2068. Is that right?"
        questions.append(Question("two_digit_year", text, name, tuple(formats)))


def _said(formats: Sequence[str], between: str = " or ") -> str:
    return between.join(format_in_words(text) for text in formats)
