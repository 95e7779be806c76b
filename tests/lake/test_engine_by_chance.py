"""Rows, units, periods, windows and splits drawn by chance: whatever is asked, pandas gives the same numbers.

Small limits of the engine (values in a bitmap, rows in a block) make few rows take the roads of many.
"""

import random
from datetime import date, timedelta

import pandas as pd
import pytest

from lake.engine import compute
from lake.engine.layout import window_span
from lake.periods import Calendar
from lake.plan import UnitLevel, Window
from tests.lake.tickets import CONTRACT, NORTH, ROOT, SOUTH, measure, stored

FIRST, DAYS = date(2023, 1, 1), 1096
GRAINS = ["day", "week", "month", "quarter", "year"]
PLAIN = [
    ("count", "simple", "count(*)", {}),
    ("sum", "simple", "sum(cost)", {"where": "contacts > 1"}),
    ("mean", "simple", "avg(hours)", {}),
    ("least", "simple", "min(hours)", {}),
    ("mix", "simple", "100.0 * count_if(vendor = 'Zed') / count(*)", {}),
    ("ratio", "ratio", "count_if(met)", {"denominator": "count(met)"}),
    ("weighted", "weighted_mean", "hours", {"weight": "contacts"}),
    ("p90", "percentile", "hours", {"percentile": 0.9, "where": "vendor <> 'Bolt'"}),
    ("agents", "distinct_count", "agent", {"where": "contacts > 0"}),
    ("last", "semi_additive", "sum(contacts)", {"time_rule": "last"}),
    ("average", "semi_additive", "sum(contacts)", {"time_rule": "average"}),
]
CUMULATIVE = [
    ("count", "cumulative", "count(*)", {}),
    ("median", "cumulative", "median(hours)", {}),
    ("agents", "cumulative", "count(distinct agent) filter (where contacts > 0)", {}),
]


def by_hand(code: str, rows: pd.DataFrame, all_units: pd.DataFrame) -> float | None:
    """The number over these rows; all_units: those of the same days, for the days that a period has."""
    hours = rows.hours
    match code:
        case "count":
            return len(rows)
        case "sum":
            kept = rows.cost[rows.contacts > 1].astype(float)
            return kept.sum() if len(kept) else None
        case "mean":
            return hours.mean()
        case "least":
            return hours.min()
        case "mix":
            return 100 * (rows.vendor == "Zed").mean()
        case "ratio":
            return rows.met.dropna().astype(float).mean()
        case "weighted":
            kept = rows.dropna(subset=["hours"])
            return (kept.hours * kept.contacts).sum() / kept.contacts.sum() if kept.contacts.sum() else None
        case "p90":
            return hours[rows.vendor.notna() & (rows.vendor != "Bolt")].quantile(0.9)
        case "median":
            return hours.median()
        case "agents":
            return rows.agent[rows.contacts > 0].nunique()
        case "last":
            return rows.contacts[rows.day == all_units.day.max()].sum()
    return rows.contacts.sum() / all_units.day.nunique()


def drawn_rows(chance: random.Random) -> list[dict]:
    return [
        {
            "opened": FIRST + timedelta(days=chance.randrange(DAYS)),
            "team": chance.choice(["N", "S", "X", None]),
            "vendor": chance.choice(["Acme", "Bolt", "Zed", None]),
            "agent": chance.choice(["Ann", "Ben", "Cid", "Dan"]),
            "hours": chance.choice([None, *(round(chance.uniform(0, 100), 2) for _ in range(6))]),
            "contacts": chance.randrange(4),
            "cost": round(chance.uniform(-5, 50), 2),
            "met": chance.choice([True, False, None]),
        }
        for _ in range(chance.choice([1, 5, 60, 300]))
    ]


def drawn_units(chance: random.Random) -> tuple[list[UnitLevel], date]:
    """Team N belongs to NORTH until a day, and to SOUTH from then on; S to SOUTH; the others to nobody but the root."""
    change = FIRST + timedelta(days=chance.randrange(1, DAYS))
    levels = [UnitLevel("N", NORTH, 1, None, change), UnitLevel("N", SOUTH, 1, change, None), UnitLevel("S", SOUTH, 1)]
    return levels + [UnitLevel(code, ROOT, 0) for code in ("N", "S", None)], change


def rows_of(unit: int, rows: pd.DataFrame, change: date) -> pd.DataFrame:
    before = rows.day < str(change)
    if unit == ROOT:
        return rows
    return rows[(rows.team == "N") & before if unit == NORTH else (rows.team == "S") | (rows.team == "N") & ~before]


@pytest.mark.parametrize("seed", range(16))
def test_whatever_is_asked_pandas_gives_the_same(seed, monkeypatch):
    chance, calendar = random.Random(seed), Calendar()
    if seed % 2:
        small = {"gather.BITMAP_VALUES": 2, "percentiles.FEW_ROWS": 0, "resident.PART": chance.choice([1, 20, 100])}
        small["groupings.GROUP_COST"] = chance.choice(
            [0, 20, 10_000]
        )  # one grouping for all, as it comes, one a dimension
        small |= {"percentiles.VALUES_AT_ONCE": 1, "ranks.SMALL": 3, "ranks.SAMPLE": 2, "ranks.BLOCK": 7}
        for name, value in small.items():
            monkeypatch.setattr(f"lake.engine.{name}", value)
    window = chance.choice([None, None, Window(rolling=3), Window(to_date="year")])
    grains = chance.sample(GRAINS, chance.randrange(1, 4))
    periods = []
    for grain in grains:
        every = list(calendar.periods(grain, FIRST, FIRST + timedelta(days=DAYS)))
        periods += chance.sample(every, min(len(every), chance.randrange(1, 9)))
    shared = {"grains": tuple(grains), "dimensions": chance.choice([(), ("vendor",), ("vendor", "agent", "met")])}
    shared |= {"window": window} if window else {}
    asked = [
        measure(code, kind, value, **shared, **more) for code, kind, value, more in (CUMULATIVE if window else PLAIN)
    ]
    table = stored(drawn_rows(chance))
    frame = table.to_pandas().assign(day=lambda rows: pd.to_datetime(rows.opened__day))
    units, change = drawn_units(chance)
    for row in compute(table, CONTRACT, asked, periods, units).to_pylist():
        period = next(p for p in periods if (p.grain, p.start) == (row["grain"], row["period_start"]))
        span = window_span(window, period, calendar)
        within = frame[(frame.day >= str(span.start)) & (frame.day < str(span.end))]
        mine = rows_of(row["unit_id"], within, change)
        if row["dimension"]:
            members = mine[row["dimension"]]
            mine = mine[
                members.isna() if row["member"] is None else members.astype(str).str.lower() == row["member"].lower()
            ]
        expected = by_hand(row["code"], mine, within)
        if expected is None or pd.isna(expected):
            assert row["value"] is None and row["reason"], row
        else:
            assert row["value"] == pytest.approx(expected, rel=1e-9, abs=1e-9), row
