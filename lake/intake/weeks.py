"""Weeks of the year as days: a week is its Monday, as SQL for the reader and in Python for the preview.

Written as ISO 8601 does (2025-W07, 2025W07, and 2025-W07-3 for a day of it), or as people do: W07-2025, KW 07/2025,
CW7 2025, 2025 KW 7. The first week of a year is the one with its first Thursday, however it is written.
"""

from __future__ import annotations

import re
from datetime import date

_ISO = r"[0-9]{4}(?:-W[0-9]{2}(?:-[1-7])?|W[0-9]{2}[1-7]?| W[0-9]{2})"
_WORD = "(?i:W|KW|CW|WK|Week|Woche)"
_YEAR_LAST = rf"{_WORD}[ .]*([0-9]{{1,2}})[ ,/.-]+([0-9]{{4}})"
_YEAR_FIRST = rf"([0-9]{{4}})[ ,/.-]*{_WORD}[ .]*([0-9]{{1,2}})"
_ORDERS = ((_YEAR_LAST, r"\2-W\1"), (_YEAR_FIRST, r"\1-W\2"))
_FORMATS = ("%G-W%V-%u", "%G-W%V", "%GW%V%u", "%GW%V", "%G W%V")
_PARTS = re.compile(rf"(?P<iso>{_ISO})|{_YEAR_LAST}|{_YEAR_FIRST}")
_HAS_DAY = re.compile(r"[0-9]{4}(?:-W[0-9]{2}-|W[0-9]{2})[1-7]")


def iso_week(x: str) -> str:
    """SQL for the day of a week, its Monday where it names none; null for a week that its year has not, which DuckDB's
    strptime counts on into the next."""
    last, first = (f"regexp_replace({x}, '^{pattern}$', '{order}')" for pattern, order in _ORDERS)
    written = (
        f"CASE WHEN regexp_full_match({x}, '{_ISO}') THEN {x} WHEN regexp_full_match({x}, '{_YEAR_LAST}') THEN {last} "
        f"WHEN regexp_full_match({x}, '{_YEAR_FIRST}') THEN {first} END"
    )
    formats = ", ".join(f"'{text}'" for text in _FORMATS)
    found = f"try_strptime({written}, [{formats}])"
    return f"CASE WHEN isoyear({found}) = try_cast(left({written}, 4) AS BIGINT) THEN {found} END"


def is_week(value: str) -> bool:
    """Whether a text is written as a week, of whatever number."""
    return _PARTS.fullmatch(value) is not None


def has_day(value: str) -> bool:
    """Whether a week names one of its days."""
    return _HAS_DAY.fullmatch(value) is not None


def year_of(value: str) -> int | None:
    """The year of a week that its year has; some years have 52, some 53."""
    found = _PARTS.fullmatch(value)
    if found is None:
        return None
    year, week = (value[:4], value.partition("W")[2][:2]) if found["iso"] else _numbers(found)
    try:
        date.fromisocalendar(int(year), int(week), 1)
    except ValueError:
        return None
    return int(year)


def _numbers(found: re.Match[str]) -> tuple[str, str]:
    first, second = (number for number in found.groups()[1:] if number)
    return (first, second) if len(first) == 4 else (second, first)


def is_missing_week(value: str) -> bool:
    """Whether a text is written as a week, and there is none."""
    return is_week(value) and year_of(value) is None
