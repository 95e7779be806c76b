"""What a dataset promises: its columns, their types and roles, and how the texts of an extract become values.

A `Contract` is a plain frozen value: it travels as JSON, is compared by value and is checked once, by `check()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

OnDuplicate = Literal["refuse", "last"]
CompileFormula = Callable[[str, "Contract"], object]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER_FORMS = frozenset({"percent", "parentheses", "trailing_minus"})
SPECIAL_FORMATS = frozenset({"iso", "epoch_s", "epoch_ms", "excel_serial", "excel_serial_1904"})
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


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset.

    name: snake_case SQL identifier; header: the heading in the extract (empty: the name itself).
    minimum, maximum: inclusive; a number for numeric columns, ISO text for dates and timestamps.
    unit: unit of measure; "%" and "ratio" decide what a percent sign means (12 % is 12, or 0.12).
    format: how dates are written: strptime text, several separated by "|" and tried in order; or one of "iso"
        (the default), "epoch_s", "epoch_ms", "excel_serial", "excel_serial_1904". Two-digit years need "%y".
    missing: texts that mean "no value", besides the empty cell.
    number_forms: "percent", "parentheses" (negative), "trailing_minus", or a currency sign such as "$" or "EUR".
    trim: blanks around a text are padding, not data (other types always ignore them).
    formula: makes this a calculated column, computed per row from the other columns after the types are checked.
    """

    name: str
    header: str = ""
    type: ColumnType = ColumnType.TEXT
    roles: tuple[Role, ...] = ()
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    unit: str = ""
    format: str = ""
    missing: tuple[str, ...] = ()
    true_words: tuple[str, ...] = ("true",)
    false_words: tuple[str, ...] = ("false",)
    number_forms: tuple[str, ...] = ()
    trim: bool = False
    formula: str = ""
    description: str = ""

    @property
    def heading(self) -> str:
        return self.header or self.name

    @property
    def needed(self) -> bool:
        """A record without its key or its event time is not a record, whatever `required` says."""
        return self.required or Role.KEY in self.roles or Role.EVENT_TIME in self.roles

    @property
    def formats(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.format.split("|")) if self.format else ("iso",)

    def has(self, role: Role) -> bool:
        return role in self.roles


@dataclass(frozen=True, slots=True)
class RowRule:
    """A condition over the columns of one row that must not be false, e.g. `closed_at >= opened_at`."""

    name: str
    formula: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Contract:
    """The columns of a dataset and how its extracts are read.

    timezone: IANA zone of timestamps written without one. reporting_timezone: zone of the local days (`<column>__day`).
    reject_limit_pct: an extract with a larger share of rejected rows is refused whole.
    on_duplicate: what a repeated key inside one extract means. "refuse": identical rows count once, conflicting rows
        refuse the extract. "last": an event log, the row furthest down is the record, the others are superseded.
    decimal_comma, thousands: how numbers are written where the dialect of a file does not say otherwise; a thousands
        separator " " stands for the blank, the no-break space and the thin spaces.
    A contract without a key column means that every row is its own record; its identity is then the hash of the row's
    values with its occurrence among equal rows (`_key` in the accepted rows), so the same extract replaces itself.
    """

    columns: tuple[Column, ...]
    timezone: str = "UTC"
    reporting_timezone: str = "UTC"
    reject_limit_pct: float = 5.0
    on_duplicate: OnDuplicate = "refuse"
    decimal_comma: bool = False
    thousands: str = ""
    rules: tuple[RowRule, ...] = ()

    @property
    def key(self) -> tuple[Column, ...]:
        return self._having(Role.KEY)

    @property
    def event_time(self) -> Column | None:
        return self._first(Role.EVENT_TIME)

    @property
    def unit_column(self) -> Column | None:
        return self._first(Role.UNIT)

    @property
    def vendor_column(self) -> Column | None:
        return self._first(Role.VENDOR)

    @property
    def dimensions(self) -> tuple[Column, ...]:
        return self._having(Role.DIMENSION)

    @property
    def measures(self) -> tuple[Column, ...]:
        return self._having(Role.MEASURE)

    @property
    def calculated(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.formula)

    @property
    def supplied(self) -> tuple[Column, ...]:
        """The columns that an extract brings, in contract order."""
        return tuple(column for column in self.columns if not column.formula)

    @property
    def temporal(self) -> tuple[Column, ...]:
        """Dates and timestamps, each stored with its local day as `<name>__day`."""
        return tuple(column for column in self.columns if column.type.temporal)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def _having(self, role: Role) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if role in column.roles)

    def _first(self, role: Role) -> Column | None:
        return next(iter(self._having(role)), None)

    def check(self, *, compile_formula: CompileFormula | None = None, require_key: bool = False) -> Contract:
        """Return the contract itself if it is consistent; raises ContractError at the first fault.

        compile_formula(text, contract) is called for every calculated column and row rule and may raise ValueError;
        by default `lake.formula.parse(text, contract, aggregate=False)`. require_key: to have no key is a fault.
        """
        _check_names(self)
        for column in self.columns:
            _check_column(column)
        _check_roles(self, require_key=require_key)
        _check_settings(self)
        _check_formulas(self, compile_formula or _parse_formula)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; `from_dict` reads it back equal."""
        plain = asdict(self)
        plain["columns"] = [_plain_column(column) for column in plain["columns"]]
        plain["rules"] = list(plain["rules"])
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Contract:
        """Read `to_dict` output; unknown or ill-typed entries raise ContractError. Does not `check()`."""
        entries = _known_entries(cls, plain, "contract")
        columns = tuple(_read_column(entry) for entry in _sequence(entries.pop("columns", None), "columns"))
        rules = tuple(
            RowRule(**_known_entries(RowRule, entry, "row rule"))
            for entry in _sequence(entries.pop("rules", ()), "rules")
        )
        try:
            return cls(columns=columns, rules=rules, **entries)
        except TypeError as error:
            raise ContractError(f"The contract is incomplete: {error}.") from error


def _plain_column(column: dict[str, Any]) -> dict[str, Any]:
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in column.items()}
    plain["type"] = str(column["type"])
    plain["roles"] = [str(role) for role in column["roles"]]
    return plain


def _sequence(value: Any, name: str) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise ContractError(f"The contract needs a list of {name}.")
    return list(value)


def _known_entries(kind: type, plain: Any, what: str) -> dict[str, Any]:
    if not isinstance(plain, Mapping):
        raise ContractError(f"A {what} must be an object with named entries.")
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(plain) - known)
    if unknown:
        raise ContractError(f"Unknown entry {unknown[0]!r} in a {what}; known are {', '.join(sorted(known))}.")
    return dict(plain)


def _read_column(plain: Any) -> Column:
    entries = _known_entries(Column, plain, "column")
    name = str(entries.get("name", ""))
    try:
        entries["type"] = ColumnType(entries.get("type", "text"))
        entries["roles"] = tuple(Role(role) for role in _sequence(entries.get("roles", ()), "roles"))
        for entry in ("allowed", "missing", "true_words", "false_words", "number_forms"):
            if entry in entries:
                entries[entry] = tuple(str(text) for text in _sequence(entries[entry], entry))
        return Column(**entries)
    except (ValueError, TypeError) as error:
        raise ContractError(f"Column {name!r}: {error}.", column=name) from error


def _check_names(contract: Contract) -> None:
    if not contract.columns:
        raise ContractError("A contract needs at least one column.")
    if len(contract.columns) > MAX_COLUMNS:
        raise ContractError(f"A contract has at most {MAX_COLUMNS} columns, this one {len(contract.columns)}.")
    for what, names in (
        ("name", [column.name for column in contract.columns]),
        ("header", [column.heading.strip() for column in contract.supplied]),
    ):
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ContractError(f"Two columns have the {what} {twice[0]!r}; give each its own.", column=twice[0])
    for name in (column.name for column in contract.columns):
        if name.startswith("_") or name.endswith("__day"):
            raise ContractError(
                f"The column name {name!r} is reserved: names must not begin with '_' or end in '__day'.", column=name
            )
        if not _IDENTIFIER.fullmatch(name):
            raise ContractError(
                f"The column name {name!r} must be lower case letters, digits and '_', begin with a letter and have "
                "at most 63 characters.",
                column=name,
            )


def _check_column(column: Column) -> None:
    for fault in _column_faults(column):
        raise ContractError(f"Column {column.name!r}: {fault}", column=column.name)


def _column_faults(column: Column) -> Iterator[str]:
    """Faults of one column taken alone, the first is reported."""
    roles = set(column.roles)
    if Role.ATTRIBUTE in roles and len(roles) > 1:
        yield "the role attribute stands alone; leave it out where another role is given."
    if Role.MEASURE in roles and len(roles) > 1:
        yield f"a measure cannot also be {' or '.join(sorted(roles - {Role.MEASURE}))}."
    if Role.EVENT_TIME in roles and roles & {Role.DIMENSION, Role.UNIT, Role.VENDOR}:
        yield "an event time cannot also be a dimension, unit or vendor."
    if Role.MEASURE in roles and not column.type.numeric:
        yield f"a measure is integer, number or decimal, not {column.type}."
    if Role.EVENT_TIME in roles and not column.type.temporal:
        yield f"an event time is a date or timestamp, not {column.type}."
    if roles & {Role.UNIT, Role.VENDOR} and column.type is not ColumnType.TEXT:
        yield f"a unit or vendor column holds codes and is text, not {column.type}."
    if column.formula and Role.KEY in roles:
        yield "a calculated column cannot be part of the key."
    if column.format and not column.type.temporal:
        yield "only a date or timestamp has a format."
    if column.number_forms and not column.type.numeric:
        yield "only a numeric column has number forms."
    if "percent" in column.number_forms and column.unit == "ratio" and column.type is not ColumnType.NUMBER:
        yield "a ratio written with percent signs must be of type number."
    if column.type is ColumnType.DATE and any(text.startswith("epoch") for text in column.formats):
        yield "an epoch is an instant; make the column a timestamp."
    if len({"%z" in text or text.startswith("epoch") for text in column.formats if text != "iso"}) > 1:
        yield "formats with and without a time zone cannot be mixed."
    if column.allowed and column.type not in (ColumnType.TEXT, ColumnType.INTEGER):
        yield "allowed values can be listed for text and integer columns only."
    if column.type is ColumnType.BOOLEAN and {w.casefold() for w in column.true_words} & {
        w.casefold() for w in column.false_words
    }:
        yield "a word cannot mean both true and false."
    for text in column.formats:
        if text not in SPECIAL_FORMATS and "%" not in text:
            special = ", ".join(sorted(SPECIAL_FORMATS))
            yield f"the format {text!r} is neither strptime text such as %d/%m/%Y nor one of {special}."
    yield from _range_faults(column)


def _range_faults(column: Column) -> Iterator[str]:
    bounds = [bound for bound in (column.minimum, column.maximum) if bound is not None]
    if bounds and not (column.type.numeric or column.type.temporal):
        yield f"a {column.type} column has no minimum or maximum."
    for bound in bounds:
        if column.type.temporal and not _is_iso_date(str(bound)):
            yield f"the bound {bound!r} is not a date such as 2025-01-31."
        if column.type.numeric and not _is_finite(str(bound)):
            yield f"the bound {bound!r} is not a finite number."
    if len(bounds) == 2 and column.type.numeric and Decimal(str(bounds[0])) > Decimal(str(bounds[1])):
        yield f"the minimum {bounds[0]} is above the maximum {bounds[1]}."
    if len(bounds) == 2 and column.type.temporal and str(bounds[0]) > str(bounds[1]):
        yield f"the minimum {bounds[0]} is after the maximum {bounds[1]}."


def _is_iso_date(text: str) -> bool:
    if not _ISO_DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_finite(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _check_roles(contract: Contract, *, require_key: bool) -> None:
    for role in (Role.EVENT_TIME, Role.UNIT, Role.VENDOR):
        columns = [column.name for column in contract.columns if role in column.roles]
        if len(columns) > 1:
            raise ContractError(
                f"A contract has one {role.replace('_', ' ')} column, not {len(columns)}: {', '.join(columns)}.",
                column=columns[1],
            )
    if not contract.supplied:
        raise ContractError("Every column is calculated: at least one must come from the extract.")
    if not contract.key and (require_key or contract.on_duplicate == "last"):
        raise ContractError(
            "No column has the role key: mark the column or columns that identify a record"
            + (" (without a key there is no last row of a record)." if contract.on_duplicate == "last" else ".")
        )


def _check_settings(contract: Contract) -> None:
    for zone in (contract.timezone, contract.reporting_timezone):
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError) as error:
            raise ContractError(f"Unknown time zone {zone!r}; use an IANA name such as Europe/Paris.") from error
    if not 0 <= contract.reject_limit_pct <= 100:
        raise ContractError(f"The reject limit is a percentage from 0 to 100, not {contract.reject_limit_pct}.")
    if contract.on_duplicate not in ("refuse", "last"):
        raise ContractError(f"on_duplicate is 'refuse' or 'last', not {contract.on_duplicate!r}.")
    if contract.thousands not in THOUSANDS:
        raise ContractError(f"The thousands separator {contract.thousands!r} is not one of blank, ' , and .")
    if contract.thousands == ("," if contract.decimal_comma else "."):
        raise ContractError("The thousands separator and the decimal separator are the same.")


def _check_formulas(contract: Contract, compile_formula: CompileFormula) -> None:
    for column in contract.calculated:
        try:
            compile_formula(column.formula, contract)
        except ValueError as error:
            raise ContractError(f"Calculated column {column.name!r}: {error}", column=column.name) from error
    for rule in contract.rules:
        try:
            compile_formula(rule.formula, contract)
        except ValueError as error:
            raise ContractError(f"Row rule {rule.name!r}: {error}") from error


def _parse_formula(text: str, contract: Contract) -> object:
    from lake.formula import parse  # the formula module knows contracts, so it cannot be imported above

    return parse(text, contract, aggregate=False)
