"""Why a row was not accepted: one line per bad cell, in words that name the thing, the fault and the next step."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from lake.contract import Column, ColumnType, Contract
from lake.contract.words import format_in_words
from lake.intake.chunk import Ragged
from lake.intake.ending import Ending
from lake.intake.misspelt import misspellings
from lake.intake.reading import Spelling
from lake.intake.spelling import is_leap_second
from lake.intake.weeks import is_missing_week

SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("code", pa.string()),
        ("message", pa.string()),
        ("record", pa.string()),
    ]
)
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})
_EXCEL_ERRORS = frozenset({"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"})


@dataclass(frozen=True, slots=True)
class Reject:
    """One bad cell (or, with column "", one bad row). value: at most 80 characters; record: the raw cells by header."""

    row: int
    column: str
    value: str
    code: str
    message: str
    record: str


def _declared(column: Column) -> str:
    clock = " hour:minute:second" if column.type is ColumnType.TIMESTAMP else ""
    return " or ".join(format_in_words(text) + (clock if text == "iso" else "") for text in column.formats)


def _near(value: str, known: Collection[str]) -> str:
    matches = difflib.get_close_matches(value, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(matches)}?" if matches else ""


_MESSAGES: Mapping[str, Callable[[Column, str], str]] = {
    "required": lambda c, v: "it is empty but required; fill it in.",
    "wrong_type": lambda c, v: (
        f"the JSON value is not of the type {c.type}; write it without quotes (or with, for a text)."
    ),
    "not_an_integer": lambda c, v: f"{v!r} is not a whole number; correct it, or declare that it means no value.",
    "not_a_number": lambda c, v: f"{v!r} is not a number; correct it, or declare that it means no value.",
    "not_finite": lambda c, v: f"{v!r} is not a finite number; leave the cell empty where there is no value.",
    "too_many_decimals": lambda c, v: (
        f"{v!r} has more than four decimals or too many digits; round it or make the column a number."
    ),
    "excel_error": lambda c, v: f"{v!r} is an error of the spreadsheet; repair its formula.",
    "formula_without_value": lambda c, v: (
        "the formula has no stored value; open the workbook in Excel, save it and upload it again."
    ),
    "not_a_boolean": lambda c, v: (
        f"{v!r} is none of {', '.join((*c.true_words, *c.false_words))}; correct it or declare the word."
    ),
    "not_a_date": lambda c, v: f"{v!r} is not a date written as {_declared(c)}; correct it or declare its format.",
    "not_a_timestamp": lambda c, v: f"{v!r} is not a time written as {_declared(c)}; correct it or declare its format.",
    "date_too_early": lambda c, v: (
        f"{v!r} lies before the earliest day of this source; correct the year or set the column's minimum."
    ),
    "date_too_late": lambda c, v: (
        f"{v!r} lies after the latest day of this source; correct the year or set the column's maximum."
    ),
    "below_minimum": lambda c, v: f"{v!r} is below the minimum {c.minimum}; correct it or the contract.",
    "above_maximum": lambda c, v: f"{v!r} is above the maximum {c.maximum}; correct it or the contract.",
    "not_allowed": lambda c, v: (
        f"{v!r} is not an allowed value; correct it or add it to the contract.{_near(v, c.allowed)}"
    ),
    "text_too_long": lambda c, v: "the text is longer than 32,767 characters; shorten it.",
    "day_does_not_exist": lambda c, v: (
        f"{v!r} lies before March 1900, where Excel counts a day that never was; write it as text."
    ),
    "nested_value": lambda c, v: "the value is a list or an object; write one plain value per column.",
}


def explain(
    column: Column, code: str, value: str, unit_codes: Collection[str], spelling: Spelling | None
) -> tuple[str, str]:
    """The final code and message for a bad cell; the general "not a number" is told apart by looking at the value.

    spelling: how the file writes its numbers; None for a value that is no text, but a number of a workbook or of JSON.
    """
    value, text = value[:80], ""
    if code in ("not_a_number", "not_an_integer", "not_a_date", "not_a_timestamp", "not_a_boolean"):
        if value.strip().upper() in _EXCEL_ERRORS:
            code = "excel_error"
        elif code == "not_a_number" and (value.strip().lower().lstrip("+-") in _NOT_FINITE or _overflows(value)):
            code = "not_finite"
        elif column.type.numeric and spelling is not None:
            code, text = _misspelt(column, code, value, spelling)
        elif column.type is ColumnType.DECIMAL and _plain(value):
            code = "too_many_decimals"
        elif "iso_week" in column.formats and is_missing_week(value.strip()):
            text = f"{value!r} is a week that its year does not have; correct the week."
        elif column.type.temporal:
            text = _no_such_second(value)
    if code == "unknown_unit":
        step = "correct it, give the code to its unit, or create the unit"
        text = f"{value!r} is no known unit code; {step}.{_near(value.strip(), unit_codes)}"
    return code, f"{column.heading}: {text or _MESSAGES[code](column, value)}"


def _no_such_second(value: str) -> str:
    """Of a leap second, or of midnight written as the end of its day, what it is and how to write it; else empty."""
    if is_leap_second(value):
        return f"{value!r} is a leap second, which times here do not have; write its second as 59."
    if re.search(r"(?<![\d:])24:00(:00)?(?![\d:])", value):
        return f"{value!r} is the end of its day; write 00:00 of the next day."
    return ""


def _misspelt(column: Column, code: str, value: str, spelling: Spelling) -> tuple[str, str]:
    found = misspellings(column, value, spelling.of_column(column))
    if not found:
        return code, ""
    if column.type is ColumnType.DECIMAL and all(one.is_size for one in found):
        code = "too_many_decimals"
    faults = [one.fault for one in found]
    said = " and ".join([", ".join(faults[:-1]), faults[-1]] if len(faults) > 1 else faults)
    return code, f"{value!r} {said}; {'; '.join(one.step for one in found)}."


def _plain(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True


def _overflows(value: str) -> bool:
    try:
        return float(value) in (float("inf"), float("-inf"))
    except ValueError:
        return False


def ragged_reject(found: Ragged, headers: Sequence[str]) -> Reject:
    """A record with a value more or fewer than the header: nothing is shifted, the row is set aside."""
    more = len(found.values) > found.expected
    names = [headers[i] if i < len(headers) else f"value {i + 1}" for i in range(len(found.values))]
    message = f"The row has {len(found.values)} values, the header has {found.expected}; " + (
        "look for an unquoted delimiter." if more else "look for a missing delimiter or a broken line."
    )
    record = json.dumps(dict(zip(names, found.values, strict=True)), ensure_ascii=False)
    return Reject(found.row, "", "", "too_many_values" if more else "too_few_values", message, record)


def rule_reject(row: int, message: str, columns: Collection[str], contract: Contract, record: str) -> Reject:
    """A row that breaks one of the contract's row rules."""
    named = ", ".join(contract.column(name).heading for name in sorted(columns))
    return Reject(row, ",".join(sorted(columns)), "", "row_rule", f"{named}: {message}; correct the row.", record)


def total_reject(row: int, label: str, record: str) -> Reject:
    """A row that looks like a total."""
    message = (
        f"The row begins with {label[:40]!r} and looks like a total, which would be counted twice. If it is one, "
        f"dismiss it, and have rows that begin with {label[:40]!r} left out; if it is a record, save it as it is."
    )
    return Reject(row, "", label[:80], "total_row", message, record)


def ending_reject(row: int, ending: Ending, record: str) -> Reject:
    """A last row that is a note below the table, or a total without a label."""
    value = repr(ending.said[:40])
    fault = f"The row at the end holds only {value} and looks like a note below the table"
    if not ending.is_note:
        fault = (
            f"The row at the end begins with {value}, has no value that says what it is of, and looks like a total, "
            "which would be counted twice"
        )
    message = f"{fault}. If it is one, dismiss it; if it is a record, save it as it is."
    return Reject(row, "", ending.said[:80], "note_row" if ending.is_note else "total_row", message, record)


class RejectFile:
    """Writes rejects.parquet; also valid, with no rows, when nothing was rejected."""

    def __init__(self, path: Path) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self.cells = 0

    def write(self, rejects: Sequence[Reject]) -> None:
        if not rejects:
            return
        self.cells += len(rejects)
        columns = {name: [getattr(reject, name) for reject in rejects] for name in SCHEMA.names}
        self._writer.write_table(pa.table(columns, schema=SCHEMA))

    def __enter__(self) -> RejectFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
