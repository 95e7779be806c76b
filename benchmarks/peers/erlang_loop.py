"""Run by the peers' Python: agents of each interval by pyworkforce, one call an interval. JSON in, JSON out."""

import json
import sys
import time

from pyworkforce.queuing import ErlangC

asked = json.load(sys.stdin)
start = time.perf_counter()
agents = [
    ErlangC(transactions=calls, aht=asked["aht"], interval=asked["interval"], asa=asked["within"]).required_positions(
        service_level=asked["level"]
    )["raw_positions"]
    if calls > 0
    else 0
    for calls in asked["calls"]
]
json.dump({"seconds": time.perf_counter() - start, "agents": agents}, sys.stdout)
