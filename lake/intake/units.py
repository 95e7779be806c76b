"""The unit codes of an extract: known ones, unknown ones, and those that the uploader may not write."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from lake.contract import Contract
from lake.intake.chunk import Chunk
from lake.intake.terms import IntakeError

_LISTED = 20


class UnitCodes:
    """Checks the unit column chunk by chunk.

    A code is compared without the blanks around it and in composed Unicode form, and stored as the known code is spelt:
    rows are found by their unit code, so two spellings of one code would hide rows. Such cells are counted.
    """

    def __init__(
        self,
        contract: Contract,
        positions: Mapping[str, int],
        known: Collection[str] | None,
        may_write: Collection[str] | None,
    ) -> None:
        column = contract.unit_column
        calculated = column is not None and bool(column.formula)
        self.position = None if column is None or calculated else positions.get(column.name)
        self.missing = {"", *(column.missing if column else ())}
        codes = known if known is not None else may_write
        self.known = None if codes is None else {_plain(code): code for code in codes}
        self.unknown_is_fault = known is not None
        self.may_write = None if may_write is None else frozenset(may_write)
        self.normalised = 0
        self.forbidden: list[tuple[int, str]] = []
        self.forbidden_rows = 0

    def checked(self, chunk: Chunk) -> Chunk:
        """The chunk with known codes as they are spelt, and a fault where a code is unknown."""
        if self.position is None or self.known is None:
            return chunk
        faults = dict(chunk.faults)
        changed: list[dict[int, pa.StringArray]] = []
        for arrays in (chunk.texts, chunk.natives):
            new = dict(arrays)
            if self.position in arrays:
                new[self.position], unknown = self._check(arrays[self.position], chunk.rows)
                if unknown is not None:
                    before = faults.get(self.position)
                    faults[self.position] = unknown if before is None else pc.coalesce(before, unknown)
            changed.append(new)
        return replace(chunk, texts=changed[0], natives=changed[1], faults=faults)

    def _check(self, cells: pa.StringArray, rows: pa.Int64Array) -> tuple[pa.StringArray, pa.StringArray | None]:
        encoded = cells.dictionary_encode()
        given = encoded.dictionary.to_pylist()
        assert self.known is not None
        codes = [self.known.get(_plain(text)) if text.strip() not in self.missing else text for text in given]
        spelt = pa.array([text if code is None else code for text, code in zip(given, codes, strict=True)], pa.string())
        other = pa.array(
            [code is not None and code != text for text, code in zip(given, codes, strict=True)], pa.bool_()
        )
        self.normalised += pc.sum(other.take(encoded.indices)).as_py() or 0
        self._note_forbidden(given, codes, encoded, rows)
        unknown = None
        if None in codes and self.unknown_is_fault:
            fault = pa.array(["unknown_unit" if code is None else None for code in codes], pa.string())
            unknown = fault.take(encoded.indices)
        return spelt.take(encoded.indices), unknown

    def _note_forbidden(
        self, given: list[str], codes: list[str | None], encoded: pa.DictionaryArray, rows: pa.Int64Array
    ) -> None:
        if self.may_write is None:
            return
        barred = []
        for text, code in zip(given, codes, strict=True):
            is_code = text.strip() not in self.missing
            barred.append(is_code and (code not in self.may_write if code is not None else not self.unknown_is_fault))
        if not any(barred):
            return
        flags = pc.fill_null(pa.array(barred, pa.bool_()).take(encoded.indices), False)
        self.forbidden_rows += pc.sum(flags).as_py() or 0
        wanted = _LISTED - len(self.forbidden)
        if wanted > 0:
            texts = encoded.filter(flags)[:wanted].to_pylist()
            self.forbidden += list(zip(rows.filter(flags)[:wanted].to_pylist(), texts, strict=True))

    def refuse_forbidden(self) -> None:
        """IntakeError unit_not_allowed if any row belongs to a unit that the uploader may not write."""
        if not self.forbidden_rows:
            return
        row, code = self.forbidden[0]
        raise IntakeError(
            "unit_not_allowed",
            f"{self.forbidden_rows:,} rows belong to units that you may not write, first row {row:,}: {code[:80]!r}.",
            row=row,
            value=code,
            next_step="Leave those rows out, or ask for the right to upload for these units.",
            details=[{"row": row, "unit": code[:80]} for row, code in self.forbidden],
        )


def _plain(code: str) -> str:
    return unicodedata.normalize("NFC", code).strip()
