"""Yield, equipment effectiveness, takt, Little's law and process cycle efficiency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import BadInput, OutOfRange, ZeroDenominator, not_negative, number, same_length
from analytics.wording import percent


class Overdetermined(BadInput):
    """All three quantities of Little's law were given, or fewer than two."""


@dataclass(frozen=True, slots=True)
class RolledYield:
    """First-pass yield per step and the chance that one unit passes all of them untouched."""

    first_pass: tuple[float, ...]
    rolled: float
    final: float
    weakest_step: int


@dataclass(frozen=True, slots=True)
class Oee:
    """Overall equipment effectiveness and its three unrounded factors, as shares of 1."""

    availability: float
    performance: float
    quality: float
    oee: float


@dataclass(frozen=True, slots=True)
class Takt:
    """Available time per unit of demand, in the unit of time of the input; `stations` if a work content was given."""

    takt: float
    stations: int | None


@dataclass(frozen=True, slots=True)
class LittlesLaw:
    """L = lambda W: items in the system, arrivals per unit of time, time in the system."""

    in_system: float
    arrival_rate: float
    time_in_system: float


@dataclass(frozen=True, slots=True)
class CycleEfficiency:
    """Value-adding time as a share of lead time."""

    value_add: float
    lead_time: float
    efficiency: float


def rolled_yield(entered: ArrayLike, right_first_time: ArrayLike) -> RolledYield:
    """First-pass yield of each step, rolled throughput yield (their product) and final yield.

    entered, right_first_time: (k,) counts per step, reworked units not counted as right first time. final: right
    units of the last step / units that entered the first, which hides rework and so can exceed the rolled yield.
    Raises ZeroDenominator, NegativeValue, LengthMismatch, OutOfRange. Source: Six Sigma Handbook, 4th ed., ch. 9.
    """
    units = not_negative(entered, "entered")
    right = not_negative(right_first_time, "right_first_time")
    same_length(entered=units, right_first_time=right)
    if (units == 0).any():
        raise ZeroDenominator(f"Step {int(np.argmin(units)) + 1} was entered by no unit; leave it out.")
    if (right > units).any():
        step = int(np.argmax(right > units))
        raise OutOfRange(f"Step {step + 1}: {right[step]:g} right of {units[step]:g} entered.")
    shares = right / units
    return RolledYield(
        tuple(shares.tolist()), float(np.prod(shares)), min(float(right[-1] / units[0]), 1.0), int(np.argmin(shares))
    )


def oee(
    *, planned_time: float, stop_time: float, ideal_cycle_time: float, total_units: float, good_units: float
) -> Oee:
    """Availability x performance x quality.

    planned_time: shift less planned breaks (a break is not a loss), > 0; stop_time: stops in it; ideal_cycle_time:
    time per unit at rated speed, same unit of time; total_units, good_units: counts. Factors are multiplied unrounded.
    A performance above 1 means the ideal cycle time is wrong: OutOfRange. Source: Nakajima (1988), Introduction to TPM.
    """
    number(planned_time, "planned_time", at_least=0)
    number(stop_time, "stop_time", at_least=0, at_most=planned_time)
    number(ideal_cycle_time, "ideal_cycle_time", above=0)
    number(total_units, "total_units", at_least=0)
    number(good_units, "good_units", at_least=0, at_most=total_units)
    run_time = planned_time - stop_time
    if run_time == 0 or total_units == 0:
        raise ZeroDenominator("Nothing ran or nothing was made, so OEE has no value; report the stop instead.")
    availability = run_time / planned_time
    performance = ideal_cycle_time * total_units / run_time
    if performance > 1 + 1e-9:
        raise OutOfRange(
            f"Performance is {percent(performance, 1)}: more units than the ideal cycle time allows; correct it."
        )
    quality = good_units / total_units
    return Oee(availability, performance, quality, availability * performance * quality)


def takt(available_time: float, demand: float, *, work_content: float | None = None) -> Takt:
    """Available time / demand, and the stations needed (work content / takt, rounded up).

    available_time, work_content: one unit of time; demand: units in that time, > 0.
    Raises ZeroDenominator, OutOfRange.
    """
    number(available_time, "available_time", above=0)
    if demand == 0:
        raise ZeroDenominator("Without demand there is no takt.")
    beat = available_time / number(demand, "demand", above=0)
    if work_content is None:
        return Takt(beat, None)
    return Takt(beat, int(np.ceil(number(work_content, "work_content", at_least=0) / beat - 1e-9)))


def littles_law(
    *, in_system: float | None = None, arrival_rate: float | None = None, time_in_system: float | None = None
) -> LittlesLaw:
    """Complete L = lambda W from two of the three; long-run averages of a stable system, in one unit of time.

    Raises Overdetermined unless exactly two are given, ZeroDenominator, OutOfRange. Source: Little (1961), Operations
    Research 9, 383-387.
    """
    given = {"in_system": in_system, "arrival_rate": arrival_rate, "time_in_system": time_in_system}
    known = {name: number(value, name, at_least=0) for name, value in given.items() if value is not None}
    if len(known) != 2:
        raise Overdetermined(f"Give two of in_system, arrival_rate and time_in_system; {len(known)} given.")
    if "in_system" not in known:
        return LittlesLaw(known["arrival_rate"] * known["time_in_system"], **known)
    divisor = known.get("arrival_rate", known.get("time_in_system", 0.0))
    if divisor == 0:
        raise ZeroDenominator("Little's law cannot be solved for zero arrivals or zero time.")
    other = known["in_system"] / divisor
    if "arrival_rate" in known:
        return LittlesLaw(known["in_system"], known["arrival_rate"], other)
    return LittlesLaw(known["in_system"], other, known["time_in_system"])


def cycle_efficiency(value_add: float, lead_time: float) -> CycleEfficiency:
    """Process cycle efficiency: value-adding time / lead time, both in one unit. Raises ZeroDenominator, OutOfRange."""
    if lead_time == 0:
        raise ZeroDenominator("Lead time is zero, so there is no efficiency.")
    number(lead_time, "lead_time", above=0)
    number(value_add, "value_add", at_least=0, at_most=lead_time)
    return CycleEfficiency(value_add, lead_time, value_add / lead_time)
