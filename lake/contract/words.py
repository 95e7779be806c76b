"""The words that a contract is written in: types, roles, and the forms that numbers and dates may have."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

NUMBER_FORMS = frozenset({"percent", "parentheses", "trailing_minus"})
SPECIAL_FORMATS = frozenset({"iso", "epoch_s", "epoch_ms", "excel_serial", "excel_serial_1904"})
# The parts of a date's format that DuckDB's strptime knows; those in YEAR_PARTS say which year it is.
FORMAT_PARTS = frozenset("abcdfghjmnpuwxyzABGHIMSTUVWXYZ%") | {"-d", "-j", "-m", "-y", "-H", "-I", "-M", "-S"}
YEAR_PARTS = frozenset({"Y", "y", "-y", "G", "g", "x", "c"})
THOUSANDS = frozenset({"", " ", "'", ",", "."})
MAX_COLUMNS = 1_000


class ContractError(ValueError):
    """The contract contradicts itself; `column` names the column at fault, or is empty for the contract as a whole."""

    def __init__(self, message: str, *, column: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.message,), {"column": self.column})


class ColumnType(StrEnum):
    """Type of a stored column. `decimal` is DECIMAL(18,4), `integer` 64 bit, `number` a double, `timestamp` UTC."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"

    @property
    def numeric(self) -> bool:
        return self in (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.DECIMAL)

    @property
    def temporal(self) -> bool:
        return self in (ColumnType.DATE, ColumnType.TIMESTAMP)

    @property
    def sql(self) -> str:
        """The DuckDB type of a stored value."""
        return _SQL_TYPES[self]


_SQL_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.DECIMAL: "DECIMAL(18,4)",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.TIMESTAMP: "TIMESTAMP",
}


class Role(StrEnum):
    """What a column is for. A column may have several roles, e.g. key and dimension."""

    KEY = "key"
    EVENT_TIME = "event_time"
    MEASURE = "measure"
    DIMENSION = "dimension"
    UNIT = "unit"
    VENDOR = "vendor"
    ATTRIBUTE = "attribute"
