"""Many tests at once: adjusted p values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import OutOfRange, choice, number, vector


@dataclass(frozen=True, slots=True)
class Adjusted:
    """p values in the order given: raw, adjusted, and whether each is significant at alpha."""

    method: str
    alpha: float
    raw: tuple[float, ...]
    adjusted: tuple[float, ...]
    significant: tuple[bool, ...]


def adjust(
    p_values: ArrayLike, *, method: Literal["holm", "benjamini_hochberg"] = "holm", alpha: float = 0.05
) -> Adjusted:
    """Adjusted p values.

    p_values: (n,) in 0 to 1. method: "holm" (default; chance of even one false alarm is at most alpha) or
    "benjamini_hochberg" (expected share of false alarms among those called is at most alpha, independent tests).
    Raises EmptyInput, NotFinite, OutOfRange. Source: Holm (1979), Scandinavian Journal of Statistics 6, 65-70;
    Benjamini and Hochberg (1995), JRSS B 57, 289-300.
    """
    choice(method, "method", ("holm", "benjamini_hochberg"))
    number(alpha, "alpha", above=0, below=1)
    raw = vector(p_values, "p_values")
    if (raw < 0).any() or (raw > 1).any():
        raise OutOfRange("A p value is outside 0 to 1.")
    n = raw.size
    order = np.argsort(raw, kind="stable")
    ranked = raw[order]
    if method == "holm":
        stepped = np.maximum.accumulate(ranked * (n - np.arange(n)))
    else:
        stepped = np.minimum.accumulate((ranked * n / np.arange(1, n + 1))[::-1])[::-1]
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(stepped, 1.0)
    return Adjusted(method, alpha, tuple(raw.tolist()), tuple(adjusted.tolist()), tuple((adjusted <= alpha).tolist()))
