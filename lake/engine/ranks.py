"""Exact quantiles of many groups of numbers at once. Arrays only; who the groups are is `percentiles.py`'s business."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.integer]
Values = npt.NDArray[np.float64]

SMALL = 2_000  # up to this many values, sorting all is faster than looking for the ranks
SAMPLE = 1_000
CELLS = 1 << 18  # of a matrix of small groups: it stays in the cache
DIGIT = 1 << 16  # NumPy sorts 16 bit integers by their digits, four times as fast as wider ones
BLOCK = 1 << 20  # rows that are put in order together, so that they stay in the cache


@dataclass(frozen=True)
class Arranged:
    """The order that puts codes in ascending order, the codes that occur, and where in the order each begins."""

    order: Numbers
    codes: Numbers
    starts: Numbers  # one more than codes: the last is the length

    def place_of(self, codes: Numbers) -> Numbers:
        """Where in the order the first row with this code, or a higher one, is."""
        places: Numbers = self.starts[np.searchsorted(self.codes, codes)]
        return places


def arrange(codes: Numbers, bound: int) -> Arranged:
    """Put codes (0 <= code < bound) in order; equal codes keep theirs."""
    if bound > DIGIT or len(codes) <= BLOCK:
        order = _by_digits(codes, bound)
        ordered = codes[order]
        first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(codes)])
        return Arranged(order, ordered[first].astype(np.intp), np.append(first, len(codes)))
    blocks = [codes[at : at + BLOCK].astype(np.uint16, copy=False) for at in range(0, len(codes), BLOCK)]
    counts = np.array([np.bincount(block, minlength=bound) for block in blocks], np.intp).reshape(len(blocks), bound)
    total = counts.sum(axis=0)
    present = np.flatnonzero(total)
    starts = np.cumsum(total) - total
    order, begin = np.empty(len(codes), np.int32 if len(codes) < 1 << 31 else np.int64), starts.copy()
    for number, block in enumerate(blocks):
        local = np.argsort(block, kind="stable")
        count = counts[number]
        shift = begin - (np.cumsum(count) - count)  # from the place in the block's order to that in the whole
        order[shift[block[local]] + np.arange(len(block))] = local + number * BLOCK
        begin += count
    return Arranged(order, present, np.append(starts[present], len(codes)))


def _by_digits(codes: Numbers, bound: int) -> npt.NDArray[np.intp]:
    if bound <= DIGIT:
        return np.argsort(codes.astype(np.uint16, copy=False), kind="stable")
    if bound > DIGIT * DIGIT:
        return np.argsort(codes, kind="stable")
    low = np.argsort((codes % DIGIT).astype(np.uint16), kind="stable")
    high = (codes // DIGIT).astype(np.uint16)[low]
    order: npt.NDArray[np.intp] = low[np.argsort(high, kind="stable")]
    return order


def stretches(starts: Numbers, ends: Numbers, rows: int) -> Iterator[tuple[Numbers, slice]]:
    """Slices start:end that lie within at most so many rows, or that overlap: their numbers, and where these rows are.

    No slice is empty, and none is in two stretches.
    """
    by = np.argsort(starts, kind="stable")
    reach = np.maximum.accumulate(ends[by])
    past = np.append(np.flatnonzero(starts[by[1:]] >= reach[:-1]) + 1, len(by))  # where slices end together
    first = at = 0
    while first < len(by):
        begin = int(starts[by[first]])
        at = max(at + 1, int(np.searchsorted(reach[past - 1], begin + rows, "right")))
        yield by[first : past[at - 1]], slice(begin, int(reach[past[at - 1] - 1]))
        first = past[at - 1]


def quantiles(values: Values, starts: Numbers, ends: Numbers, shares: Sequence[float]) -> Values:
    """The quantiles of each slice values[start:end], by linear interpolation between the two nearest ranks.

    Slices may overlap. Returns a matrix of slices by shares, NaN for an empty slice. Source: Hyndman and Fan (1996),
    "Sample Quantiles in Statistical Packages", definition 7, which is also `quantile_cont` of DuckDB.
    """
    last = np.maximum(ends - starts - 1, 0)[:, None]
    places = last * np.asarray(shares)
    below = places.astype(np.intp)
    pairs = np.stack([below, np.minimum(below + 1, last)], axis=2)
    found = np.full(pairs.shape, np.nan)
    sizes = ends - starts
    for alike in _alike(sizes):
        found[alike] = _sorted(values, starts[alike], sizes[alike], pairs[alike])
    for group in np.flatnonzero(sizes > SMALL):
        part = values[starts[group] : ends[group]]
        sample = np.sort(part[:: len(part) // SAMPLE])
        found[group] = [_neighbours(part, sample, low, high) for low, high in pairs[group]]
    low, high, part = found[:, :, 0], found[:, :, 1], places - below
    with np.errstate(invalid="ignore"):  # what is infinite is not subtracted
        between: Values = np.where((low == high) | (part == 0), low, low + (high - low) * part)
    return between


def _alike(sizes: Numbers) -> Iterator[npt.NDArray[np.intp]]:
    """The numbers of the small groups, those of similar size together, so many as fit into a matrix."""
    for power in range(SMALL.bit_length()):
        alike, lines = np.flatnonzero((sizes >= 1 << power) & (sizes < 2 << power) & (sizes <= SMALL)), CELLS >> power
        yield from (alike[first : first + lines] for first in range(0, len(alike), lines))


def _sorted(values: Values, starts: Numbers, sizes: Numbers, pairs: npt.NDArray[np.intp]) -> Values:
    """The values at pairs of ranks of groups of similar size, each sorted in a line of one matrix."""
    places = np.arange(sizes.max(initial=0))
    lines = values[np.minimum(starts[:, None] + places, len(values) - 1)]
    lines[places >= sizes[:, None]] = np.nan  # which sorts last
    lines.sort(axis=1)
    picked: Values = np.take_along_axis(lines, pairs.reshape(len(pairs), -1), axis=1).reshape(pairs.shape)
    return picked


def _neighbours(part: Values, sample: Values, low: int, high: int) -> Values:
    """The values at two neighbouring ranks, looked for between two values of a sorted sample.

    Counting what lies below the two proves that the ranks are between them; if they are not, all are looked through.
    Source: Floyd and Rivest (1975), "Expected time bounds for selection".
    """
    share = high / len(part)
    middle, reach = share * len(sample), 3 * (share * (1 - share) * len(sample)) ** 0.5 + 1
    first, past = int(middle - reach), int(middle + reach) + 1
    near = np.ones(len(part), np.bool_)
    before = 0
    if first > 0:
        near = part >= sample[first]
        before = len(part) - int(np.count_nonzero(near))
    if past < len(sample):
        near &= part <= sample[past]
    close = part[near]
    if before <= low and high < before + len(close):
        close.sort()
        return close[[low - before, high - before]]
    return np.partition(part, [low, high])[[low, high]]
