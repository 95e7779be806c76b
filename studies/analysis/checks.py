"""The look at the data before any test: how many, what is missing, shape, outliers, memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analytics.wording import percent

from .words import Check, Sample, numeric

FENCE = 3.0  # Tukey's outer fence, in interquartile ranges


def data_check(sample: Sample, names: Sequence[str]) -> tuple[Check, ...]:
    """What one must know of the columns `names` that the question uses."""
    found = [Check("rows", None, _rows(sample))]
    for name in names:
        values = sample.columns[name]
        missing = sum(value is None for value in values)
        share = missing / len(values) if values else 0.0
        words = f"{missing:,} of {len(values):,} missing ({percent(share, 1)}), left out"
        found.append(Check(f"{name} complete", share <= 0.05, words if missing else "nothing missing"))
    return tuple(found)


def _rows(sample: Sample) -> str:
    if sample.total > sample.rows:
        return f"the latest {sample.rows:,} of {sample.total:,}"
    return f"all {sample.rows:,}"


def shape_checks(values: Sequence[Any], name: str, *, in_order: bool) -> tuple[Check, ...]:
    """Normality, outliers and, for values in time order, whether neighbours resemble each other."""
    import numpy as np

    from analytics.hypothesis.finding import normality

    known = np.array(numeric(values))
    if known.size < 4 or np.ptp(known) == 0:
        return (Check(f"{name} varies", False, f"{known.size} values, all equal or too few"),)
    looks = normality(known, name)
    found = [Check(looks.name, looks.holds, looks.detail), _outliers(known, name)]
    return (*found, _memory(known, name)) if in_order else tuple(found)


def _outliers(known: Any, name: str) -> Check:
    import numpy as np

    low, high = np.quantile(known, [0.25, 0.75])
    fence = FENCE * (high - low)
    count = int(((known < low - fence) | (known > high + fence)).sum())
    words = f"{count:,} further than {FENCE:g} interquartile ranges from the middle half"
    return Check(f"{name} without outliers", count == 0, words if count else "none beyond the outer fences")


def _memory(known: Any, name: str) -> Check:
    """Lag-1 autocorrelation against its band of 1.96 / sqrt(n)."""
    import numpy as np

    centred = known - known.mean()
    r = float((centred[1:] * centred[:-1]).sum() / (centred**2).sum())
    band = 1.96 / float(np.sqrt(known.size))
    return Check(f"{name} without memory", abs(r) <= band, f"autocorrelation at lag 1 {r:+.2f}, band ±{band:.2f}")
