"""What a child process does with a foreign file. Knows no Django: the child imports only this."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lake import intake, sandbox


def intake_in_child(path: Path, contract: Any, dialect: Any, *, into: Path, unit_codes: frozenset[str] | None) -> Any:
    """`lake.intake.load`, telling the parent how far it is."""
    return intake.load(
        path,
        contract,
        dialect,
        into=into,
        unit_codes=unit_codes,
        progress=lambda done, total: sandbox.report(done, total),
    )


def corrected_table(path: Path, *, name: str) -> list[dict[str, str]]:
    """The rows of a corrected list of rejects (CSV or XLSX, as it was downloaded) as texts by heading.

    Raises IntakeError.
    """
    if name.lower().endswith(".xlsx"):
        return _from_workbook(path)
    return _from_text(path)


def _from_text(path: Path) -> list[dict[str, str]]:
    import csv

    try:
        text = path.read_text(encoding="utf-8-sig")
        return [
            {key: value or "" for key, value in row.items() if key} for row in csv.DictReader(text.splitlines(True))
        ]
    except UnicodeDecodeError as fault:
        raise intake.IntakeError(
            "encoding_error", f"The list is not UTF-8 (byte {fault.start}).", next_step="Save it as CSV UTF-8."
        ) from fault
    except csv.Error as fault:
        raise intake.IntakeError(
            "not_a_table", f"The list cannot be read: {fault}.", next_step="Save it as CSV."
        ) from fault


def _from_workbook(path: Path) -> list[dict[str, str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as fault:
        raise intake.IntakeError(
            "corrupt_xlsx", "The workbook cannot be read.", next_step="Save the list as CSV and upload that."
        ) from fault
    if not rows:
        return []
    headings = [str(cell) for cell in rows[0]]
    return [{key: _text(cell) for key, cell in zip(headings, row, strict=False) if key} for row in rows[1:]]


def _text(cell: Any) -> str:
    """A cell as a person typed it: 5.0 is 5, and the quote that keeps a text a text is gone."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
