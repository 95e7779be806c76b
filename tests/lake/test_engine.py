"""The engine over rows that one can count by hand: kinds of measures, empty numbers, units, time, dimensions."""

from datetime import date

import pyarrow as pa
import pytest

from lake.engine import needed_span
from lake.periods import Calendar
from lake.plan import Cut, MeasureError, UnitLevel, Window
from tests.lake.tickets import (
    FEBRUARY,
    JANUARY,
    NORTH,
    QUARTERS,
    ROOT,
    SOUTH,
    UNITS,
    YEAR,
    measure,
    one,
    results,
    stored,
)

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
    ("formula", "expected"),
    [
        ("count(*) // 2", 1),
        ("-sum(contacts) // 2", -3),  # towards zero, as of whole numbers in a row
        ("sum(hours // 2)", 3),  # 7.5 // 2
        ("sum(hours) // 2 // 2", 1),
        ("sum(contacts // 2)", 3),
    ],
)
def test_a_whole_quotient_has_no_fraction(formula, expected):
    rows = [{"hours": 7.5, "contacts": 7}, {"hours": None, "contacts": 0}, {"hours": None, "contacts": 0}]
    assert one(stored(rows), measure("x", "simple", formula))["value"] == expected


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


@pytest.mark.parametrize("bitmap_values", [1_024, 1])
def test_a_distinct_count_of_which_no_row_counts_is_zero_however_many_values_there_are(bitmap_values, monkeypatch):
    monkeypatch.setattr("lake.engine.gather.BITMAP_VALUES", bitmap_values)
    rows = [{"team": "N", "agent": agent, "contacts": 0} for agent in ("Ann", "Ben")]
    rows += [{"team": "S", "agent": agent} for agent in ("Ann", "Ben", "Ben")]
    window = Window(to_date="year")
    counted = measure("x", "cumulative", "count(distinct agent) filter (where contacts > 0)", window=window)
    found = results(stored(rows), counted)
    assert [found["x", JANUARY.start, unit]["value"] for unit in (NORTH, SOUTH, ROOT)] == [0, 2, 2]


def test_rows_of_which_nobody_knows_whether_they_count_do_not_count():
    """Two tickets, of neither of which it is known whether it was met: none of two is 0, not nothing."""
    rows = [{"met": None}, {"met": None}]
    known = measure("known", "ratio", "count_if(met)", denominator="count(met)")
    found = results(stored(rows), [measure("share", "simple", "count_if(met) / count(*)"), known])
    assert found["share", JANUARY.start, NORTH]["value"] == 0
    assert found["known", JANUARY.start, NORTH]["value"] is None


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
        ("simple", "100 + sum(cost) / (count(*) - count(*))", {}, "divides by zero"),
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


def test_a_unit_at_two_depths_is_refused_instead_of_counted_in_halves():
    units = [*UNITS, UnitLevel("S", NORTH, 2)]
    with pytest.raises(MeasureError, match=f"unit {NORTH} stands at two depths"):
        results(stored([{}]), measure("x", "simple", "count(*)"), units=units)


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
