"""Whether a contract reads anything of a sample: told beforehand, where else every row would be rejected."""

from __future__ import annotations

import re
from datetime import date

import duckdb

from lake.contract import Column, ColumnType, Contract
from lake.intake.cells import NOT_A
from lake.intake.reading import Reading, Spelling
from lake.intake.rejects import explain
from lake.intake.terms import Preview

_PERCENT_CELL = re.compile(r"-?\d+(\.\d+)?%")


def unread(contract: Contract, preview: Preview) -> dict[str, str]:
    """By column the reason why its first value is not read, for the columns of which no value looked at is."""
    dialect = preview.dialect
    spelling = Spelling(
        decimal_comma=contract.decimal_comma if dialect.decimal_comma is None else dialect.decimal_comma,
        thousands=contract.thousands if dialect.thousands is None else dialect.thousands,
        earliest=date.min,
        latest=date.max,
        strict=False,
    )
    looked_at = _looked_at(preview)
    found = {}
    with duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": False}) as connection:
        for column in contract.supplied:
            values = [value for value in looked_at.get(column.heading, ()) if value not in column.missing]
            if column.type is ColumnType.TEXT or not values:
                continue
            if not _reads_any(connection, column, spelling, values, typed=dialect.kind != "csv"):
                found[column.name] = explain(column, NOT_A[column.type], values[0], (), spelling)[1]
    return found


def _looked_at(preview: Preview) -> dict[str, list[str]]:
    """The first different values of each heading, without those that commonly mean that there is none."""
    found = {}
    for place, column in enumerate(preview.columns):
        first = (row[place].strip() for row in preview.first_rows if place < len(row))
        given = [value for value in (*column.examples, *first) if value and value not in column.missing]
        if preview.dialect.kind == "xlsx":  # what is proposed as a percent cell may be read as it is held
            given += [f"{float(value[:-1]) / 100!r}" for value in given if _PERCENT_CELL.fullmatch(value)]
        found[column.header] = list(dict.fromkeys(value for value in given if len(value) < 80))  # examples are cut
    return found


def _reads_any(
    connection: duckdb.DuckDBPyConnection, column: Column, spelling: Spelling, values: list[str], *, typed: bool
) -> bool:
    """typed: the file may hold values in types of its own, which are shown in canonical text."""
    written = spelling.of_column(column)
    reading = Reading(column, written)
    cast = reading.cheap("x", written.decimal_comma), reading.cheap("x", False)
    read = [reading.value("x", "k", native=False), *([reading.value("x", "n", native=True)] if typed else [])]
    sql = (
        f"SELECT count(coalesce({', '.join(read)})) FROM "
        f"(SELECT x, {cast[0]} AS k, {cast[1]} AS n FROM (SELECT unnest($values) AS x))"
    )
    (count,) = connection.execute(sql, {"values": values}).fetchone() or (0,)
    return bool(count)
