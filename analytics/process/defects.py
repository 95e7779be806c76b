"""Defects per million opportunities and the sigma level.

Source: Pyzdek and Keller, The Six Sigma Handbook, 4th ed., chapter 9; operations.md traps: a page that uses
1.5 + 0.8406 log(DPMO) rises with defects, so the level here is the normal quantile and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtr, ndtri

from analytics.inputs import OutOfRange, ZeroDenominator, choice, number

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Dpmo:
    """Defects per unit and per million opportunities."""

    defects: float
    units: float
    opportunities: float
    dpu: float
    dpmo: float
    yield_share: float


@dataclass(frozen=True, slots=True)
class SigmaLevel:
    """A sigma level with the shift and the tails it was computed with; infinite for no defect at all is `None`."""

    level: float | None
    dpmo: float
    shift: float
    tails: str


def dpmo(defects: float, units: float, opportunities: float = 1) -> Dpmo:
    """Defects / (units x opportunities) x 10^6.

    defects: count >= 0; units: count > 0; opportunities: chances of a defect in one unit, > 0.
    Raises ZeroDenominator, OutOfRange (negative, or more defects than opportunities).
    """
    number(defects, "defects", at_least=0)
    if units == 0 or opportunities == 0:
        raise ZeroDenominator("There were no opportunities for a defect, so DPMO has no value.")
    chances = number(units, "units", above=0) * number(opportunities, "opportunities", above=0)
    if defects > chances:
        raise OutOfRange(f"{defects:g} defects in {chances:g} opportunities; raise the opportunities per unit.")
    share = defects / chances
    return Dpmo(defects, units, opportunities, defects / units, share * MILLION, 1 - share)


def sigma_level(dpmo: float, *, shift: float = 1.5, tails: Literal["one", "two"] = "one") -> SigmaLevel:
    """The sigma level that belongs to a long-term defect rate.

    dpmo: 0 to 10^6. shift: added for the drift between short and long term, 1.5 by default, 0 for none; print it.
    tails: "one" (6 sigma is 3.4, 3 sigma 66,807) or "two" (3 sigma is 66,811: both tails of the shifted curve).
    No defects: level None, since a sample without defects does not prove an infinite level. Raises OutOfRange.
    """
    number(dpmo, "dpmo", at_least=0, at_most=MILLION)
    number(shift, "shift", at_least=0)
    choice(tails, "tails", ("one", "two"))
    if dpmo == 0 or dpmo == MILLION:
        return SigmaLevel(None, dpmo, shift, tails)
    share = dpmo / MILLION
    level = float(ndtri(1 - share)) + shift if tails == "one" else _two_tailed_level(share, shift)
    return SigmaLevel(level, dpmo, shift, tails)


def dpmo_of_level(level: float, *, shift: float = 1.5, tails: Literal["one", "two"] = "one") -> float:
    """Defects per million at a sigma level: the inverse of `sigma_level`. Raises OutOfRange."""
    number(level, "level", at_least=0 if tails == "two" else None)
    choice(tails, "tails", ("one", "two"))
    near = float(ndtr(shift - level))
    far = float(ndtr(-shift - level)) if tails == "two" else 0.0
    return (near + far) * MILLION


def _two_tailed_level(share: float, shift: float) -> float:
    """Level whose two tails hold `share`, by bisection: the share falls from 1 at level 0 to 0."""
    low, high = 0.0, 40.0
    for _ in range(100):
        middle = (low + high) / 2
        if dpmo_of_level(middle, shift=shift, tails="two") / MILLION > share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
