"""Erlang C agents required for 10,000 intervals: one vectorised call against a plain Python loop per interval.

Run: python -m benchmarks.queueing [intervals]. Prints one line per way and the ratio; both must give the same agents.
The loop is a stand-in: the peer that the target names, pyworkforce, clashes with the stack and is not installed here.
"""

from __future__ import annotations

import math
import sys
import time

import numpy as np

from analytics.queueing.staffing import Limits, agents_required_batch

AHT, INTERVAL, LEVEL, WITHIN = 240.0, 1800.0, 0.8, 20.0


def plain(calls: float) -> int:
    """Add agents until the level is met, with the recursion for Erlang B from zero each time, as libraries do."""
    load = calls * AHT / INTERVAL
    if load == 0:
        return 0
    agents = math.floor(load) + 1
    while True:
        lost = 1.0
        for n in range(1, agents + 1):
            lost = load * lost / (n + load * lost)
        waits = lost / (1 - load / agents * (1 - lost))
        if 1 - waits * math.exp(-(agents - load) * WITHIN / AHT) >= LEVEL:
            return agents
        agents += 1


def main(intervals: int = 10_000) -> None:
    calls = np.random.default_rng(1).uniform(0, 800, intervals).round()
    limits = Limits(service_level=LEVEL, within=WITHIN)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        result = agents_required_batch(calls=calls, aht=AHT, interval=INTERVAL, limits=limits)
        seconds.append(time.perf_counter() - start)
    fast = float(np.median(seconds))
    start = time.perf_counter()
    expected = [plain(volume) for volume in calls.tolist()]
    slow = time.perf_counter() - start
    if result.agents.tolist() != expected:
        raise SystemExit("The two ways differ.")
    print(f"{intervals} intervals of 0 to 107 Erlangs, 80 % in 20 s")
    print(f"vectorised         {fast:8.3f} s")
    print(f"plain Python loop  {slow:8.3f} s   {slow / fast:.0f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
