"""What the values of a column may be that only its owner knows: said beside the preview, never acted upon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lake.contract.dates import as_written
from lake.intake.signs import DASHES, EN_DASH, is_dash_for_minus, plain
from lake.intake.spelling import (
    date_formats,
    is_leap_second,
    is_long_code,
    reads,
    shortened_code,
    types_of,
    without_leap_seconds,
)
from lake.intake.terms import ColumnGuess, Question
from lake.intake.weeks import has_day, is_missing_week

_NUMBERED = (  # from 1990 to 2050, as each of them counts
    ("excel_serial", "date", "the days as Excel counts them", 32_874, 54_789),
    ("epoch_s", "timestamp", "the seconds since 1970", 631_152_000, 2_524_608_000),
    ("epoch_ms", "timestamp", "the milliseconds since 1970", 631_152_000_000, 2_524_608_000_000),
)


_PERCENT = re.compile(r"[+-]?\d+([.,]\d+)? ?%")
_PLAIN = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?")
_SERIAL = re.compile(r"\d{5}")


def of_texts(header: str, values: Sequence[str]) -> Iterator[str]:
    """What a column of texts may be instead: dates written in two ways, shares with and without %, weeks."""
    mixed = list(mixed_orders(header, values))
    yield from mixed or two_ways(header, values)
    yield from some_percent(header, values)
    yield from dashes(header, values)
    yield from leap_seconds(header, values)
    yield from missing_weeks(header, values)


def codes(header: str, values: Sequence[str]) -> Iterator[str]:
    """Numbers of so many digits that they are codes, whole or with digits lost."""
    if shortened := shortened_code(values):
        yield (
            f"{header}: {shortened!r} is written with an exponent, as a spreadsheet shows a number of many digits: if "
            "it is a code, digits of it were lost before it came here, and different codes may look alike. Export the "
            "column as text. If it is an amount, choose the type number."
        )
    elif is_long_code(values):
        longest = max(values, key=len)
        yield (
            f"{header}: {longest!r} has more digits than amounts have, so it is read as text, every digit as written."
        )


def lost_digits(columns: Sequence[ColumnGuess], lossy: Mapping[str, str]) -> Iterator[Question]:
    """Columns that would be the record key, had they not lost digits; lossy: their names, and a value of each."""
    for column in columns:
        if column.unique and column.name in lossy:
            text = (
                f"{column.header}: is it the record key? Each value occurs once, but {lossy[column.name]!r} and the "
                "like have lost digits: two records may look like one, in this file or a later one. It is not proposed."
            )
            yield Question("lost_digits", text, column.name)


_MONTH = (
    r"(jan(uary|uar)?|feb(ruary|ruar)?|mar(ch)?|m[aä]rz?|apr(il)?|ma[iy]|june?|juni|july?|juli|aug(ust)?|"
    r"sept?(ember)?|o[ck]t(ober)?|nov(ember)?|de[cz](ember)?)\.?"
)
_YEAR = r"(19|20)\d\d"
_PERIOD = re.compile(
    rf"{_MONTH}[ ./'-]*({_YEAR}|\d\d)?|{_YEAR}[-./ ]?(0[1-9]|1[0-2]|q[1-4])|(0?[1-9]|1[0-2])[-./]{_YEAR}|"
    rf"q[1-4][ ./-]*({_YEAR})?",
    re.IGNORECASE,
)
_FEWEST_PERIODS = 3


def periods_as_columns(headers: Sequence[str]) -> Iterator[str]:
    """A table with a column for each period, as a pivot table has: its numbers have no time to be counted by."""
    found = [header for header in headers if _PERIOD.fullmatch(header.strip())]
    if len(found) >= _FEWEST_PERIODS:
        shown = f"{', '.join(found[:3])}{' …' if len(found) > 3 else ''}"
        yield (
            f"The columns {shown} are periods, as in a pivot table. A number is counted in its period where each row "
            "has one period and one number: unpivot the table (in Power Query: Unpivot Columns) or export the rows "
            "below it, and upload that file."
        )


def weeks(header: str, values: Sequence[str]) -> Iterator[str]:
    """That a column of weeks without a day is read as their Mondays."""
    if bare := next((value for value in values if not has_day(value)), None):
        yield f"{header}: {bare} is a week and is read as its Monday; choose the type text to keep weeks as written."


def missing_weeks(header: str, values: Sequence[str]) -> Iterator[str]:
    """Weeks of which too many do not exist for the column to be taken for dates."""
    missing = [value for value in values if is_missing_week(value)]
    if missing and all(value in missing or reads(value, "iso_week") for value in values):
        yield (
            f"{header}: {missing[0]} is a week that its year does not have, so the weeks are read as text. To have "
            "them as dates, choose the type date and write iso_week under “Written as”; such rows are then set "
            "aside."
        )


def two_ways(header: str, values: Sequence[str]) -> Iterator[str]:
    """Dates that two formats read together and none alone, as where some cells are dates and others texts."""
    found = set()
    for first in date_formats(values[0]) or ["excel_serial"]:
        rest = [value for value in values if not _reads(value, first)]
        for second in (date_formats(rest[0]) or ["excel_serial"]) if 0 < len(rest) < len(values) else ():
            if all(_reads(value, second) for value in rest):
                found.add((first, second, rest[0]))
    if len(found) == 1:
        first, second, other = found.pop()
        yield (
            f"{header}: {values[0]!r} and {other!r} are dates written in two ways, so it is read as text. To have them "
            f"as dates, choose the type date or timestamp and write {as_written(f'{first}|{second}')} under “Written "
            "as”."
        )


def _reads(value: str, text: str) -> bool:
    return bool(_SERIAL.fullmatch(value)) if text == "excel_serial" else reads(value, text)


def some_percent(header: str, values: Sequence[str]) -> Iterator[str]:
    """80 % beside 0.8, as where a workbook holds some shares as texts: added up they would be off by a hundred."""
    percent = [value for value in values if _PERCENT.fullmatch(value)]
    plain = [value for value in values if _PLAIN.fullmatch(value)]
    if percent and plain and len(percent) + len(plain) == len(values):
        share = f"{float(percent[0].rstrip('% ').replace(',', '.')) / 100:g}"
        yield (
            f"{header}: {percent[0]!r} has a %, {plain[0]!r} has none, so it is read as text. If all are shares, "
            f"choose the type number and write percent under “Numbers may have” and ratio as its unit: {percent[0]} is "
            f"then read as {share}."
        )


def dashes(header: str, values: Sequence[str]) -> Iterator[str]:
    """Numbers, some of them behind a dash that is not read as a minus."""
    behind = [value for value in values if value[0] in DASHES and _PLAIN.fullmatch(value[1:].strip())]
    if behind and all(value in behind or _PLAIN.fullmatch(value) for value in values):
        yield (
            f"{header}: {behind[0]!r} begins with the dash U+{ord(behind[0][0]):04X}, which is no minus, so it is read "
            "as text. If it stands for a minus, export it with a hyphen (-)."
        )


def leap_seconds(header: str, values: Sequence[str]) -> Iterator[str]:
    """Times that would be read, were it not for a leap second among a few of them."""
    leap = next(filter(is_leap_second, values), None)
    if leap and types_of(without_leap_seconds(values))[0][0] == "timestamp":
        yield (
            f"{header}: {leap!r} is a leap second, which times here do not have, so it is read as text. Write its "
            "second as 59, or choose the type timestamp to set such rows aside."
        )


def dashes_read(header: str, values: Sequence[str]) -> Iterator[str]:
    """That a dash right before digits is read as a minus. values: as they are written."""
    if behind := next((value for value in values if is_dash_for_minus(value)), None):
        yield f"{header}: {behind.strip()!r} begins with the dash U+{ord(EN_DASH):04X}, and is read as {plain(behind)}."


def mixed_orders(header: str, values: Sequence[str]) -> Iterator[str]:
    """Day-first and month-first dates in one column: nobody can tell 01/02 from 02/01 there."""
    for separator in "/.-":
        pattern = rf"\d{{1,2}}{re.escape(separator)}\d{{1,2}}{re.escape(separator)}\d{{4}}.*"
        if not all(re.fullmatch(pattern, value) for value in values):
            continue
        parts = [(value, int(value.split(separator)[0]), int(value.split(separator)[1])) for value in values]
        day_first = next((value for value, first, second in parts if first > 12 >= second), None)
        month_first = next((value for value, first, second in parts if second > 12 >= first), None)
        if day_first and month_first:
            yield (
                f"{header}: {day_first!r} is day-first, {month_first!r} month-first; the column mixes both orders "
                "and is read as text. Export it again with one order."
            )


def numbered_days(header: str, values: Sequence[str]) -> Iterator[str]:
    """Whole numbers in a column that is called like a date: perhaps days or seconds counted from some day on."""
    numbers = [int(value) for value in values]
    for form, kind, counted, low, high in _NUMBERED:
        if numbers and all(low <= number <= high for number in numbers):
            yield (
                f"{header}: {values[0]} may be one of {counted}. If it is, give the column the type {kind} and its "
                f"dates the format {form}; else it is a whole number."
            )
