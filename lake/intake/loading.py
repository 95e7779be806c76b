"""`load`: every cell of an extract is checked, good rows are stored typed, bad ones with their reasons."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.contract import ColumnType, Contract
from lake.intake import accepted as accepted_rows
from lake.intake.cells import Cell, Present, cells_of, statements
from lake.intake.chunk import Chunk, Source, ahead
from lake.intake.database import Prepared, connect
from lake.intake.duplicates import settle
from lake.intake.ending import LOOKED_AT, NOTED_BELOW, Ending, amounts_of, endings
from lake.intake.headers import distinct, match_headers, refuse_unnamed
from lake.intake.opening import open_source
from lake.intake.reading import Spelling
from lake.intake.records import RecordSource
from lake.intake.rejects import Reject, RejectFile, ending_reject, explain, ragged_reject, rule_reject, total_reject
from lake.intake.signs import has_signs
from lake.intake.tables import SecondTable
from lake.intake.terms import Dialect, IntakeError, Limits, Loaded
from lake.intake.totals import may_occur
from lake.intake.units import UnitCodes

Progress = Callable[[int, int], None]

_EARLIEST, _LATEST = date(1970, 1, 1), date(2100, 1, 1)
_YEARS_BACK, _YEARS_AHEAD = 20, 2


def load(
    path: Path,
    contract: Contract,
    dialect: Dialect,
    *,
    into: Path,
    unit_codes: Collection[str] | None = None,
    may_write_units: Collection[str] | None = None,
    progress: Progress | None = None,
    limits: Limits | None = None,
    today: date | None = None,
) -> Loaded:
    """Read the extract at `path` and write `into`/accepted.parquet and `into`/rejects.parquet.

    unit_codes: the codes that the unit column may hold; None leaves them unchecked. may_write_units: a file with rows
    of other units is refused whole. progress(bytes or rows done, total or 0) is called after each chunk. today: dates
    must lie from 20 years before it to 2 years after it, where a column states no bounds; without it from 1970 to 2100.
    Raises IntakeError; rejects.parquet is complete also when too many rows were rejected. Memory does not grow with the
    size of delimited text, JSON lines and Parquet; a worksheet is held whole, within `limits.cells_per_sheet`.
    """
    limits = limits or Limits()
    into.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=into)))
        try:
            source = stack.enter_context(open_source(path, contract, dialect, limits, scratch))
            loading = _Loading(contract, dialect, source, into, scratch, unit_codes, may_write_units, today)
            return loading.run(progress, path.stat().st_size if source.counts_bytes else 0)
        except IntakeError as error:
            error.file = error.file or path.name
            raise


def load_records(
    records: Sequence[Mapping[str, Any]],
    contract: Contract,
    *,
    into: Path,
    rows: Sequence[int] | None = None,
    dialect: Dialect | None = None,
    unit_codes: Collection[str] | None = None,
    may_write_units: Collection[str] | None = None,
    today: date | None = None,
) -> Loaded:
    """The same checks for records given as raw texts by header or column name, e.g. corrected rejects.

    rows: their row numbers in the original extract; without them they are counted from 1.
    """
    into.mkdir(parents=True, exist_ok=True)
    source = RecordSource(records, contract, rows)
    with tempfile.TemporaryDirectory(dir=into) as scratch:
        loading = _Loading(
            contract, dialect or Dialect(header_row=0), source, into, Path(scratch), unit_codes, may_write_units, today
        )
        return loading.run(None, 0)


@dataclass(frozen=True, slots=True)
class _Checks:
    """The two statements over chunks of one schema: typed values of all rows, reasons of bad ones."""

    values: Prepared
    reasons: Prepared


class _Loading:
    """One run over one source."""

    def __init__(
        self,
        contract: Contract,
        dialect: Dialect,
        source: Source,
        into: Path,
        scratch: Path,
        unit_codes: Collection[str] | None,
        may_write_units: Collection[str] | None,
        today: date | None,
    ) -> None:
        self.contract = contract
        self.dialect = dialect
        self.source = source
        self.scratch = scratch
        self.accepted_path = into / "accepted.parquet"
        self.rejects_path = into / "rejects.parquet"
        self.notes: list[str] = []
        matched = match_headers(source.headers, contract, source.header_row)
        self.notes += matched.notes
        self.unnamed = matched.unnamed
        self.lacking = matched.lacking
        self.cells = cells_of(contract, matched.positions)
        self.by_name = {cell.column.name: cell for cell in self.cells}
        self.spelling = _spelling(contract, dialect, source.strict, today)
        self.units = UnitCodes(contract, matched.positions, unit_codes, may_write_units)
        self.known_units = unit_codes or ()
        self.second_table = SecondTable(self.cells)
        self.completion = accepted_rows.Completion(contract)
        self.not_texts = [
            f"c{cell.position}"
            for cell in self.cells
            if cell.position is not None and cell.column.type is not ColumnType.TEXT
        ]
        self.compiled: dict[tuple[pa.Schema, bool, bool], _Checks] = {}
        self.counts: dict[str, int] = {}
        self.rejected = self.blank = self.excluded = self.read = 0

    def run(self, progress: Progress | None, total: int) -> Loaded:
        staged = self.scratch / "staged.parquet"
        with closing(connect(self.scratch)) as connection:
            with RejectFile(self.rejects_path) as rejects, self._staging(staged) as out:
                for done in self._stage(connection, rejects, out):
                    if progress is not None:
                        progress(done, total)
            self.units.refuse_forbidden()
            self._refuse_too_many()
            settled = settle(connection, staged, self.accepted_path, self.contract)
            first, last = self._event_span(connection)
        for name, count in self.source.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        self.counts["unit_codes_normalised"] = self.units.normalised
        self.counts["equal_rows"] = settled.equal
        return Loaded(
            self.accepted_path,
            self.rejects_path,
            rows_read=self.read,
            accepted=settled.accepted,
            duplicates=settled.duplicates,
            superseded=settled.superseded,
            rejected=self.rejected,
            excluded=self.excluded,
            blank=self.blank,
            reject_cells=rejects.cells,
            first_event=first,
            last_event=last,
            counts={name: count for name, count in self.counts.items() if count},
            notes=(*self.notes, *self.source.notes, *_notes(self.counts, settled.duplicates, settled.superseded)),
            lacking=self.lacking or self.source.lacking,
        )

    def _stage(
        self, connection: duckdb.DuckDBPyConnection, rejects: RejectFile, out: pq.ParquetWriter
    ) -> Iterator[int]:
        """Check chunk after chunk, while the one before is written and the next is read; yields the bytes read."""
        done = 0
        with ThreadPoolExecutor(2, thread_name_prefix="intake") as pool:
            writing: Future[None] | None = None
            for chunk, following in ahead(self.source.chunks(), pool):
                good, bad = self._check(connection, chunk, following)
                rejects.write(bad)
                if writing is not None:
                    writing.result()
                writing = pool.submit(out.write_table, good)
                done += chunk.bytes_read
                yield done
            if writing is not None:
                writing.result()

    def _staging(self, path: Path) -> pq.ParquetWriter:
        """Fast to write: the store writes the rows again, small. Statistics only where `_event_span` reads them."""
        event = self.contract.event_time
        statistics = [f"{event.name}__day"] if event else False
        return pq.ParquetWriter(
            path, self.completion.schema, compression="snappy", use_dictionary=False, write_statistics=statistics
        )

    def _check(
        self, connection: duckdb.DuckDBPyConnection, chunk: Chunk, following: Future[Chunk | None]
    ) -> tuple[pa.Table, list[Reject]]:
        """The good rows, completed, and a reject for every bad cell of the others."""
        refuse_unnamed(chunk, self.unnamed)
        chunk = self.units.checked(chunk)
        raw = _raw_table(chunk)
        checks = self._checks(connection, chunk, raw)
        typed = checks.values.over(raw)
        ending = self._ending(raw)
        if ending and following.result() is not None:  # waited for only where it matters
            ending = {}
        self.read += len(chunk.rows) + len(chunk.ragged) + len(chunk.blank_rows)
        self.blank += len(chunk.blank_rows)
        rejects = [ragged_reject(found, self.source.headers) for found in chunk.ragged]
        blank_rows = list(chunk.blank_rows)
        good = typed
        odd = not pc.all(typed["_good"]).as_py() or pc.any(typed["_blank"]).as_py()
        if odd or ending or self.dialect.total_words:
            keep, bad = self._sorted_out(typed, blank_rows)
            ends = pc.is_in(typed["_row"], value_set=pa.array(list(ending), pa.int64()))
            rejects += self._ending_rejects(raw.filter(pc.and_(ends, pc.or_(keep, bad))), ending)
            keep, bad = pc.and_not(keep, ends), pc.and_not(bad, ends)
            good = typed.filter(keep)
            totals = pc.and_(bad, typed["_total"])
            rejects += self._cell_rejects(raw.filter(pc.and_not(bad, totals)), checks)
            rejects += self._total_rejects(raw.filter(totals))
        self.second_table.look(rejects, blank_rows)
        completed, broken = self.completion.complete(connection, good, self.counts)
        for rule in broken:
            of_rule = raw.filter(pc.is_in(raw["_row"], value_set=pa.array(sorted(rule.rows))))
            records = zip(of_rule["_row"].to_pylist(), self._records(of_rule), strict=True)
            rejects += [rule_reject(row, rule.message, rule.columns, self.contract, record) for row, record in records]
        self.rejected += len({reject.row for reject in rejects})
        rejects.sort(key=lambda reject: reject.row)
        return completed, rejects

    def _checks(self, connection: duckdb.DuckDBPyConnection, chunk: Chunk, raw: pa.Table) -> _Checks:
        totals = not isinstance(self.source, RecordSource) and may_occur(raw)
        kind = (raw.schema, has_signs(raw, self.not_texts), totals)
        if kind not in self.compiled:
            present = Present(frozenset(chunk.natives), frozenset(chunk.faults), signs=kind[1])
            width, words = len(self.source.headers), self.dialect.total_words
            sql = statements(self.cells, width, present, self.spelling, words, suspects_totals=totals)
            number = len(self.compiled)
            self.compiled[kind] = _Checks(
                values=Prepared(connection, f"values{number}", raw.schema, sql.values),
                reasons=Prepared(connection, f"reasons{number}", raw.schema, sql.reasons),
            )
        return self.compiled[kind]

    def _sorted_out(self, typed: pa.Table, blank_rows: list[int]) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
        """Which rows are kept and which are rejected; blank rows and totals are neither."""
        neither = pc.or_(typed["_blank"], typed["_excluded"])
        blank_rows += typed["_row"].filter(typed["_blank"]).to_pylist()
        blank = pc.sum(typed["_blank"]).as_py() or 0
        self.blank += blank
        self.excluded += (pc.sum(neither).as_py() or 0) - blank
        bad = pc.and_(pc.invert(typed["_good"]), pc.invert(neither))
        return pc.and_(typed["_good"], pc.invert(neither)), bad

    def _ending(self, raw: pa.Table) -> dict[int, Ending]:
        """The rows at the end that look like no records, by their number; none among what a person has corrected."""
        if isinstance(self.source, RecordSource) or self.dialect.kind not in NOTED_BELOW:
            return {}
        tail = raw.slice(max(0, raw.num_rows - LOOKED_AT))
        width = range(len(self.source.headers))
        texts = pa.table({f"c{i}": pa.array(_cell_texts(tail, i), pa.string()) for i in width})
        follows = self.read > 0 or tail.num_rows < raw.num_rows
        rows = tail["_row"].to_pylist()
        return {rows[one.place]: one for one in endings(texts, amounts_of(self.cells), follows=follows)}

    def _ending_rejects(self, raw: pa.Table, ending: Mapping[int, Ending]) -> list[Reject]:
        found = zip(raw["_row"].to_pylist(), self._records(raw), strict=True)
        return [ending_reject(row, ending[row], record) for row, record in found]

    def _cell_rejects(self, bad: pa.Table, checks: _Checks) -> list[Reject]:
        if not bad.num_rows:
            return []
        reasons = checks.reasons.over(bad)
        records = self._records(bad)
        rows = bad["_row"].to_pylist()
        rejects = []
        for cell in self.cells:
            codes = reasons[cell.column.name]
            if codes.null_count == len(codes):
                continue
            values, natives = _shown(bad, cell)
            for index, code in enumerate(codes.to_pylist()):
                if code is not None:
                    spelling = None if index in natives else self.spelling
                    code, message = explain(cell.column, code, values[index], self.known_units, spelling)
                    rejects.append(
                        Reject(rows[index], cell.column.name, values[index][:80], code, message, records[index])
                    )
        return rejects

    def _total_rejects(self, totals: pa.Table) -> list[Reject]:
        found = zip(totals["_row"].to_pylist(), self._records(totals), strict=True)
        return [
            total_reject(row, next(str(cell) for cell in json.loads(record).values() if cell and cell.strip()), record)
            for row, record in found
        ]

    def _records(self, raw: pa.Table) -> list[str]:
        """The raw cells of each row as JSON by header."""
        columns = [_cell_texts(raw, position) for position in range(len(self.source.headers))]
        headers = distinct(self.source.headers)
        return [
            json.dumps(dict(zip(headers, values, strict=True)), ensure_ascii=False)
            for values in zip(*columns, strict=True)
        ]

    def _refuse_too_many(self) -> None:
        considered = self.read - self.blank - self.excluded
        share = 100 * self.rejected / considered if considered else 0
        if share > self.contract.reject_limit_pct:
            raise IntakeError(
                "too_many_rejects",
                f"{self.rejected:,} of {considered:,} rows ({share:.1f} %) are not accepted; the limit is "
                f"{self.contract.reject_limit_pct:g} %.",
                next_step="Look at the rejected rows: correct the extract, or the contract if it is wrong.",
                details={"rejected": self.rejected, "rows": considered, "rejects_path": str(self.rejects_path)},
            )

    def _event_span(self, connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
        event = self.contract.event_time
        if event is None:
            return "", ""
        file = pq.ParquetFile(self.accepted_path)
        day = self.completion.schema.get_field_index(f"{event.name}__day")
        found = [file.metadata.row_group(i).column(day).statistics for i in range(file.metadata.num_row_groups)]
        spans = [(one.min, one.max) for one in found if one is not None and one.has_min_max]
        if not spans:
            return "", ""
        return str(min(low for low, _ in spans)), str(max(high for _, high in spans))


def _spelling(contract: Contract, dialect: Dialect, strict: bool, today: date | None) -> Spelling:
    earliest = date(today.year - _YEARS_BACK, 1, 1) if today else _EARLIEST
    latest = date(today.year + _YEARS_AHEAD, 12, 31) if today else _LATEST
    return Spelling(
        decimal_comma=contract.decimal_comma if dialect.decimal_comma is None else dialect.decimal_comma,
        thousands=contract.thousands if dialect.thousands is None else dialect.thousands,
        earliest=earliest,
        latest=latest,
        strict=strict,
    )


def _raw_table(chunk: Chunk) -> pa.Table:
    columns: dict[str, pa.Array] = {"_row": chunk.rows}
    for prefix, arrays in (("c", chunk.texts), ("n", chunk.natives), ("f", chunk.faults)):
        columns |= {f"{prefix}{position}": array for position, array in arrays.items()}
    return pa.table(columns)


def _cell_texts(raw: pa.Table, position: int) -> list[str | None]:
    texts: list[str | None] = raw[f"c{position}"].to_pylist()
    if f"n{position}" in raw.column_names:
        natives = raw[f"n{position}"].to_pylist()
        texts = [text or native for text, native in zip(texts, natives, strict=True)]
    return texts


def _shown(raw: pa.Table, cell: Cell) -> tuple[list[str], frozenset[int]]:
    """The cell of each row as text, and the places of those that the file holds as a number of its own."""
    if cell.position is None:
        return [""] * raw.num_rows, frozenset()
    texts = [text or "" for text in _cell_texts(raw, cell.position)]
    if f"n{cell.position}" not in raw.column_names:
        return texts, frozenset()
    natives = raw[f"n{cell.position}"].is_valid().to_pylist()
    return texts, frozenset(place for place, native in enumerate(natives) if native)


def _notes(counts: Mapping[str, int], duplicates: int, superseded: int) -> Iterator[str]:
    told = {
        "Rows that repeat another row exactly and count once": duplicates,
        "Rows superseded by a later row of the same record": superseded,
        "Rows that repeat an earlier row exactly; without a record key each of them counts": counts.get("equal_rows"),
        "Times in the hour that a clock change skips, shifted forward": counts.get("dst_shifted"),
        "Times in the hour that a clock change repeats, taken as the first of the two": counts.get("dst_ambiguous"),
        "Unit codes that differ in blanks or Unicode form, stored as the known code": counts.get(
            "unit_codes_normalised"
        ),
        "Calculated values that are not finite, stored as no value": counts.get("calculated_not_finite"),
        "Times finer than a microsecond, cut to one": counts.get("nanoseconds_dropped"),
        "Numbers with more than 15 digits, which a spreadsheet does not hold exactly": counts.get("precision_lost"),
    }
    return (f"{what}: {count:,}." for what, count in told.items() if count)
