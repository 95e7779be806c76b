"""Intake against pandas on the same checks: `python -m benchmarks.intake [--rows N] [--xlsx-rows N] [--runs N]`.

Both read the same file, type every cell, apply the same rules and keep good rows and rejects as Parquet. Ratios are
of medians, interleaved in one run; the counts of good and bad rows are compared before anything is timed.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import xlsxwriter

from lake import intake
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect

T, R = ColumnType, Role
REGIONS = ("north", "south", "east", "west")
CONTRACT = Contract(
    (
        Column("ticket_id", roles=(R.KEY,)),
        Column("opened_at", type=T.TIMESTAMP, roles=(R.EVENT_TIME,)),
        Column("closed_at", type=T.TIMESTAMP),
        Column("due", type=T.DATE),
        Column("unit", roles=(R.UNIT,), required=True),
        Column("vendor", roles=(R.VENDOR,)),
        Column("region", roles=(R.DIMENSION,), allowed=REGIONS),
        Column("priority", type=T.INTEGER, roles=(R.DIMENSION,), minimum=1, maximum=5),
        Column("reopened", type=T.INTEGER, minimum=0),
        Column("cost", type=T.DECIMAL, roles=(R.MEASURE,), minimum=0),
        Column("hours", type=T.NUMBER, roles=(R.MEASURE,), minimum=0),
        Column("score", type=T.NUMBER),
        Column("met", type=T.BOOLEAN),
        Column("contact"),
        Column("note"),
    )
)


def table(rows: int) -> dict[str, np.ndarray]:
    """Fifteen columns of text, about 0.4 % of the rows with a bad cell."""
    random = np.random.default_rng(7)
    opened = np.datetime64("2023-01-01") + random.integers(0, 94_000_000, rows).astype("timedelta64[s]")
    closed = opened + random.integers(60, 900_000, rows).astype("timedelta64[s]")
    seconds = [np.char.replace(np.datetime_as_string(times, unit="s"), "T", " ") for times in (opened, closed)]
    columns = {
        "ticket_id": np.char.add("T", np.char.zfill(np.arange(rows).astype(str), 9)),
        "opened_at": seconds[0],
        "closed_at": seconds[1],
        "due": np.datetime_as_string(closed.astype("datetime64[D]")),
        "unit": np.char.add("U", random.integers(0, 50, rows).astype(str)),
        "vendor": np.char.add("vendor ", random.integers(0, 12, rows).astype(str)),
        "region": np.array(REGIONS)[random.integers(0, 4, rows)],
        "priority": random.integers(1, 6, rows).astype(str),
        "reopened": random.integers(0, 4, rows).astype(str),
        "cost": np.char.mod("%.2f", random.gamma(2, 60, rows)),
        "hours": np.char.mod("%.3f", random.gamma(2, 12, rows)),
        "score": np.char.mod("%.5f", random.normal(0, 1, rows)),
        "met": np.array(["true", "false"])[random.integers(0, 2, rows)],
        "contact": np.array(["phone", "mail", "self service", "chat"])[random.integers(0, 4, rows)],
        "note": np.char.add("printer, floor ", random.integers(0, 900, rows).astype(str)),
    }
    columns = {name: values.astype(object) for name, values in columns.items()}
    bad = max(1, rows // 1_000)
    for name, text in (("opened_at", "2025-02-30 10:00:00"), ("cost", "n/k"), ("priority", "9"), ("region", "mars")):
        columns[name][random.integers(0, rows, bad)] = text
    return columns


def write_csv(path: Path, columns: dict[str, np.ndarray]) -> None:
    pa_csv.write_csv(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), path)


def write_xlsx(path: Path, columns: dict[str, np.ndarray]) -> None:
    numeric = {"priority", "reopened", "cost", "hours", "score"}
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Data")
        sheet.write_row(0, 0, list(columns))
        for row, values in enumerate(zip(*columns.values(), strict=True), start=1):
            for place, (name, value) in enumerate(zip(columns, values, strict=True)):
                if name in numeric and value != "n/k":
                    sheet.write_number(row, place, float(value))
                else:
                    sheet.write_string(row, place, value)


def ours(path: Path, into: Path, kind: str) -> tuple[int, int]:
    loaded = intake.load(path, CONTRACT, Dialect(kind=kind), into=into)
    return loaded.accepted, loaded.rejected


def with_pandas(path: Path, into: Path, kind: str) -> tuple[int, int]:
    """The checks of CONTRACT in pandas, as one writes them: coerce, compare, collect the reasons."""
    if kind == "csv":
        raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    else:
        raw = pd.read_excel(path, dtype=str, keep_default_na=False, engine="openpyxl")
    typed = raw.copy()
    bad: dict[str, pd.Series] = {}
    for column in CONTRACT.columns:
        text, filled = raw[column.name], raw[column.name] != ""
        match column.type:
            case T.INTEGER | T.NUMBER | T.DECIMAL:
                values = pd.to_numeric(text, errors="coerce")
                fault = filled & ~np.isfinite(values)
                if column.minimum is not None:
                    fault |= values < column.minimum
                if column.maximum is not None:
                    fault |= values > column.maximum
                if column.type is T.INTEGER:
                    fault |= filled & (values % 1 != 0)
            case T.TIMESTAMP | T.DATE:
                form = "%Y-%m-%d" if column.type is T.DATE else "%Y-%m-%d %H:%M:%S"
                values = pd.to_datetime(text, errors="coerce", format=form)
                fault = filled & (values.isna() | (values < "1970-01-01") | (values >= "2100-01-02"))
            case T.BOOLEAN:
                values = text.str.lower().map({"true": True, "false": False})
                fault = filled & values.isna()
            case _:
                values, fault = text.where(filled), pd.Series(False, index=raw.index)
        if column.needed:
            fault |= ~filled
        if column.allowed:
            fault |= filled & ~text.isin(column.allowed)
        typed[column.name], bad[column.name] = values, fault
    failed = pd.DataFrame(bad)
    rows = failed.any(axis=1)
    good = typed[~rows]
    good = good[~good.duplicated(["ticket_id"])]
    good.to_parquet(into / "pandas.parquet")
    reasons = [
        raw.loc[fault, [name]].rename(columns={name: "value"}).assign(column=name) for name, fault in bad.items()
    ]
    pd.concat(reasons).to_parquet(into / "pandas_rejects.parquet")
    return len(good), int(rows.sum())


def compare(kind: str, rows: int, runs: int, scratch: Path) -> None:
    path = scratch / f"extract.{kind}"
    (write_csv if kind == "csv" else write_xlsx)(path, table(rows))
    ways: dict[str, Callable[[Path, Path, str], tuple[int, int]]] = {"perfmgr": ours, "pandas": with_pandas}
    answers = {name: way(path, scratch, kind) for name, way in ways.items()}
    if len(set(answers.values())) != 1:
        raise SystemExit(f"The answers differ: {answers}")
    times: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    for run in range(runs):
        for name in list(ways)[:: 1 if run % 2 else -1]:
            started, processor = time.perf_counter(), time.process_time()
            ways[name](path, scratch, kind)
            times[name].append(time.perf_counter() - started)
            busy[name].append(time.process_time() - processor)
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    processors = {name: statistics.median(seconds) for name, seconds in busy.items()}
    size = path.stat().st_size / 1e6
    print(
        f"\n{kind}, {rows:,} rows x {len(CONTRACT.columns)} columns, {size:.0f} MB, {answers['perfmgr'][1]:,} rejected"
    )
    print(f"{'':<10}{'median s':>10}{'rows/s':>12}{'ratio':>8}{'cpu s':>10}{'ratio':>8}")
    for name, seconds in medians.items():
        ratio, cpu_ratio = seconds / medians["perfmgr"], processors[name] / processors["perfmgr"]
        print(
            f"{name:<10}{seconds:>10.2f}{rows / seconds:>12,.0f}{ratio:>8.2f}{processors[name]:>10.2f}{cpu_ratio:>8.2f}"
        )
    paths = f"*map(pathlib.Path, {[str(path), str(scratch)]})"
    code = f"import benchmarks.intake as b, pathlib; b.ours({paths}, {kind!r}); b.peak()"
    print("peak memory of ours:", subprocess.check_output([sys.executable, "-c", code], text=True).strip())


def peak() -> None:
    """Of this process alone: ru_maxrss would remember the parent that started it."""
    status = Path("/proc/self/status").read_text()
    print(f"{int(status.partition('VmHWM:')[2].split()[0]) / 1024:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--xlsx-rows", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare("csv", asked.rows, asked.runs, Path(folder))
        if asked.xlsx_rows:
            compare("xlsx", asked.xlsx_rows, asked.runs, Path(folder))


if __name__ == "__main__":
    main()
