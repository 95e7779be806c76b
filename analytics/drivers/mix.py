"""Mix, rate and joint parts of the change of a ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import (
    BadInput,
    Floats,
    LengthMismatch,
    ZeroDenominator,
    choice,
    not_negative,
    same_length,
    vector,
)

JOINT = ("shown", "rate", "mix", "split")
REFERENCES = ("zero", "overall")


class NotAdditive(BadInput):
    """The members do not add up to the stated total, so parts of it would be missing."""


@dataclass(frozen=True, slots=True)
class MixRatePart:
    """One member's part in the change of the ratio, in the ratio's unit. state: kept, new or gone."""

    member: str
    share_before: float
    share_after: float
    rate_before: float | None
    rate_after: float | None
    rate: float
    mix: float
    joint: float
    state: str

    @property
    def total(self) -> float:
        """Rate, mix and joint together."""
        return self.rate + self.mix + self.joint


@dataclass(frozen=True, slots=True)
class MixRate:
    """before + rate + mix + joint = after, and each of the three is the sum over the parts (to rounding of floats)."""

    before: float
    after: float
    change: float
    rate: float
    mix: float
    joint: float
    joint_rule: str
    reference: str
    parts: tuple[MixRatePart, ...]
    notes: tuple[str, ...]


def mix_rate(
    members: Sequence[str],
    numerator_before: ArrayLike,
    denominator_before: ArrayLike,
    numerator_after: ArrayLike,
    denominator_after: ArrayLike,
    *,
    joint: Literal["shown", "rate", "mix", "split"] = "shown",
    reference: Literal["zero", "overall"] = "zero",
    totals: tuple[float, float, float, float] | None = None,
) -> MixRate:
    """Why a ratio moved: its members' own rates, or the shift of weight between members.

    With s = a member's share of the denominator and r = its rate: rate = s0 (r1 - r0), mix = (s1 - s0) r0,
    joint = (s1 - s0)(r1 - r0).
    members: (k,) names. Four (k,) arrays: numerators (any sign) and denominators (>= 0) of the two periods, from the
    same window and with no member cut off.
    joint: "shown" (default), or given to "rate", "mix", or half to each ("split").
    reference: "zero" (default, as above) or "overall": mix = (s1 - s0)(r0 - R0), which has the same sum but says of
    each member whether growth of it helped. A member without denominator before is new (r0 := r1), after is gone
    (r1 := r0): all its part is mix. totals: the four known totals; NotAdditive if members miss them by over 1e-9.
    Raises ZeroDenominator (a period without any denominator), LengthMismatch, NotFinite, NegativeValue, NotAdditive.
    Source: Das Gupta (1993), Standardization and Decomposition of Rates, US Bureau of the Census P23-186.
    """
    choice(joint, "joint", JOINT)
    choice(reference, "reference", REFERENCES)
    n0, n1 = vector(numerator_before, "numerator_before"), vector(numerator_after, "numerator_after")
    d0, d1 = (
        not_negative(denominator_before, "denominator_before"),
        not_negative(denominator_after, "denominator_after"),
    )
    same_length(numerator_before=n0, denominator_before=d0, numerator_after=n1, denominator_after=d1)
    if len(members) != n0.size:
        raise LengthMismatch(f"{len(members)} members for {n0.size} values.")
    if totals is not None:
        _check_totals((n0, d0, n1, d1), totals)
    for numerator, denominator, when in ((n0, d0, "before"), (n1, d1, "after")):
        if denominator.sum() == 0:
            raise ZeroDenominator(f"There is no denominator {when}, so there is no ratio to explain.")
        if (numerator[denominator == 0] != 0).any():
            raise ZeroDenominator(f"A member has a numerator but no denominator {when}; correct it or leave it out.")
    before, after = float(n0.sum() / d0.sum()), float(n1.sum() / d1.sum())
    parts = _parts(list(members), _rates(n0, d0), _rates(n1, d1), d0 / d0.sum(), d1 / d1.sum(), reference, before)
    parts = [_assign(part, joint) for part in parts]
    rate, mix, rest = (float(sum(getattr(part, name) for part in parts)) for name in ("rate", "mix", "joint"))
    return MixRate(
        before, after, after - before, rate, mix, rest, joint, reference, tuple(parts), _notes(before, after, parts)
    )


def _check_totals(columns: tuple[Floats, ...], totals: tuple[float, float, float, float]) -> None:
    names = ("numerator before", "denominator before", "numerator after", "denominator after")
    for column, total, name in zip(columns, totals, names, strict=True):
        if abs(column.sum() - total) > 1e-9 * max(1.0, abs(total)):
            raise NotAdditive(f"The members' {name} adds up to {column.sum():g}, the total is {total:g}.")


def _rates(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)


def _parts(
    members: list[str], r0: Floats, r1: Floats, s0: Floats, s1: Floats, reference: str, before: float
) -> list[MixRatePart]:
    """Parts before the joint rule; a missing rate takes the other period's, so that all of the change is mix."""
    full0 = np.where(np.isnan(r0), np.where(np.isnan(r1), 0.0, r1), r0)
    full1 = np.where(np.isnan(r1), full0, r1)
    level = before if reference == "overall" else 0.0
    rate, mix, joint = s0 * (full1 - full0), (s1 - s0) * (full0 - level), (s1 - s0) * (full1 - full0)
    states = np.where(s0 == 0, np.where(s1 == 0, "absent", "new"), np.where(s1 == 0, "gone", "kept"))
    return [
        MixRatePart(
            members[i],
            float(s0[i]),
            float(s1[i]),
            None if np.isnan(r0[i]) else float(r0[i]),
            None if np.isnan(r1[i]) else float(r1[i]),
            float(rate[i]),
            float(mix[i]),
            float(joint[i]),
            str(states[i]),
        )
        for i in range(len(members))
    ]


def _assign(part: MixRatePart, rule: str) -> MixRatePart:
    to_rate, to_mix = {"shown": (0.0, 0.0), "rate": (1.0, 0.0), "mix": (0.0, 1.0), "split": (0.5, 0.5)}[rule]
    return MixRatePart(
        part.member,
        part.share_before,
        part.share_after,
        part.rate_before,
        part.rate_after,
        part.rate + to_rate * part.joint,
        part.mix + to_mix * part.joint,
        part.joint * (1 - to_rate - to_mix),
        part.state,
    )


def _notes(before: float, after: float, parts: list[MixRatePart]) -> tuple[str, ...]:
    notes = []
    size = sum(abs(part.total) for part in parts)
    if size > 0 and abs(after - before) < 0.05 * size:
        notes.append("The parts nearly cancel: read their sizes, not their shares of the change.")
    for state, words in (("new", "without values before"), ("gone", "without values after")):
        if names := [part.member for part in parts if part.state == state]:
            notes.append(f"{', '.join(names)}: {words}, counted as mix.")
    return tuple(notes)
