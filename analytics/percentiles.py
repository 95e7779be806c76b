"""Percentiles by the name of their method.

Tools legitimately differ: the fifth percentile of one sample runs from 8.20 to 8.81 over the nine types of Hyndman and
Fan. The method is therefore always part of the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import choice, number, vector

# Name, the name NumPy uses, who else computes it so. Hyndman and Fan (1996), The American Statistician 50, 361-365.
METHODS: dict[str, tuple[Any, str]] = {
    "R1": ("inverted_cdf", "SQL percentile_disc, SAS 3"),
    "R2": ("averaged_inverted_cdf", "SAS 5"),
    "R3": ("closest_observation", "SAS 2"),
    "R4": ("interpolated_inverted_cdf", "SAS 1"),
    "R5": ("hazen", "hydrology"),
    "R6": ("weibull", "Excel PERCENTILE.EXC, Minitab, SPSS"),
    "R7": ("linear", "Excel PERCENTILE.INC, NumPy, pandas, DuckDB quantile_cont"),
    "R8": ("median_unbiased", "recommended by Hyndman and Fan"),
    "R9": ("normal_unbiased", "for normal samples"),
}


@dataclass(frozen=True, slots=True)
class Percentile:
    """One percentile with the method that made it."""

    value: float
    share: float
    method: str
    used_by: str
    n: int


def percentile(
    values: ArrayLike, share: float, *, method: Literal["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9"] = "R7"
) -> Percentile:
    """The value below which `share` of the values lie.

    values: (n,), n >= 1, any order. share: 0 to 1 (0.95 is the 95th percentile). method: R1 to R9, default R7.
    Result in the unit of the values. Raises EmptyInput, NotFinite, OutOfRange. Source: Hyndman and Fan (1996).
    """
    array = vector(values, "values")
    number(share, "share", at_least=0, at_most=1)
    choice(method, "method", METHODS)
    numpy_name, used_by = METHODS[method]
    return Percentile(float(np.quantile(array, share, method=numpy_name)), share, method, used_by, array.size)
