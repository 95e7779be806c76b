"""What is added to the values of good rows: instants, local days, month, calculated columns, identity."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lake.contract import Column, ColumnType, Contract
from lake.intake import reading
from lake.intake.database import query
from lake.intake.localtime import from_utc, to_utc

_DAY = 86_400_000_000
ARROW_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.DECIMAL: pa.decimal128(18, 4),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.TIMESTAMP: pa.timestamp("us"),
}


def schema(contract: Contract) -> pa.Schema:
    """Columns of accepted.parquet, in order: the contract's, `<name>__day` of dates and times, _month, _row and, for a
    contract without a key, _key."""
    fields = [pa.field(column.name, ARROW_TYPES[column.type]) for column in contract.columns]
    fields += [pa.field(f"{column.name}__day", pa.date32()) for column in contract.temporal]
    fields += [pa.field("_month", pa.int32()), pa.field("_row", pa.int64())]
    if not contract.key:
        fields.append(pa.field("_key", pa.string()))
    return pa.schema(fields)


@dataclass(frozen=True, slots=True)
class Broken:
    """Rows that break one rule: its message, the columns it speaks of, and the row numbers."""

    message: str
    columns: frozenset[str]
    rows: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Formula:
    sql: str
    columns: frozenset[str]


class Completion:
    """Completes tables of good rows for one contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.schema = schema(contract)
        self._calculated = [(column, _compile(column.formula, contract)) for column in contract.calculated]
        self._rules = [(rule, _compile(rule.formula, contract)) for rule in contract.rules]

    def complete(
        self, connection: duckdb.DuckDBPyConnection, table: pa.Table, counts: dict[str, int]
    ) -> tuple[pa.Table, list[Broken]]:
        """table: typed columns, `<name>__zoned` and _row. Returns the rows in the schema, and those that break a rule
        (left out of the table). Adds to counts: dst_shifted, dst_ambiguous, calculated_not_finite."""
        return self.from_values(connection, self._in_utc(table, counts), counts)

    def from_values(
        self, connection: duckdb.DuckDBPyConnection, table: pa.Table, counts: dict[str, int]
    ) -> tuple[pa.Table, list[Broken]]:
        """The same for supplied values that are typed, with instants in UTC, and _row."""
        table = self._with_calculated(connection, table, counts)
        table, broken = self._keeping_rules(connection, table)
        arrays = {column.name: table[column.name].cast(ARROW_TYPES[column.type]) for column in self.contract.columns}
        for column in self.contract.temporal:
            arrays[f"{column.name}__day"] = self._local_day(column, arrays[column.name])
        arrays["_month"] = self._month(arrays, table.num_rows)
        arrays["_row"] = table["_row"]
        if not self.contract.key:
            arrays["_key"] = _row_hashes(connection, table, self.contract)
        return pa.table(arrays, schema=self.schema), broken

    def _in_utc(self, table: pa.Table, counts: dict[str, int]) -> pa.Table:
        for column in self.contract.supplied:
            if column.type is not ColumnType.TIMESTAMP:
                continue
            values = table[column.name].combine_chunks()
            zoned = table[f"{column.name}__zoned"].combine_chunks().fill_null(False).to_numpy(zero_copy_only=False)
            local = values.cast(pa.int64()).fill_null(0).to_numpy()
            found = to_utc(local, self.contract.timezone)
            naive = ~zoned & values.is_valid().to_numpy(zero_copy_only=False)
            for name, flags in (("dst_shifted", found.shifted), ("dst_ambiguous", found.ambiguous)):
                counts[name] = counts.get(name, 0) + int((flags & naive).sum())
            micros = pa.array(
                np.where(zoned, local, found.micros), mask=~values.is_valid().to_numpy(zero_copy_only=False)
            )
            place = table.schema.get_field_index(column.name)
            table = table.set_column(place, column.name, micros.cast(pa.timestamp("us")))
        return table

    def _with_calculated(
        self, connection: duckdb.DuckDBPyConnection, table: pa.Table, counts: dict[str, int]
    ) -> pa.Table:
        """Calculated columns may build on earlier ones. What cannot be computed, or is not finite, is no value."""
        for column, formula in self._calculated:
            expression = f"try_cast(TRY({formula.sql}) AS {column.type.sql})"
            result = query(connection, "good", table, f"SELECT {expression} AS value FROM good")["value"]
            if column.type is ColumnType.NUMBER:
                finite = pc.is_finite(result)
                lost = pc.sum(pc.and_(pc.is_valid(result), pc.invert(pc.fill_null(finite, True)))).as_py() or 0
                counts["calculated_not_finite"] = counts.get("calculated_not_finite", 0) + lost
                result = pc.if_else(finite, result, pa.scalar(None, pa.float64()))
            table = table.append_column(column.name, result)
        return table

    def _keeping_rules(self, connection: duckdb.DuckDBPyConnection, table: pa.Table) -> tuple[pa.Table, list[Broken]]:
        broken = []
        for rule, formula in self._rules:
            failing = f"SELECT _row FROM good WHERE NOT coalesce(TRY({formula.sql}), true)"
            rows = query(connection, "good", table, failing)["_row"]
            if len(rows):
                message = rule.message or f"the rule {rule.name!r} ({rule.formula}) does not hold"
                broken.append(Broken(message, formula.columns, frozenset(rows.to_pylist())))
                table = table.filter(pc.invert(pc.is_in(table["_row"], value_set=rows.combine_chunks())))
        return table, broken

    def _local_day(self, column: Column, values: pa.ChunkedArray) -> pa.Array:
        if column.type is ColumnType.DATE:
            return values
        flat = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        micros = flat.cast(pa.int64()).fill_null(0).to_numpy()
        days = (from_utc(micros, self.contract.reporting_timezone) // _DAY).astype(np.int32)
        return pa.array(days, mask=~flat.is_valid().to_numpy(zero_copy_only=False)).cast(pa.date32())

    def _month(self, arrays: dict[str, pa.Array], rows: int) -> pa.Array:
        event = self.contract.event_time
        if event is None:
            return pa.array(np.zeros(rows, dtype=np.int32))
        days = arrays[f"{event.name}__day"]
        year, month = pc.year(days), pc.month(days)
        return pc.fill_null(pc.add(pc.multiply(year, 100), month), 0).cast(pa.int32())


def _compile(text: str, contract: Contract) -> _Formula:
    from lake.formula import parse  # only contracts with formulas need the compiler

    formula = parse(text, contract, aggregate=False, tried=True)
    return _Formula(formula.sql, frozenset(formula.columns))


def _row_hashes(connection: duckdb.DuckDBPyConnection, table: pa.Table, contract: Contract) -> pa.ChunkedArray:
    """A hash of the supplied values; equal rows are told apart later by their occurrence."""
    texts = ", ".join(f"coalesce({reading.name(column.name)}::VARCHAR, chr(30))" for column in contract.supplied)
    return query(connection, "good", table, f"SELECT md5(concat_ws(chr(31), {texts})) AS hash FROM good")["hash"]
