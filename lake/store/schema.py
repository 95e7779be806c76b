"""The stored row: its columns and types in Delta, Arrow and DuckDB, and how it grows with a contract."""

from __future__ import annotations

import re

import pyarrow as pa
from deltalake import DeltaTable, Field, Schema
from deltalake.schema import PrimitiveType

from lake.contract import Contract
from lake.store.records import SchemaConflict

MONTH, LOAD, ROW, KEY = "_month", "_load", "_row", "_key"
DAY_SUFFIX = "__day"

_DELTA_OF_SQL = {
    "VARCHAR": "string",
    "BIGINT": "long",
    "INTEGER": "integer",
    "DOUBLE": "double",
    "DECIMAL(18,4)": "decimal(18,4)",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}
_SQL_OF_DELTA = {delta: sql for sql, delta in _DELTA_OF_SQL.items()}


def stored_columns(contract: Contract) -> dict[str, str]:
    """Name and DuckDB type of every column of a stored row, in order; `_month` is the partition and comes last.

    `_key` is there only without a key in the contract: the row's content hash with its occurrence, from the intake.
    """
    columns = {column.name: column.type.sql for column in contract.columns}
    columns |= {column.name + DAY_SUFFIX: "DATE" for column in contract.temporal}
    if not contract.key:
        columns[KEY] = "VARCHAR"
    return columns | {LOAD: "VARCHAR", ROW: "BIGINT", MONTH: "INTEGER"}


def delta_schema(columns: dict[str, str]) -> Schema:
    return Schema([Field(name, PrimitiveType(_DELTA_OF_SQL[sql]), nullable=True) for name, sql in columns.items()])


def columns_of(handle: DeltaTable) -> dict[str, str]:
    """Name and DuckDB type of the columns that the table has at the handle's version."""
    return {field.name: _sql_type(field) for field in handle.schema().fields}


def _sql_type(field: Field) -> str:
    kind = field.type.type if isinstance(field.type, PrimitiveType) else str(field.type)
    return _SQL_OF_DELTA.get(re.sub(r"\s", "", kind), kind)


def missing_fields(handle: DeltaTable, wanted: dict[str, str]) -> list[Field]:
    """The fields that the table lacks; raises SchemaConflict where a stored column has another type."""
    stored = columns_of(handle)
    for name, sql in wanted.items():
        if name in stored and stored[name] != sql:
            raise SchemaConflict(
                f"Column {name} is stored as {stored[name]}, the contract says {sql}. "
                "Give the new column another name, or make a new dataset."
            )
    return [field for field in delta_schema(wanted).fields if field.name not in stored]


def empty(columns: dict[str, str]) -> str:
    """SQL of a relation with these columns and no row."""
    typed = ", ".join(f"null::{sql} as {identifier(name)}" for name, sql in columns.items())
    return f"select {typed} where false"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def same(key: tuple[str, ...], other: str = "keys") -> str:
    """SQL that joins `t` with another relation by the key, null being equal to null."""
    return " and ".join(f"t.{identifier(name)} is not distinct from {other}.{identifier(name)}" for name in key)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def arrow_schema(columns: dict[str, str]) -> pa.Schema:
    """The Arrow types of a stored row, for readers of an empty table."""
    return pa.schema(delta_schema(columns))
