"""The two icons of NHS Making Data Count: is it changing (variation), and will it meet its target (assurance)?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from analytics.inputs import choice, number
from analytics.spc.chart import ControlChart
from analytics.spc.rules.rule import TOLERANCE, Rule
from analytics.spc.signals import Signal, signals

MINIMUM = 13  # tools differ below this many points, so no icon is shown
Direction: TypeAlias = Literal["higher", "lower", "neither"]
DIRECTIONS = ("higher", "lower", "neither")


@dataclass(frozen=True, slots=True)
class VariationIcon:
    """kind: improving, concerning, neutral (special cause without a good side), common_cause or too_few_points."""

    kind: str
    signal: Signal | None
    words: str


@dataclass(frozen=True, slots=True)
class AssuranceIcon:
    """kind: passes (consistently meets the target), fails, hit_and_miss, no_direction or too_few_points."""

    kind: str
    target: float
    words: str


def variation_icon(
    chart: ControlChart, better: Direction, *, rules: str | Sequence[Rule] = "nhs", minimum: int = MINIMUM
) -> VariationIcon:
    """What the last point says: special cause for better or worse, or common cause.

    better: "higher", "lower" or "neither". Of several signals on the last point the first of the set counts (NHS:
    limits, trend, two in three, shift). A signal without a side is neutral. An excluded last point is common cause.
    Raises OutOfRange. Source: NHS England, Making Data Count; NHSRplotthedots.
    """
    choice(better, "better", DIRECTIONS)
    if _usable(chart) < minimum:
        return VariationIcon("too_few_points", None, f"Fewer than {minimum} points: no verdict yet.")
    fired = signals(chart, rules).at(int(chart.positions[-1]))
    if not fired:
        return VariationIcon("common_cause", None, "Common cause variation: no significant change.")
    signal = fired[0]
    kind = variation_kind(signal.side, better)
    return VariationIcon(kind, signal, f"Special cause, {kind}: {signal.words}.")


def variation_kind(side: str, better: str) -> str:
    """improving, concerning or neutral, from a signal's side and the good direction."""
    if side == "none" or better == "neither":
        return "neutral"
    return "improving" if (side == "high") == (better == "higher") else "concerning"


def assurance_icon(chart: ControlChart, target: float, better: Direction, *, minimum: int = MINIMUM) -> AssuranceIcon:
    """Whether the process as it runs will meet the target, by the limits of the last point; strict.

    A target above the upper limit is consistently missed if higher is better and consistently met if lower is; a
    target below the lower limit the reverse; else it is hit and missed by chance. target: unit of the points.
    Raises OutOfRange, NotFinite. Source: NHS England, Making Data Count.
    """
    choice(better, "better", DIRECTIONS)
    number(target, "target")
    if _usable(chart) < minimum:
        return AssuranceIcon("too_few_points", target, f"Fewer than {minimum} points: no verdict yet.")
    if better == "neither":
        return AssuranceIcon("no_direction", target, "Neither direction is better, so the target has no good side.")
    lower, upper = float(chart.lower[-1]), float(chart.upper[-1])
    if target > upper + TOLERANCE * abs(upper):
        kind = "fails" if better == "higher" else "passes"
    elif target < lower - TOLERANCE * abs(lower):
        kind = "passes" if better == "higher" else "fails"
    else:
        kind = "hit_and_miss"
    return AssuranceIcon(kind, target, _ASSURANCE[kind])


_ASSURANCE = {
    "fails": "Will consistently miss the target unless the process changes.",
    "passes": "Will consistently meet the target as long as the process does not change.",
    "hit_and_miss": "Will meet the target in some periods and miss it in others, by chance.",
}


def _usable(chart: ControlChart) -> int:
    """Points of the last phase that rules may look at."""
    return int(((chart.phase == chart.phase[-1]) & ~chart.excluded).sum())
