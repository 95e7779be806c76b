"""The headings of a file laid beside the contract."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc

from lake.contract import Contract
from lake.intake.chunk import Chunk
from lake.intake.terms import IntakeError

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Matched:
    """positions: of the contract's columns in the file, by name. unnamed: file columns without a heading.

    lacking: names of the contract's columns that the file does not have.
    """

    positions: dict[str, int]
    unnamed: tuple[int, ...]
    notes: tuple[str, ...]
    lacking: tuple[str, ...] = ()


def plain_heading(header: str) -> str:
    """A heading as it is compared: in composed Unicode form, line ends and runs of blanks as one blank, none around."""
    return " ".join(unicodedata.normalize("NFC", header).split())


def match_headers(headers: Sequence[str], contract: Contract, row: int) -> Matched:
    """IntakeError: header_not_found, duplicate_header, missing_column (with the nearest headings)."""
    refuse_duplicates(headers, row)
    plain = [plain_heading(header) for header in headers]
    place = {header: position for position, header in enumerate(plain) if header}
    positions = {
        column.name: place[plain_heading(column.heading)]
        for column in contract.supplied
        if plain_heading(column.heading) in place
    }
    if not positions:
        raise _no_heading(plain, contract, row)
    absent = [column for column in contract.supplied if column.name not in positions]
    needed = [column.heading for column in absent if column.needed]
    if needed:
        raise _missing(needed, plain, row)
    unused = [header for header, position in place.items() if position not in positions.values()]
    notes = []
    if unused:
        notes.append(f"Columns that are not in the contract were ignored: {_listed(unused)}.")
    if absent:
        notes.append(f"Columns that the file does not have: {_listed([column.heading for column in absent])}.")
    without = tuple(i for i, header in enumerate(plain) if not header)
    return Matched(positions, without, tuple(notes), tuple(column.name for column in absent))


def _no_heading(plain: Sequence[str], contract: Contract, row: int) -> IntakeError:
    said = f"None of the contract's columns is a heading in row {row}; it reads: {_listed(plain)}."
    step = "Declare the row that holds the headings, or add a header to the file."
    known = {plain_heading(column.heading) for column in contract.supplied}
    for sign, word in _SEPARATORS.items():
        if len(plain) == 1 and {plain_heading(part.strip('"')) for part in plain[0].split(sign)} & known:
            said = f"Its headings are separated by {word}, which the files of this dataset are not."
            step = "Export it as the earlier files, or declare its delimiter."
    return IntakeError("header_not_found", said, row=row, next_step=step, details={"row": plain[:50]})


def refuse_duplicates(headers: Sequence[str], row: int) -> None:
    """Two headings that are equal, or differ by case or blanks only, are refused with their positions."""
    plain = [plain_heading(header) for header in headers]
    places: dict[str, list[int]] = {}
    for position, header in enumerate(plain, start=1):
        if header:
            places.setdefault(header.casefold(), []).append(position)
    twice = {plain[found[0] - 1]: found for found in places.values() if len(found) > 1}
    if twice:
        header, found = next(iter(twice.items()))
        raise IntakeError(
            "duplicate_header",
            f"The heading {header[:80]!r} stands over columns {', '.join(map(str, found))}.",
            row=row,
            column=header[:80],
            next_step="Give each column a heading of its own, in the file or in the source's declared headers.",
            details=dict(twice),
        )


def _missing(needed: Sequence[str], plain: Sequence[str], row: int) -> IntakeError:
    lower = {header.casefold(): header for header in plain if header}
    nearest = {
        heading: [lower[found] for found in difflib.get_close_matches(heading.casefold(), lower, n=3, cutoff=0.6)]
        for heading in needed
    }
    heading = needed[0]
    hint = f" The nearest heading is {nearest[heading][0]!r}." if nearest[heading] else ""
    return IntakeError(
        "missing_column",
        f"Required columns are missing: {_listed(needed)}.{hint}",
        row=row,
        column=heading,
        next_step="Add the column to the extract, or correct its heading in the contract.",
        details=nearest,
    )


def refuse_unnamed(chunk: Chunk, unnamed: Collection[int]) -> None:
    """A column without a heading is ignored only while it is empty."""
    for position in unnamed:
        for cells in (chunk.texts.get(position), chunk.natives.get(position)):
            if cells is None or not (pc.max(pc.binary_length(cells)).as_py() or 0):
                continue
            row = chunk.rows.filter(pc.fill_null(pc.greater(pc.binary_length(cells), 0), False))[0].as_py()
            raise IntakeError(
                "unnamed_column",
                f"Column {position + 1} holds data (first in row {row:,}) but has no heading.",
                row=row,
                column=str(position + 1),
                next_step="Give the column a heading, or leave it out of the extract.",
            )


def _listed(texts: Sequence[str]) -> str:
    shown = ", ".join(text[:80] or "(empty)" for text in texts[:10])
    return f"{shown} and {len(texts) - 10:,} more" if len(texts) > 10 else shown


def distinct(headers: Sequence[str]) -> list[str]:
    """Headers as the keys of one JSON object: a repeated or empty one gets its position."""
    return [
        header if header and headers.index(header) == i else f"{header or 'column'} ({i + 1})"
        for i, header in enumerate(headers)
    ]
