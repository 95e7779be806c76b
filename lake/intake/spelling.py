"""What the texts of a column are spelt as: types, date formats and number spellings that fit them. Texts only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from lake.intake.weeks import is_week, year_of

FEWEST, MOST = 9, 0.9  # values that must fit before a column is said to be of a type that some do not fit
_DAYS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y",
    "%d %B %Y", "%b %d, %Y", "%Y-%m", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%d-%b-%y", "%Y%m%d",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M", "T%H:%M:%S")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
_BOOLEANS = (
    {"true", "false"},
    {"yes", "no"},
    {"y", "n"},
    {"t", "f"},
    {"wahr", "falsch"},
    {"vrai", "faux"},
    {"oui", "non"},
)
# One of these alone may be somebody's code: NE is the north-east.
_BOOLEAN_PAIRS = (
    {"ja", "nein"},
    {"tak", "nie"},
    {"да", "нет"},
    {"sí", "no"},
    {"si", "no"},
    {"sim", "não"},
    {"sim", "nao"},
    {"ano", "ne"},
)
_LEAP_SECOND = re.compile(r"((?<!\d)\d{1,2}:\d{2}:)60(?!\d)")
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_POWER = re.compile(r"[1-9](?:[.,]\d+)?[eE]\+(?:1[1-9]|[2-9]\d)")  # from twelve digits on, as spreadsheets write codes
_MOST_DIGITS = 15  # that a spreadsheet, or a double, holds exactly
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d+|[+-]?\d+(,\d+)?")
_GROUPS = {",": r",\d{2,3}", "'": r"['\u2019]\d{3}", " ": r"\s\d{3}"}  # by the sign between thousands
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3},\d{3}")


def types_of(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Candidate types, date formats and number spelling that fit all of these values.

    A spelling: "point" or "comma" and the sign between thousands; "percent", "percent, comma"; "ambiguous"; or "".
    """
    if not values:
        return ("text",), (), ""
    lower = {value.lower() for value in values}
    if any(lower <= words for words in _BOOLEANS) or lower in _BOOLEAN_PAIRS:
        return ("boolean", "text"), (), ""
    formats = tuple(text for text in date_formats(values[0]) if all(reads(value, text) for value in values))
    if formats:
        return _date_types(formats), formats, ""
    if is_long_code(values):
        return ("text", "integer") if all(_INTEGER.fullmatch(value) for value in values) else ("text",), (), ""
    if shortened_code(values):
        return ("text", "number"), (), ""
    if all(_INTEGER.fullmatch(value) for value in values):
        return ("integer", "decimal", "number", "text"), (), ""
    if all(_NUMBER.fullmatch(value) for value in values) and not any(re.match(r"[+-]?0\d", value) for value in values):
        short = all(len(value.partition(".")[2]) <= 4 and "e" not in value.lower() for value in values)
        return (("decimal", "number", "text") if short else ("number", "text")), (), ""
    return _spelt_types(values)


def is_long_code(values: Sequence[str]) -> bool:
    """Whole numbers of which some have more digits than amounts have, as account and order numbers."""
    whole = [value.removesuffix(".0") for value in values]  # as a number of a workbook reads
    long = any(len(value.lstrip("+-")) > _MOST_DIGITS for value in whole)
    return long and all(_WHOLE.fullmatch(value) for value in whole)


def shortened_code(values: Sequence[str]) -> str:
    """The first value that a spreadsheet wrote with an exponent (1.23E+17) among whole numbers, which was a code of
    many digits; empty where there is none, or where other values have decimals."""
    powers = [value for value in values if _POWER.fullmatch(value)]
    rest = [value for value in values if not _POWER.fullmatch(value)]
    return powers[0] if powers and all(_WHOLE.fullmatch(value) for value in rest) else ""


def is_leap_second(value: str) -> bool:
    """A second 60, as clocks of networks write it where one is put in: 23:59:60."""
    return _LEAP_SECOND.search(value) is not None


def without_leap_seconds(values: Sequence[str]) -> list[str]:
    """The values with second 59 for 60."""
    return [_LEAP_SECOND.sub(r"\g<1>59", value) for value in values]


def _date_types(formats: Sequence[str]) -> tuple[str, ...]:
    timed = any("%H" in text or "%I" in text or text == "iso" for text in formats)
    return ("timestamp", "text") if timed else ("date", "timestamp", "text")


def _spelt_types(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    if all(re.fullmatch(r"[+-]?\d+([.,]\d+)? ?%", value) for value in values):
        return ("number", "text"), (), "percent, comma" if any("," in value for value in values) else "percent"
    if all(_COMMA.fullmatch(value) for value in values) and any("," in value for value in values):
        if all(_AMBIGUOUS.fullmatch(value) or value.lstrip("+-").isdigit() for value in values):
            return ("number", "integer", "text"), (), "ambiguous"
        return ("number", "decimal", "text"), (), "comma." if any("." in value for value in values) else "comma"
    if any(re.match(r"[+-]?0\d", value) for value in values):
        return ("text",), (), ""
    if sign := _between_thousands(values, r"\."):
        return ("number", "text"), (), f"point{sign}"
    if sign := _between_thousands(values, ","):
        return ("number", "decimal", "text"), (), f"comma{sign}"
    return ("text",), (), ""


def _between_thousands(values: Sequence[str], point: str) -> str:
    """The sign that parts the thousands of these values, all of which are numbers with it; empty: none is."""
    for sign, group in _GROUPS.items():
        number = re.compile(rf"[+-]?(\d+|\d{{1,3}}({group})+)({point}\d+)?")
        if sign != point and all(number.fullmatch(value) for value in values):
            return sign
    return ""


def date_formats(value: str) -> list[str]:
    """The formats that the first value fits, so that the others are tried with few."""
    if _ISO.fullmatch(value):
        return ["iso"]
    if is_week(value):
        return ["iso_week"]
    if not 6 <= len(value) <= 30 or not any(char.isdigit() for char in value):
        return []
    return [day + time for day in _DAYS for time in _TIMES if reads(value, day + time)]


def reads(value: str, text: str) -> bool:
    if text == "iso":
        return _ISO.fullmatch(value) is not None
    if text == "iso_week":
        return 1900 <= (year_of(value) or 0) <= 2100
    if text == "%Y%m%d" and len(value) != 8:
        return False
    try:
        found = datetime.strptime(value, text)  # noqa: DTZ007 - only whether it can be read matters
    except ValueError:
        return False
    return 1900 <= found.year <= 2100


def almost_dates(values: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Types and formats of a column that is dates but for a few values, such as 31/02/2025; else text without any."""
    for value in values[:5]:
        reading = {text: sum(reads(one, text) for one in values) for text in date_formats(value)}
        best = max(reading.values(), default=0)
        if best >= max(FEWEST, MOST * len(values)):
            formats = tuple(text for text, read in reading.items() if read == best)
            return _date_types(formats), formats
    return ("text",), ()
