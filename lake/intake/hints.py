"""What the values of a column may be that only its owner knows: said beside the preview, never acted upon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_NUMBERED = (  # from 1990 to 2050, as each of them counts
    ("excel_serial", "date", "the days as Excel counts them", 32_874, 54_789),
    ("epoch_s", "timestamp", "the seconds since 1970", 631_152_000, 2_524_608_000),
    ("epoch_ms", "timestamp", "the milliseconds since 1970", 631_152_000_000, 2_524_608_000_000),
)


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
