"""Parquet: typed columns laid over the contract by a stated table, refused where a type does not fit."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.contract import Column, ColumnType, Contract
from lake.intake.chunk import Chunk
from lake.intake.headers import plain_heading
from lake.intake.terms import IntakeError, Limits

_ROWS_AT_ONCE = 50_000
_DAMAGE = (pa.ArrowException, OSError, ValueError, EOFError, RuntimeError, UnicodeDecodeError)
Fits = Callable[[pa.DataType], bool]


def _text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _any(*tests: Fits) -> Fits:
    return lambda kind: any(test(kind) for test in tests)


_number = _any(pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
_time = _any(pa.types.is_date, pa.types.is_timestamp, _text)
FITS: dict[ColumnType, Fits] = {
    ColumnType.TEXT: _any(_text, pa.types.is_integer),
    ColumnType.INTEGER: _number,
    ColumnType.NUMBER: _number,
    ColumnType.DECIMAL: _number,
    ColumnType.BOOLEAN: pa.types.is_boolean,
    ColumnType.DATE: _time,
    ColumnType.TIMESTAMP: _time,
}


def column_types(kind: pa.DataType) -> list[ColumnType]:
    """The types of a contract that read such a column; none where it holds no plain values."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return [ColumnType.TEXT] if pa.types.is_null(kind) else [one for one, fits in FITS.items() if fits(kind)]


def held(kind: pa.DataType) -> str:
    """What a column holds that no contract reads, in words."""
    words: tuple[tuple[str, Fits], ...] = (
        ("lists or objects", pa.types.is_nested),
        ("times of day", pa.types.is_time),
        ("lengths of time", pa.types.is_duration),
        ("bytes", _any(pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)),
    )
    return next((said for said, holds in words if holds(kind)), str(kind)[:40])


class ParquetSource:
    """A `Source` over the columns of the contract; others are ignored and named. The first record is row 1."""

    strict = False
    lacking: tuple[str, ...] = ()
    counts_bytes = False
    header_row = 0

    def __init__(self, path: Path, contract: Contract, limits: Limits) -> None:
        self.counts: dict[str, int] = {}
        self._file = open_parquet(path, limits)
        schema = self._file.schema_arrow
        place = {plain_heading(name): name for name in schema.names}
        wanted = {column.heading: place.get(plain_heading(column.heading)) for column in contract.supplied}
        self.headers = tuple(heading for heading, name in wanted.items() if name is not None) or tuple(schema.names)
        self._names = [name for name in wanted.values() if name is not None]
        _refuse_mismatch(schema, contract, wanted)
        ignored = [name for name in schema.names if name not in self._names]
        self.notes = (
            [f"Columns that are not in the contract were ignored: {', '.join(ignored[:10])}."] if ignored else []
        )

    def chunks(self) -> Iterator[Chunk]:
        row = 1
        try:
            for batch in self._file.iter_batches(batch_size=_ROWS_AT_ONCE, columns=self._names):
                yield self._chunk(batch.select(self._names), row)
                row += batch.num_rows
        except _DAMAGE as error:
            raise corrupt_parquet(str(error)) from error

    def _chunk(self, batch: pa.RecordBatch, first: int) -> Chunk:
        texts, natives = {}, {}
        for position, values in enumerate(batch.columns):
            if isinstance(values, pa.DictionaryArray):
                values = values.dictionary_decode()
            empty = pa.nulls(len(values), pa.string())
            if _text(values.type):
                texts[position] = values.cast(pa.string())
            else:
                texts[position], natives[position] = empty, self._canonical(values)
        numbers = pa.array(np.arange(first, first + batch.num_rows, dtype=np.int64))
        return Chunk(numbers, texts, natives, bytes_read=batch.num_rows)

    def _canonical(self, values: pa.Array) -> pa.StringArray:
        if pa.types.is_timestamp(values.type):
            zone = values.type.tz
            target = pa.timestamp("us", "UTC" if zone else None)
            try:
                values = values.cast(target)
            except pa.ArrowInvalid:
                exact, values = values, values.cast(target, safe=False)
                changed = pc.sum(pc.not_equal(values.cast(exact.type), exact)).as_py() or 0
                self.counts["nanoseconds_dropped"] = self.counts.get("nanoseconds_dropped", 0) + changed
        if pa.types.is_floating(values.type):
            texts = values.cast(pa.float64()).cast(pa.string())
            return pc.if_else(pc.ends_with(texts, ".0"), pc.utf8_slice_codeunits(texts, 0, -2), texts)
        return values.cast(pa.string())


def open_parquet(path: Path, limits: Limits) -> pq.ParquetFile:
    """IntakeError: corrupt_parquet, too_many_columns, too_many_rows, refused_extension_type. Nothing is unpickled.

    A few bytes can stand for a billion equal rows, so that rows are limited by their number and not by their size.
    """
    try:
        metadata = pq.read_metadata(path)
        if metadata.num_columns > limits.columns:
            raise IntakeError(
                "too_many_columns",
                f"The file has {metadata.num_columns:,} columns, the limit is {limits.columns:,}.",
                next_step="Export only the columns that are needed.",
            )
        if metadata.num_rows > limits.rows:
            raise IntakeError(
                "too_many_rows",
                f"The file has {metadata.num_rows:,} rows, the limit is {limits.rows:,}.",
                next_step="Split the extract, for example by month.",
            )
        _refuse_pickles(metadata.metadata or {})
        return pq.ParquetFile(path, page_checksum_verification=True, arrow_extensions_enabled=False)
    except _DAMAGE as error:
        raise corrupt_parquet(str(error)) from error


def _refuse_pickles(metadata: dict[bytes, bytes]) -> None:
    """An extension type of Python carries a pickle; its name is looked for in the stored Arrow schema."""
    stored = metadata.get(b"ARROW:schema", b"")
    try:
        schema = base64.b64decode(stored)
    except (binascii.Error, ValueError):
        schema = stored
    if b"arrow.py_extension_type" in schema or b"arrow.py_extension_type" in stored:
        raise IntakeError(
            "refused_extension_type",
            "The file holds a column of a Python extension type, which could run code.",
            next_step="Export plain columns (texts, numbers, dates).",
        )


def corrupt_parquet(why: str) -> IntakeError:
    first = why.splitlines()[0][:200].rstrip(".") if why else "it cannot be read"
    return IntakeError(
        "corrupt_parquet",
        f"The Parquet file is damaged or cut off: {first}.",
        next_step="Write or transfer the file again.",
    )


def _refuse_mismatch(schema: pa.Schema, contract: Contract, wanted: dict[str, str | None]) -> None:
    table = []
    for column in contract.supplied:
        name = wanted[column.heading]
        if name is None:
            if column.needed:
                table.append({"column": column.heading, "wanted": str(column.type), "got": "missing"})
            continue
        kind = schema.field(name).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if not pa.types.is_null(kind) and not FITS[column.type](kind) and not _epoch(column, kind):
            table.append({"column": column.heading, "wanted": str(column.type), "got": str(kind)})
    if table:
        first = table[0]
        raise IntakeError(
            "schema_mismatch",
            f"{_counted(len(table))} the contract, first {first['column']!r}: wanted {first['wanted']}, "
            f"got {first['got']}.",
            column=first["column"],
            next_step="Change the type in the export, or the contract.",
            details=table,
        )


def _counted(columns: int) -> str:
    return "A column does not fit" if columns == 1 else f"{columns:,} columns do not fit"


def _epoch(column: Column, kind: pa.DataType) -> bool:
    """An epoch as a whole number fits a timestamp only where the contract declares it."""
    return bool(pa.types.is_integer(kind)) and any(text.startswith("epoch") for text in column.formats)
