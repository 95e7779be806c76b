"""JSON lines: one object per line, its types taken at their word; what an object in it holds is `customer.region`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa

from lake.contract import Contract
from lake.intake.chunk import Chunk
from lake.intake.detect import empty_file
from lake.intake.headers import plain_heading
from lake.intake.terms import Dialect, IntakeError, Limits
from lake.intake.text import Block, blocks

_LINES_AT_ONCE = 20_000


class _Number(str):
    """A JSON number as it is written, so that no digit is lost."""

    __slots__ = ()


class _DuplicateKey(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKey(next(key for key in keys if keys.count(key) > 1))
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_Number, parse_int=_Number, parse_constant=_no_constant
)


def parse_line(line: str, row: int, limits: Limits) -> dict[str, Any]:
    """One record. IntakeError: invalid_json, duplicate_json_key, json_too_deep."""
    try:
        record = _DECODER.decode(line)
        if not isinstance(record, dict):
            raise ValueError("it is not an object")
        if any(_depth(value, limits.json_depth) > limits.json_depth - 1 for value in record.values()):
            raise RecursionError
    except _DuplicateKey as error:
        raise _twice(row, str(error)) from error
    except RecursionError as error:
        raise IntakeError(
            "json_too_deep",
            f"Line {row:,} is nested deeper than {limits.json_depth} levels.",
            row=row,
            next_step="Write one flat object per line.",
        ) from error
    except ValueError as error:
        raise IntakeError(
            "invalid_json",
            f"Line {row:,} is not a JSON object: {error}.",
            row=row,
            value=line[:80],
            next_step="Write one JSON object per line.",
        ) from error
    return record


def _twice(row: int, key: str) -> IntakeError:
    return IntakeError(
        "duplicate_json_key",
        f"Line {row:,} names the key {key[:80]!r} twice.",
        row=row,
        column=key[:80],
        next_step="Write every key of an object once.",
    )


def _depth(value: Any, limit: int) -> int:
    if limit < 0 or not isinstance(value, (dict, list)):
        return 0
    children = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth(child, limit - 1) for child in children), default=0)


def spread(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records with what their objects hold under keys such as `customer.region`, where a key holds objects only."""
    kinds: dict[str, set[type]] = {}
    for record in records:
        for key, value in record.items():
            kinds.setdefault(key, set()).add(type(value))
    objects = {key for key, found in kinds.items() if found - {type(None)} == {dict}}
    if not objects:
        return records
    return spread([_spread(record, objects) for record in records])


def _spread(record: dict[str, Any], objects: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in record.items():
        if key in objects:
            found |= {f"{key}.{inner}": held for inner, held in (value or {}).items()}
        else:
            found[key] = value
    return found


class JsonLinesSource:
    """A `Source` over JSON lines; the row number is the line number."""

    strict = True
    counts_bytes = True
    header_row = 0

    def __init__(self, path: Path, contract: Contract, dialect: Dialect, limits: Limits) -> None:
        self.limits = limits
        self.headers = tuple(column.heading for column in contract.supplied)
        self.notes: list[str] = []
        self.counts: dict[str, int] = {}
        self._positions = {plain_heading(header): i for i, header in enumerate(self.headers)}
        self._ignored: set[str] = set()
        self._seen: set[int] = set()
        self._names = {i: column.name for i, column in enumerate(contract.supplied) if not column.needed}
        self.lacking: tuple[str, ...] = ()
        self._blocks = blocks(path, replace(dialect, delimiter="", quote="", escape=""), limits)

    def chunks(self) -> Iterator[Chunk]:
        found = False
        for block in self._blocks:
            lines = _lines(block)
            for start in range(0, len(lines), _LINES_AT_ONCE):
                chunk = self._chunk(lines[start : start + _LINES_AT_ONCE], block.line + start)
                found = found or len(chunk.rows) > 0
                yield chunk
        if not found:
            raise empty_file()
        self.lacking = tuple(name for i, name in self._names.items() if i not in self._seen)
        if self._ignored:
            self.notes.append(
                f"Keys that are not in the contract were ignored: {', '.join(sorted(self._ignored)[:10])}."
            )

    def _chunk(self, lines: list[str], first: int) -> Chunk:
        width, rows, blank = len(self.headers), [], []
        texts: list[list[str | None]] = [[] for _ in range(width)]
        natives: list[list[str | None]] = [[] for _ in range(width)]
        faults: list[list[str | None]] = [[] for _ in range(width)]
        for row, line in enumerate(lines, start=first):
            if not line.strip():
                blank.append(row)
                continue
            rows.append(row)
            cells: dict[int, Any] = {}
            self._fill(cells, parse_line(line, row, self.limits), row)
            self._seen.update(cells)
            for position in range(width):
                value = cells.get(position)
                kind = type(value)
                texts[position].append(value if kind is str else None)
                natives[position].append(_native(value) if kind is not str else None)
                nested = kind is dict or kind is list
                faults[position].append("nested_value" if nested else None)
        return Chunk(
            pa.array(rows, pa.int64()),
            {i: pa.array(cells, pa.string()) for i, cells in enumerate(texts)},
            {i: pa.array(cells, pa.string()) for i, cells in enumerate(natives)},
            {i: pa.array(cells, pa.string()) for i, cells in enumerate(faults)},
            blank_rows=tuple(blank),
            bytes_read=sum(map(len, lines)),
        )

    def _fill(self, cells: dict[int, Any], record: dict[str, Any], row: int, inside: str = "") -> None:
        """What the record, or an object `inside` it, holds for each column; an object as a value is a fault."""
        for key, value in record.items():
            key = f"{inside}{key}"
            position = self._positions.get(key)
            if position is None:
                position = self._positions.get(plain_heading(key))
            if position is not None:
                if position in cells:
                    raise _twice(row, key)
                cells[position] = value
            elif isinstance(value, dict):
                self._fill(cells, value, row, f"{key}.")
            elif value is not None and len(self._ignored) < 100:
                self._ignored.add(key[:80])


def _lines(block: Block) -> list[str]:
    text = block.data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\n").split("\n")


def _native(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)[:200]
    return str.__str__(value)
