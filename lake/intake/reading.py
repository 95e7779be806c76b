"""How a text of a column is read: SQL for its value, null where it is not spelt as the contract says.

A cast of DuckDB alone is too kind: it reads 1.5 as the integer 2, 1_000 as 1000, 1e400 as infinity, "epoch" as a date,
and 24:00 as the next day. A value counts only if its text is the one the type writes, or matches a stated pattern.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from lake.contract import NUMBER_FORMATS, NUMBER_FORMS, SPECIAL_FORMATS, Column, ColumnType
from lake.intake.weeks import iso_week

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ISO_NAIVE = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[ T]{_TIME})?"
_ISO_ZONED = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME} ?(?:Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)"
_ISO_MIDNIGHT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(?::00(?:\.0+)?)?"
_PLAIN_DECIMAL = r"[+-]?[0-9]*(?:\.[0-9]{0,4}0*)?"
_BLANK_SEPARATORS = "[ \u00a0\u2007\u2009\u202f]"
_APOSTROPHES = "['\u2019]"


def literal(text: str) -> str:
    """A DuckDB string literal."""
    return "'" + text.replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A quoted DuckDB identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def one_of(texts: Collection[str]) -> str:
    return "(" + ", ".join(literal(text) for text in texts) + ")"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the numbers of a file are written, and the days that a date may lie between (inclusive)."""

    decimal_comma: bool
    thousands: str
    earliest: date
    latest: date
    strict: bool

    def of_column(self, column: Column) -> Spelling:
        """How the column's numbers are written: as its own format says, or as the file."""
        if not column.type.numeric or not column.format:
            return self
        point, thousands = NUMBER_FORMATS[column.format]
        return replace(self, decimal_comma=point == ",", thousands=thousands)


@dataclass(frozen=True, slots=True)
class Reading:
    """The SQL that reads a column. x: the text, k: its cheap cast; native: a value that a workbook or a line of JSON
    brings in a type of its own."""

    column: Column
    spelling: Spelling

    def cheap(self, x: str, decimal_comma: bool) -> str:
        match self.column.type:
            case ColumnType.INTEGER:
                return f"try_cast({x} AS BIGINT)"
            case ColumnType.NUMBER | ColumnType.DECIMAL:
                text = f"CASE WHEN contains({x}, '.') THEN NULL ELSE replace({x}, ',', '.') END" if decimal_comma else x
                return f"try_cast({text} AS {self.column.type.sql})"
            case ColumnType.DATE | ColumnType.TIMESTAMP:
                return f"try_cast({x} AS {self.column.type.sql})"
            case _:
                return "NULL::VARCHAR"

    def value(self, x: str, k: str, *, native: bool) -> str:
        column = self.column
        match column.type:
            case ColumnType.TEXT:
                return x
            case ColumnType.INTEGER:
                plain = f"{k}::VARCHAR = {x} THEN {k} WHEN regexp_full_match({x}, '[+-]?[0-9]+')"
                return self._spelt(plain, x, k, native=native)
            case ColumnType.NUMBER:
                return self._spelt(f"isfinite({k}) AND NOT contains({x}, '_')", x, k, native=native)
            case ColumnType.DECIMAL:
                return self._decimal(x, k, native=native)
            case ColumnType.BOOLEAN:
                return self._boolean(x, native=native)
            case ColumnType.DATE:
                return self._date(x, k, native=native)
            case ColumnType.TIMESTAMP:
                return self._timestamp(x, k, native=native)

    def _spelt(self, plain: str, x: str, k: str, *, native: bool) -> str:
        """The plain spelling first; the declared separators and signs only where that fails."""
        canonical = None if native else self._canonical(x)
        if canonical is None:
            return f"CASE WHEN {plain} THEN {k} END"
        value = f"try_cast({canonical} AS {self.column.type.sql})"
        if "percent" in self.column.number_forms and self.column.unit == "ratio":
            value = f"CASE WHEN suffix({x}, '%') THEN {value} / 100 ELSE {value} END"
        return f"CASE WHEN {plain} THEN {k} WHEN {x} IS NOT NULL THEN {value} END"

    def _canonical(self, x: str) -> str | None:
        """SQL for the text with a decimal point and no separators, null where it is not spelt as declared; None if
        the contract declares nothing beyond plain numbers."""
        forms, thousands, comma = self.column.number_forms, self.spelling.thousands, self.spelling.decimal_comma
        if not forms and not thousands:
            return None
        text, signs = x, [form for form in forms if form not in NUMBER_FORMS]
        for sign in signs if len(forms) > len(signs) else ():  # outside of the brackets, or behind the minus
            before, behind = rf"^{_escaped(sign)}\s*(\(.*\))$", rf"^(.*[)-])\s*{_escaped(sign)}$"
            text = rf"regexp_replace(regexp_replace({text}, {literal(before)}, '\1'), {literal(behind)}, '\1')"
        if "parentheses" in forms:
            text = rf"regexp_replace({text}, '^\((.*)\)$', '-\1')"
        if "trailing_minus" in forms:
            text = rf"regexp_replace({text}, '^([^-+].*?) ?-$', '-\1')"
        if "percent" in forms:
            text = rf"regexp_replace({text}, '\s*%$', '')"
        for sign in signs:
            before, behind = r"^([+-]?)\s*" + _escaped(sign) + r"\s*", r"\s*" + _escaped(sign) + "$"
            text = rf"regexp_replace(regexp_replace({text}, {literal(before)}, '\1'), {literal(behind)}, '')"
        separator = {"": "", " ": _BLANK_SEPARATORS, "'": _APOSTROPHES}.get(thousands, f"[{thousands}]")
        point = "," if comma else r"\."
        whole = f"[0-9]+|[0-9]{{1,3}}(?:{separator}[0-9]{{2,3}})*{separator}[0-9]{{3}}" if separator else "[0-9]+"
        decimals = "" if self.column.type is ColumnType.INTEGER else f"(?:{point}[0-9]*)?"
        if self.column.type is ColumnType.DECIMAL:
            decimals = f"(?:{point}[0-9]{{0,4}}0*)?"
        pattern = f"[+-]?(?:{whole}){decimals}"
        bare = f"regexp_replace({text}, {literal(separator)}, '', 'g')" if separator else text
        if comma:
            bare = f"replace({bare}, ',', '.')"
        return f"CASE WHEN regexp_full_match({text}, {literal(pattern)}) THEN {bare} END"

    def _decimal(self, x: str, k: str, *, native: bool) -> str:
        """Four decimals hold the value exactly, or it is refused; a binary fraction of XLSX may be off by 1e-9."""
        point = "," if self.spelling.decimal_comma and not native else "."
        short = (
            f"strlen({x}) < 24 AND (instr({x}, '{point}') = 0 OR strlen({x}) - instr({x}, '{point}') <= 4) "
            f"AND NOT contains({x}, '_') AND NOT contains(lower({x}), 'e')"
        )
        long = _PLAIN_DECIMAL if point == "." else _PLAIN_DECIMAL.replace(r"\.", ",")
        plain = f"{k} IS NOT NULL AND (CASE WHEN {short} THEN true ELSE regexp_full_match({x}, {literal(long)}) END)"
        if not native:
            return self._spelt(plain, x, k, native=False)
        double = f"try_cast({x} AS DOUBLE)"
        close = f"abs({double} - round({double}, 4)) < 1e-9 * greatest(1.0, abs({double}))"
        return f"CASE WHEN {plain} THEN {k} WHEN {close} THEN try_cast(round({double}, 4) AS DECIMAL(18,4)) END"

    def _boolean(self, x: str, *, native: bool) -> str:
        true, false = ([word.lower() for word in words] for words in (self.column.true_words, self.column.false_words))
        if native:
            true, false = [*true, "true"], [*false, "false"]
        return f"CASE WHEN lower({x}) IN {one_of(true)} THEN true WHEN lower({x}) IN {one_of(false)} THEN false END"

    def _date(self, x: str, k: str, *, native: bool) -> str:
        midnight = f"regexp_full_match({x}, '{_ISO_MIDNIGHT}')"
        iso = f"CASE WHEN {k}::VARCHAR = {x} AND isfinite({k}) THEN {k} WHEN {midnight} THEN {k} END"
        if native:
            return f"coalesce({iso}, {self._serials(x, 'DATE')})" if self._serial_formats() else iso
        return self._formatted(x, iso, "DATE")

    def _timestamp(self, x: str, k: str, *, native: bool) -> str:
        iso = (
            f"CASE WHEN {k}::VARCHAR = {x} AND isfinite({k}) THEN {k} "
            f"WHEN regexp_full_match({x}, '{_ISO_NAIVE}') THEN {k} "
            f"WHEN regexp_full_match({x}, '{_ISO_ZONED}') THEN try_cast({x} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"
        )
        if native:
            declared = [
                self._special(x, text) for text in self.column.formats if text in SPECIAL_FORMATS and text != "iso"
            ]
            return f"coalesce({', '.join([iso, *declared])})"
        return self._formatted(x, iso, "TIMESTAMP")

    def _formatted(self, x: str, iso: str, sql_type: str) -> str:
        """The declared formats in their order."""
        parts, strptime = [], [text for text in self.column.formats if text not in SPECIAL_FORMATS]
        if strptime:
            formats = ", ".join(literal(text) for text in strptime)
            parsed = f"try_strptime({x}, {formats if len(strptime) == 1 else f'[{formats}]'})"
            if any("%z" in text for text in strptime):
                parsed = f"({parsed} AT TIME ZONE 'UTC')"  # :: binds closer than AT
            parts.append(f"{parsed}::{sql_type}")
        special = [text for text in self.column.formats if text in SPECIAL_FORMATS]
        parts += [iso if text == "iso" else f"{self._special(x, text)}::{sql_type}" for text in special]
        return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"

    def _serial_formats(self) -> list[str]:
        return [text for text in self.column.formats if text.startswith("excel_serial")]

    def _serials(self, x: str, sql_type: str) -> str:
        return (
            f"coalesce({', '.join(f'{self._special(x, text)}::{sql_type}' for text in self._serial_formats())}, NULL)"
        )

    def _special(self, x: str, form: str) -> str:
        """Weeks, epochs and Excel serials. Excel's day 60 is 29 February 1900, which never was: it is refused."""
        if form == "iso_week":
            return iso_week(x)
        number = (
            f"CASE WHEN regexp_full_match({x}, '-?[0-9]{{1,15}}(?:\\.[0-9]+)?') THEN try_cast({x} AS DECIMAL(38,9)) END"
        )
        if form in ("epoch_s", "epoch_ms"):
            scale = 1_000_000 if form == "epoch_s" else 1_000
            micros = f"({number}) * {scale}"
            return f"CASE WHEN abs({micros}) < 2.5e17 THEN make_timestamp(({micros})::BIGINT) END"
        micros = f"round(({number}) * 86400000)::BIGINT * 1000"
        after_zero = f"make_timestamp({micros})"
        if form == "excel_serial_1904":
            days = "TIMESTAMP '1904-01-01' - TIMESTAMP '1970-01-01'"
            return f"CASE WHEN ({number}) >= 0 AND ({number}) < 2957003 THEN {after_zero} + ({days}) END"
        late, early = (f"{after_zero} + (TIMESTAMP '1899-12-{day}' - TIMESTAMP '1970-01-01')" for day in (30, 31))
        return (
            f"CASE WHEN ({number}) >= 61 AND ({number}) < 2958466 THEN {late} "
            f"WHEN ({number}) >= 1 AND ({number}) < 60 THEN {early} END"
        )


def _escaped(sign: str) -> str:
    return "".join(f"\\{char}" if not char.isalnum() and char.isascii() else char for char in sign)
