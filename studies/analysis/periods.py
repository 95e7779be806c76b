"""Rows gathered into days, weeks or months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta


def by_period(
    labels: Sequence[str], values: Sequence[float], each: str, *, at_least: int = 1
) -> tuple[list[str], list[list[float]]]:
    """First days of the periods, and the values of each in order; periods with fewer than `at_least` are left out.

    labels: ISO days or moments. each: day, week (from Monday) or month.
    """
    found: dict[str, list[float]] = {}
    for label, value in zip(labels, values, strict=True):
        day = date.fromisoformat(label[:10])
        start = {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[each]
        found.setdefault(start.isoformat(), []).append(value)
    kept = {start: group for start, group in sorted(found.items()) if len(group) >= at_least}
    return list(kept), list(kept.values())
