"""What is said of a workbook: what of it is not read, and what a person may not see in it that is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from lake.intake.sheet import Scan, SheetEntry, column_letters

_EXTRAS = {
    "xl/externalLinks/": "links to other workbooks",
    "xl/connections.xml": "data connections",
    "xl/queryTables/": "queries",
    "xl/media/": "pictures",
    "xl/charts/": "charts",
    "xl/drawings/": "drawings",
    "xl/pivotCache/": "pivot caches",
    "xl/pivotTables/": "pivot tables",
    "xl/comments": "comments",
    "xl/threadedComments/": "comments",
    "xl/embeddings/": "embedded objects",
}
_LISTED = 5


def of_workbook(parts: Collection[str], found: Sequence[SheetEntry], chosen: SheetEntry) -> Iterator[str]:
    """Other sheets, and parts that are no cells. parts: the names in its archive."""
    others = [entry.name + (" (hidden)" if entry.hidden else "") for entry in found if entry is not chosen]
    if others:
        yield f"The sheet {chosen.name!r} was read; not read: {', '.join(others)}."
    extras = sorted({what for prefix, what in _EXTRAS.items() if any(name.startswith(prefix) for name in parts)})
    if extras:
        yield f"Ignored parts of the workbook: {', '.join(extras)}."


def of_sheet(scan: Scan, header_row: int, headers: Sequence[str], read: Collection[str] | None) -> Iterator[str]:
    """Hidden columns, hidden rows and merged cells below the header. read: the headings that are read; None: all."""
    hidden = [
        f"{column_letters(place + 1)} ({header.strip()[:60]})"
        for place, header in enumerate(headers)
        if place in scan.hidden_columns and header.strip() and (read is None or header in read)
    ]
    if hidden:
        are = (
            "Column {} is hidden in the workbook and is"
            if len(hidden) == 1
            else "Columns {} are hidden in the workbook and are"
        )
        yield f"{are.format(_listed(hidden))} read."
    rows = [row for row in scan.hidden_rows if row > header_row]
    if rows:
        filtered = "; the sheet has a filter" if scan.filtered else ""
        are = "1 hidden row is" if len(rows) == 1 else f"{len(rows):,} hidden rows are"
        yield f"{are} read as data, the first is row {min(rows):,}{filtered}."
    merged = [reference for reference in scan.merged if _last_row(reference) > max(header_row, 1)]
    if merged:
        yield (
            f"Merged cells have their value in the first cell only, the others are empty: {_listed(merged)}. To have "
            "it in each of their rows, unmerge them in the workbook and fill it down."
        )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    if more > 0:
        return f"{', '.join(names[:_LISTED])} and {more:,} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _last_row(reference: str) -> int:
    found = re.search(r"(\d+)$", reference)
    return int(found[1]) if found else 0
