"""`inspect`: what is this file, and what must a person say about it before it can be loaded?"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.contract import Column, Contract
from lake.intake import totals
from lake.intake.chunk import Chunk, Ragged, Source
from lake.intake.database import connect
from lake.intake.decimals import NUMERIC
from lake.intake.detect import Found, detect, unpacked
from lake.intake.ending import NOTED_BELOW, Ending, endings
from lake.intake.guess import Guessed, column_names, guess
from lake.intake.headers import plain_heading, refuse_unnamed
from lake.intake.jsonlines import JsonLinesSource, parse_line, spread
from lake.intake.layout import detect_dialect, find_header, first_records, sample_text
from lake.intake.shown import ShownCells
from lake.intake.terms import ColumnGuess, Dialect, IntakeError, Limits, Preview, Question
from lake.intake.text import TextSource, blocks

_FIRST_ROWS = 20
_SAMPLE_ROWS = 100_000
_PROBE_ROWS = 50
_KEY_LINES = 20_000  # of JSON, whose keys are the columns: an object may leave out those without a value


def inspect(
    path: Path,
    *,
    name: str = "",
    dialect: Dialect | None = None,
    limits: Limits | None = None,
    contract: Contract | None = None,
) -> Preview:
    """Propose how to read the file at `path` (shown to people as `name`), from a sample of at most 100,000 records.

    dialect: what is declared already is not guessed again. contract: if there is one, the sheet of a workbook is
    proposed by its headings, and what cells show is read as it says. Raises IntakeError for what no declaration can
    mend.
    """
    limits = limits or Limits()
    name = name or path.name
    try:
        found = detect(path, limits)
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            if found.kind == "csv":
                return _text(path, name, found, dialect, limits, scratch)
            if found.kind == "jsonl":
                return _json_lines(path, name, found, dialect, limits, scratch)
            with unpacked(path, gzipped=found.gzip, limits=limits, scratch=scratch) as plain:
                if found.kind == "parquet":
                    return _parquet(plain, name, found, dialect, limits, scratch)
                return _workbook(plain, name, found, dialect, limits, scratch, contract)
    except IntakeError as error:
        error.file = error.file or name
        raise


def _text(path: Path, name: str, found: Found, given: Dialect | None, limits: Limits, scratch: Path) -> Preview:
    questions: list[Question] = []
    encoding = given.encoding if given else ""
    text, encoding, is_utf8 = sample_text(path, gzipped=found.gzip, encoding=encoding, limits=limits)
    if is_utf8:
        said = f"The text is UTF-8 as it stands, and would be read as {encoding}: signs beyond ASCII would change."
        questions.append(Question("encoding", said, "", ("utf-8", encoding)))
    if given is None or given.kind != "csv" or not _confirmed(given):
        dialect, others = detect_dialect(text, Dialect(encoding=encoding, gzip=found.gzip))
        if others:
            options = (dialect.delimiter, *others)
            questions.append(
                Question("delimiter", "More than one delimiter splits the records alike; which is it?", "", options)
            )
        records = first_records(text, dialect)
        dialect = replace(dialect, header_row=find_header(records))
        if dialect.header_row > 1:
            questions.append(_header_question(records, dialect.header_row))
    else:
        dialect = replace(given, gzip=found.gzip, encoding=encoding)
    source = TextSource(path, dialect, limits)
    return _preview(name, dialect, source, questions, scratch)


def _confirmed(dialect: Dialect) -> bool:
    """A dialect that differs from the bare one beyond its encoding was declared by a person."""
    return replace(dialect, encoding="utf-8", gzip=False) != Dialect()


def _header_question(records: list[list[str]], row: int) -> Question:
    filled = [[cell.strip() for cell in record if cell.strip()] for record in records[: row - 1]]
    above = " / ".join(", ".join(record)[:60] for record in filled if record)
    text = f"Row {row} looks like the header, below: {above or 'blank rows'}. Is that right?"
    return Question("header_row", text, "", tuple(str(number) for number in (row, *range(1, row))))


def _workbook(
    path: Path,
    name: str,
    found: Found,
    given: Dialect | None,
    limits: Limits,
    scratch: Path,
    contract: Contract | None,
) -> Preview:
    from lake.intake.choosing import choose_sheet
    from lake.intake.workbook import WorkbookSource, header_text

    questions: list[Question] = []
    dialect = replace(given or Dialect(), kind="xlsx", gzip=found.gzip)
    headings = [column.heading for column in contract.supplied] if contract else ()
    chosen = choose_sheet(path, dialect, limits, headings) if not dialect.sheet else None
    dialect = replace(dialect, sheet=chosen.name) if chosen else dialect
    declared = given is not None and _confirmed(given) and given.header_row >= 1
    source = WorkbookSource(path, replace(dialect, header_row=0) if not declared else dialect, limits, contract)
    if not declared:
        probe = list(islice(source.raw_rows(), _PROBE_ROWS))
        records = [[header_text(value) for value in row] for row in probe]
        row = find_header(records)
        source.adopt(probe, row)
        dialect = replace(dialect, header_row=row)
        if row > 1:
            questions.append(_header_question(records, row))
    visible = [entry.name for entry in source.sheets if not entry.hidden]
    dialect = replace(dialect, sheet=source.entry.name)
    if len(visible) > 1 and not (given and given.sheet):
        why = f" {dialect.sheet!r} is proposed: {chosen.why}." if chosen else ""
        options = (dialect.sheet, *(one for one in visible if one != dialect.sheet))
        text = f"The workbook has several sheets; which one holds the table?{why}"
        questions.append(Question("sheet", text, "", options))
    source.notes += source.formulas_without_value(name)
    preview = _preview(name, dialect, source, questions, scratch, source.shown)
    return replace(_with_shown(preview, source.shown), sheets=tuple(entry.name for entry in source.sheets))


def _with_shown(preview: Preview, shown: ShownCells) -> Preview:
    """What cells show that they do not hold, asked where a contract does not say how it is read; else told."""
    said, asked = shown.notes(), shown.questions()
    notes = [note for note in preview.notes if note not in said]
    return replace(preview, questions=(*preview.questions, *asked), notes=(*notes, *([] if asked else said)))


def _with_columns(found: Found, given: Dialect | None) -> Dialect:
    """The dialect of a kind of file that says by itself where its values are; how texts are spelt is as given."""
    known = given or Dialect()
    spelt = Dialect(decimal_comma=known.decimal_comma, thousands=known.thousands, total_words=known.total_words)
    return replace(spelt, kind=found.kind, gzip=found.gzip, header_row=0)


def _json_lines(path: Path, name: str, found: Found, given: Dialect | None, limits: Limits, scratch: Path) -> Preview:
    dialect = _with_columns(found, given)
    block = next(blocks(path, replace(dialect, delimiter="", quote="", escape=""), limits))
    lines = block.data.decode("utf-8").splitlines()[:_KEY_LINES]
    records = [parse_line(line, row, limits) for row, line in enumerate(lines, start=1) if line.strip()]
    keys, nested = _plain_keys(spread(records))
    contract = Contract(tuple(Column(one, key) for one, key in zip(column_names(keys), keys, strict=True)))
    source = JsonLinesSource(path, contract, dialect, limits)
    preview = _preview(name, dialect, source, [], scratch)
    unread = [f"{key} (lists or objects)" for key in nested]
    return replace(preview, notes=(*(note for note in preview.notes if note not in source.notes), *_unread(unread)))


def _unread(columns: Sequence[str]) -> Iterator[str]:
    """Columns of a typed file, with what they hold, that no type of a contract reads."""
    if columns:
        more = f" and {len(columns) - 10:,} more" if len(columns) > 10 else ""
        yield (
            f"Cannot be read, and are left out: {', '.join(columns[:10])}{more}. To have them, export each value in a "
            "column of its own, as a text, a number or a date."
        )


def _plain_keys(records: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The keys that can be columns, and those whose every value is a list or an object."""
    keys = list(dict.fromkeys(key for record in records for key in record))
    plain = {key for record in records for key, value in record.items() if not isinstance(value, dict | list | None)}
    nested = {key for record in records for key, value in record.items() if isinstance(value, dict | list)} - plain
    if keys and len(nested) == len(keys):
        raise IntakeError("schema_mismatch", "No key holds plain values.", next_step="Write one plain value per key.")
    return [key for key in keys if key not in nested], [key for key in keys if key in nested]


def _parquet(path: Path, name: str, found: Found, given: Dialect | None, limits: Limits, scratch: Path) -> Preview:
    from lake.intake.parquet import ParquetSource, column_types, held, open_parquet

    schema = open_parquet(path, limits).schema_arrow
    dialect = _with_columns(found, given)
    kinds = {field.name: column_types(field.type) for field in schema}
    plain = [header for header, fitting in kinds.items() if fitting]
    if not plain:
        raise IntakeError("schema_mismatch", "No column holds plain values.", next_step="Export plain columns.")
    names = column_names(plain)
    contract = Contract(tuple(Column(one, header, kinds[header][0]) for one, header in zip(names, plain, strict=True)))
    source = ParquetSource(path, contract, limits)
    preview = _preview(name, dialect, source, [], scratch)
    columns = tuple(_native_types(column, schema.field(column.header).type) for column in preview.columns)
    rows = pq.read_metadata(path).num_rows
    unread = [f"{field.name} ({held(field.type)})" for field in schema if not kinds[field.name]]
    notes = (*(note for note in preview.notes if note not in source.notes), *_unread(unread))
    return replace(preview, columns=columns, complete=rows <= preview.sampled_rows, notes=notes)


def _native_types(column: ColumnGuess, kind: pa.DataType) -> ColumnGuess:
    """Parquet says what its values are; a guess from their texts may only narrow a text."""
    if pa.types.is_timestamp(kind):
        return replace(column, types=("timestamp", "date"), formats=())
    if pa.types.is_date(kind):
        return replace(column, types=("date", "timestamp"), formats=())
    if pa.types.is_boolean(kind):
        return replace(column, types=("boolean",))
    if pa.types.is_floating(kind) and (column.types[0] == "integer" or not column.filled):
        return replace(column, types=("number", "decimal", "integer"))
    if pa.types.is_decimal(kind) and not column.filled:
        return replace(column, types=("decimal", "number"))
    if pa.types.is_integer(kind) and not column.filled:
        return replace(column, types=("integer", "decimal", "number", "text"))
    return column


def _preview(
    name: str,
    dialect: Dialect,
    source: Source,
    questions: list[Question],
    scratch: Path,
    shown: ShownCells | None = None,
) -> Preview:
    plain = [plain_heading(header) for header in source.headers]
    unnamed = [position for position, header in enumerate(plain) if not header]
    table, complete, ragged, natives = _sample(source.chunks(), len(plain), unnamed)
    table = totals.without(table, dialect.total_words)
    if ragged and not table.num_rows:
        raise _no_row_fits(ragged[0])
    codes = shown.codes() if shown else {}
    guessed, table, ends = _guessed(
        source, table, dialect, natives, codes, scratch, whole=complete and dialect.kind in NOTED_BELOW
    )
    questions += guessed.questions
    if complete and not table.num_rows:
        text = "The file has a header and no rows: replace what is there with nothing?"
        questions.append(Question("replace_with_nothing", text, "", ("no", "yes")))
    if labels := totals.labels(table):
        said = " or ".join(repr(label) for label in labels[:3])
        text = f"A row begins with {said}: is it a total, to be left out? If not declared, it is set aside."
        questions.append(Question("total_row", text, "", labels))
    if ends:
        questions.append(_ends_question(ends))
    return Preview(
        name=name,
        dialect=_with_spelling(dialect, guessed),
        columns=guessed.columns,
        questions=tuple(questions),
        notes=(*source.notes, *_ragged_notes(ragged), *guessed.notes),
        first_rows=_rows(table, _FIRST_ROWS),
        sampled_rows=table.num_rows,
        complete=complete,
    )


def _guessed(
    source: Source,
    table: pa.Table,
    dialect: Dialect,
    natives: Collection[int],
    codes: Mapping[int, str],
    scratch: Path,
    *,
    whole: bool,
) -> tuple[Guessed, pa.Table, list[Ending]]:
    """What the records say of their columns, the records, and the rows at their end that look like none."""
    with closing(connect(scratch)) as connection:
        notes = endings(table) if whole else []
        table = table.slice(0, min((one.place for one in notes), default=table.num_rows))
        guessed = guess(connection, source.headers, table, dialect, natives, codes)
        amounts = [i for i, column in enumerate(guessed.columns) if column.types[0] in NUMERIC]
        if totals_without_label := endings(table, amounts) if whole else []:
            table = table.slice(0, min(one.place for one in totals_without_label))
            guessed = guess(connection, source.headers, table, dialect, natives, codes)
    return guessed, table, notes + totals_without_label


def _ends_question(ends: Sequence[Ending]) -> Question:
    what = "a total" if not any(one.is_note for one in ends) else "a note below the table"
    said = " and ".join(f"{one.said[:60]!r}" for one in reversed(ends[:3]))
    text = f"The last row holds only {said}: is it {what}? It is set aside when the file is loaded."
    if len(ends) > 1:
        text = f"The last {len(ends)} rows hold only {said}: are they no records? They are set aside on loading."
    return Question("last_row", text)


def _with_spelling(dialect: Dialect, guessed: Guessed) -> Dialect:
    comma = dialect.decimal_comma if dialect.decimal_comma is not None else guessed.decimal_comma
    thousands = dialect.thousands if dialect.thousands is not None else guessed.thousands
    return replace(dialect, decimal_comma=comma, thousands=thousands)


def _no_row_fits(first: Ragged) -> IntakeError:
    return IntakeError(
        "rows_do_not_fit",
        f"No row fits the header: it has {_counted(first.expected, 'heading')}, row {first.row:,} has "
        f"{_counted(len(first.values), 'value')}.",
        row=first.row,
        next_step="Check the header and the delimiter of the export: every row needs a value under each heading.",
    )


def _ragged_notes(ragged: Sequence[Ragged]) -> Iterator[str]:
    if ragged:
        rows = ", ".join(f"{one.row:,} ({_counted(len(one.values), 'value')})" for one in ragged[:5])
        more = f" and {len(ragged) - 5:,} more" if len(ragged) > 5 else ""
        yield (
            f"Rows that do not have {_counted(ragged[0].expected, 'value')} are set aside when the file is loaded: "
            f"{rows}{more}."
        )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _sample(
    chunks: Iterable[Chunk], width: int, unnamed: Collection[int]
) -> tuple[pa.Table, bool, list[Ragged], set[int]]:
    """The sampled records as one table of texts, whether these are all, those that do not fit the header, and the
    places of the columns that have native values.

    IntakeError unnamed_column.
    """
    tables: list[pa.Table] = []
    ragged: list[Ragged] = []
    natives: set[int] = set()
    rows, iterator = 0, iter(chunks)
    for chunk in iterator:
        refuse_unnamed(chunk, unnamed)
        tables.append(_texts(chunk, width))
        natives |= {place for place, values in chunk.natives.items() if values.null_count < len(values)}
        rows += len(chunk.rows)
        ragged += chunk.ragged
        if rows >= _SAMPLE_ROWS:
            break
    complete = next(iterator, None) is None
    if not tables:
        return pa.table({f"c{i}": pa.array([], pa.string()) for i in range(width)}), True, ragged, natives
    whole = pa.concat_tables(tables)
    filled = _filled(whole)
    return whole.filter(filled).slice(0, _SAMPLE_ROWS), complete and rows <= _SAMPLE_ROWS, ragged, natives


def _texts(chunk: Chunk, width: int) -> pa.Table:
    columns = {}
    for position in range(width):
        text = pc.fill_null(chunk.texts[position], "")
        native = chunk.natives.get(position)
        columns[f"c{position}"] = text if native is None else pc.coalesce(native, text)
    return pa.table(columns)


def _filled(table: pa.Table) -> pa.ChunkedArray:
    flags = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    for column in table.columns:
        flags = pc.or_(flags, pc.not_equal(column, ""))
    return flags


def _rows(table: pa.Table, count: int) -> tuple[tuple[str, ...], ...]:
    head = table.slice(0, count)
    return tuple(zip(*(column.to_pylist() for column in head.columns), strict=True)) if head.num_rows else ()
