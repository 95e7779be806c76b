"""Local wall-clock times on the UTC axis, for whole columns at once.

The rule for the hours that a clock change touches, here and nowhere else: a time that the change skips is taken with
the offset before the change, which shifts it forward by the length of the gap (02:30 becomes 03:30); a time that occurs
twice is the first of the two. Both are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Micros = npt.NDArray[np.int64]

_FIRST_YEAR, _LAST_YEAR = 1900, 2101
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Transitions:
    """Clock changes of a zone in microseconds: at `at[i]` (UTC, ascending) `offsets[i]` gives way to the next."""

    at: Micros
    offsets: Micros

    @property
    def before(self) -> Micros:
        return self.offsets[:-1]

    @property
    def after(self) -> Micros:
        return self.offsets[1:]


@lru_cache(maxsize=64)
def transitions(zone_name: str) -> Transitions:
    """The clock changes of an IANA zone from 1900 to 2101, found by bisection between days of different offset."""
    zone = ZoneInfo(zone_name)

    def offset(second: int) -> int:
        found = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
        assert found is not None
        return int(found / timedelta(microseconds=1))

    start = int(datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(_LAST_YEAR, 1, 1, tzinfo=UTC).timestamp())
    step = 7 * 86_400
    at: list[int] = []
    offsets = [offset(start)]
    for second in range(start, end, step):
        low, high = second, second + step
        while (target := offset(high)) != offsets[-1]:
            left, right = low, high  # the first change in (left, right]
            while right - left > 1:
                middle = (left + right) // 2
                left, right = (left, middle) if offset(middle) != offsets[-1] else (middle, right)
            at.append(right * _SECOND)
            offsets.append(offset(right))
            low = right
            if offsets[-1] == target:
                break
    return Transitions(np.array(at, dtype=np.int64), np.array(offsets, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class InUtc:
    """UTC microseconds; `shifted` and `ambiguous` flag the times that a clock change skipped or repeated."""

    micros: Micros
    shifted: npt.NDArray[np.bool_]
    ambiguous: npt.NDArray[np.bool_]


def to_utc(local: Micros, zone: str) -> InUtc:
    """local: (n,) wall-clock microseconds since 1970 without zone. Times before 1900 take the first known offset."""
    changes = transitions(zone)
    from_local = changes.at + np.maximum(changes.before, changes.after)
    index = np.searchsorted(from_local, local, side="right")
    micros = local - changes.offsets[index]
    if not len(changes.at):
        nothing = np.zeros(len(local), dtype=np.bool_)
        return InUtc(micros, nothing, nothing)
    near = np.minimum(index, len(changes.at) - 1)
    at, before, after = changes.at[near], changes.before[near], changes.after[near]
    below = (
        (index < len(changes.at)) & (local >= at + np.minimum(before, after)) & (local < at + np.maximum(before, after))
    )
    return InUtc(micros, below & (after > before), below & (after < before))


def from_utc(micros: Micros, zone: str) -> Micros:
    """Wall-clock microseconds in `zone` of UTC microseconds."""
    changes = transitions(zone)
    return micros + changes.offsets[np.searchsorted(changes.at, micros, side="right")]
