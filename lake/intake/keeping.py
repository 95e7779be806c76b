"""An extract that lacks columns: the records that it replaces keep the values that they hold there.

A value that the extract does not bring is not a value that is blank. The accepted rows are completed with the stored
ones of the same key, calculated columns are computed again, and the contract's rules judged again, since both may speak
of a kept value. Columns that hold the key or the event time are never lacking.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lake.contract import Contract
from lake.intake import accepted as accepted_rows
from lake.intake.accepted import Broken
from lake.intake.database import connect
from lake.intake.reading import literal, name
from lake.intake.terms import IntakeError

_BATCH_ROWS = 100_000
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Kept:
    """path: the completed rows. records: how many of them hold a value that their extract did not bring."""

    path: Path
    records: int


def keep(accepted: Path, contract: Contract, lacking: Sequence[str], stored: str, *, into: Path) -> Kept:
    """Complete the rows of `accepted` in the columns `lacking`; a value that they have there stays.

    stored: SQL of the stored rows, with the contract's key and these columns. Writes `into`/completed.parquet.
    IntakeError kept_breaks_rule: with a kept value, a rule of the contract does not hold.
    """
    path, records, broken = into / "completed.parquet", 0, list[Broken]()
    completion = accepted_rows.Completion(contract)
    with tempfile.TemporaryDirectory(dir=into) as scratch, closing(connect(Path(scratch))) as reading:
        batches = reading.sql(_completed(accepted, contract, lacking, stored)).to_arrow_reader(_BATCH_ROWS)
        with closing(connect(Path(scratch))) as computing, _writer(path, completion.schema) as out:
            for batch in batches:
                rows = pa.Table.from_batches([batch])
                records += pc.sum(rows["_kept"]).as_py() or 0
                done, failing = completion.from_values(computing, rows.drop_columns(["_kept"]), {})
                broken += failing
                out.write_table(done)
    if broken:
        raise _breaks(broken, lacking, contract)
    return Kept(path, records)


def _completed(accepted: Path, contract: Contract, lacking: Sequence[str], stored: str) -> str:
    """SQL of the supplied values of all accepted rows, completed, with `_kept`: whether it took a stored one."""
    keys = [name(column.name) for column in contract.key]
    same = " AND ".join(f"t.{key} = s.{key}" for key in keys)
    wanted = ", ".join([*keys, *(name(column) for column in lacking)])
    rows = f"read_parquet({literal(str(accepted))})"
    taken = [f"(t.{name(column)} IS NULL AND s.{name(column)} IS NOT NULL)" for column in lacking]
    values = [
        f"coalesce(t.{name(column.name)}, s.{name(column.name)})::{column.type.sql} AS {name(column.name)}"
        if column.name in lacking
        else f"t.{name(column.name)}"
        for column in contract.supplied
    ]
    return (
        f"SELECT {', '.join(values)}, t._row, {' OR '.join(taken)} AS _kept FROM {rows} t "
        f"LEFT JOIN (SELECT {wanted} FROM ({stored}) SEMI JOIN {rows} USING ({', '.join(keys)})) s ON {same}"
    )


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Fast to write, as the staged rows are: the store writes them again, small."""
    return pq.ParquetWriter(path, schema, compression="snappy", use_dictionary=False, write_statistics=False)


def _breaks(broken: Sequence[Broken], lacking: Sequence[str], contract: Contract) -> IntakeError:
    rows = sorted({(row, rule.message) for rule in broken for row in rule.rows})
    headings = {column.name: column.heading for column in contract.supplied}
    columns = ", ".join(headings[column] for column in lacking)
    total = len({row for row, _ in rows})
    return IntakeError(
        "kept_breaks_rule",
        f"The file has no column {columns}, so the records that it replaces keep their values there; with them "
        f"{'a row breaks' if total == 1 else f'{total:,} rows break'} a rule of the contract. Row {rows[0][0]:,}: "
        f"{rows[0][1]}.",
        row=rows[0][0],
        next_step=f"Nothing was loaded. Export the file with {columns}, or have these values blanked.",
        details=[{"row": row, "message": message} for row, message in rows[:_LISTED]],
    )
