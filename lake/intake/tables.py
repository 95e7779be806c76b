"""A second table below the first: a header row after a blank one, where the rows should have gone on."""

from __future__ import annotations

import json
from collections.abc import Sequence

from lake.contract import ColumnType
from lake.intake.cells import NOT_A, Cell
from lake.intake.headers import plain_heading
from lake.intake.rejects import Reject
from lake.intake.terms import IntakeError

_NOT_A = frozenset(NOT_A.values())


class SecondTable:
    """Looks at the rejected rows that follow a blank row."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.typed = [
            cell.column for cell in cells if cell.column.type is not ColumnType.TEXT and cell.position is not None
        ]
        self.last_blank = -1

    def look(self, rejects: Sequence[Reject], blank_rows: Sequence[int]) -> None:
        """IntakeError second_table_at_row if such a row has no value of the right type at all."""
        after_blank = {row + 1 for row in blank_rows} | {self.last_blank + 1}
        if blank_rows:
            self.last_blank = max(blank_rows)
        suspects: dict[int, list[Reject]] = {}
        for reject in rejects:
            if reject.row in after_blank:
                suspects.setdefault(reject.row, []).append(reject)
        for row, found in sorted(suspects.items()):
            if self._is_header(found):
                raise IntakeError(
                    "second_table_at_row",
                    f"After a blank row, row {row:,} looks like the header of a second table.",
                    row=row,
                    value=", ".join(str(text) for text in json.loads(found[0].record).values() if text),
                    next_step="Export each table to a file (or sheet) of its own.",
                )

    def _is_header(self, found: Sequence[Reject]) -> bool:
        values = {plain_heading(header): text for header, text in json.loads(found[0].record).items() if text}
        if found[0].code in ("too_many_values", "too_few_values"):
            return len(values) > 1
        filled = [column.name for column in self.typed if plain_heading(column.heading) in values]
        failed = {reject.column for reject in found if reject.code in _NOT_A}
        return len(values) > 1 and bool(filled) and set(filled) <= failed
