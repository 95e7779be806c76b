"""The engine against plain Python and pandas, over rows that one can count by hand."""

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake import sandbox
from lake.contract import Column, ColumnType, Contract, Role
from lake.engine import RESULT, Settings, compute, limits, needed_span, preview, rows_behind
from lake.periods import Calendar, Period
from lake.plan import Cut, Measure, MeasureError, UnitLevel, Window

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


# --- how each kind aggregates -----------------------------------------------------------------------------------------


def test_a_ratio_is_sum_over_sum():
    """2 of 4 in the north and 2 of 100 in the south are 4 of 104: 3.85 %, not the 26 % of averaged ratios."""
    rows = [{"team": "N", "met": n < 2} for n in range(4)] + [{"team": "S", "met": n < 2} for n in range(100)]
    found = results(stored(rows), measure("x", "ratio", "count_if(met)", denominator="count(*)"))
    assert found["x", JANUARY.start, NORTH]["value"] == 0.5
    assert found["x", JANUARY.start, SOUTH]["value"] == 0.02
    total = found["x", JANUARY.start, ROOT]
    assert (total["numerator"], total["denominator"], total["rows"]) == (4, 104, 104)
    assert total["value"] == pytest.approx(0.0384615, abs=1e-6)


def test_a_parents_percentile_is_that_of_its_rows():
    rows = [{"team": "N", "hours": h} for h in (1, 2, 3)] + [{"team": "S", "hours": h} for h in (100, 200)]
    found = results(stored(rows), measure("x", "percentile", "hours", percentile=0.5))
    assert found["x", JANUARY.start, NORTH]["value"] == 2
    assert found["x", JANUARY.start, SOUTH]["value"] == 150
    assert found["x", JANUARY.start, ROOT]["value"] == 3  # not 76, the mean of the medians


def test_a_distinct_count_is_that_of_its_rows():
    rows = [{"team": "N", "agent": a} for a in ("Ann", "Ben")] + [{"team": "S", "agent": a} for a in ("Ben", "Cid")]
    found = results(stored(rows), measure("x", "distinct_count", "agent"))
    assert [found["x", JANUARY.start, unit]["value"] for unit in (NORTH, SOUTH, ROOT)] == [2, 2, 3]


def test_a_weighted_mean_weighs_rows_by_their_own_weight():
    rows = [{"hours": 10.0, "contacts": 1}, {"hours": 20.0, "contacts": 3}, {"hours": None, "contacts": 50}]
    result = one(stored(rows), measure("x", "weighted_mean", "hours", weight="contacts"))
    assert (result["value"], result["numerator"], result["denominator"]) == (17.5, 70, 4)


def test_a_simple_formula_may_combine_aggregates():
    rows = [{"cost": 30, "contacts": 2}, {"cost": 12, "contacts": 1, "met": False}]
    assert one(stored(rows), measure("x", "simple", "sum(cost) / count(*)"))["value"] == 21
    assert one(stored(rows), measure("x", "simple", "100.0 * count_if(met) / count(*)"))["numerator"] == 100
    assert one(stored(rows), measure("x", "simple", "sum(cost) filter (where not met) + max(contacts)"))["value"] == 14
    mixed = measure("x", "simple", "median(cost) / count(distinct agent) + avg(contacts)")
    assert one(stored(rows), mixed)["value"] == 22.5


@pytest.mark.parametrize(
    ("rule", "expected"), [("last", 7), ("average", (10 + 4 + 12 + 7) / 3), ("min", 7), ("max", 14)]
)
def test_a_semi_additive_measure_sums_units_and_picks_or_averages_days(rule, expected):
    """Backlog: 10 + 4 on the 10th, 12 on the 20th, 7 on the 31st."""
    days = [(10, "N", 10), (10, "S", 4), (20, "N", 12), (31, "S", 7)]
    rows = [{"opened": date(2025, 1, d), "team": t, "contacts": c} for d, t, c in days]
    found = results(stored(rows), measure("x", "semi_additive", "sum(contacts)", time_rule=rule))
    assert found["x", JANUARY.start, ROOT]["value"] == pytest.approx(expected)
    if rule == "last":
        assert found["x", JANUARY.start, SOUTH]["value"] == 7
        assert ("x", JANUARY.start, NORTH) not in found  # nothing left on the last day
    if rule == "average":
        parts = sum(found["x", JANUARY.start, unit]["value"] for unit in (NORTH, SOUTH))
        assert parts == pytest.approx(expected)  # one number of days for all, so units add up


@pytest.mark.parametrize(
    ("window", "value", "expected"),
    [
        (Window(to_date="quarter"), "sum(contacts)", [1, 3, 6, 4]),
        (Window(to_date="year"), "sum(contacts)", [1, 3, 6, 10]),
        (Window(rolling=2), "sum(contacts)", [1, 3, 5, 7]),
        (Window(rolling=3), "avg(contacts)", [1, 1.5, 2, 3]),
        (Window(to_date="year"), "median(contacts)", [1, 1.5, 2, 2.5]),
        (Window(to_date="year"), "count(distinct agent)", [1, 2, 2, 3]),
    ],
)
def test_a_cumulative_measure_aggregates_the_rows_of_its_window(window, value, expected):
    """One row a month, January to April, with 1, 2, 3 and 4 contacts by Ann, Ben, Ann and Cid."""
    rows = [
        {"opened": date(2025, n, 5), "contacts": n, "agent": agent}
        for n, agent in enumerate(["Ann", "Ben", "Ann", "Cid"], start=1)
    ]
    found = results(stored(rows), measure("x", "cumulative", value, window=window), YEAR[:4])
    assert [found["x", month.start, NORTH]["value"] for month in YEAR[:4]] == expected


# --- nothing is not zero ----------------------------------------------------------------------------------------------


def test_no_rows_give_no_result_and_a_count_is_zero_only_if_asked():
    table = stored([{"met": True}])
    nobody = measure("x", "simple", "count(*)", where="not met")
    assert results(table, nobody) == {}
    asked = measure("x", "simple", "count(*)", where="not met", zero_when_empty=True)
    assert one(table, asked)["value"] == 0
    assert results(table, asked, [FEBRUARY]) == {}


@pytest.mark.parametrize(
    ("kind", "value", "more", "reason"),
    [
        ("ratio", "count(*)", {"denominator": "count_if(contacts > 99)"}, "denominator"),
        ("ratio", "sum(cost)", {"denominator": "sum(hours)"}, "denominator"),
        ("simple", "sum(cost) / (count(*) - count(*))", {}, "denominator"),
        ("simple", "sum(hours)", {}, "no row has a value"),
        ("simple", "avg(hours)", {}, "denominator"),
        ("simple", "sum(1e308 * contacts * 10)", {}, "too large"),
        ("simple", "exp(sum(contacts) * 1000)", {}, ""),
        ("simple", "sum(cast(agent as integer))", {}, "Ann"),
        ("simple", "sum(9000000000000000000 * (contacts + 1))", {}, ""),
        ("simple", "sum(ln(contacts - 1))", {}, ""),
    ],
)
def test_a_number_that_does_not_exist_is_null_with_a_reason(kind, value, more, reason):
    rows = [{"hours": None, "contacts": 1}]
    good = measure("good", "simple", "count(*)")
    found = results(stored(rows), [measure("x", kind, value, **more), good])
    result = found["x", JANUARY.start, ROOT]
    assert result["value"] is None
    assert result["rows"] == 1
    assert reason in result["reason"]
    assert found["good", JANUARY.start, ROOT]["value"] == 1  # one bad formula does not spoil the others


def test_decimal_sums_are_exact():
    result = one(stored([{"cost": "0.1"}] * 3), measure("x", "simple", "sum(cost)"))
    assert result["value"] == 0.3  # 0.1 + 0.1 + 0.1 in doubles is 0.30000000000000004


# --- units ------------------------------------------------------------------------------------------------------------


def test_rows_without_a_known_code_belong_to_the_home_unit():
    rows = [{"team": "N"}, {"team": None}, {"team": "gone"}]
    count = measure("x", "simple", "count(*)")
    assert one(stored(rows), count)["value"] == 3
    assert one(stored(rows), count, NORTH)["value"] == 1
    assert one(stored(rows), count, units=UNITS[:-1])["value"] == 1  # no home: they are nobody's


def test_a_reorganisation_moves_rows_by_the_day_of_the_event():
    """N belongs to NORTH until the 20th of January and to SOUTH from then on."""
    change = date(2025, 1, 20)
    units = [
        UnitLevel("N", NORTH, 1, None, change),
        UnitLevel("N", SOUTH, 1, change, None),
        UnitLevel("N", ROOT, 0),
    ]
    rows = [{"opened": date(2025, 1, day)} for day in (5, 19, 20)]
    for kind, value in (("simple", "count(*)"), ("distinct_count", "ticket"), ("percentile", "hours")):
        more = {"percentile": 0.5} if kind == "percentile" else {}
        found = results(stored(rows), measure("x", kind, value, **more), units=units)
        assert [found["x", JANUARY.start, unit]["rows"] for unit in (NORTH, SOUTH, ROOT)] == [2, 1, 3]


def test_a_code_with_two_units_at_one_depth_is_refused():
    with pytest.raises(MeasureError, match="two units at depth 1"):
        results(stored([{}]), measure("x", "simple", "count(*)"), units=[*UNITS, UnitLevel("N", SOUTH, 1)])


def test_units_may_come_as_a_table():
    table = pa.Table.from_pylist([{"code": "N", "unit_id": 7, "depth": 0, "valid_from": None, "valid_to": None}])
    assert one(stored([{}]), measure("x", "simple", "count(*)"), 7, units=table)["value"] == 1


# --- time, dimensions, cuts -------------------------------------------------------------------------------------------


def test_each_measure_has_its_own_time_column():
    table = stored([{"opened": date(2025, 1, 30), "closed": date(2025, 2, 2)}, {"closed": None}])
    found = results(
        table,
        [measure("opened", "simple", "count(*)"), measure("closed", "simple", "count(*)", time_column="closed")],
        [JANUARY, FEBRUARY],
    )
    assert found["opened", JANUARY.start, ROOT]["value"] == 2
    assert found["closed", FEBRUARY.start, ROOT]["value"] == 1
    assert ("closed", JANUARY.start, ROOT) not in found


def test_members_split_each_unit_and_rows_without_one_are_a_member_too():
    rows = [{"team": "N", "vendor": "Acme"}, {"team": "S", "vendor": None}, {"team": "S", "vendor": "Acme"}]
    found = results(stored(rows), measure("x", "simple", "count(*)", dimensions=("vendor",)))
    assert found["x", JANUARY.start, ROOT]["value"] == 3
    assert found["x", JANUARY.start, ROOT, "Acme"]["value"] == 2
    assert found["x", JANUARY.start, ROOT, None]["value"] == 1
    assert found["x", JANUARY.start, SOUTH, "Acme"]["value"] == 1


def test_a_measure_gets_only_its_own_cuts():
    month, quarter = JANUARY, QUARTERS[0]
    monthly = measure("monthly", "simple", "count(*)")
    cut = Cut(("quarter",), "vendor", depths=(0,))
    quarterly = measure("quarterly", "percentile", "hours", percentile=0.5, cuts=(cut,))
    found = results(stored([{}]), [monthly, quarterly], [month, quarter])
    assert set(found) == {
        ("monthly", month.start, ROOT),
        ("monthly", month.start, NORTH),
        ("quarterly", quarter.start, ROOT, "Acme"),
    }


def test_the_days_that_are_needed_are_those_of_the_windows():
    march = YEAR[2]
    plain = measure("x", "simple", "count(*)")
    assert needed_span([plain], [march], Calendar()) == march.span
    year = measure("y", "cumulative", "count(*)", window=Window(to_date="year"))
    assert needed_span([plain, year], [march], Calendar()).start == date(2025, 1, 1)
    assert needed_span([plain], QUARTERS, Calendar()) is None


# --- two roads to every number ----------------------------------------------------------------------------------------

KINDS = [
    measure("count", "simple", "count(*)"),
    measure("sum", "simple", "sum(cost)", where="contacts > 1"),
    measure("mean", "simple", "avg(hours)"),
    measure("ratio", "ratio", "count_if(met)", denominator="count(met)"),
    measure("weighted", "weighted_mean", "hours", weight="contacts"),
    measure("p90", "percentile", "hours", percentile=0.9, where="vendor <> 'Bolt'"),
    measure("median", "simple", "median(hours)"),
    measure("agents", "distinct_count", "agent", where="contacts > 0"),
    measure("tickets", "distinct_count", "ticket"),
    measure("ids", "distinct_count", "hours"),
]


def by_hand(code: str, rows: pd.DataFrame) -> float:
    match code:
        case "count" | "tickets":
            return len(rows)
        case "sum":
            return rows.loc[rows.contacts > 1, "cost"].astype(float).sum()
        case "mean":
            return rows.hours.mean()
        case "ratio":
            return rows.met.dropna().astype(float).mean()
        case "weighted":
            kept = rows.dropna(subset=["hours"])
            return (kept.hours * kept.contacts).sum() / kept.contacts.sum()
        case "p90":
            return rows.loc[rows.vendor.notna() & (rows.vendor != "Bolt"), "hours"].quantile(0.9)
        case "median":
            return rows.hours.median()
        case "agents":
            return rows.loc[rows.contacts > 0, "agent"].nunique()
    return rows.hours.nunique()


@pytest.mark.parametrize(("bitmap_values", "values_at_once"), [(1_024, 10**6), (2, 10**6), (1_024, 1), (1_024, 800)])
def test_every_kind_equals_pandas(bitmap_values, values_at_once, monkeypatch):
    """With and without bitmaps, with many and few quantiles at once, by month and quarter, unit and vendor."""
    monkeypatch.setattr("lake.engine.scans.BITMAP_VALUES", bitmap_values)
    monkeypatch.setattr("lake.engine.percentiles.VALUES_AT_ONCE", values_at_once)
    table = stored(many())
    frame = table.to_pandas().assign(day=lambda f: pd.to_datetime(f.opened__day))
    wanted = [Measure(**{**_fields(m), "grains": ("month", "quarter"), "dimensions": ("vendor",)}) for m in KINDS]
    computed = compute(table, CONTRACT, wanted, [*YEAR[:3], *QUARTERS[:1]], UNITS).to_pylist()
    assert len(computed) > 300
    for row in computed:
        rows = frame[(frame.day >= str(row["period_start"])) & (frame.day < str(row["period_end"]))]
        if row["unit_id"] != ROOT:
            rows = rows[rows.team == ("N" if row["unit_id"] == NORTH else "S")]
        if row["dimension"]:
            rows = rows[rows.vendor.isna() if row["member"] is None else rows.vendor == row["member"]]
        if row["value"] is None:
            assert row["reason"]
        else:
            assert row["value"] == pytest.approx(by_hand(row["code"], rows), rel=1e-9), row


def _fields(m: Measure) -> dict:
    return {name: getattr(m, name) for name in m.__dataclass_fields__}


def test_files_give_what_a_table_gives(tmp_path):
    import pyarrow.parquet as pq

    table, files = stored(many(120)), []
    for month in (1, 2, 3):
        folder = tmp_path / f"_month=20250{month}" / "it's"
        folder.mkdir(parents=True)
        part = table.filter(pa.compute.equal(table["_month"], 202500 + month)).drop_columns("_month")
        pq.write_table(part, folder / "part-0.parquet")
        files.append(str(folder / "part-0.parquet"))
    from_files = compute(files, CONTRACT, KINDS, YEAR[:3], UNITS, settings=Settings(threads=1))
    from_table = compute(table, CONTRACT, KINDS, YEAR[:3], UNITS)
    order = [("code", "ascending"), ("period_start", "ascending"), ("unit_id", "ascending")]
    assert from_files.schema == RESULT
    for one_row, other in zip(
        from_files.sort_by(order).to_pylist(), from_table.sort_by(order).to_pylist(), strict=True
    ):
        assert one_row == pytest.approx(other)


def test_a_worker_computes_in_a_child_process():
    table = stored(many(50))
    here = compute(table, CONTRACT, KINDS, YEAR[:3], UNITS)
    there = sandbox.run(compute, table, CONTRACT, KINDS, YEAR[:3], UNITS, limits=limits(table))
    order = [("code", "ascending"), ("period_start", "ascending"), ("unit_id", "ascending")]
    for row, other in zip(there.sort_by(order).to_pylist(), here.sort_by(order).to_pylist(), strict=True):
        assert row == pytest.approx(other)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 89), st.sampled_from("NS"), st.integers(0, 50), st.booleans()), max_size=25))
def test_months_and_units_of_sums_add_up_and_a_ratio_is_sum_over_sum(drawn):
    rows = [
        {"opened": date(2025, 1, 1) + timedelta(days=d), "team": t, "contacts": c, "met": m} for d, t, c, m in drawn
    ]
    total = measure("total", "simple", "sum(contacts)", grains=("month", "quarter"))
    share = measure("share", "ratio", "count_if(met)", denominator="count(*)", grains=("month", "quarter"))
    found = compute(stored(rows), CONTRACT, [total, share], [*YEAR[:3], QUARTERS[0]], UNITS).to_pylist()
    for code, part in (("total", "value"), ("share", "numerator"), ("share", "denominator")):
        mine = [row for row in found if row["code"] == code]
        quarter = sum(row[part] for row in mine if row["grain"] == "quarter" and row["unit_id"] == ROOT)
        months = sum(row[part] for row in mine if row["grain"] == "month" and row["unit_id"] == ROOT)
        units = sum(row[part] for row in mine if row["grain"] == "quarter" and row["unit_id"] != ROOT)
        assert quarter == months == units
    for row in found:
        if row["code"] == "share":
            assert row["value"] == row["numerator"] / row["denominator"]


# --- the rows behind a number -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        measure("x", "simple", "sum(cost) - 2 * count_if(met)", where="contacts > 1"),
        measure("x", "simple", "avg(hours) filter (where met)"),
        measure("x", "ratio", "count_if(met)", denominator="count(met)"),
        measure("x", "weighted_mean", "hours", weight="contacts"),
        measure("x", "cumulative", "sum(contacts)", window=Window(to_date="quarter")),
        measure("x", "semi_additive", "sum(contacts)", time_rule="last"),
    ],
)
def test_the_rows_behind_a_number_add_up_to_it(wanted):
    table = stored(many(2_000))
    for unit in (ROOT, NORTH):
        result = one(table, wanted, unit, FEBRUARY)
        pages = [
            rows_behind(table, CONTRACT, wanted, FEBRUARY, UNITS, unit, limit=400, offset=offset)
            for offset in range(0, 2_000, 400)
        ]
        rows = pa.concat_tables(page.rows for page in pages).to_pylist()
        assert len(rows) == len({row["_row"] for row in rows}) == pages[0].total == result["rows"]
        assert sum(float(row["_numerator"]) for row in rows) == pytest.approx(result["numerator"])
        assert pages[0].numerator == pytest.approx(result["numerator"])
        if result["denominator"] is not None:
            assert sum(row["_denominator"] for row in rows) == pytest.approx(result["denominator"])


def test_the_rows_behind_a_member_are_its_own_and_a_percentile_shows_its_values():
    rows = [{"vendor": "Acme", "hours": 3}, {"vendor": None, "hours": 5}, {"vendor": "it's", "hours": 7}]
    wanted = measure("x", "percentile", "hours", percentile=0.5, dimensions=("vendor",))
    for member, hours in (("Acme", "3.0"), (None, "5.0"), ("it's", "7.0")):
        behind = rows_behind(stored(rows), CONTRACT, wanted, JANUARY, UNITS, ROOT, dimension="vendor", member=member)
        assert behind.rows["_value"].to_pylist() == [hours]
        assert behind.numerator is None


def test_a_preview_shows_results_and_rows_of_the_latest_period_of_one_unit():
    rows = [{"opened": date(2025, month, 3), "team": team} for month, team in ((1, "N"), (1, "S"), (2, "N"))]
    shown = preview(stored(rows), CONTRACT, measure("x", "simple", "count(*)"), YEAR, UNITS, NORTH)
    assert [(row["period_start"], row["value"]) for row in shown.results.to_pylist()] == [
        (JANUARY.start, 1),
        (FEBRUARY.start, 1),
    ]
    assert shown.behind.rows["opened"].to_pylist() == [datetime(2025, 2, 3, 9)]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (lambda: measure("x", "simple", "count(*)", time_column="team"), "no date or timestamp"),
        (lambda: measure("x", "simple", "count(*)", dimensions=("nowhere",)), "no column `nowhere`"),
        (lambda: measure("x", "ratio", "count(*)"), "needs a denominator"),
        (lambda: measure("x", "mean", "count(*)"), "kind is one of"),
        (lambda: measure("x", "percentile", "hours", percentile=90), "from 0 to 1"),
        (lambda: measure("x", "simple", "count(*)", grains=("fortnight",)), "grain is one of"),
        (lambda: Window(), "either to date or rolling"),
        (lambda: Window(rolling=0), "one period or more"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(wanted, message):
    with pytest.raises(MeasureError, match=message):
        results(stored([{}]), wanted())
