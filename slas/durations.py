"""Lengths of time as people write them: "4 h", "1 h 30 min", "2 d" (48 hours of the calendar's business time)."""

import re

SECONDS = {"d": 86400, "h": 3600, "min": 60, "m": 60, "s": 1}
PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(d|h|min|m|s)\b", re.IGNORECASE)


class NotADuration(ValueError):
    """A text that is no length of time."""


def read_duration(text: str) -> int:
    """Whole seconds of "1 h 30 min"; a bare number is hours. Raises NotADuration."""
    text = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return round(float(text) * 3600)
    rest, seconds = text, 0.0
    while match := PART.match(rest):
        seconds += float(match[1]) * SECONDS[match[2].lower()]
        rest = rest[match.end() :]
    if rest.strip() or not text:
        raise NotADuration(f"“{text[:30]}” is no length of time. Write it like 4 h, 1 h 30 min or 2 d.")
    return round(seconds)
