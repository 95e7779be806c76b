"""How long the fact store takes: an extract of 50,000 rows, 40 % of them replacing records, into a large table.

    python -m benchmarks.store                      # 200,000 rows, seconds
    python -m benchmarks.store --rows 10000000      # the real thing

Prints the time of a load whose replaced records lie in the last three months, of one whose records lie in all 36
months, and the ratio of a query afterwards, and after compaction, to the same query on the clean table's version.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from lake.contract import Column, ColumnType, Contract, Role
from lake.store import FactStore, FactTable
from lake.store.incoming import local_day

MONTHS = 36
CONTRACT = Contract(
    columns=(
        Column("ticket_id", type=ColumnType.TEXT, roles=(Role.KEY,)),
        Column("opened_at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("closed_at", type=ColumnType.TIMESTAMP),
        Column("org_unit", type=ColumnType.TEXT, roles=(Role.UNIT,)),
        Column("vendor", type=ColumnType.TEXT, roles=(Role.VENDOR,)),
        Column("category", type=ColumnType.TEXT, roles=(Role.DIMENSION,)),
        Column("priority", type=ColumnType.INTEGER, roles=(Role.DIMENSION,)),
        Column("channel", type=ColumnType.TEXT, roles=(Role.DIMENSION,)),
        Column("reopened", type=ColumnType.BOOLEAN),
        Column("response_s", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
        Column("work_s", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
        Column("cost", type=ColumnType.DECIMAL, roles=(Role.MEASURE,)),
        Column("score", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
    ),
    reporting_timezone="America/New_York",
)


def tickets(numbers: str, salt: int) -> str:
    """SQL of accepted rows for the tickets `i` of a relation; `month` places each in 2023-2025."""
    return f"""
        select 'T' || lpad(i::varchar, 10, '0') as ticket_id, opened_at,
            opened_at + to_seconds(hash(i, {salt}, 2) % 900000) as closed_at,
            'U' || lpad((hash(i, 3) % 50)::varchar, 3, '0') as org_unit,
            'V' || lpad((hash(i, 4) % 20)::varchar, 2, '0') as vendor,
            'C' || (hash(i, 5) % 12)::varchar as category, (1 + hash(i, 6) % 4)::bigint as priority,
            ['mail', 'phone', 'portal'][1 + (hash(i, 7) % 3)::int] as channel, hash(i, 8) % 10 = 0 as reopened,
            (hash(i, {salt}, 9) % 7200)::bigint as response_s, (hash(i, {salt}, 10) % 90000)::bigint as work_s,
            ((hash(i, {salt}, 11) % 1000000) / 10000)::decimal(18, 4) as cost,
            (hash(i, 12) % 1000) / 10.0 as score, i + 2 as _row
        from (select i, timestamp '2023-01-01' + to_months((month)::int)
                        + to_seconds(hash(i, 1) % 2419200) as opened_at from ({numbers}))
    """


def extract(folder: Path, name: str, numbers: str, salt: int) -> Path:
    path = folder / f"{name}.parquet"
    connection = duckdb.connect()
    connection.execute("set threads = 2; set preserve_insertion_order = false")
    # The intake leaves the local days beside the times.
    zone = CONTRACT.reporting_timezone
    days = ", ".join(
        f"{local_day(column.name, column.type.sql, zone)} as {column.name}__day" for column in CONTRACT.temporal
    )
    connection.execute(
        f"copy (select *, {days} from ({tickets(numbers, salt)})) to '{path}' (format parquet, compression zstd)"
    )
    return path


def correction(total: int, size: int, months: int, first_new: int) -> str:
    """40 % of the numbers are tickets of the last `months` months, spread evenly; the rest are new ones there.

    A ticket's month is its number modulo 36, so tickets of every age stand side by side in key order.
    """
    old, first_month = int(size * 0.4), MONTHS - months
    step = max(1, (total // MONTHS) // (old // months + 1))
    return f"""
        select (r // {months}) * {step * MONTHS} + {first_month} + r % {months} as i, {first_month} + r % {months}
            as month from (select range as r from range({old}))
        union all select {first_new} + range, {first_month} + range % {months} from range({size - old})
    """


@dataclass(frozen=True)
class Spent:
    """Seconds of wall clock and of processor (all threads): on a shared machine compare the latter."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:8.2f} s {self.cpu:8.2f} s cpu"


def timed(work: Callable[[], object]) -> tuple[Spent, object]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu), result


def query(relation: str) -> float:
    """Processor seconds of the additive roll-up by month, unit and vendor over a whole version."""
    connection = duckdb.connect()
    connection.execute("set threads = 2")
    sql = f"""select _month, org_unit, vendor, count(*), count(case when priority = 1 then 1 end), sum(cost),
        sum(case when reopened then work_s end), avg(response_s) from ({relation}) group by all"""
    return timed(lambda: connection.execute(sql).fetchall())[0].cpu


def slower(now: str, clean: str, repeats: int) -> str:
    """How much longer the query takes over one version than over another; both in turn, so that the machine's speed
    is the same for both."""
    pairs = [(query(now), query(clean)) for _ in range(repeats)]
    after, before = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    return f"x {after / before:.2f} of {before:.3f} s"


def run(rows: int, changed: int, repeats: int, place: str | None) -> list[tuple[str, str]]:
    with tempfile.TemporaryDirectory(dir=place) as folder:
        root = Path(folder)
        table = FactStore(root / "lake").table("tickets")
        first = extract(root, "first", f"select range as i, range % {MONTHS} as month from range({rows})", 0)
        spent, _ = timed(lambda: table.commit("first", first, CONTRACT))
        table.compact("clean", sort_by=["org_unit", "vendor"], more_than_files=0)
        clean = table.relation()
        lines = [("first load", str(spent)), ("query, clean table, and again", slower(clean, clean, repeats))]
        next_new = rows + MONTHS
        for name, months in (("last 3 months", 3), (f"all {MONTHS} months", MONTHS)):
            path = extract(root, f"change{months}", correction(rows, changed, months, next_new), months)
            next_new += changed
            spent, commit = timed(lambda path=path, months=months: table.commit(f"c{months}", path, CONTRACT))
            _check(commit, changed)
            lines.append((f"{changed} rows, {name}", str(spent)))
            lines.append(("  query afterwards", slower(table.relation(), clean, repeats)))
            lines += _compacted(table, f"again{months}", clean, repeats)
            spent, _ = timed(lambda months=months: table.undo(f"c{months}", f"u{months}"))
            lines.append(("  undo", str(spent)))
        spent, files = timed(table.verify)
        lines.append((f"verification of {files} files", str(spent)))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return [*lines, ("peak memory of this process", f"{peak} MB")]


def _compacted(table: FactTable, name: str, clean: str, repeats: int) -> list[tuple[str, str]]:
    spent, _ = timed(lambda: table.compact(name, sort_by=["org_unit", "vendor"], more_than_files=0))
    return [("  compaction", str(spent)), ("  query after compaction", slower(table.relation(), clean, repeats))]


def _check(commit: object, changed: int) -> None:
    accepted, replaced = getattr(commit, "accepted", 0), getattr(commit, "replaced", 0)
    if (accepted, replaced) != (changed, int(changed * 0.4)):
        raise AssertionError(f"{accepted} rows accepted and {replaced} replaced; {changed} and 40 % were expected")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument(
        "--changed", type=int, default=None, help="rows of the extract; 50,000, or a tenth of the table"
    )
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--folder", default=None, help="where to write; the system's folder for temporary files")
    options = parser.parse_args()
    changed = options.changed or min(50_000, options.rows // 10)
    for name, value in run(options.rows, changed, options.repeats, options.folder):
        print(f"{name:34} {value:>24}")


if __name__ == "__main__":
    main()
