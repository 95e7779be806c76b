"""Cells of a workbook as people see them: 0.88 with the number format 0% is 88 %, 12 with 00000 is 00012.

The same table as CSV has `88%` and `00012`. A contract says that a column's cells are read so: `percent_cells` among
its number forms, zeros as the format of a text. Without that they are read as they are held, and it is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import partial

import numpy as np
import pyarrow as pa

from lake.contract import Column, ColumnType, Contract
from lake.intake.headers import plain_heading
from lake.intake.numberformats import PERCENT
from lake.intake.numberformats import Shown as Rows
from lake.intake.terms import Question

PERCENT_TEXTS, PERCENT_CELLS = "percent", "percent_cells"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
_SHOWN_DIGITS = 15  # of a number in a spreadsheet
_MOST_PLAIN_DIGITS = 12  # of a number that was none of a division
_AS_SHOWN = Context(prec=_SHOWN_DIGITS)
_WHOLE = re.compile(r"-?\d+")


@dataclass(slots=True)
class Told:
    """How many cells of a column were read in one way, and the first of them: as it is held, and as it is shown."""

    held: str
    shown: str
    cells: int = 0


class ShownCells:
    """Changes the numbers of a sheet's columns, chunk by chunk, to what is shown, and tells what it did or did not.

    Without a contract what is shown alike in a whole column is proposed as it is shown.
    """

    def __init__(self, rows: Rows, headers: Sequence[str], contract: Contract | None) -> None:
        self.rows = {place: _sorted(kinds) for place, kinds in rows.rows.items()}
        columns = {plain_heading(column.heading): column for column in contract.supplied} if contract else {}
        self.headers = headers
        self.columns = [columns.get(plain_heading(header)) for header in headers]
        self.is_proposal = contract is None
        self.ways: dict[int, str] = {}  # without a contract: how each column is read, as its first numbers are shown
        self.told: dict[tuple[int, str], Told] = {}

    def read(self, place: int, first: int, held: pa.StringArray) -> pa.StringArray:
        """held: the canonical texts of the column's cells that hold no text, from row `first` (from 0) on."""
        column = self.columns[place] if place < len(self.columns) else None
        if self.is_proposal and place in self.rows:
            return self._proposed(place, first, held)
        if column is not None and column.type.numeric and (place in self.rows or _reads_percent(column)):
            return self._number(place, column, first, held)
        if column is not None and column.type is ColumnType.TEXT and (place in self.rows or column.format):
            return self._text(place, column, first, held)
        return held

    def _proposed(self, place: int, first: int, held: pa.StringArray) -> pa.StringArray:
        values = held.to_pylist()
        if place not in self.ways and (way := self._way(place, first, values)) is not None:
            self.ways[place] = way
        way = self.ways.get(place, "")
        if way == PERCENT:
            marked = self._marked(place, PERCENT, first, len(values))
            return self._changed(place, "percent", values, lambda value: f"{times_100(value)}%", marked)
        return self._changed(place, "zeros", values, lambda value: with_zeros(value, way)) if way else held

    def _way(self, place: int, first: int, values: Sequence[str | None]) -> str | None:
        """How all the numbers among these are shown; empty: in several ways; None: there are none."""
        numbers = {row for row, value in enumerate(values, first) if value is not None and _NUMBER.fullmatch(value)}
        if not numbers:
            return None
        for kind, rows in self.rows[place].items():
            shown = numbers & set(rows.tolist())
            if shown == numbers:
                return kind
            if shown:
                one, other = min(shown), min(numbers - shown)
                held = values[one - first] or ""
                told = Told(held, as_shown(held, kind), len(shown))
                self.told[place, f"mixed:{values[other - first]}"] = told
        return ""

    def _number(self, place: int, column: Column, first: int, held: pa.StringArray) -> pa.StringArray:
        marked = self._marked(place, PERCENT, first, len(held))
        if not _reads_percent(column):
            if marked.any() and column.unit != "ratio":
                self._changed(place, "held", held.to_pylist(), lambda value: f"{times_100(value)} %", marked)
            return held
        values = held.to_pylist()
        self._changed(place, "plain", values, _as_percent_of_a_share, ~marked)
        return self._changed(place, "scaled", values, times_100, marked)

    def _text(self, place: int, column: Column, first: int, held: pa.StringArray) -> pa.StringArray:
        values = held.to_pylist()
        if column.format:
            return self._changed(place, "zeros", values, lambda value: with_zeros(value, column.format))
        for kind in self.rows[place]:
            marked = self._marked(place, kind, first, len(values))
            self._changed(place, "held", values, partial(as_shown, kind=kind), marked)
        return held

    def _marked(self, place: int, kind: str, first: int, count: int) -> np.ndarray:
        """Which of the rows from `first` on have a cell of this kind."""
        marked = np.zeros(count, dtype=bool)
        rows = self.rows.get(place, {}).get(kind)
        if rows is not None:
            start, end = np.searchsorted(rows, (first, first + count))
            marked[rows[start:end].astype(np.int64) - first] = True
        return marked

    def _changed(
        self,
        place: int,
        way: str,
        values: list[str | None],
        shown: Callable[[str], str],
        marked: np.ndarray | None = None,
    ) -> pa.StringArray:
        """The numbers among the values as `shown` writes them, which is remembered with the first that it changes."""
        changed = list(values)
        for row in range(len(values)) if marked is None else np.flatnonzero(marked).tolist():
            value = values[row]
            if value is None or not _NUMBER.fullmatch(value) or (new := shown(value)) == value:
                continue
            changed[row] = new
            self.told.setdefault((place, way), Told(value, new)).cells += 1
        return pa.array(changed, pa.string())

    # what is said

    def codes(self) -> dict[int, str]:
        """The columns that are proposed as texts, and their zeros."""
        return {place: way for place, way in self.ways.items() if way not in ("", PERCENT)}

    def notes(self) -> list[str]:
        """What is said of the columns: what is proposed; else what is read as it is held, though it is shown
        otherwise."""
        if self.is_proposal:
            return [f"{self.headers[place]}: {_proposal(way, told)}" for (place, way), told in self.told.items()]
        return [question.text for question in self.questions()]

    def questions(self) -> list[Question]:
        """What the contract does not say of cells that are shown otherwise than they are held."""
        return [] if self.is_proposal else list(self._asked())

    def _asked(self) -> Iterator[Question]:
        for (place, way), told in self.told.items():
            column = self.columns[place]
            assert column is not None
            if way == "plain":
                yield Question("plain_cells", f"{column.heading}: {_plain(told)}", column.name)
            elif way == "held":
                yield Question(_code(told, column), _held(told, column), column.name)


def _code(told: Told, column: Column) -> str:
    if not told.shown.endswith("%"):
        return "zeros_shown"
    return "percent_cells" if PERCENT_TEXTS in column.number_forms else "percent_shown"


def _reads_percent(column: Column) -> bool:
    """Whether 88 % in a cell is 88; with the unit ratio it is 0.88, as the cell holds it."""
    return column.type.numeric and PERCENT_CELLS in column.number_forms and column.unit != "ratio"


def times_100(held: str) -> str:
    """0.8812 is 88.12, exactly; 0.9400000000000001, which a formula left of 0.94, is 94, as the cell shows it."""
    held = _without_noise(held) if len(held) > _SHOWN_DIGITS else held
    quick = repr(float(f"{held}e2")) if "e" not in held else "e"  # the decimal digits move, nothing is multiplied
    return f"{Decimal(held).scaleb(2):f}" if "e" in quick else quick.removesuffix(".0")


def _without_noise(held: str) -> str:
    """Without what a binary fraction adds behind the 15 digits that a spreadsheet shows, if these end long before."""
    shown = _AS_SHOWN.create_decimal(held).normalize()
    return f"{shown:f}" if len(shown.as_tuple().digits) <= _MOST_PLAIN_DIGITS else held


def with_zeros(held: str, zeros: str) -> str:
    """A whole number with at least as many digits as there are zeros; any other as it is."""
    if not _WHOLE.fullmatch(held):
        return held
    return f"-{held[1:].zfill(len(zeros))}" if held[0] == "-" else held.zfill(len(zeros))


def as_shown(held: str, kind: str) -> str:
    """What a cell of this kind shows, with all its digits."""
    return f"{times_100(held)} %" if kind == PERCENT else with_zeros(held, kind)


def _as_percent_of_a_share(held: str) -> str:
    """A share that is no percent cell, as the percentage that it may be; other numbers as they are."""
    share = Decimal(held)
    return f"{times_100(held)} %" if abs(share) < 1 and share != 0 else held


def _proposal(way: str, told: Told) -> str:
    if way == "percent":
        whole = told.shown.removesuffix("%")
        return f"percent cells: {told.held} is read as {whole} %, that is {whole}; with the unit ratio, {told.held}."
    if way == "zeros":
        return f"cells shown with zeros in front: {told.held} is read as the text {told.shown}."
    other = way.partition(":")[2]
    return (
        f"some cells are shown otherwise than others: {told.held} as {told.shown}, but {other} as {other}. All are "
        f"read as they are held, {told.held} and {other}; give them one number format to have them read as shown."
    )


def _held(told: Told, column: Column) -> str:
    zeros = "0" * len(told.shown.lstrip("-"))
    if not told.shown.endswith("%"):
        step = f"write {zeros} under “Written as”; to keep {told.held}, as in records loaded so before, write 0 there"
    elif column.type is ColumnType.TEXT:
        step = "choose the type number and write percent,percent_cells under “Numbers may have”"
    else:
        step = "write percent,percent_cells under “Numbers may have”, or ratio as the unit where shares are meant"
    return (
        f"{column.heading}: the workbook shows {told.held} as {told.shown}, and it is read as {told.held}. To have "
        f"such cells read as shown, {step}."
    )


def _plain(told: Told) -> str:
    return (
        f"{told.held} has no percent format in the workbook, unlike the cells that the contract expects, and is read "
        f"as {told.held}. If it means {told.shown}, give such cells a percent format and upload the workbook again."
    )


def _sorted(kinds: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    return {kind: np.sort(np.array(rows, dtype=np.uint32)) for kind, rows in kinds.items()}
