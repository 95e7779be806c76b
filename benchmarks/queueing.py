"""Erlang C agents required for 10,000 intervals: one vectorised call against pyworkforce's loop, an interval a call.

Run: python -m benchmarks.queueing [intervals], after python -m benchmarks.peers. Prints one line per way and the ratio;
both must give the same agents.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from analytics.queueing.staffing import Limits, agents_required_batch
from benchmarks import peers

AHT, INTERVAL, LEVEL, WITHIN = 240.0, 1800.0, 0.8, 20.0


def main(intervals: int = 10_000) -> None:
    calls = np.random.default_rng(1).uniform(0, 800, intervals).round()
    limits = Limits(service_level=LEVEL, within=WITHIN)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        result = agents_required_batch(calls=calls, aht=AHT, interval=INTERVAL, limits=limits)
        seconds.append(time.perf_counter() - start)
    fast = float(np.median(seconds))
    question = {"calls": calls.tolist(), "aht": AHT, "interval": INTERVAL, "level": LEVEL, "within": WITHIN}
    peer = peers.ask("erlang_loop.py", question)
    slow = peer["seconds"]
    if result.agents.tolist() != peer["agents"]:
        raise SystemExit("The two ways differ.")
    print(f"{intervals} intervals of 0 to 107 Erlangs, 80 % in 20 s")
    print(f"vectorised        {fast:8.4f} s")
    print(f"pyworkforce loop  {slow:8.4f} s   {slow / fast:.0f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
