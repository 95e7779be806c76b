"""The rows behind a number add up to it; a preview shows some of them; a measure without sense has neither."""

from datetime import date, datetime

import pyarrow as pa
import pytest

from lake.engine import preview, rows_behind
from lake.plan import MeasureError, Window
from tests.lake.tickets import (
    CONTRACT,
    FEBRUARY,
    JANUARY,
    NORTH,
    ROOT,
    UNITS,
    YEAR,
    many,
    measure,
    one,
    results,
    stored,
)


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


def test_a_formula_that_fails_on_a_row_says_so_and_shows_no_rows():
    table = stored([{"vendor": "7"}, {"vendor": "seven"}])
    wanted = measure("x", "simple", "sum(cast(vendor as integer))")
    shown = preview(table, CONTRACT, wanted, YEAR, UNITS, ROOT)
    assert [row["value"] for row in shown.results.to_pylist()] == [None]
    assert shown.results.to_pylist()[0]["reason"] == "'seven' of vendor is not a number"
    assert shown.behind is None
    with pytest.raises(MeasureError, match="fails on one of the rows: 'seven' of vendor is not a number."):
        rows_behind(table, CONTRACT, wanted, JANUARY, UNITS, ROOT)


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
