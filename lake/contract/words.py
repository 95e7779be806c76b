"""The words that a contract is written in: types, roles, and the forms that numbers and dates may have."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

NUMBER_FORMS = frozenset({"percent", "percent_cells", "parentheses", "trailing_minus"})
SPECIAL_FORMATS = frozenset({"iso", "iso_week", "epoch_s", "epoch_ms", "excel_serial", "excel_serial_1904"})
# How the numbers of a column are written, by an example: the sign before their decimals, and between thousands.
NUMBER_FORMATS = {
    "1234.56": (".", ""), "1,234.56": (".", ","), "1 234.56": (".", " "), "1'234.56": (".", "'"),
    "1234,56": (",", ""), "1.234,56": (",", "."), "1 234,56": (",", " "), "1'234,56": (",", "'"),
}  # fmt: skip
ZEROS = "0{1,18}"  # of a text: as many digits as a whole number in a cell of a workbook has at least
# The parts of a date's format that DuckDB's strptime knows; those in YEAR_PARTS say which year it is.
FORMAT_PARTS = frozenset("abcdfghjmnpuwxyzABGHIMSTUVWXYZ%") | {"-d", "-j", "-m", "-y", "-H", "-I", "-M", "-S"}
YEAR_PARTS = frozenset({"Y", "y", "-y", "G", "g", "x", "c"})
_SAID = {
    "Y": "year", "y": "two-digit year", "m": "month", "b": "month name", "B": "month name", "d": "day",
    "H": "hour", "I": "hour", "M": "minute", "S": "second", "f": "fraction", "p": "am or pm", "z": "zone",
    "a": "weekday", "A": "weekday", "j": "day of the year", "%": "%",
}  # fmt: skip
_SPECIAL_SAID = {
    "iso": "year-month-day",
    "iso_week": "a week such as 2025-W07",
    "epoch_s": "seconds since 1970",
    "epoch_ms": "milliseconds since 1970",
    "excel_serial": "a day number of Excel",
    "excel_serial_1904": "a day number of Excel since 1904",
}
_PART = re.compile(r"%-?(.)", re.DOTALL)
THOUSANDS = frozenset({"", " ", "'", ",", "."})
MAX_COLUMNS = 1_000


def format_in_words(text: str) -> str:
    """A date's format as people say it: %d/%m/%Y is day/month/year, %Y%m%d is year month day without separators."""
    if text in _SPECIAL_SAID:
        return _SPECIAL_SAID[text]
    parts = [_SAID.get(sign, f"%{sign}") for sign in _PART.findall(text)]
    if len(parts) > 1 and not _PART.sub("", text):
        return f"{' '.join(parts)} without separators"
    return _PART.sub(lambda found: _SAID.get(found[1], found[0]), text)


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
