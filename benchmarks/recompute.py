"""The recompute of sixty KPIs, with writing the results to the database: python -m benchmarks.recompute [--rows N]

Sixty KPIs over seeded tickets of 36 months in 50 units, as `benchmarks.engine` has them, through the product: KPI
versions, the plan, the scan in its child process, scores, COPY into PostgreSQL in one transaction. Four medians:

  computing             plan, scan and scores, without writing
  computing and writing the same with the results written into an empty table, and written again when nothing changed
  one touched month     what an upload into the last month asks for; its quarter and year are computed again with it
  the same, 12 months   with a third of the history: the cost must not depend on it
"""

import argparse
import os
import statistics
import time
from datetime import date
from pathlib import Path

from benchmarks import database
from benchmarks.engine import kpis as sixty
from benchmarks.engine import tickets

LAST_MONTH = 202512


def main() -> None:
    options = _options()
    files = tickets.write(Path(options.folder) / str(options.rows), options.rows)
    os.environ["PERFMGR_AS_OF"] = "2026-01-01"
    with database.throwaway() as scratch:
        whole = Bench("whole", files, scratch)
        full = [whole.full() for _ in range(options.repeat)]
        again = [whole.again() for _ in range(options.repeat)]
        month = [whole.month() for _ in range(options.repeat)]
        short = Bench("short", files[-12:], scratch)
        short.full()
        short_month = [short.month() for _ in range(options.repeat)]
    computing = statistics.median(run.computing for run in full)
    written = statistics.median(run.seconds for run in full)
    print(f"{options.rows:,} rows, 60 KPIs, {full[0].results:,} results; medians of {options.repeat}")
    print(f"{'computing':40}{computing:8.2f} s")
    print(f"{'computing and writing':40}{written:8.2f} s   x {written / computing:.2f} of computing   (target 2)")
    for name, runs, of in (
        ("the same again, nothing changed", again, written),
        ("one touched month", month, written),
        ("one touched month, a third of the history", short_month, statistics.median(r.seconds for r in month)),
    ):
        seconds = statistics.median(run.seconds for run in runs)
        print(f"{name:40}{seconds:8.2f} s   x {seconds / of:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recompute", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", default="var/benchmarks", help="where the tickets are kept between runs")
    return parser.parse_args()


class Timed:
    """One run: seconds in all, seconds of everything but writing, results written."""

    def __init__(self, seconds: float, run):
        self.seconds = seconds
        self.computing = sum(spent for step, spent in run.timings.items() if step != "write")
        self.results = run.results_written
        if run.faults:
            raise SystemExit(f"not computed: {run.faults}")
        print(" ", f"{seconds:6.2f} s", run.timings, f"{run.results_written} written", flush=True)


class Bench:
    """A dataset of the given files with the sixty KPIs."""

    def __init__(self, code: str, files: list[str], scratch: Path):
        from tests.factories import DatasetFactory, UnitFactory

        self.unit = UnitFactory(code=f"{code}-group", name="Group")
        for name in tickets.UNITS if code == "whole" else ():
            UnitFactory(code=name, parent=self.unit)
        self.dataset = DatasetFactory(code=code, unit=self.unit, contract=tickets.CONTRACT.to_dict(), contract_number=1)
        self._load(files, scratch)
        for measure in sixty.measures():
            self._kpi(code, measure)

    def _load(self, files: list[str], scratch: Path) -> None:
        from datasets.facts import table_of
        from datasets.intake.committing import Summary, name_version
        from datasets.models import DatasetVersion
        from organization.models import Unit

        commit = table_of(self.dataset).commit("seed", [Path(file) for file in files], tickets.CONTRACT, mode="append")
        units = frozenset(Unit.objects.values_list("pk", flat=True))
        name_version(self.dataset, commit, Summary(units, tickets.last_day()), kind=DatasetVersion.Kind.LOAD)
        self.dataset.refresh_from_db()

    def _kpi(self, code: str, measure) -> None:
        from kpis.models import KpiVersion
        from tests.factories import KpiFactory

        kinds = {"distinct_count": KpiVersion.Kind.DISTINCT}
        KpiFactory(
            code=f"{code}_{measure.code}",
            unit=self.unit,
            dataset=self.dataset,
            kind=kinds.get(measure.kind, measure.kind),
            formula=measure.value,
            denominator=measure.denominator or "",
            condition=measure.where or "",
            percentile=measure.percentile,
            direction="none",
        )

    def full(self) -> Timed:
        from django.db import connection

        from kpis import requests

        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE kpis_result, kpis_statuschange")
        requests.everything(self.dataset, "benchmark")
        return self._timed()

    def again(self) -> Timed:
        from kpis import requests

        requests.everything(self.dataset, "benchmark")
        return self._timed()

    def month(self) -> Timed:
        from kpis.models import RecomputeRequest

        RecomputeRequest.objects.create(
            dataset=self.dataset, scope=RecomputeRequest.Scope.DATA, trigger="b", touched={"opened_at": [LAST_MONTH]}
        )
        return self._timed()

    def _timed(self) -> Timed:
        from kpis.recompute import recompute

        begin = time.perf_counter()
        run = recompute(self.dataset.pk, day=date(2026, 1, 1))
        return Timed(time.perf_counter() - begin, run)


if __name__ == "__main__":
    main()
