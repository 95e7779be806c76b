"""Records given as raw texts, e.g. rejected rows that a person has corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from lake.contract import Contract
from lake.intake.chunk import Chunk
from lake.intake.headers import plain_heading
from lake.intake.terms import IntakeError


class RecordSource:
    """A `Source` over mappings from header (or column name) to text."""

    strict = False
    header_row = 0
    counts_bytes = False

    def __init__(self, records: Sequence[Mapping[str, Any]], contract: Contract, rows: Sequence[int] | None) -> None:
        self.headers = tuple(column.heading for column in contract.supplied)
        self.notes: list[str] = []
        self.counts: dict[str, int] = {}
        self._rows = list(rows) if rows is not None else list(range(1, len(records) + 1))
        if len(self._rows) != len(records):
            raise ValueError(f"{len(records)} records need as many row numbers, not {len(self._rows)}")
        names = {plain_heading(column.heading): i for i, column in enumerate(contract.supplied)}
        names |= {column.name: i for i, column in enumerate(contract.supplied) if column.name not in names}
        self.lacking = _lacking(records, contract)
        self._cells: list[list[str]] = [[""] * len(records) for _ in self.headers]
        for index, record in enumerate(records):
            for header, value in record.items():
                position = names.get(plain_heading(header))
                if position is not None:
                    self._cells[position][index] = _text(value, header, self._rows[index])

    def chunks(self) -> Iterator[Chunk]:
        texts = {i: pa.array(cells, pa.string()) for i, cells in enumerate(self._cells)}
        yield Chunk(pa.array(self._rows, pa.int64()), texts, bytes_read=len(self._rows))


def _lacking(records: Sequence[Mapping[str, Any]], contract: Contract) -> tuple[str, ...]:
    """Names of the columns that a record does not have: the others may have got them by a correction."""
    given = [{plain_heading(header) for header in record} for record in records]
    return tuple(
        column.name
        for column in contract.supplied
        if not column.needed and not all({plain_heading(column.heading), column.name} & record for record in given)
    )


def _text(value: Any, header: str, row: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise IntakeError(
            "wrong_type",
            f"Row {row:,}: the value of {header!r} must be a text, as it would stand in the file.",
            row=row,
            column=header,
            value=str(value),
            next_step="Send every value as a JSON string.",
        )
    return value
