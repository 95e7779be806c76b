"""Two roads to every number of the engine: pandas, files beside tables, a child process, and sums that add up."""

from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake import sandbox
from lake.engine import RESULT, Settings, compute, limits
from lake.plan import Measure
from tests.lake.tickets import CONTRACT, NORTH, QUARTERS, ROOT, UNITS, YEAR, many, measure, stored

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
    monkeypatch.setattr("lake.engine.gather.BITMAP_VALUES", bitmap_values)
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


def test_periods_with_a_gap_between_them_leave_the_rows_of_the_gap_out():
    """January and March alone, as after an upload that touches both, have the numbers that they have among all."""
    table = stored(many())
    january, february, march = YEAR[:3]

    def numbers(periods):
        found = compute(table, CONTRACT, KINDS, periods, UNITS).to_pylist()
        return {(row["code"], row["unit_id"], row["period_start"]): (row["value"], row["rows"]) for row in found}

    among_all = numbers([january, february, march])
    alone = numbers([january, march])
    assert alone == {key: pytest.approx(both) for key, both in among_all.items() if key[2] != february.start}
    assert len(alone) == 2 * 3 * len(KINDS)


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
