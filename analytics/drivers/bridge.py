"""The price, volume and mix bridge between two amounts of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import Floats, LengthMismatch, ZeroDenominator, not_negative, same_length, vector


@dataclass(frozen=True, slots=True)
class BridgeStep:
    """One member's effects, in money. new and gone take the whole amount of a member sold in one period only."""

    member: str
    volume: float
    mix: float
    price: float
    new: float
    gone: float


@dataclass(frozen=True, slots=True)
class Bridge:
    """before + volume + mix + price + new + gone = after; each effect is the sum over the steps."""

    before: float
    after: float
    volume: float
    mix: float
    price: float
    new: float
    gone: float
    steps: tuple[BridgeStep, ...]


def price_volume_mix(
    members: Sequence[str],
    price_before: ArrayLike,
    quantity_before: ArrayLike,
    price_after: ArrayLike,
    quantity_after: ArrayLike,
) -> Bridge:
    """Revenue (or cost) of two periods, bridged.

    For members in both periods, with Q the total quantity of those, s0 = q0 / Q0: volume = s0 (Q1 - Q0) p0,
    mix = (q1 - s0 Q1) p0, price = (p1 - p0) q1. A member with quantity in one period only is new or gone, whole.
    members: (k,); prices (k,) of any sign per unit; quantities (k,) >= 0 in one common unit. The price of a period
    without quantity is not read. Raises EmptyInput, LengthMismatch, NotFinite, NegativeValue, ZeroDenominator (nothing
    at all in a period).
    """
    p0, p1 = vector(price_before, "price_before"), vector(price_after, "price_after")
    q0, q1 = not_negative(quantity_before, "quantity_before"), not_negative(quantity_after, "quantity_after")
    same_length(price_before=p0, quantity_before=q0, price_after=p1, quantity_after=q1)
    if len(members) != p0.size:
        raise LengthMismatch(f"{len(members)} members for {p0.size} prices.")
    if q0.sum() == 0 or q1.sum() == 0:
        raise ZeroDenominator("A period has no quantity at all, so there is nothing to bridge.")
    both = (q0 > 0) & (q1 > 0)
    volume, mix, price = _effects(p0, q0, p1, q1, both)
    new, gone = np.where(both | (q0 > 0), 0.0, p1 * q1), np.where(both | (q1 > 0), 0.0, -p0 * q0)
    effects = (volume, mix, price, new, gone)
    steps = tuple(BridgeStep(member, *(float(effect[i]) for effect in effects)) for i, member in enumerate(members))
    sums = [float(effect.sum()) for effect in effects]
    return Bridge(float(p0 @ q0), float(p1 @ q1), sums[0], sums[1], sums[2], sums[3], sums[4], steps)


def _effects(p0: Floats, q0: Floats, p1: Floats, q1: Floats, both: np.ndarray) -> tuple[Floats, Floats, Floats]:
    total0, total1 = q0[both].sum(), q1[both].sum()
    share = np.divide(q0, total0, out=np.zeros_like(q0), where=both)
    volume = share * (total1 - total0) * p0
    mix = np.where(both, (q1 - share * total1) * p0, 0.0)
    return volume, mix, np.where(both, (p1 - p0) * q1, 0.0)
