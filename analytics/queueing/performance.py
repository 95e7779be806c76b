"""What a staffed interval does, in the words that all models share."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.inputs import number


@dataclass(frozen=True, slots=True)
class Performance:
    """Steady state of one interval. Times in the unit of the handling time, shares 0 to 1.

    load: Erlangs. within: the answer threshold. waiting_probability: share that does not get an agent at once.
    asa: mean wait over all calls; mean_wait_of_waiting: over those that wait. queue: mean number waiting.
    abandonment, abandoned_within: share of calls that hang up at all, and within the threshold.
    """

    model: str
    agents: int
    load: float
    within: float
    waiting_probability: float
    service_level: float
    asa: float
    mean_wait_of_waiting: float
    occupancy: float
    queue: float
    abandonment: float
    abandoned_within: float


def offered_load(calls: float, aht: float, interval: float) -> float:
    """Erlangs: calls x aht / interval. Raises OutOfRange, NotFinite."""
    number(calls, "calls", at_least=0)
    return calls * number(aht, "aht", above=0) / number(interval, "interval", above=0)


def no_calls(model: str, agents: int, within: float) -> Performance:
    """An interval without calls: all of nothing is answered in time, nobody is busy."""
    return Performance(model, agents, 0.0, within, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
