"""What a contract may not say. Each check raises ContractError at the first fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from .words import (
    FORMAT_PARTS,
    MAX_COLUMNS,
    NUMBER_FORMATS,
    SPECIAL_FORMATS,
    THOUSANDS,
    YEAR_PARTS,
    ZEROS,
    ColumnType,
    ContractError,
    Role,
)

if TYPE_CHECKING:
    from . import Column, Contract

CompileFormula = Callable[[str, "Contract"], object]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FORMAT_PART = re.compile(r"%(-?.|$)", re.DOTALL)
_SIGN_OR_WORD = re.compile(r"(?:%-?(?P<sign>.))?(?P<word>[A-Za-z]*)", re.DOTALL)
_LIKE_A_PART = re.compile(r"([YMDHS])\1+", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def check(contract: Contract, *, compile_formula: CompileFormula | None, require_key: bool) -> None:
    """See `Contract.check`."""
    _check_names(contract)
    for column in contract.columns:
        _check_column(column)
    _check_roles(contract, require_key=require_key)
    _check_settings(contract)
    check_formulas(contract, compile_formula or _parse_formula)


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
    yield from _role_faults(column)
    yield from _writing_faults(column)
    yield from _range_faults(column)


def _role_faults(column: Column) -> Iterator[str]:
    """Of what the column is for."""
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


def _writing_faults(column: Column) -> Iterator[str]:
    """Of how its values are written."""
    if column.format and column.type is ColumnType.TEXT and not re.fullmatch(ZEROS, column.format):
        yield f"the format {column.format!r} of a text is not of zeros, such as 00000 for codes of five digits."
    if column.format and column.type is ColumnType.BOOLEAN:
        yield "yes or no has no format."
    if column.format and column.type.numeric and column.format not in NUMBER_FORMATS:
        yield f"the format {column.format!r} of a number is none of {'; '.join(NUMBER_FORMATS)}."
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
    for text in column.formats if column.type.temporal else ():
        if text not in SPECIAL_FORMATS and "%" not in text:
            special = ", ".join(sorted(SPECIAL_FORMATS))
            yield f"the format {text!r} is neither strptime text such as %d/%m/%Y nor one of {special}."
        elif text not in SPECIAL_FORMATS:
            yield from _format_faults(text)


def _format_faults(text: str) -> Iterator[str]:
    parts = _FORMAT_PART.findall(text)
    unknown = [part for part in parts if part not in FORMAT_PARTS]
    if unknown:
        yield f"the format {text!r} has the part '%{unknown[0]}', which means nothing; %d is the day, %m the month."
    elif not YEAR_PARTS & set(parts):
        yield f"the format {text!r} says no year: write %Y, or %y for two digits."
    elif left := _left_over(text):
        yield (
            f"the format {text!r} has {left!r} as a text that every value would need; each part is written once with "
            "its sign, such as %M and %S, and %f reads the fraction of a second."
        )


def _left_over(text: str) -> str:
    """Letters of a format that look like a part and are none: a part's own behind it, as in %SS, or a whole MM.

    Not so where letters name the units, as in %HH%MM%SS for 10H30M15S.
    """
    for found in _SIGN_OR_WORD.finditer(text):
        sign, word = found["sign"], found["word"]
        repeats = word[:1] == sign and sign in tuple("YymdS") and not (sign == "S" and "%MM" in text)
        if repeats or _LIKE_A_PART.fullmatch(word):
            return word
    return ""


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


def check_formulas(contract: Contract, compile_formula: CompileFormula | None = None) -> None:
    """As `check`, of the calculated columns and row rules alone."""
    compile_formula = compile_formula or _parse_formula
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

    return parse(text, contract, aggregate=False, tried=True)
