"""Every benchmark, one after the other, each in a process of its own: python -m benchmarks [--quick] [NAME ...]

--quick takes a tenth of the rows, for a look at whether all still runs; the figures of docs/performance.md are of the
full sizes. Ratios compare ways within one run, so they hold on a slower machine too; keep it quiet all the same.
"""

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass

MILLION = 1_000_000


@dataclass(frozen=True)
class Benchmark:
    """One module of this package.

    `arguments` may hold {million}, {ten_millions} and {fifth} (of a million): rows, a tenth of them when in a hurry.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()

    def command(self, million: int) -> list[str]:
        sizes = {"million": million, "ten_millions": 10 * million, "fifth": million // 5}
        filled = [argument.format(**sizes) for argument in self.arguments]
        return [sys.executable, "-m", f"benchmarks.{self.module}", *filled]


BENCHMARKS = (
    Benchmark("engine", "engine", ("--rows", "{million}", "--embedded-postgres", "--split")),
    Benchmark("engine-large", "engine", ("--rows", "{ten_millions}", "--peers", "duckdb,polars")),
    Benchmark("recompute", "recompute", ("--rows", "{million}")),
    Benchmark("recompute-large", "recompute", ("--rows", "{ten_millions}")),
    Benchmark("store", "store", ("--rows", "{ten_millions}")),
    Benchmark("intake", "intake", ("--rows", "{million}", "--xlsx-rows", "{fifth}")),
    Benchmark("pages", "pages"),
    Benchmark("clock", "clock"),
    Benchmark("clock-run", "clock_run"),
    Benchmark("spc", "spc"),
    Benchmark("queueing", "queueing"),
    Benchmark("forecast", "forecast"),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in BENCHMARKS))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    unknown = set(options.names) - {one.name for one in BENCHMARKS}
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    failed = []
    for one in BENCHMARKS:
        if options.names and one.name not in options.names:
            continue
        print(f"\n== {one.name}", flush=True)
        begin = time.monotonic()
        if subprocess.run(one.command(MILLION // 10 if options.quick else MILLION)).returncode:
            failed.append(one.name)
        print(f"({time.monotonic() - begin:.0f} s)", flush=True)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
