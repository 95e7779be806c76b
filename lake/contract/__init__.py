"""What a dataset promises: its columns, their types and roles, and how the texts of an extract become values.

A `Contract` is a plain frozen value: it travels as JSON, is compared by value and is checked once, by `check()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lake.entries import known_entries

from .checks import CompileFormula, check
from .words import (
    MAX_COLUMNS,
    NUMBER_FORMATS,
    NUMBER_FORMS,
    SPECIAL_FORMATS,
    THOUSANDS,
    ColumnType,
    ContractError,
    Role,
)

__all__ = [
    "MAX_COLUMNS",
    "NUMBER_FORMATS",
    "NUMBER_FORMS",
    "SPECIAL_FORMATS",
    "THOUSANDS",
    "Column",
    "ColumnType",
    "CompileFormula",
    "Contract",
    "ContractError",
    "OnDuplicate",
    "Role",
    "RowRule",
]

OnDuplicate = Literal["refuse", "last"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a dataset.

    name: snake_case SQL identifier; header: the heading in the extract (empty: the name itself).
    minimum, maximum: inclusive; a number for numeric columns, ISO text for dates and timestamps.
    unit: unit of measure; "%" and "ratio" decide what a percent sign means (12 % is 12, or 0.12).
    format: how dates are written: strptime text, several separated by "|" and tried in order; or one of "iso"
        (the default), "iso_week" (2025-W07 or KW 07/2025, its Monday; 2025-W07-3, that day), "epoch_s", "epoch_ms",
        "excel_serial", "excel_serial_1904". Two-digit years need "%y". Of a number: an example of `NUMBER_FORMATS`,
        such as 1,234.56 or 1234,56, where the column is written otherwise than its file; empty: as the file. Of a
        text: zeros, such as 00000, by which a workbook's cell that holds the number 12 is 00012; 0 is 12 as it is held.
    missing: texts that mean "no value", besides the empty cell.
    number_forms: "percent", "percent_cells" (of a workbook: 0.88 shown as 88 % is read as that), "parentheses"
        (negative), "trailing_minus", or a currency sign such as "$" or "EUR".
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

    @property
    def instants(self) -> tuple[Column, ...]:
        """The timestamps: stored in UTC, shown by the clock of `reporting_timezone`."""
        return tuple(column for column in self.columns if column.type is ColumnType.TIMESTAMP)

    @property
    def storage_order(self) -> tuple[str, ...]:
        """The columns by which the rows of a file are put in order: rows that are reported together lie together."""
        split = self.vendor_column or next(iter(self.dimensions), None)
        return tuple(column.name for column in (self.unit_column, split, self.event_time) if column is not None)

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
        check(self, compile_formula=compile_formula, require_key=require_key)
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
        rules = tuple(_read_rule(entry) for entry in _sequence(entries.pop("rules", ()), "rules"))
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


def _read_rule(plain: Any) -> RowRule:
    entries = _known_entries(RowRule, plain, "row rule")
    try:
        return RowRule(**entries)
    except TypeError as error:
        raise ContractError(
            "A row rule names itself and its formula: give the entries 'name' and 'formula'."
        ) from error


def _known_entries(kind: type, plain: Any, what: str, column: str = "") -> dict[str, Any]:
    try:
        return known_entries(kind, plain, what)
    except ValueError as error:
        raise ContractError(str(error), column=column) from None


def _read_column(plain: Any) -> Column:
    name = str(plain.get("name", "")) if isinstance(plain, Mapping) else ""
    entries = _known_entries(Column, plain, f"column {name!r}" if name else "column", name)
    try:
        entries["type"] = ColumnType(entries.get("type", "text"))
        entries["roles"] = tuple(Role(role) for role in _sequence(entries.get("roles", ()), "roles"))
        for entry in ("allowed", "missing", "true_words", "false_words", "number_forms"):
            if entry in entries:
                entries[entry] = tuple(str(text) for text in _sequence(entries[entry], entry))
        return Column(**entries)
    except (ValueError, TypeError) as error:
        raise ContractError(f"Column {name!r}: {error}.", column=name) from error
