"""Texts become values: one SQL expression per column, one SQL condition per reason to reject.

The statement over a chunk has four layers, so that DuckDB computes each step once: x (the text, or null where the cell
means "no value"), k (the cheap cast), t (the value, where the text is spelt as the contract says), and then either the
flag "is this row good" or, for the few rows that are not, the reason per column. Both come from the same conditions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lake.contract import Column, ColumnType, Contract
from lake.intake.reading import Reading, Spelling, literal, name, one_of
from lake.intake.signs import plain_sql
from lake.intake.totals import total_row

NOT_A = {
    ColumnType.TEXT: "not_a_text",
    ColumnType.INTEGER: "not_an_integer",
    ColumnType.NUMBER: "not_a_number",
    ColumnType.DECIMAL: "not_a_number",
    ColumnType.BOOLEAN: "not_a_boolean",
    ColumnType.DATE: "not_a_date",
    ColumnType.TIMESTAMP: "not_a_timestamp",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A supplied column of the contract and where the file has it; position None: the file does not."""

    column: Column
    position: int | None


@dataclass(frozen=True, slots=True)
class Present:
    """Which file columns of a chunk hold native values or faults, and whether numbers and times have `signs`; the
    statement differs accordingly."""

    natives: frozenset[int]
    faults: frozenset[int]
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Statements:
    """SQL over the table `raw` (_row, c<i>, n<i>, f<i>).

    values: the typed columns, `<name>__zoned` (is a timestamp an instant already?), _row, _good, _blank, _excluded and
    _total (it looks like a total, and is not good for that).
    reasons: per column the code of the first reason, or null; and _row.
    """

    values: str
    reasons: str


def statements(
    cells: Sequence[Cell],
    width: int,
    present: Present,
    spelling: Spelling,
    total_words: Collection[str],
    *,
    suspects_totals: bool = True,
) -> Statements:
    """The statements for chunks whose natives and faults lie where `present` says. width: columns of the file."""
    compiled = [_Compiled(cell, present, spelling) for cell in cells]
    x_layer = ", ".join(part for cell in compiled for part in cell.x_layer())
    k_layer = ", ".join(["*", *(part for cell in compiled for part in cell.k_layer())])
    t_layer = ", ".join(["*", *(part for cell in compiled for part in cell.t_layer())])
    blank = _blank(width, present.natives)
    excluded = _excluded(width, total_words)
    total = total_row(width, present.natives) if suspects_totals else "false"
    source = (
        f"(SELECT {t_layer} FROM (SELECT {k_layer} FROM "
        f"(SELECT _row, {blank} AS _blank, {excluded} AS _excluded, {total} AS _total, {x_layer} FROM raw)))"
    )
    faults = ["_total", *(condition for cell in compiled for _, condition in cell.conditions())]
    good = f"NOT coalesce({' OR '.join(faults)}, false)"
    values = ", ".join(part for cell in compiled for part in cell.value_columns())
    reasons = ", ".join(f"{cell.reason()} AS {name(cell.column.name)}" for cell in compiled)
    return Statements(
        f"SELECT {values}, _row, {good} AS _good, _blank, _excluded, _total FROM {source}",
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
        self.spelling = spelling.of_column(cell.column)
        self.reading = Reading(cell.column, self.spelling)
        self.native = cell.position in present.natives
        self.fault = cell.position in present.faults
        self.signs = present.signs and cell.column.type is not ColumnType.TEXT
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
        trimmed = plain_sql(cell) if self.signs and cell.startswith("c") else _trimmed(cell)
        if not column.missing:
            return f"nullif({trimmed}, '')"
        return f"CASE WHEN {trimmed} IN {one_of(['', *column.missing])} THEN NULL ELSE {trimmed} END"

    def k_layer(self) -> list[str]:
        """Nothing for types without a cheap cast, and none of a day-first date to ISO: a cast that fails is slow."""
        cast = self.column.type.numeric or (self.column.type.temporal and "iso" in self.column.formats)
        parts = [f"{self.reading.cheap(self.x, self.spelling.decimal_comma)} AS {self.k}"] if cast else []
        if self.native and (self.column.type.numeric or self.column.type.temporal):
            parts.append(f"{self.reading.cheap(self.n, False)} AS {self.k}_n")
        return parts

    def t_layer(self) -> list[str]:
        value = self.reading.value(self.x, self.k, native=False)
        if self.native:
            value = f"coalesce({value}, {self.reading.value(self.n, f'{self.k}_n', native=True)})"
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


def cells_of(contract: Contract, positions: Mapping[str, int]) -> list[Cell]:
    """The contract's supplied columns with their place in the file, by column name."""
    return [Cell(column, positions.get(column.name)) for column in contract.supplied]
