"""Business time of many cases under a calendar with lunch, holidays and both changes of the clocks.

    python -m benchmarks.clock                      # 10,000,000 cases
    python -m benchmarks.clock --cases 1000000 --peer-cases 500
    python -m benchmarks.clock --no-peer            # without businesstimedelta

Prints medians of several runs: elapsed time, elapsed time with three pauses a case (overlapping ones merged), and the
ratio to businesstimedelta on the same cases, whose answers must be equal. That package is installed into an environment
of its own under var/benchmarks, so that it is no dependency of perfmgr. `benchmarks/clock_run.py` times a whole run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import django
import numpy as np

from lake.clock import Pauses, WorkTable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "perfmgr.settings")  # calendars are models; no database is asked
os.environ.setdefault("PERFMGR_ENV", "test")
django.setup()

from organization.business_calendars import Rules, Window, opening_spans  # noqa: E402

FIRST, LAST, ZONE = date(2023, 1, 1), date(2026, 3, 31), "America/New_York"
TARGETS = {"elapsed": 10e6, "paused": 1e6, "ratio": 500, "memory": 2048}
PEER = """
import datetime, json, sys, time
import businesstimedelta as b, holidays, pytz
zone = pytz.timezone("America/New_York")
off = holidays.country_holidays("US", years=range(2022, 2029))
rules = b.Rules([
    b.WorkDayRule(datetime.time(8), datetime.time(18), [0, 1, 2, 3, 4], tz=zone),
    b.WorkDayRule(datetime.time(12), datetime.time(13), [0, 1, 2, 3, 4], tz=zone, time_off=True),
    b.HolidayRule(off, tz=zone),
])
cases = [[datetime.datetime.fromtimestamp(at, pytz.utc) for at in case] for case in json.load(sys.stdin)]
began = time.perf_counter()
spent = [rules.difference(start, stop) for start, stop in cases]
print(json.dumps({"seconds": time.perf_counter() - began,
                  "spent": [int(part.hours) * 3600 + int(part.seconds) for part in spent],
                  "days_off": [day.isoformat() for day in off]}))
"""


def main() -> None:
    options = _options()
    table = _table()
    random = np.random.default_rng(5)
    starts = table.first + random.integers(0, 1096 * 86_400, options.cases)
    stops = np.minimum(starts + random.integers(60, 900_000, options.cases), table.last)
    print(f"{options.cases:,} cases, {len(table.starts):,} opening spans, {table.step} s a step, two threads; medians")
    plain = _median(lambda: table.elapsed(starts, stops), options.repeat)
    _line("elapsed", options.cases / plain, "cases/s", TARGETS["elapsed"])
    begins = np.repeat(starts, 3) + random.integers(-50_000, 900_000, 3 * options.cases)
    pauses = Pauses(np.arange(options.cases + 1) * 3, begins, begins + random.integers(60, 200_000, 3 * options.cases))
    paused = _median(lambda: table.elapsed(starts, stops, pauses), max(3, options.repeat - 2))
    _line("with 3 pauses a case, merged", options.cases / paused, "cases/s", TARGETS["paused"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _line("peak memory, cases and pauses included", peak, "MB", TARGETS["memory"], most=True)
    if not options.no_peer:
        _against_peer(starts, stops, options.peer_cases, Path(options.folder))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clock", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peer-cases", type=int, default=1_000)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--folder", default="var/benchmarks")
    return parser.parse_args()


def _table(days_off: list[date] | None = None) -> WorkTable:
    """Monday to Friday 8 to 18 in New York, lunch from 12 to 13, public holidays; or with just these days off."""
    windows = tuple(
        Window(day, clock_time(opens), clock_time(closes)) for day in range(5) for opens, closes in ((8, 12), (13, 18))
    )
    rules = Rules(start=date(1900, 1, 1), end=None, timezone=ZONE, windows=windows, country="US")
    if days_off is not None:
        rules = replace(rules, country="", days=dict.fromkeys(days_off, ()))
    spans = np.array([[at.timestamp() for at in span] for span in opening_spans([rules], FIRST, LAST)], dtype=np.int64)
    first, last = (int(datetime.combine(day, clock_time(), tzinfo=UTC).timestamp()) for day in (FIRST, LAST))
    return WorkTable.from_spans(spans[:, 0], spans[:, 1], first, last)


def _against_peer(starts: np.ndarray, stops: np.ndarray, cases: int, folder: Path) -> None:
    """The same cases by businesstimedelta; the run ends here if one answer differs."""
    given = np.stack([starts[:cases], stops[:cases]], axis=1).tolist()
    done = subprocess.run(
        [_peer_python(folder), "-c", PEER], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    theirs: dict[str, Any] = json.loads(done.stdout)
    table = _table([date.fromisoformat(day) for day in theirs["days_off"]])
    ours = table.elapsed(starts[:cases], stops[:cases])
    different = np.flatnonzero(ours != np.array(theirs["spent"]))
    if len(different):
        first = int(different[0])
        raise SystemExit(
            f"{len(different)} answers differ, first {given[first]}: {ours[first]}, theirs {theirs['spent'][first]}"
        )
    seconds = _median(lambda: table.elapsed(starts[:cases], stops[:cases]), 51)
    print(f"{cases:,} answers equal to businesstimedelta's, which does {cases / theirs['seconds']:,.0f} cases/s")
    _line("ratio to businesstimedelta, same cases", theirs["seconds"] / seconds, "times", TARGETS["ratio"])


def _peer_python(folder: Path) -> str:
    """The interpreter of the peer's own environment, made once."""
    home = folder / "peer-businesstimedelta"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "businesstimedelta==1.0.1"], check=True)
    return str(python)


def _median(work: Callable[[], Any], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _line(name: str, value: float, unit: str, target: float, *, most: bool = False) -> None:
    reached = value <= target if most else value >= target
    bound = "at most" if most else "at least"
    print(f"{name:42}{value:16,.0f} {unit:8} {bound} {target:,.0f}: {'reached' if reached else 'MISSED'}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
