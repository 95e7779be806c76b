"""Which sheet of a workbook is proposed: that with the contract's headings, else the first that looks like a table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from lake.intake.archive import open_archive
from lake.intake.headers import plain_heading
from lake.intake.layout import find_header
from lake.intake.sheet import sheets
from lake.intake.terms import Dialect, IntakeError, Limits
from lake.intake.workbook import WorkbookSource, header_text

_PROBE_ROWS = 50
_MOST_SHEETS = 8
_REGULAR = 0.6  # of the rows below the header have a value under half of its headings


@dataclass(frozen=True, slots=True)
class Chosen:
    """The proposed sheet, and why it is not the first one; empty: it is."""

    name: str
    why: str


def choose_sheet(path: Path, dialect: Dialect, limits: Limits, headings: Collection[str]) -> Chosen | None:
    """None where there is nothing to choose from, or no sheet is more of a table than the first."""
    with open_archive(path, limits) as archive:
        visible = [entry.name for entry in sheets(archive) if not entry.hidden][:_MOST_SHEETS]
    if len(visible) < 2:
        return None
    wanted = {plain_heading(heading) for heading in headings}
    looked_at = [_looked_at(path, replace(dialect, sheet=name, header_row=0), limits, wanted) for name in visible]
    best = max(range(len(visible)), key=lambda place: (*looked_at[place], -place))
    if best == 0 or looked_at[best] == looked_at[0]:
        return None
    matches, is_table = looked_at[best]
    why = f"it has {matches:,} of the {len(wanted):,} headings of the contract" if matches > looked_at[0][0] else ""
    why = why or "it looks like a table"
    return Chosen(
        visible[best], f"{why}, and {visible[0]!r} {'has fewer' if matches and looked_at[0][0] else 'does not'}"
    )


def _looked_at(path: Path, dialect: Dialect, limits: Limits, wanted: Collection[str]) -> tuple[int, bool]:
    """How many of the wanted headings the sheet has, and whether it looks like a table."""
    try:
        source = WorkbookSource(path, dialect, limits)
        records = [[header_text(value).strip() for value in row] for row in islice(source.raw_rows(), _PROBE_ROWS)]
        header = find_header(records)
    except IntakeError:
        return 0, False
    names = {plain_heading(cell) for cell in records[header - 1] if cell}
    return len(names & set(wanted)), _is_table(records[header - 1], records[header:])


def _is_table(header: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    width = sum(1 for cell in header if cell)
    filled = [row for row in below if any(row)]
    regular = [row for row in filled if sum(1 for cell in row if cell) * 2 >= width]
    return width > 1 and len(regular) > 1 and len(regular) >= _REGULAR * len(filled)
