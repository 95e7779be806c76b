"""XLSX: cells read by calamine, after the archive and the sheet's XML were looked over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import python_calamine

from lake.contract import Contract
from lake.intake import archive, sheet, sheetnotes
from lake.intake.chunk import Chunk
from lake.intake.detect import corrupt_xlsx, empty_file
from lake.intake.headers import plain_heading
from lake.intake.shown import ShownCells
from lake.intake.terms import Dialect, IntakeError, Limits

_FIRST_TRUE_DAY = date(1900, 3, 1)
_EXACT = 1e15


class WorkbookSource:
    """A `Source` over one worksheet: the declared one, else the first visible one.

    Hidden rows and columns are data and are read; merged cells have their value in the first cell only. Durations and
    times of day become seconds. Dates before March 1900 are faults, because Excel counts a day that never was. What a
    number format shows otherwise than its cell holds is read as `shown.py` says: as the contract has it, or without
    one as it is proposed.
    """

    strict = False
    lacking: tuple[str, ...] = ()
    counts_bytes = False

    def __init__(self, path: Path, dialect: Dialect, limits: Limits, contract: Contract | None = None) -> None:
        self.dialect = dialect
        self.limits = limits
        self.contract = contract
        self.header_row = dialect.header_row
        self.counts: dict[str, int] = {}
        with archive.open_archive(path, limits) as zipped:
            self.sheets = sheet.sheets(zipped)
            self.entry = _choose(self.sheets, dialect.sheet)
            sheet.check_strings(zipped, limits)
            self._check_other_parts(zipped.namelist(), zipped)
            self.scan = sheet.scan(zipped, self.entry, limits)
            self._of_workbook = list(sheetnotes.of_workbook(zipped.namelist(), self.sheets, self.entry))
        self._rows = self._open(path)
        self._look_at(self._read_header())

    def _check_other_parts(self, names: Sequence[str], zipped: Any) -> None:
        for name in ("xl/styles.xml", "[Content_Types].xml", "xl/metadata.xml"):
            if name in names:
                for _ in archive.pieces(zipped, name):
                    pass

    def _open(self, path: Path) -> Iterator[list[Any]]:
        """The rows of the sheet from row 1 on, each as wide as the widest."""
        try:
            workbook = python_calamine.CalamineWorkbook.from_path(str(path))
            found = workbook.get_sheet_by_name(self.entry.name)
            start = found.start
            rows = iter(found.iter_rows())
        except (python_calamine.CalamineError, OSError, ValueError) as error:
            raise corrupt_xlsx("its cells cannot be read") from error
        except BaseException as error:  # calamine's own panics derive from BaseException
            if type(error).__name__ != "PanicException":
                raise
            raise corrupt_xlsx("its cells cannot be read") from error
        if start is None:
            raise empty_file()
        if self.scan.last_row and found.end is not None and found.end[0] >= self.scan.last_row + 1:
            raise corrupt_xlsx("its rows are numbered in a way that cannot be followed")
        return rows

    def _read_header(self) -> tuple[str, ...]:
        if self.header_row == 0:
            return self.dialect.headers
        taken = list(islice(self._rows, self.header_row))
        if len(taken) < self.header_row:
            raise IntakeError(
                "header_not_found",
                f"The header is declared to be row {self.header_row}, but the sheet ends before it.",
                sheet=self.entry.name,
                next_step="Correct the header row of the source.",
            )
        headers = self.dialect.headers or tuple(header_text(value) for value in taken[-1])
        return (*headers, *("" for _ in range(len(taken[-1]) - len(headers))))

    def _look_at(self, headers: tuple[str, ...]) -> None:
        """What the sheet shows of the columns under these headings, and what is said of it."""
        self.headers = headers
        self.shown = ShownCells(self.scan.shown, headers, self.contract)
        read = None
        if self.contract is not None:
            known = {plain_heading(column.heading) for column in self.contract.supplied}
            read = [header for header in headers if plain_heading(header) in known]
        self.notes = [*self._of_workbook, *sheetnotes.of_sheet(self.scan, self.header_row, headers, read)]

    def adopt(self, probe: Sequence[list[Any]], header_row: int) -> None:
        """Take up a source opened without header after its first rows were looked at: the header is one of them."""
        self.header_row = header_row
        self._look_at(tuple(header_text(value) for value in probe[header_row - 1]))
        self._rows = chain(probe[header_row:], self._rows)

    def raw_rows(self) -> Iterator[list[Any]]:
        """The rows not yet taken, as calamine gives them."""
        return self._rows

    def chunks(self) -> Iterator[Chunk]:
        row = self.header_row + 1
        while rows := list(islice(self._rows, min(self.limits.chunk_rows, 20_000))):
            yield self._chunk(rows, row)
            row += len(rows)
        self.notes += self.shown.notes()

    def _chunk(self, rows: list[list[Any]], first: int) -> Chunk:
        texts: dict[int, pa.StringArray] = {}
        natives: dict[int, pa.StringArray] = {}
        faults: dict[int, pa.StringArray] = {}
        marked = self._marked(first - 1, first - 1 + len(rows))
        for position, values in enumerate(zip(*rows, strict=True)):
            text, native, fault = self._column(values)
            for index, code, shown in marked.get(position, ()):
                fault = fault or [None] * len(values)
                fault[index] = code
                changed = text.to_pylist()
                changed[index] = shown
                text = pa.array(changed, pa.string())
            texts[position] = text
            if native is not None:
                natives[position] = self.shown.read(position, first - 1, native)
            if fault is not None:
                faults[position] = pa.array(fault, pa.string())
        numbers = pa.array(np.arange(first, first + len(rows), dtype=np.int64))
        return Chunk(numbers, texts, natives, faults, bytes_read=len(rows))

    def _marked(self, start: int, end: int) -> dict[int, list[tuple[int, str, str]]]:
        """Cells of these rows that hold an error or a formula without value, by column."""
        marked: dict[int, list[tuple[int, str, str]]] = {}
        for (row, column), text in self.scan.errors.items():
            if start <= row < end:
                marked.setdefault(column, []).append((row - start, "excel_error", text))
        for row, column in self.scan.unvalued:
            if start <= row < end:
                marked.setdefault(column, []).append((row - start, "formula_without_value", ""))
        return marked

    def formulas_without_value(self, file: str) -> list[str]:
        """What is said before a load of cells that only a spreadsheet program can fill: how many, in which column."""
        places: dict[int, list[int]] = {}
        for row, column in sorted(self.scan.unvalued):
            if row >= self.header_row and column < len(self.headers):
                places.setdefault(column, []).append(row + 1)
        return [
            f"{self.headers[column]}: {_counted(len(rows))} stored value in {file}, the first in "
            f"{sheet.column_letters(column + 1)}{rows[0]}. Such rows are set aside when the file is loaded. Open it in "
            "a spreadsheet program, save it there and upload it again."
            for column, rows in sorted(places.items())
        ]

    def _column(self, values: tuple[Any, ...]) -> tuple[pa.StringArray, pa.StringArray | None, list[str | None] | None]:
        """Texts, native values and faults of one column; the columns of one type take the short way."""
        kinds = set(map(type, values))
        if kinds == {str}:
            return _checked_texts(values, self.limits)
        if kinds <= {float, int}:
            return pa.nulls(len(values), pa.string()), self._numbers(values), None
        fault: list[str | None] | None = None
        texts = pa.array([value if type(value) is str and value else None for value in values], pa.string())
        natives = pa.array([self._native(value) for value in values], pa.string())
        if date in kinds or datetime in kinds:
            early = [_before_march_1900(value) for value in values]
            if any(early):
                fault = ["day_does_not_exist" if one else None for one in early]
        return texts, natives, fault

    def _numbers(self, values: Sequence[float]) -> pa.StringArray:
        """Canonical texts: 5 for 5.0, else the shortest text that reads back as the same double."""
        array = np.array(values, dtype=np.float64)
        large = np.abs(array) >= _EXACT
        if large.any():
            self.counts["precision_lost"] = self.counts.get("precision_lost", 0) + int(large.sum())
        elif bool((array == np.floor(array)).all()):
            return pa.array(array.astype(np.int64)).cast(pa.string())
        return pa.array([self._native(value) for value in values], pa.string()) if large.any() else _floats(array)

    def _native(self, value: Any) -> str | None:
        kind = type(value)
        if kind is str:
            return None
        if kind is float or kind is int:
            return str(int(value)) if abs(value) < _EXACT and value == int(value) else repr(value)
        if kind is bool:
            return "true" if value else "false"
        if kind is datetime:
            return str(value.isoformat(" "))
        if kind is date:
            return str(value.isoformat())
        self.counts["durations_in_seconds"] = self.counts.get("durations_in_seconds", 0) + 1
        return _seconds(value)


def _counted(formulas: int) -> str:
    return "1 formula has no" if formulas == 1 else f"{formulas:,} formulas have no"


def _floats(array: Any) -> pa.StringArray:
    texts = pa.array(array).cast(pa.string())
    whole = pc.ends_with(texts, ".0")
    return pc.if_else(whole, pc.utf8_slice_codeunits(texts, 0, -2), texts) if pc.any(whole).as_py() else texts


def _seconds(value: timedelta | time) -> str:
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    seconds = value.total_seconds()
    return str(int(seconds)) if seconds == int(seconds) else repr(seconds)


def _before_march_1900(value: Any) -> bool:
    if isinstance(value, datetime):
        value = value.date()
    return isinstance(value, date) and value < _FIRST_TRUE_DAY


def _checked_texts(values: Sequence[str], limits: Limits) -> tuple[pa.StringArray, None, list[str | None] | None]:
    texts = pa.array(values, pa.string())
    if (pc.max(pc.binary_length(texts)).as_py() or 0) <= limits.cell_chars:
        return texts, None, None
    long = [len(value) > limits.cell_chars for value in values]
    return texts, None, ["text_too_long" if one else None for one in long] if any(long) else None


def header_text(value: Any) -> str:
    """A heading may be a number or a date in the sheet."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def _choose(found: Sequence[sheet.SheetEntry], wanted: str) -> sheet.SheetEntry:
    if wanted:
        for entry in found:
            if entry.name == wanted:
                return entry
        raise IntakeError(
            "sheet_not_found",
            f"The workbook has no sheet {wanted[:80]!r}; it has {', '.join(entry.name[:40] for entry in found[:10])}.",
            sheet=wanted,
            next_step="Declare one of these sheets.",
        )
    return next((entry for entry in found if not entry.hidden), found[0])
