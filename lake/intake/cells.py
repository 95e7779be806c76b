"""Texts become values: one SQL expression per column, one SQL condition per reason to reject.

The statement over a chunk has four layers, so that DuckDB computes each step once: x (the text, or null where the cell
means "no value"), k (the cheap cast), t (the value, where the text is spelt as the contract says), and then either the
flag "is this row good" or, for the few rows that are not, the reason per column. Both come from the same conditions.

A cast of DuckDB alone is too kind: it reads 1.5 as the integer 2, 1_000 as 1000, 1e400 as infinity, "epoch" as a date,
and 24:00 as the next day. A value counts only if its text is the one the type writes, or matches a stated pattern.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from lake.contract import SPECIAL_FORMATS, Column, ColumnType, Contract

_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ISO_NAIVE = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[ T]{_TIME})?"
_ISO_ZONED = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME} ?(?:Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)"
_ISO_MIDNIGHT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(?::00(?:\.0+)?)?"
_PLAIN_DECIMAL = r"[+-]?[0-9]*(?:\.[0-9]{0,4}0*)?"
_BLANK_SEPARATORS = "[ \u00a0\u2007\u2009\u202f]"
_APOSTROPHES = "['\u2019]"

NOT_A = {
    ColumnType.TEXT: "not_a_text",
    ColumnType.INTEGER: "not_an_integer",
    ColumnType.NUMBER: "not_a_number",
    ColumnType.DECIMAL: "not_a_number",
    ColumnType.BOOLEAN: "not_a_boolean",
    ColumnType.DATE: "not_a_date",
    ColumnType.TIMESTAMP: "not_a_timestamp",
}


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


@dataclass(frozen=True, slots=True)
class Cell:
    """A supplied column of the contract and where the file has it; position None: the file does not."""

    column: Column
    position: int | None


@dataclass(frozen=True, slots=True)
class Present:
    """Which file columns of a chunk hold native values or faults; the statement differs accordingly."""

    natives: frozenset[int]
    faults: frozenset[int]


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL over the table `raw` (_row, c<i>, n<i>, f<i>).

    values: the typed columns, `<name>__zoned` (is a timestamp an instant already?), _row, _good, _blank, _excluded.
    reasons: per column the code of the first reason, or null; and _row.
    """

    values: str
    reasons: str


def statements(
    cells: Sequence[Cell], width: int, present: Present, spelling: Spelling, total_words: Collection[str]
) -> Statements:
    """The statements for chunks whose natives and faults lie where `present` says. width: columns of the file."""
    compiled = [_Compiled(cell, present, spelling) for cell in cells]
    x_layer = ", ".join(part for cell in compiled for part in cell.x_layer())
    k_layer = ", ".join(["*", *(part for cell in compiled for part in cell.k_layer())])
    t_layer = ", ".join(["*", *(part for cell in compiled for part in cell.t_layer())])
    blank = _blank(width, present.natives)
    excluded = _excluded(width, total_words)
    source = (
        f"(SELECT {t_layer} FROM (SELECT {k_layer} FROM "
        f"(SELECT _row, {blank} AS _blank, {excluded} AS _excluded, {x_layer} FROM raw)))"
    )
    faults = [condition for cell in compiled for _, condition in cell.conditions()]
    good = f"NOT coalesce({' OR '.join(faults)}, false)" if faults else "true"
    values = ", ".join(part for cell in compiled for part in cell.value_columns())
    reasons = ", ".join(f"{cell.reason()} AS {name(cell.column.name)}" for cell in compiled)
    return Statements(
        f"SELECT {values}, _row, {good} AS _good, _blank, _excluded FROM {source}",
        f"SELECT {reasons}, _row FROM {source}",
    )


def _blank(width: int, natives: frozenset[int]) -> str:
    """Every cell is empty; the first is looked at before the others."""
    empty = [f"coalesce(trim(c{i}), '') = ''" + (f" AND n{i} IS NULL" if i in natives else "") for i in range(width)]
    if not empty:
        return "false"
    first = "c0 IS NULL OR c0 = '' OR prefix(c0, ' ')"
    return f"CASE WHEN {first} THEN {empty[0]} AND {' AND '.join(empty[1:]) or 'true'} ELSE false END"


def _trimmed(cell: str) -> str:
    """Trimming every cell would cost more than casting it, and few cells are padded."""
    return f"CASE WHEN prefix({cell}, ' ') OR suffix({cell}, ' ') THEN trim({cell}) ELSE {cell} END"


def _excluded(width: int, total_words: Collection[str]) -> str:
    if not total_words or not width:
        return "false"
    first = ", ".join(f"nullif(trim(c{i}), '')" for i in range(width))
    return f"coalesce(lower(coalesce({first})) IN {one_of([word.lower() for word in total_words])}, false)"


class _Compiled:
    """The SQL parts of one column."""

    def __init__(self, cell: Cell, present: Present, spelling: Spelling) -> None:
        self.column = cell.column
        self.position = cell.position
        self.spelling = spelling
        self.native = cell.position in present.natives
        self.fault = cell.position in present.faults
        self.x, self.n, self.f = (f"{prefix}_{self.column.name}" for prefix in ("_x", "_n", "_f"))
        self.k, self.t = f"_k_{self.column.name}", f"_t_{self.column.name}"

    # the layers

    def x_layer(self) -> list[str]:
        if self.position is None:
            return [f"NULL::VARCHAR AS {self.x}"]
        parts = [f"{self._text(f'c{self.position}')} AS {self.x}"]
        if self.native:
            parts.append(f"{self._text(f'n{self.position}')} AS {self.n}")
        if self.fault:
            parts.append(f"f{self.position} AS {self.f}")
        return parts

    def _text(self, cell: str) -> str:
        column = self.column
        if column.type is ColumnType.TEXT and not column.trim:
            if not column.missing:
                return f"nullif({cell}, '')"
            return f"CASE WHEN {cell} = '' OR trim({cell}) IN {one_of(column.missing)} THEN NULL ELSE {cell} END"
        trimmed = _trimmed(cell)
        if not column.missing:
            return f"nullif({trimmed}, '')"
        return f"CASE WHEN {trimmed} IN {one_of(['', *column.missing])} THEN NULL ELSE {trimmed} END"

    def k_layer(self) -> list[str]:
        """Nothing for types without a cheap cast, and none of a day-first date to ISO: a cast that fails is slow."""
        cast = self.column.type.numeric or (self.column.type.temporal and "iso" in self.column.formats)
        parts = [f"{self._cheap(self.x, self.spelling.decimal_comma)} AS {self.k}"] if cast else []
        if self.native and (self.column.type.numeric or self.column.type.temporal):
            parts.append(f"{self._cheap(self.n, False)} AS {self.k}_n")
        return parts

    def t_layer(self) -> list[str]:
        value = self._value(self.x, self.k, native=False)
        if self.native:
            value = f"coalesce({value}, {self._value(self.n, f'{self.k}_n', native=True)})"
        return [f"{value} AS {self.t}"]

    def value_columns(self) -> list[str]:
        parts = [f"{self.t} AS {name(self.column.name)}"]
        if self.column.type is ColumnType.TIMESTAMP:
            parts.append(f"{self._zoned()} AS {name(self.column.name + '__zoned')}")
        return parts

    # conditions

    @property
    def filled(self) -> str:
        return f"({self.x} IS NOT NULL OR {self.n} IS NOT NULL)" if self.native else f"{self.x} IS NOT NULL"

    def conditions(self) -> list[tuple[str, str]]:
        """Reject code and condition; the first that holds is the reason. An empty code means the cell's own fault."""
        column = self.column
        found: list[tuple[str, str]] = []
        if self.fault:
            found.append(("", f"{self.f} IS NOT NULL"))
        if self.position is None:
            return found
        if self.spelling.strict and not column.type.temporal and column.type is not ColumnType.TEXT:
            found.append(("wrong_type", f"{self.x} IS NOT NULL"))
        if self.spelling.strict and column.type is ColumnType.TEXT and self.native:
            found.append(("wrong_type", f"{self.n} IS NOT NULL"))
        if column.needed:
            found.append(("required", f"NOT {self.filled}" if self.native else f"{self.x} IS NULL"))
        if column.type is not ColumnType.TEXT:
            found.append((NOT_A[column.type], f"({self.filled} AND {self.t} IS NULL)"))
        found += self._range()
        if column.allowed:
            found.append(("not_allowed", f"{self.t}::VARCHAR NOT IN {one_of(column.allowed)}"))
        return found

    def _range(self) -> list[tuple[str, str]]:
        column = self.column
        low, high = column.minimum, column.maximum
        if column.type.numeric:
            below = [("below_minimum", f"{self.t} < {_number(low)}")] if low is not None else []
            above = [("above_maximum", f"{self.t} > {_number(high)}")] if high is not None else []
            return below + above
        if column.type.temporal:
            earliest = f"DATE '{low or self.spelling.earliest.isoformat()}'"
            latest = f"DATE '{high or self.spelling.latest.isoformat()}'"
            return [
                ("date_too_early", f"{self.t} < {earliest}"),
                ("date_too_late", f"{self.t} >= {latest} + INTERVAL 1 DAY"),
            ]
        return []

    def reason(self) -> str:
        cases = "".join(
            f" WHEN {condition} THEN {literal(code) if code else self.f}" for code, condition in self.conditions()
        )
        return f"CASE{cases} END" if cases else "NULL::VARCHAR"

    # values

    def _cheap(self, x: str, decimal_comma: bool) -> str:
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

    def _value(self, x: str, k: str, *, native: bool) -> str:
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
        text = x
        if "parentheses" in forms:
            text = rf"regexp_replace({text}, '^\((.*)\)$', '-\1')"
        if "trailing_minus" in forms:
            text = rf"regexp_replace({text}, '^([^-+].*?) ?-$', '-\1')"
        if "percent" in forms:
            text = rf"regexp_replace({text}, '\s*%$', '')"
        for sign in (form for form in forms if form not in ("parentheses", "trailing_minus", "percent")):
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
        """Epochs and Excel serials. Excel's day 60 is 29 February 1900, which never was: it is refused."""
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

    def _zoned(self) -> str:
        """Is the value an instant already, rather than local time? Epochs are; serials and ISO without zone not."""
        formats = self.column.formats
        if all(text.startswith("epoch") or "%z" in text for text in formats):
            return "true"
        if "iso" not in formats and not self.native:
            return "false"
        marked = "[0-9](?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2}))$"
        text = f"coalesce({self.x}, {self.n})" if self.native else self.x
        zoned = f"coalesce(strlen({text}) > 16 AND regexp_matches(substr({text}, 14), '{marked}'), false)"
        if "iso" not in formats:
            return zoned
        return f"CASE WHEN {self.k}::VARCHAR = {self.x} THEN false ELSE {zoned} END"


def _number(bound: float | str | None) -> str:
    return f"{bound}::DOUBLE" if isinstance(bound, float) else f"{bound}"


def _escaped(sign: str) -> str:
    return "".join(f"\\{char}" if not char.isalnum() and char.isascii() else char for char in sign)


def cells_of(contract: Contract, positions: Mapping[str, int]) -> list[Cell]:
    """The contract's supplied columns with their place in the file, by column name."""
    return [Cell(column, positions.get(column.name)) for column in contract.supplied]
