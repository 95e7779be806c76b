"""Units of time that come round: the hour of the day and the day of the week, as numbers and in words.

An hour is 0 to 23, a weekday 1 (Monday) to 7 (Sunday), as ISO 8601 counts them; numbers sort as the clock goes, which
words do not.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_HOURS = {hour: f"{hour:02}:00" for hour in range(24)}
_WEEKDAYS = dict(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), start=1))
CYCLES: Mapping[str, Mapping[int, str]] = MappingProxyType({"hour": _HOURS, "weekday": _WEEKDAYS})


def in_words(value: Any, unit: str | None) -> Any:
    """`09:00` for the hour 9, `Mon` for the weekday 1; the value itself where the unit is none of CYCLES."""
    return CYCLES.get(unit or "", {}).get(value, value)
