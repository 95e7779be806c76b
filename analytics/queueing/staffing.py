"""How many agents: under several limits at once, with the one that binds named, and gross of shrinkage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import BadInput, Floats, Ints, OutOfRange, array_of, broadcast, number
from analytics.queueing.erlang_a import erlang_a
from analytics.queueing.erlang_b import LARGEST, blocking
from analytics.queueing.erlang_c import erlang_c
from analytics.queueing.performance import Performance, offered_load

STABILITY = "stability"


class NoLimit(BadInput):
    """No limit was set, so any number of agents would do."""


class Unreachable(BadInput):
    """Not even 10,000 agents meet a limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the staff must achieve, every limit that is set at once.

    service_level: at least this share within `within` (unit of the handling time). max_asa: mean wait over all calls.
    max_occupancy, max_abandonment: shares; the last needs a patience (Erlang A).
    """

    service_level: float | None = None
    within: float = 20.0
    max_asa: float | None = None
    max_occupancy: float | None = None
    max_abandonment: float | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """Agents needed at work (net) and on the payroll (gross), with what each limit alone would need.

    binding: the limits that need all of them; ("stability",) if even the smallest stable staff meets every limit.
    """

    agents: int
    gross: int
    binding: tuple[str, ...]
    per_limit: tuple[tuple[str, int], ...]
    shrinkage: float
    performance: Performance


@dataclass(frozen=True, slots=True, eq=False)
class BatchRequirement:
    """Net and gross agents, load, service level, ASA and occupancy for m intervals, each (m,).

    per_limit: name and (m,) agents that each limit alone would need. smallest: (m,) the smallest stable staff.
    """

    agents: Ints
    gross: Ints
    load: Floats
    service_level: Floats
    asa: Floats
    occupancy: Floats
    per_limit: tuple[tuple[str, Ints], ...]
    smallest: Ints

    def binding(self, i: int) -> tuple[str, ...]:
        """The limits that bind in interval i, as `Requirement.binding`."""
        if self.agents[i] == 0:
            return ()
        return _binding([(name, int(need[i])) for name, need in self.per_limit], int(self.smallest[i]))


def gross_agents(net: float, shrinkage: float) -> int:
    """ceil(net / (1 - shrinkage)), not net x (1 + shrinkage). shrinkage: share of paid time not at work, below 1."""
    number(net, "net", at_least=0)
    return ceil(net / (1 - number(shrinkage, "shrinkage", at_least=0, below=1)) - 1e-9)


def agents_required(
    *,
    calls: float,
    aht: float,
    interval: float,
    limits: Limits,
    patience: float | None = None,
    shrinkage: float = 0.0,
    formula: int = 4,
) -> Requirement:
    """The fewest agents that meet every limit.

    calls, aht, interval: as `erlang_c`, or as `erlang_a` if a patience is given (formula: its service level).
    No calls need no agents. Raises NoLimit, Unreachable, OutOfRange, NotFinite.
    """
    _check(limits, patience)
    number(shrinkage, "shrinkage", at_least=0, below=1)
    load = offered_load(calls, aht, interval)

    def perform(agents: int) -> Performance:
        if patience is None:
            return erlang_c(calls=calls, aht=aht, interval=interval, agents=agents, within=limits.within)
        return erlang_a(
            calls=calls,
            aht=aht,
            interval=interval,
            agents=agents,
            patience=patience,
            within=limits.within,
            formula=formula,
        )

    if load == 0:
        return Requirement(0, 0, (), (), shrinkage, perform(1))
    smallest = 1 if patience is not None else int(load) + 1
    per_limit = [
        (name, _fewest(lambda agents, meets=meets: meets(perform(agents)), smallest, name))  # type: ignore[misc]
        for name, meets in _tests(limits)
    ]
    agents = max(number_of for _, number_of in per_limit)
    return Requirement(
        agents,
        gross_agents(agents, shrinkage),
        _binding(per_limit, smallest if patience is None else 0),
        tuple(per_limit),
        shrinkage,
        perform(agents),
    )


def agents_required_batch(
    *, calls: ArrayLike, aht: ArrayLike, interval: float, limits: Limits, shrinkage: float = 0.0
) -> BatchRequirement:
    """Erlang C `agents_required` for many intervals in one call.

    calls, aht: (m,) or a number; interval, limits, shrinkage: one for all. Raises as `agents_required`.
    """
    _check(limits, None)
    number(shrinkage, "shrinkage", at_least=0, below=1)
    number(interval, "interval", above=0)
    volume, handling = broadcast(calls=np.atleast_1d(array_of(calls, "calls")), aht=array_of(aht, "aht"))
    if not (np.isfinite(volume).all() and np.isfinite(handling).all()):
        raise OutOfRange("calls and aht must be finite numbers.")
    if (volume < 0).any() or (handling <= 0).any():
        raise OutOfRange("calls must be 0 or more and aht above 0 in every interval.")
    load = volume * handling / interval
    if (load >= LARGEST).any():
        raise Unreachable(f"A load is above {LARGEST} Erlangs; split the interval's work between groups.")
    smallest = np.where(load > 0, np.floor(load) + 1, 0).astype(np.int64)
    needs, lost = _needs(limits, load, handling, smallest)
    agents = np.max([need for _, need in needs], axis=0)
    waiting = lost / (1 - load / np.maximum(agents, 1) * (1 - lost))
    spare = np.maximum(agents - load, 1e-12)
    with np.errstate(under="ignore"):
        late = waiting * np.exp(-spare * limits.within / handling)
    gross = np.ceil(agents / (1 - shrinkage) - 1e-9).astype(np.int64)
    return BatchRequirement(
        agents, gross, load, 1 - late, waiting * handling / spare, load / np.maximum(agents, 1), needs, smallest
    )


_Tests = Callable[[Floats, Floats, Ints], np.ndarray]  # waiting probability, spare agents, interval


def _needs(limits: Limits, load: Floats, aht: Floats, smallest: Ints) -> tuple[tuple[tuple[str, Ints], ...], Floats]:
    """Agents that each limit needs, and Erlang B at the most of them (0 where there is no load)."""
    level, within, asa = limits.service_level, limits.within, limits.max_asa
    tests: dict[str, _Tests] = {}
    if level is not None:
        tests["service_level"] = lambda c, s, i: 1 - c * np.exp(-s * within / aht[i]) >= level
    if asa is not None:
        tests["max_asa"] = lambda c, s, i: c * aht[i] / s <= asa
    needs: list[tuple[str, Ints]] = []
    agents, lost = np.zeros_like(smallest), np.zeros_like(load)
    for name, test in tests.items():
        need, lost_at_need = _walk(load, smallest, test)
        lost = np.where(need > agents, lost_at_need, lost)
        agents = np.maximum(agents, need)
        needs.append((name, need))
    if limits.max_occupancy is not None:
        need = np.maximum(np.ceil(load / limits.max_occupancy - 1e-9).astype(np.int64), smallest)
        if (need > LARGEST).any():
            raise Unreachable(f"max_occupancy is not met by {LARGEST} agents.")
        more = np.flatnonzero(need > agents)
        lost[more] = blocking(load[more], need[more])
        needs.append(("max_occupancy", need))
    return tuple(needs), lost


def _walk(load: Floats, smallest: Ints, meets: _Tests) -> tuple[Ints, Floats]:
    """Fewest agents that meet a test, all intervals in step, and Erlang B there.

    One closed form gives Erlang B at the smallest stable staff; from there each further agent is one step of
    B(n + 1) = A B(n) / (n + 1 + A B(n)), taken only where the test still fails: some sqrt(load) steps.
    """
    agents, lost = smallest.copy(), np.zeros_like(load)
    open_ = np.flatnonzero(load > 0)
    a, n = load[open_], smallest[open_].astype(np.float64)
    b = blocking(a, n)
    with np.errstate(under="ignore"):
        while open_.size:
            met = meets(b / (1 - a / n * (1 - b)), n - a, open_)
            agents[open_[met]], lost[open_[met]] = n[met], b[met]
            open_, a, n, b = open_[~met], a[~met], n[~met] + 1, b[~met]
            if open_.size and n.max() > LARGEST:
                raise Unreachable(f"A limit is not met by {LARGEST} agents.")
            b = a * b / (n + a * b)
    return agents, lost


def _check(limits: Limits, patience: float | None) -> None:
    values = (limits.service_level, limits.max_asa, limits.max_occupancy, limits.max_abandonment)
    if all(value is None for value in values):
        raise NoLimit("Set at least one of service_level, max_asa, max_occupancy and max_abandonment.", "limits")
    number(limits.within, "within", at_least=0)
    if limits.service_level is not None:
        number(limits.service_level, "service_level", above=0, below=1)
    if limits.max_asa is not None:
        number(limits.max_asa, "max_asa", above=0)
    if limits.max_occupancy is not None:
        number(limits.max_occupancy, "max_occupancy", above=0, at_most=1)
    if limits.max_abandonment is not None:
        number(limits.max_abandonment, "max_abandonment", above=0, below=1)
        if patience is None:
            raise OutOfRange("Abandonment needs a patience; without one nobody hangs up.")


def _tests(limits: Limits) -> list[tuple[str, Callable[[Performance], bool]]]:
    level, asa, occupancy, lost = limits.service_level, limits.max_asa, limits.max_occupancy, limits.max_abandonment
    tests: list[tuple[str, Callable[[Performance], bool]]] = []
    if level is not None:
        tests.append(("service_level", lambda p: p.service_level >= level))
    if asa is not None:
        tests.append(("max_asa", lambda p: p.asa <= asa))
    if occupancy is not None:
        tests.append(("max_occupancy", lambda p: p.occupancy <= occupancy + 1e-12))
    if lost is not None:
        tests.append(("max_abandonment", lambda p: p.abandonment <= lost))
    return tests


def _fewest(meets: Callable[[int], bool], smallest: int, name: str) -> int:
    """Smallest whole number from `smallest` on that meets a limit which more agents never break."""
    low, high = smallest - 1, smallest
    while not meets(high):
        low, high = high, high + 2 * (high - low)
        if low >= LARGEST:
            raise Unreachable(f"{name} is not met by {LARGEST} agents.")
        high = min(high, LARGEST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return high


def _binding(per_limit: list[tuple[str, int]], smallest: int) -> tuple[str, ...]:
    most = max(need for _, need in per_limit)
    return (STABILITY,) if most <= smallest else tuple(name for name, need in per_limit if need == most)
