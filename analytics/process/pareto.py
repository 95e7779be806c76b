"""Pareto: which few causes make most of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from analytics.inputs import LengthMismatch, ZeroDenominator, not_negative, number

OTHER = "Other"


@dataclass(frozen=True, slots=True)
class ParetoBar:
    """One cause: its amount, share and cumulative share of the total, and whether it is one of the vital few."""

    name: str
    amount: float
    share: float
    cumulative: float
    is_vital: bool
    members: int = 1


@dataclass(frozen=True, slots=True)
class Pareto:
    """Bars in falling order, the collected rest last whatever its size."""

    bars: tuple[ParetoBar, ...]
    total: float
    cut: float

    @property
    def vital_few(self) -> tuple[str, ...]:
        """Names of the vital few, largest first."""
        return tuple(bar.name for bar in self.bars if bar.is_vital)


def pareto(
    names: Sequence[str], amounts: ArrayLike, *, cut: float = 0.8, show: int | None = None, other: str = OTHER
) -> Pareto:
    """Causes in falling order of amount, with cumulative shares.

    names: (k,) causes; a name that repeats is added up. amounts: (k,) counts, cost or time, >= 0. cut: the vital few
    are the fewest leading causes that reach this share (a tie with the last of them counts as well). show: at most
    this many named bars; the rest, and a cause already named `other`, go to one last bar that is never vital.
    Raises LengthMismatch, NegativeValue, ZeroDenominator (all amounts zero). Source: Juran's Quality Handbook, ch. 5.
    """
    values = not_negative(amounts, "amounts")
    if len(names) != values.size:
        raise LengthMismatch(f"{len(names)} names for {values.size} amounts.")
    number(cut, "cut", above=0, at_most=1)
    summed: dict[str, float] = {}
    for name, value in zip(names, values.tolist(), strict=True):
        summed[name] = summed.get(name, 0.0) + value
    total = sum(summed.values())
    if total == 0:
        raise ZeroDenominator("All amounts are zero, so there is nothing to rank.")
    rest = [summed.pop(other)] if other in summed else []
    ranked = sorted(summed.items(), key=lambda item: (-item[1], item[0]))
    if show is not None:
        rest += [amount for _, amount in ranked[show:]]
        ranked = ranked[:show]
    return Pareto(tuple(_bars(ranked, rest, total, cut, other)), total, cut)


def _bars(ranked: list[tuple[str, float]], rest: list[float], total: float, cut: float, other: str) -> list[ParetoBar]:
    bars: list[ParetoBar] = []
    running, last_vital = 0.0, float("inf")
    for name, amount in ranked:
        reached = running / total >= cut - 1e-12
        is_vital = amount > 0 and (not reached or amount == last_vital)
        if is_vital:
            last_vital = amount
        running += amount
        bars.append(ParetoBar(name, amount, amount / total, running / total, is_vital))
    if rest:
        amount = sum(rest)
        bars.append(ParetoBar(other, amount, amount / total, (running + amount) / total, False, len(rest)))
    return bars
