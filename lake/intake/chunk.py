"""A stretch of an extract as it was written: texts and row numbers, nothing understood yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Ragged:
    """A record with too many or too few values; it cannot be laid over the columns and is rejected as a whole."""

    row: int
    values: tuple[str, ...]
    expected: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records. Lists and arrays run over the file's columns (by position) or over the records.

    texts: per column the cells as written ("" or null: empty). natives: for columns whose format has types of its own
    (XLSX, Parquet, JSON) the cells that are not text, in canonical form: 1234.5, true, 2025-02-01 10:00:00[Z].
    faults: cells that cannot be read at all, by reject code. A cell is in at most one of the three.
    """

    rows: pa.Int64Array
    texts: Mapping[int, pa.StringArray]
    natives: Mapping[int, pa.StringArray] = field(default_factory=dict)
    faults: Mapping[int, pa.StringArray] = field(default_factory=dict)
    ragged: tuple[Ragged, ...] = ()
    blank_rows: tuple[int, ...] = ()
    bytes_read: int = 0


class Source(Protocol):
    """An opened extract. `strict`: the format has types, so a text in a numeric column is a fault, not a spelling.
    counts_bytes: `Chunk.bytes_read` adds up to the size of the (unpacked) file. lacking: names of the contract's
    columns that it turned out not to have, although `headers` name them, once its chunks were read."""

    headers: tuple[str, ...]
    header_row: int
    strict: bool
    counts_bytes: bool
    notes: list[str]
    counts: dict[str, int]
    lacking: tuple[str, ...]

    def chunks(self) -> Iterator[Chunk]:
        """The records below the header, in file order. IntakeError at a structural fault."""
        ...


def ahead(chunks: Iterator[Chunk], pool: ThreadPoolExecutor) -> Iterator[tuple[Chunk, Future[Chunk | None]]]:
    """The same chunks, each with the one that follows it (None after the last), which is read while it is checked."""
    following: Future[Chunk | None] = pool.submit(next, chunks, None)
    while (chunk := following.result()) is not None:
        following = pool.submit(next, chunks, None)
        yield chunk, following
