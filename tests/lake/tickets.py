"""Rows that one can count by hand, their contract, units and periods, and short ways to compute over them."""

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from lake.contract import Column, ColumnType, Contract, Role
from lake.engine import compute
from lake.periods import Calendar, Period
from lake.plan import Measure, UnitLevel

CONTRACT = Contract(
    columns=(
        Column("ticket", type=ColumnType.INTEGER, roles=(Role.KEY,)),
        Column("opened", type=ColumnType.TIMESTAMP, roles=(Role.EVENT_TIME,)),
        Column("closed", type=ColumnType.DATE),
        Column("team", roles=(Role.UNIT,)),
        Column("vendor", roles=(Role.DIMENSION,)),
        Column("agent"),
        Column("hours", type=ColumnType.NUMBER),
        Column("contacts", type=ColumnType.INTEGER),
        Column("cost", type=ColumnType.DECIMAL),
        Column("met", type=ColumnType.BOOLEAN),
    ),
    timezone="UTC",
    reporting_timezone="UTC",
)
ROOT, NORTH, SOUTH = 1, 10, 20
UNITS = [
    UnitLevel("N", NORTH, 1),
    UnitLevel("N", ROOT, 0),
    UnitLevel("S", SOUTH, 1),
    UnitLevel("S", ROOT, 0),
    UnitLevel(None, ROOT, 0),
]
YEAR = Calendar().periods("month", date(2025, 1, 1), date(2026, 1, 1))
JANUARY, FEBRUARY = YEAR[:2]
QUARTERS = Calendar().periods("quarter", date(2025, 1, 1), date(2026, 1, 1))


def stored(rows: Iterable[dict]) -> pa.Table:
    """Rows as the store keeps them, with day columns; what a row does not say is a plain default."""
    full = []
    for number, row in enumerate(rows):
        opened = row.get("opened", date(2025, 1, 15))
        full.append(
            {
                "ticket": number,
                "opened": datetime(opened.year, opened.month, opened.day, 9),
                "opened__day": opened,
                "closed": row.get("closed"),
                "closed__day": row.get("closed"),
                "team": row.get("team", "N"),
                "vendor": row.get("vendor", "Acme"),
                "agent": row.get("agent", "Ann"),
                "hours": row.get("hours", 1.0),
                "contacts": row.get("contacts", 1),
                "cost": Decimal(str(row.get("cost", "1.0000"))),
                "met": row.get("met", True),
                "_month": opened.year * 100 + opened.month,
                "_load": "load",
                "_row": number + 2,
            }
        )
    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "decimal": pa.decimal128(18, 4)}
    types |= {"boolean": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us")}
    schema = [(c.name, types[c.type]) for c in CONTRACT.columns]
    schema += [("opened__day", pa.date32()), ("closed__day", pa.date32())]
    schema += [("_month", pa.int32()), ("_load", pa.string()), ("_row", pa.int64())]
    return pa.Table.from_pylist(full, pa.schema(schema))


def measure(code: str, kind: str, value: str, **more) -> Measure:
    return Measure(code, kind, value, **({"time_column": "opened"} | more))


def results(table: pa.Table, measures, periods=(JANUARY,), units=UNITS, **more) -> dict[tuple, dict]:
    """Results by (code, period start, unit) and, where split, the member."""
    measures = measures if isinstance(measures, list) else [measures]
    found = {}
    for row in compute(table, CONTRACT, measures, list(periods), units, **more).to_pylist():
        key = (row["code"], row["period_start"], row["unit_id"])
        key += (row["member"],) if row["dimension"] else ()
        assert (key, row["grain"]) not in found
        found[key] = row
    return found


def one(table: pa.Table, measure_: Measure, unit: int = ROOT, period: Period = JANUARY, **more) -> dict:
    return results(table, measure_, [period], **more)["x", period.start, unit]


def many(count: int = 400, seed: int = 3) -> list[dict]:
    """Uneven rows over a quarter and two teams, with some of everything missing."""
    rng = random.Random(seed)
    return [
        {
            "opened": date(2025, 1, 1) + timedelta(days=rng.randrange(90)),
            "team": rng.choice(["N", "N", "S", "X", None]),
            "vendor": rng.choice(["Acme", "Bolt", "Crux", None]),
            "agent": rng.choice(["Ann", "Ben", "Cid", "Dee", None]),
            "hours": rng.choice([None, round(rng.expovariate(0.1), 3), round(rng.expovariate(0.1), 3)]),
            "contacts": rng.randrange(5),
            "cost": rng.randrange(10_000) / 100,
            "met": rng.choice([True, True, False, None]),
        }
        for _ in range(count)
    ]
