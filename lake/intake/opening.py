"""The source that fits a file, checked against what was declared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.contract import Contract
from lake.intake.chunk import Source
from lake.intake.detect import detect, unpacked
from lake.intake.terms import Dialect, IntakeError, Limits
from lake.intake.text import TextSource

_KINDS = {"csv": "delimited text", "xlsx": "a workbook (XLSX)", "parquet": "a Parquet file", "jsonl": "JSON lines"}


@contextmanager
def open_source(path: Path, contract: Contract, dialect: Dialect, limits: Limits, scratch: Path) -> Iterator[Source]:
    """The file at `path` as a `Source`. IntakeError: kind_differs, and whatever detection and the source raise."""
    found = detect(path, limits)
    if found.kind != dialect.kind:
        raise IntakeError(
            "kind_differs",
            f"The file is {_KINDS[found.kind]}, but {_KINDS[dialect.kind]} was declared.",
            next_step="Upload the declared kind of file, or declare the source anew.",
        )
    if found.gzip != dialect.gzip:
        from dataclasses import replace

        dialect = replace(dialect, gzip=found.gzip)
    if dialect.kind == "csv":
        yield TextSource(path, dialect, limits)
        return
    if dialect.kind == "jsonl":
        from lake.intake.jsonlines import JsonLinesSource

        yield JsonLinesSource(path, contract, dialect, limits)
        return
    with unpacked(path, gzipped=dialect.gzip, limits=limits, scratch=scratch) as plain:
        if dialect.kind == "parquet":
            from lake.intake.parquet import ParquetSource

            yield ParquetSource(plain, contract, limits)
        else:
            from lake.intake.workbook import WorkbookSource

            yield WorkbookSource(plain, dialect, limits, contract)
