"""Which sign stands before the decimals, column by column: a file may have decimal commas in one and points in another.

A column that is written unlike its file gets a format of its own, an example such as 1,234.56. What can be read in two
ways (1.250 beside 12,50; 1,250) is asked, never chosen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from lake.contract.words import NUMBER_FORMATS
from lake.intake.terms import ColumnGuess, Dialect, Question

_FORMATS = {parts: text for text, parts in NUMBER_FORMATS.items()}
_GROUPED = re.compile(r"[+-]?(?:\d{1,3}|[1-9]\d{0,2}\.\d{3})")  # 1.234.567 is spelt "comma." before it comes here
_MARKS = re.compile(r"[^\d.,'\u2019\s]")
NUMERIC = ("integer", "number", "decimal")


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column as it was guessed, how its numbers are spelt (see `spelling.types_of`), and the first different ones."""

    column: ColumnGuess
    spelling: str
    values: Sequence[str]

    @property
    def bare(self) -> list[str]:
        return [_MARKS.sub("", value).strip() for value in self.values]

    @property
    def may_be_thousands(self) -> bool:
        """Each of its points could part thousands instead of decimals: 1.250, 987, but not 0.250 or 1.25."""
        plain = self.spelling in ("", "percent")
        return plain and self.has_points and all(_GROUPED.fullmatch(value) for value in self.bare)

    @property
    def has_points(self) -> bool:
        return any("." in value for value in self.values)

    @property
    def has_decimal_points(self) -> bool:
        """Some of its points cannot part thousands."""
        numeric = self.column.types[0] in NUMERIC
        return numeric and self.has_points and not self.has_commas and not self.may_be_thousands

    @property
    def has_commas(self) -> bool:
        return "comma" in self.spelling

    @property
    def parts(self) -> tuple[str, str]:
        """The sign before its decimals, empty where none has any, and the one between its thousands."""
        sign = self.spelling[-1] if self.spelling[-1:] in (".", ",", "'", " ") else ""
        if self.has_commas:
            return ("," if any("," in value for value in self.values) else ""), sign
        return ("." if self.has_points else ""), sign


@dataclass(frozen=True, slots=True)
class Settled:
    """The columns with their formats, what must be asked and told; decimal_comma, thousands: of the file."""

    columns: tuple[ColumnGuess, ...]
    questions: tuple[Question, ...]
    notes: tuple[str, ...]
    decimal_comma: bool | None
    thousands: str | None


def settle(numbers: Sequence[Numbers], dialect: Dialect, natives: Collection[int]) -> Settled:
    """dialect: what a person has declared of the file counts; natives: places of columns whose values are no texts."""
    commas = [one for one in numbers if one.has_commas]
    points = [one for place, one in enumerate(numbers) if place not in natives and one.has_decimal_points]
    comma = True if commas and len(commas) >= len(points) else None
    signs = {one.parts[1] for one in numbers} - {""}
    thousands = min(signs - ({","} if comma else {"."}), default=None)
    declared = dialect.decimal_comma is not None
    of_file = _File(
        comma=bool(dialect.decimal_comma if declared else comma),
        thousands=(thousands if dialect.thousands is None else dialect.thousands) or "",
        asks_commas=bool(commas) or not declared,
        asks_points=_asks_points(dialect, commas=bool(commas), points=bool(points), groups="." in signs),
    )
    columns, questions, notes = [], [], []
    for place, one in enumerate(numbers):
        column, asked, told = one.column, None, ""
        if one.column.types[0] in NUMERIC and place not in natives:
            column, asked, told = _column(one, of_file)
        columns.append(column)
        questions += [asked] if asked else []
        notes += [told] if told else []
    return Settled(tuple(columns), tuple(questions), tuple(notes), comma, thousands)


@dataclass(frozen=True, slots=True)
class _File:
    """How most numbers of the file are written, and which signs in a column must be asked about."""

    comma: bool
    thousands: str
    asks_commas: bool
    asks_points: bool


def _asks_points(dialect: Dialect, *, commas: bool, points: bool, groups: bool) -> bool:
    """Points may part thousands where commas stand before decimals, and where semicolons part the cells, as they do in
    countries with a decimal comma; not where a person said already what they do.

    commas, points: some column has such decimals; groups: points part thousands in some.
    """
    if dialect.thousands == "." and not groups:
        return False
    semicolons = dialect.kind == "csv" and dialect.delimiter == ";" and dialect.decimal_comma is None
    return commas or bool(dialect.decimal_comma) or (semicolons and not points)


def _column(one: Numbers, of_file: _File) -> tuple[ColumnGuess, Question | None, str]:
    """The column with its own format where it needs one, the question about it, and what is told of it."""
    if one.spelling == "ambiguous":
        return one.column, _of_comma(one) if of_file.asks_commas else None, ""
    if one.may_be_thousands:
        return (_with_likely(one), _of_point(one), "") if of_file.asks_points else (one.column, None, "")
    point, sign = one.parts
    fits = point in ("", "," if of_file.comma else ".") and sign in ("", of_file.thousands)
    if fits or (not point and not sign):
        return one.column, None, ""
    point = point or ("," if sign == "." or (of_file.comma and sign != ",") else ".")
    text = _FORMATS[point, sign]
    example = next(value for value in one.values if (point if point in value else sign) in value)
    said = f"{one.column.header}: {example!r} is written unlike other numbers of the file, and is read as in {text}."
    return replace(one.column, formats=(text,)), None, said


def _with_likely(one: Numbers) -> ColumnGuess:
    """Beside whole numbers such as 987, points that all part three digits are most likely those of thousands."""
    if all("." in value for value in one.bare):
        return one.column
    types = one.column.types if one.column.number_forms else ("integer", "decimal", "number", "text")
    return replace(one.column, types=types, formats=(_FORMATS[",", "."],))


def _of_point(one: Numbers) -> Question:
    example = next(value for value in one.values if "." in value)
    plain = next(value for value in one.bare if "." in value)
    text = (
        f"{one.column.header}: is {example!r} {plain.replace('.', '')}, with a point between thousands, or "
        f"{float(plain):g}, with a decimal point?"
    )
    return Question("decimal_point", text, one.column.name, (_FORMATS[",", "."], _FORMATS[".", ""]))


def _of_comma(one: Numbers) -> Question:
    example = next(value for value in one.values if "," in value)
    text = f"{one.column.header}: is {example!r} a number with thousands separator, or with decimal comma?"
    return Question("decimal_comma", text, one.column.name, ("thousands", "decimal"))
