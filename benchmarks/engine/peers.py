"""The same sixty measures in other ways: what a tool with one query a KPI does, and what a good hand does at once.

Each way returns {(code, month or None, unit or None, vendor or None): value} for month x unit, month, and vendor.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.engine import tickets
from benchmarks.engine.kpis import CUTS, FIRST_UNIT, ROOT, measures, units
from lake.engine import Settings, compute, groupings
from lake.periods import Period
from lake.plan import Cut, Measure

Answer = dict[tuple[str, int | None, str | None, str | None], float | None]
SETS = (("_month", "org_unit"), ("_month",), ("vendor",))
SOURCE = "read_parquet({files}, hive_partitioning = true, hive_types = {{'_month': INTEGER}}, union_by_name = true)"


def engine(files: list[str]) -> Callable[[], Any]:
    months = tickets.months()
    periods = [*months, Period.of_span(months[0].start, months[-1].end)]
    return lambda: compute(files, tickets.CONTRACT, measures(), periods, units(), settings=Settings(2, "1GB"))


def engine_memory(files: list[str]) -> int:
    """Megabytes at the peak of this process after one computation; Linux counts them anew for each program."""
    engine(files)()
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def engine_of_last_month(files: list[str]) -> Callable[[], Any]:
    """What an upload into the last month asks for: the file of that month, and the groupings by month."""
    month = tickets.months()[-1]
    asked = [replace(measure, cuts=CUTS[:1]) for measure in measures()]
    return lambda: compute(files[-1:], tickets.CONTRACT, asked, [month], units(), settings=Settings(2, "1GB"))


def engine_split(files: list[str], group_cost: int | None = None) -> Callable[[], Any]:
    """What adds up, each KPI by month and unit and split by four dimensions; group_cost 0: all in one grouping."""
    cuts = tuple(Cut(("month",), dimension) for dimension in (None, "vendor", "category", "channel", "priority"))
    asked = [replace(measure, cuts=cuts) for measure in measures() if measure.kind != "percentile"]

    def run() -> Any:
        before = groupings.GROUP_COST
        groupings.GROUP_COST = before if group_cost is None else group_cost
        try:
            return compute(files, tickets.CONTRACT, asked, tickets.months(), units(), settings=Settings(2, "1GB"))
        finally:
            groupings.GROUP_COST = before

    return run


def engine_answer(table: Any) -> Answer:
    found: Answer = {}
    for row in table.to_pylist():
        unit = None if row["unit_id"] == ROOT else tickets.UNITS[row["unit_id"] - FIRST_UNIT]
        start = row["period_start"]
        month = start.year * 100 + start.month if row["grain"] == "month" else None
        found[row["code"], month, unit, row["member"]] = row["value"]
    return found


def sql_of(measure: Measure, *, postgres: bool = False) -> str:
    """The measure as one expression, as a person would write it."""
    only = f" FILTER (WHERE {measure.where})" if measure.where else ""
    if measure.kind == "ratio":
        top = measure.value.removeprefix("count_if(").removesuffix(")")
        both = f"({top}) AND ({measure.where})" if measure.where else top
        return f"1.0 * count(*) FILTER (WHERE {both}) / nullif(count(*){only}, 0)"
    if measure.kind == "percentile":
        ranked = f"percentile_cont({measure.percentile}) WITHIN GROUP (ORDER BY {measure.value})"
        return f"{ranked if postgres else f'quantile_cont({measure.value}, {measure.percentile})'}{only}"
    if measure.kind == "distinct_count":
        return f"count(DISTINCT {measure.value}){only}"
    return f"{measure.value}{only}"


def _query(expressions: list[str], source: str) -> str:
    sets = ", ".join(f"({', '.join(one)})" for one in SETS)
    return f"SELECT _month, org_unit, vendor, {', '.join(expressions)} FROM {source} GROUP BY GROUPING SETS ({sets})"


def _collect(found: Answer, codes: list[str], rows: list[tuple[Any, ...]]) -> None:
    for month, unit, vendor, *values in rows:
        for code, value in zip(codes, values, strict=True):
            found[code, month, unit, vendor] = None if value is None else float(value)


def in_duckdb(files: list[str], *, fused: bool) -> Callable[[], Answer]:
    source = SOURCE.format(files=files)
    connection = duckdb.connect(config={"threads": 2, "preserve_insertion_order": False})
    asked = measures()
    groups = [asked] if fused else [[m] for m in asked]

    def run() -> Answer:
        found: Answer = {}
        for group in groups:
            table = connection.sql(_query([sql_of(m) for m in group], source)).to_arrow_table()
            rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
            _collect(found, [m.code for m in group], rows)
        return found

    return run


def in_postgres(dsn: str, files: list[str], *, fused: bool) -> Callable[[], Answer]:
    """On a server that psycopg2 reaches by `dsn`; the tickets are copied into an unlogged table first."""
    import psycopg2

    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    _copy_to_postgres(connection, files)
    asked = measures()
    groups = [asked] if fused else [[m] for m in asked]

    def run() -> Answer:
        found: Answer = {}
        with connection.cursor() as cursor:
            cursor.execute("SET work_mem = '256MB'")
            cursor.execute("SET max_parallel_workers_per_gather = 1")
            for group in groups:
                expressions = [sql_of(m, postgres=True) for m in group]
                cursor.execute(_query(expressions, "benchmark_tickets"))
                _collect(found, [m.code for m in group], cursor.fetchall())
        return found

    return run


def _copy_to_postgres(connection: Any, files: list[str]) -> None:
    import tempfile

    names = [column.name for column in tickets.CONTRACT.columns]
    types = {"text": "text", "integer": "bigint", "number": "float8", "decimal": "numeric(18,4)"}
    types |= {"boolean": "boolean", "timestamp": "timestamp"}
    columns = ", ".join(f"{column.name} {types[column.type]}" for column in tickets.CONTRACT.columns)
    with connection.cursor() as cursor, tempfile.NamedTemporaryFile(suffix=".csv") as csv:
        cursor.execute("DROP TABLE IF EXISTS benchmark_tickets")
        cursor.execute(f"CREATE UNLOGGED TABLE benchmark_tickets ({columns}, _month integer)")
        chosen = ", ".join([*names, "_month"])
        duckdb.sql(f"COPY (SELECT {chosen} FROM {SOURCE.format(files=files)}) TO '{csv.name}' (header false)")
        with open(csv.name) as text:
            cursor.copy_expert("COPY benchmark_tickets FROM STDIN (FORMAT csv)", text)
        cursor.execute("VACUUM ANALYZE benchmark_tickets")


CONDITIONS: dict[str, Callable[[Any], Any]] = {
    **{f"priority = {n}": lambda frame, n=n: frame.priority == n for n in range(1, 5)},  # type: ignore[misc]
    "priority <= 2": lambda frame: frame.priority <= 2,
    "sla_met": lambda frame: frame.sla_met,
    "not sla_met": lambda frame: ~frame.sla_met,
    "reopened": lambda frame: frame.reopened,
    "channel = 'phone'": lambda frame: frame.channel == "phone",
    "channel = 'web'": lambda frame: frame.channel == "web",
    "touches > 6": lambda frame: frame.touches > 6,
    "csat >= 4": lambda frame: frame.csat >= 4,
}


def in_pandas(files: list[str], *, categoricals: bool) -> Callable[[], Answer]:
    """The rows read from the files, as every other way has to, then one groupby a KPI and grouping."""
    import pandas as pd

    columns = [column.name for column in tickets.CONTRACT.columns if column.name != "opened_at"]
    codes = ["org_unit", "vendor", "category", "channel"] if categoricals else []

    def run() -> Answer:
        parts = [pd.read_parquet(file, columns=columns).assign(_month=_month_of(file)) for file in files]
        frame = pd.concat(parts, ignore_index=True)
        # What is missing counts as not satisfied, as in SQL.
        frame = frame.astype({"cost": "float64", "csat": "float64"} | dict.fromkeys(codes, "category"))
        found: Answer = {}
        for measure in measures():
            rows = frame if measure.where is None else frame[CONDITIONS[measure.where](frame)]
            for keys in SETS:
                for key, value in _pandas_value(measure, rows, list(keys)).items():
                    place = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
                    where = place.get("_month"), place.get("org_unit"), place.get("vendor")
                    found[(measure.code, *where)] = float(value)
        return found

    return run


def _month_of(file: str) -> int:
    return int(Path(file).parent.name.removeprefix("_month="))


def _pandas_value(measure: Measure, rows: Any, keys: list[str]) -> Any:
    grouped = rows.groupby(keys, observed=True)
    match measure.kind:
        case "ratio":
            top = CONDITIONS[measure.value.removeprefix("count_if(").removesuffix(")")](rows)
            return top.groupby([rows[key] for key in keys], observed=True).mean()
        case "percentile":
            return grouped[measure.value].quantile(measure.percentile)
        case "distinct_count":
            return grouped[measure.value].nunique()
    if measure.value == "count(*)":
        return grouped.size()
    function, column = measure.value.removesuffix(")").split("(")
    return grouped[column].sum() if function == "sum" else grouped[column].mean()


def in_polars(files: list[str]) -> Callable[[], Answer]:
    """Three lazy group-bys collected together, straight from the files."""
    import polars as pl

    asked = measures()
    frame = pl.scan_parquet(files, hive_partitioning=True)

    def condition(text: str) -> Any:
        return pl.sql_expr(text)

    def expression(measure: Measure) -> Any:
        only = condition(measure.where) if measure.where else pl.lit(True)

        def kept(column: str) -> Any:
            return pl.col(column).filter(only) if measure.where else pl.col(column)

        match measure.kind:
            case "ratio":
                top = condition(measure.value.removeprefix("count_if(").removesuffix(")"))
                value = (top & only).sum() / (only.sum() if measure.where else pl.len())
            case "percentile":
                value = kept(measure.value).quantile(measure.percentile, "linear")
            case "distinct_count":
                value = kept(measure.value).n_unique()
            case _ if measure.value == "count(*)":
                value = only.sum() if measure.where else pl.len()
            case _:
                function, column = measure.value.removesuffix(")").split("(")
                value = kept(column).sum() if function == "sum" else kept(column).mean()
        return value.cast(pl.Float64).alias(measure.code)

    def run() -> Answer:
        found: Answer = {}
        plans = [frame.group_by(keys).agg([expression(m) for m in asked]) for keys in SETS]
        for keys, table in zip(SETS, pl.collect_all(plans), strict=True):
            for row in table.rows(named=True):
                where = row.get("_month"), row.get("org_unit"), row.get("vendor") if "vendor" in keys else None
                for measure in asked:
                    found[(measure.code, *where)] = row[measure.code]
        return found

    return run
