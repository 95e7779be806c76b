"""Erlang A: callers wait until their patience ends. It tends to Erlang C as patience grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from analytics.inputs import BadInput, Floats, number
from analytics.queueing.erlang_b import LARGEST, blocking
from analytics.queueing.performance import Performance, no_calls, offered_load
from analytics.queueing.service_level import service_level

LONGEST_QUEUE = 1_000_000


class QueueTooLong(BadInput):
    """Patience so long and staff so short that the queue has millions of places."""


@dataclass(frozen=True, slots=True, eq=False)
class _Queue:
    """Steady state: probability of no wait, and of finding all agents busy with j = 0, 1, ... waiting."""

    at_once: float
    behind: Floats


def erlang_a(
    *,
    calls: float,
    aht: float,
    interval: float,
    agents: int,
    patience: float,
    within: float = 20.0,
    formula: int = 4,
) -> Performance:
    """What callers meet with this many agents, when they hang up after an exponential patience.

    calls, aht, interval, within: as `erlang_c`. agents: whole, 1 to 10,000; fewer than the load is allowed, for those
    who give up make room. patience: mean time a caller is willing to wait, same unit, > 0. formula: which of the five
    contact service levels to give (`service_level`), default 4; 5 takes `within` as its short threshold.
    M/M/n+M: birth rate calls / interval, death rate min(k, n) / aht + max(k - n, 0) / patience. A caller with j ahead
    in the queue waits V with e^(-V / patience) ~ Beta(n patience / aht, j + 1), which gives exact shares within T.
    abandonment = E[queue] / (patience x calls per unit of time); asa = E[queue] / that rate, over all calls.
    Raises OutOfRange, NotFinite, QueueTooLong. Source: Mandelbaum and Zeltyn (2007), Service Engineering in Action.
    """
    load = offered_load(calls, aht, interval)
    number(agents, "agents", at_least=1, at_most=LARGEST)
    number(patience, "patience", above=0)
    number(within, "within", at_least=0)
    if load < 1e-12:  # nobody ever waits, and the share who would is lost in rounding
        return no_calls("Erlang A", int(agents), within)
    n, rate = int(agents), calls / interval
    queue = _steady_state(load, n, aht / patience)
    waiting = float((np.arange(queue.behind.size) * queue.behind).sum())  # j waiting besides the n served
    delayed = float(queue.behind.sum())
    abandoned = waiting / (patience * rate)
    in_time, abandoned_within = _within(queue, n * patience / aht, within / patience, abandoned)
    level = service_level(
        answered_within=in_time,
        answered=max(1 - abandoned, in_time),
        abandoned=abandoned,
        abandoned_within=abandoned_within,
        abandoned_short=abandoned_within,
        formula=formula,
    )
    return Performance(
        model="Erlang A",
        agents=n,
        load=load,
        within=within,
        waiting_probability=delayed,
        service_level=level.value,
        asa=waiting / rate,
        mean_wait_of_waiting=waiting / rate / delayed if delayed > 0 else 0.0,
        occupancy=load * (1 - abandoned) / n,
        queue=waiting,
        abandonment=abandoned,
        abandoned_within=abandoned_within,
    )


def _within(queue: _Queue, ratio: float, horizon: float, abandoned: float) -> tuple[float, float]:
    """Shares of all calls answered, and abandoned, within the threshold.

    ratio: n x patience / aht; horizon: threshold / patience. Of a caller with j ahead: served in time is
    E[e^-V; V <= T] = ratio / (ratio + j + 1) x I(1 - e^-T; j + 1, ratio + 1), still waiting at T is e^-T P(V > T).
    """
    places = np.arange(queue.behind.size, dtype=np.float64)
    gone = float(-np.expm1(-horizon))
    served = ratio / (ratio + places + 1) * betainc(places + 1, ratio + 1, gone)
    in_time = queue.at_once + float((queue.behind * served).sum())
    still_waiting = (1 - gone) * float((queue.behind * (1 - betainc(places + 1, ratio, gone))).sum())
    abandoned_later = max(0.0, still_waiting - (1 - abandoned - in_time))
    return in_time, min(abandoned, max(0.0, abandoned - abandoned_later))


def _steady_state(load: float, n: int, impatience: float) -> _Queue:
    """Probabilities by ratios to the state "all busy, none waiting", in logarithms so that nothing overflows.

    impatience: patience rate in units of the service rate. Terms are added until they no longer count.
    """
    size = 1024
    while True:
        logs = np.concatenate([[0.0], np.cumsum(np.log(load / (n + impatience * np.arange(1, size))))])
        peak = logs.max()
        if logs[-1] < peak - 45 and load < n + impatience * size:  # e^-45 = 3e-20, and falling
            break
        if size > LONGEST_QUEUE:
            raise QueueTooLong("The queue would have millions of places; add agents or use a shorter patience.")
        size *= 4
    lost = float(blocking([load], [n])[0])
    terms = np.exp(logs - peak)
    if lost == 0:
        return _Queue(1.0, np.zeros(1))
    below = np.exp(-peak) * (1 / lost - 1)  # states with a free agent
    total = float(terms.sum() + below)
    return _Queue(float(below / total), terms / total)
