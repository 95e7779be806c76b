"""Where quoted values of delimited text begin and end, fast enough to look at every byte of a large extract.

The common case is proved for a whole block with NumPy: if every quote of an odd position opens a value or doubles the
quote before it, and every one of an even position closes a value or is doubled by the next, then the block is quoted by
the book (RFC 4180) and its quotes pair up. Any other block is read value by value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_BREAKS = (10, 13)


@dataclass(frozen=True, slots=True)
class Regions:
    """Quoted stretches of a block as pairs of offsets (of the opening and the closing quote).

    open_at: offset of a quote that is still open at the end of the block, or -1. bad_at: offset of an opening quote
    whose value is closed by a quote that neither a delimiter nor a line end follows, or -1; `bad_close` is that quote.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    open_at: int = -1
    bad_at: int = -1
    bad_close: int = -1

    def last_break(self, block: bytes) -> int:
        """Offset just behind the last line end outside quotes, or 0 if there is none. A CR at the very end may be
        half of a CRLF and does not count."""
        limit = self.open_at if self.open_at >= 0 else len(block)
        for start, end in zip(self.starts[::-1], self.ends[::-1], strict=True):
            cut = _break_between(block, int(end) + 1, limit)
            if cut:
                return cut
            limit = int(start)
        return _break_between(block, 0, limit)


def _break_between(block: bytes, start: int, end: int) -> int:
    newline = block.rfind(b"\n", start, end)
    carriage = block.rfind(b"\r", max(start, newline + 1), min(end, len(block) - 1))
    return max(newline, carriage) + 1


def find_regions(block: bytes, *, delimiter: bytes, quote: bytes, escape: bytes, last: bool) -> Regions:
    """The quoted stretches of `block`, which must begin outside quotes. last: nothing follows the block."""
    if not quote or quote not in block:
        nothing = np.empty(0, dtype=np.int64)
        return Regions(nothing, nothing)
    if escape == quote and len(delimiter) == 1:
        regions = _by_the_book(block, delimiter[0], quote[0])
        if regions is not None:
            return regions
    return _value_by_value(block, delimiter, quote, escape, last=last)


def _by_the_book(block: bytes, delimiter: int, quote: int) -> Regions | None:
    data = np.frombuffer(block, dtype=np.uint8)
    at = np.flatnonzero(data == quote)
    odd = len(at) % 2 == 1
    openers, closers = at[0::2], at[1::2]
    before = np.where(openers > 0, data[np.maximum(openers - 1, 0)], 10)
    opens = (before == delimiter) | (before == 10) | (before == 13)
    opens[1:] |= openers[1:] == closers[: len(openers) - 1] + 1
    after = np.where(closers < len(data) - 1, data[np.minimum(closers + 1, len(data) - 1)], 10)
    closes = (after == delimiter) | (after == 10) | (after == 13)
    followed = min(len(closers), len(openers) - 1)
    closes[:followed] |= openers[1 : followed + 1] == closers[:followed] + 1
    if not (opens.all() and closes.all()):
        return None
    return Regions(openers[: len(closers)], closers, open_at=int(openers[-1]) if odd else -1)


@lru_cache(maxsize=32)
def _quoted_value(delimiter: bytes, quote: bytes, escape: bytes) -> re.Pattern[bytes]:
    d, q = re.escape(delimiter), re.escape(quote)
    inner = (
        rb"[^%b]|%b%b" % (q, q, q) if escape == quote else rb"[^%b%b]|%b." % (q, re.escape(escape), re.escape(escape))
    )
    start = rb"(?:(?<=[%b\r\n])|\A)" % d if delimiter else rb"(?:(?<=[\r\n])|\A)"
    return re.compile(start + q + rb"(?:" + inner + rb")*+(" + q + rb")?", re.DOTALL)


def _value_by_value(block: bytes, delimiter: bytes, quote: bytes, escape: bytes, *, last: bool) -> Regions:
    starts, ends = [], []
    open_at = bad_at = bad_close = -1
    good = {delimiter[:1], b"\r", b"\n"}
    for match in _quoted_value(delimiter, quote, escape).finditer(block):
        if match.group(1) is None:
            open_at = match.start()
            break
        close = match.end() - 1
        following = block[close + 1 : close + 2]
        if not following and not last:  # the next block may bring the quote that doubles this one
            open_at = match.start()
            break
        if following and following not in good:
            bad_at, bad_close = match.start(), close
            break
        starts.append(match.start())
        ends.append(close)
    return Regions(
        np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64), open_at, bad_at=bad_at, bad_close=bad_close
    )
