"""The last rows of a file that are no records: a note below the table, a total without a label.

Like rows that look like totals they are set aside, never counted unasked, and may be saved as records.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa

from lake.contract import Role
from lake.intake.cells import Cell

NOTED_BELOW = ("csv", "xlsx")  # the kinds of files in which people, and reports for them, write below a table
_MOST = 5
LOOKED_AT = 20
_FEWEST_COLUMNS = 3
_NO_AMOUNT = frozenset({Role.KEY, Role.DIMENSION, Role.UNIT, Role.VENDOR})


@dataclass(frozen=True, slots=True)
class Ending:
    """A last row: its place in the table, the first filled cell, and whether that is a note, or else a number."""

    place: int
    said: str
    is_note: bool


def endings(table: pa.Table, amounts: Collection[int] = (), *, follows: bool = False) -> list[Ending]:
    """The rows at the end of a table of texts that look like none of its records, because those above say more.

    amounts: the places of the columns that a total fills; without them only notes are found. follows: other records
    stand before these.
    """
    first = max(0, table.num_rows - LOOKED_AT)
    found: list[Ending] = []
    for place, row in reversed(list(enumerate(_rows(table.slice(first)), start=first))):
        filled = [i for i, cell in enumerate(row) if cell]
        if not filled:
            continue
        if _is_note(row, filled):
            found.append(Ending(place, row[filled[0]], is_note=True))
        elif amounts and set(filled) <= set(amounts) and len(amounts) < len(row):
            found.append(Ending(place, row[filled[0]], is_note=False))
        else:
            return found if len(found) <= _MOST and len(filled) > 1 else []
    return found if follows and len(found) <= _MOST else []


def amounts_of(cells: Sequence[Cell]) -> frozenset[int]:
    """The places of the columns that a total fills."""
    return frozenset(
        cell.position
        for cell in cells
        if cell.position is not None and cell.column.type.numeric and not _NO_AMOUNT & set(cell.column.roles)
    )


def _rows(table: pa.Table) -> list[list[str]]:
    columns = [[(cell or "").strip() for cell in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _is_note(row: Sequence[str], filled: Sequence[int]) -> bool:
    """One cell of words in a row of several."""
    words = row[filled[0]]
    return len(filled) == 1 and len(row) >= _FEWEST_COLUMNS and " " in words and any(map(str.isalpha, words))
