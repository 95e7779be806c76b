"""A seeded set of service tickets in the fact store."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from lake.contract import Column, ColumnType, Contract, Role
from lake.periods import Calendar, Period
from lake.store import FactStore

START, MONTHS = date(2023, 1, 1), 36
UNITS = [f"OU{n:02d}" for n in range(50)]
VENDORS = [f"Vendor {n:02d}" for n in range(20)]
CATEGORIES = [f"category {n:02d}" for n in range(12)]
CHANNELS = ["phone", "mail", "web", "chat", "visit"]

CONTRACT = Contract(
    columns=(
        Column("ticket_id", type=ColumnType.INTEGER, roles=(Role.KEY,)),
        Column("opened_at", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("org_unit", roles=(Role.UNIT,)),
        Column("vendor", roles=(Role.DIMENSION, Role.VENDOR)),
        Column("category", roles=(Role.DIMENSION,)),
        Column("channel", roles=(Role.DIMENSION,)),
        Column("priority", type=ColumnType.INTEGER, roles=(Role.DIMENSION,)),
        Column("customer_id", type=ColumnType.INTEGER, roles=(Role.ATTRIBUTE,)),
        Column("sla_met", type=ColumnType.BOOLEAN, roles=(Role.ATTRIBUTE,)),
        Column("reopened", type=ColumnType.BOOLEAN, roles=(Role.ATTRIBUTE,)),
        Column("response_s", type=ColumnType.NUMBER, roles=(Role.MEASURE,), required=True),
        Column("resolve_s", type=ColumnType.NUMBER, roles=(Role.MEASURE,), required=True),
        Column("work_s", type=ColumnType.NUMBER, roles=(Role.MEASURE,), required=True),
        Column("touches", type=ColumnType.INTEGER, roles=(Role.MEASURE,), required=True),
        Column("csat", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
        Column("cost", type=ColumnType.DECIMAL, roles=(Role.MEASURE,), required=True),
    ),
    timezone="UTC",
    reporting_timezone="UTC",
)


def months() -> list[Period]:
    return Calendar().periods("month", START, date(START.year + MONTHS // 12, 1, 1))


def write(folder: Path, rows: int, *, seed: int = 7) -> list[str]:
    """Store `rows` tickets in a fact table under `folder` unless they are there, and compact it as the product does.

    Returns its files in time order, one a month.
    """
    table = FactStore(folder).table("tickets")
    if not table.exists:
        extracts = folder / "extracts"
        extracts.mkdir(parents=True, exist_ok=True)
        table.commit("seed", list(_extracts(extracts, rows, np.random.default_rng(seed))), CONTRACT)
        table.compact("compact", sort_by=CONTRACT.storage_order, more_than_files=0)
        shutil.rmtree(extracts)
    return [str(path) for path in sorted(table.files(), key=lambda path: path.parent.name)]


def _extracts(folder: Path, rows: int, generator: np.random.Generator) -> Iterator[Path]:
    """One file of accepted rows for each month."""
    written = 0
    for index, month in enumerate(months()):
        count = rows * (index + 1) // MONTHS - written
        path = folder / f"{month.start:%Y%m}.parquet"
        with duckdb.connect() as connection:
            connection.register("tickets", _tickets(month, written, count, generator))
            connection.execute(
                "copy (select * replace (cost::decimal(18,4) as cost), opened_at::date as opened_at__day from tickets) "
                f"to '{path}' (format parquet)"
            )
        written += count
        yield path


def _tickets(month: Period, first: int, count: int, generator: np.random.Generator) -> pa.Table:
    """`count` tickets of one month in time order; ids go on from `first`."""
    seconds = np.sort(generator.integers(0, month.span.days * 86_400, count))
    opened = np.datetime64(month.start, "s") + seconds.astype("timedelta64[s]")
    resolve = np.round(generator.lognormal(9, 1, count))
    return pa.table(
        {
            "ticket_id": np.arange(first, first + count),
            "opened_at": pa.array(opened.astype("datetime64[us]")),
            "org_unit": _choice(UNITS, count, generator),
            "vendor": _choice(VENDORS, count, generator),
            "category": _choice(CATEGORIES, count, generator),
            "channel": _choice(CHANNELS, count, generator),
            "priority": generator.integers(1, 5, count),
            "customer_id": generator.integers(0, max(1, first + count) // 5 + 1, count),
            "sla_met": generator.random(count) < 0.93,
            "reopened": generator.random(count) < 0.06,
            "response_s": np.round(generator.lognormal(6, 1, count)),
            "resolve_s": resolve,
            "work_s": np.round(resolve * generator.random(count)),
            "touches": generator.integers(1, 12, count),
            "csat": pa.array(generator.integers(1, 6, count), mask=generator.random(count) < 0.7),
            "cost": np.round(generator.gamma(2, 40, count), 2),
            "_row": np.arange(first, first + count),
        }
    )


def _choice(members: list[str], count: int, generator: np.random.Generator) -> pa.Array:
    codes = pa.array(generator.integers(0, len(members), count).astype(np.int32))
    return pa.DictionaryArray.from_arrays(codes, pa.array(members)).cast(pa.string())


def last_day() -> date:
    return months()[-1].end - timedelta(days=1)
