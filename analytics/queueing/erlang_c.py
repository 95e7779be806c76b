"""Erlang C: callers wait as long as it takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from analytics.inputs import BadInput, Floats, array_of, broadcast, number
from analytics.queueing.erlang_b import LARGEST, blocking
from analytics.queueing.performance import Performance, no_calls, offered_load


class LoadExceedsAgents(BadInput):
    """The load is as large as the number of agents or larger, so the queue grows without end."""


def erlang_c(*, calls: float, aht: float, interval: float, agents: int, within: float = 20.0) -> Performance:
    """What callers meet with this many agents, if nobody hangs up.

    calls: offered in the interval, >= 0. aht: mean handling time, > 0; interval, within (the answer threshold T): same
    unit of time. agents: whole, above the load (net of shrinkage), to 10,000. service_level = 1 - C e^(-(n - A) T /
    aht); asa is over all calls; Poisson arrivals, exponential handling times, steady state. It is cautious: where
    people do hang up, `erlang_a` needs fewer. No calls: nothing waits.
    Raises LoadExceedsAgents, OutOfRange, NotFinite. Source: Cooper (1981), Introduction to Queueing Theory, ch. 3.
    """
    load = offered_load(calls, aht, interval)
    number(within, "within", at_least=0)
    number(agents, "agents", at_least=0, at_most=LARGEST)
    if load == 0:
        return no_calls("Erlang C", int(agents), within)
    if agents <= load:
        raise LoadExceedsAgents(
            f"{agents:g} agents for a load of {load:.2f} Erlangs: the queue never ends; use {int(load) + 1} or more."
        )
    waiting = float(waiting_probability(load, agents))
    spare = agents - load
    return Performance(
        model="Erlang C",
        agents=int(agents),
        load=load,
        within=within,
        waiting_probability=waiting,
        service_level=1 - waiting * float(np.exp(-spare * within / aht)),
        asa=waiting * aht / spare,
        mean_wait_of_waiting=aht / spare,
        occupancy=load / agents,
        queue=waiting * load / spare,
        abandonment=0.0,
        abandoned_within=0.0,
    )


def waiting_probability(load: ArrayLike, agents: ArrayLike) -> Floats:
    """Share of calls that wait: C = B / (1 - (A/n)(1 - B)); arrays that broadcast; 1 where agents <= load."""
    a, n = broadcast(load=array_of(load, "load"), agents=array_of(agents, "agents"))
    lost = blocking(a, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        waits = lost / (1 - a / n * (1 - lost))
    return np.asarray(np.where(n > a, waits, 1.0))
