"""From one wide row per period, unit and member to one row per number, with a reason where there is no number."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from lake.engine.layout import Frame
from lake.engine.scans import Scan, Wide, sets_of, triples
from lake.plan import Terms

RESULT = pa.schema(
    [
        ("code", pa.string()),
        ("grain", pa.string()),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        ("unit_id", pa.int64()),
        ("dimension", pa.string()),
        ("member", pa.string()),
        ("value", pa.float64()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
        ("rows", pa.int64()),
        ("reason", pa.string()),
    ]
)
REASONS = pa.array(
    [
        None,
        "the denominator is zero or empty",
        "no row has a value",
        "no row has a value, or the formula divides by zero",
        "the result is too large",
    ]
)
_FINE, _NO_DENOMINATOR, _EMPTY, _EMPTY_OR_DIVIDED, _TOO_LARGE = range(5)


def long_table(wide: Wide, scan: Scan, frame: Frame, terms: Sequence[Terms]) -> pa.Table:
    """A table of schema RESULT with the rows of each measure's own cuts."""
    keys = {name: wide.table[name].to_numpy() for name in ("p", "depth", "u", "dim")}
    grain_of = np.array([frame.grains.index(period.grain) for period in frame.periods], dtype=np.int64)
    cut_of = _cut_number(grain_of[keys["p"]], keys["depth"], keys["dim"])
    parts = [[wide.table[name] for name in columns] for columns in wide.columns]
    pieces = [_numbers(own, scan, frame, term, cut_of) for own, term in zip(parts, terms, strict=True)]
    sizes = [len(piece["at"]) for piece in pieces]
    at, value, numerator, denominator, rows, reason = (
        np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]
    )
    periods, dimension = keys["p"][at], keys["dim"][at]
    columns = {
        "code": pa.array([t.measure.code for t in terms]).take(pa.array(np.repeat(np.arange(len(terms)), sizes))),
        "grain": pa.array([p.grain for p in frame.periods]).take(pa.array(periods)),
        "period_start": pa.array([p.start for p in frame.periods], pa.date32()).take(pa.array(periods)),
        "period_end": pa.array([p.end for p in frame.periods], pa.date32()).take(pa.array(periods)),
        "unit_id": pa.array(keys["u"][at], pa.int64()),
        "dimension": pa.array([None, *scan.dimensions], pa.string()).take(pa.array(dimension + 1)),
        "member": wide.table["member"].combine_chunks().take(pa.array(at)).cast(pa.string()),
        "value": _nullable(value),
        "numerator": _nullable(numerator),
        "denominator": _nullable(denominator),
        "rows": pa.array(rows, pa.int64()),
        "reason": REASONS.take(pa.array(reason)),
    }
    return pa.table(columns, schema=RESULT)


def _cut_number(grain: np.ndarray, depth: np.ndarray, dimension: np.ndarray) -> np.ndarray:
    """One number for each (grain, depth, dimension), as numbered in the frame and the scan."""
    numbers: np.ndarray = (grain * 1_000 + depth) * 10_000 + dimension + 1
    return numbers


def _numbers(
    parts: Sequence[pa.ChunkedArray], scan: Scan, frame: Frame, term: Terms, cut_of: np.ndarray
) -> dict[str, np.ndarray]:
    """The measure's numbers in the rows of its own cuts, and which rows (`at`) these are."""
    value, numerator, denominator, rows = parts
    sets = sets_of(frame, triples(term.measure, scan.layout), scan)
    wanted = [((s.period * 1_000) + s.unit) * 10_000 + (0 if s.dimension is None else s.dimension + 1) for s in sets]
    chosen, counts = np.isin(cut_of, wanted), rows.to_numpy()
    if not term.measure.zero_when_empty:
        chosen &= counts > 0
    at = np.flatnonzero(chosen)
    found, missing = value.to_numpy()[at], value.is_null().to_numpy()[at]
    if term.measure.zero_when_empty:
        found, missing = np.where(missing & (counts[at] == 0), 0.0, found), missing & (counts[at] > 0)
    divisor = denominator.to_numpy()[at]
    no_divisor = np.full(len(at), False) if term.denominator is None else np.isnan(divisor) | (divisor == 0)
    empty = _EMPTY_OR_DIVIDED if "/" in term.measure.value else _EMPTY
    reason = np.where(missing, np.where(no_divisor, _NO_DENOMINATOR, empty), _FINE)
    reason = np.where(~missing & ~np.isfinite(found), _TOO_LARGE, reason)
    return {
        "at": at,
        "value": found,
        "numerator": numerator.to_numpy()[at],
        "denominator": divisor,
        "rows": counts[at],
        "reason": reason,
    }


def _nullable(numbers: np.ndarray) -> pa.Array:
    return pa.array(numbers, pa.float64(), mask=~np.isfinite(numbers))
