"""What the bench says, against plain SciPy, pandas and arithmetic over the same values; and what it refuses."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from studies.analysis import CannotAnswer, Sample, answered

DEMO = Path(__file__).parents[2] / "demo" / "data"


@pytest.fixture(scope="module")
def incidents() -> pd.DataFrame:
    """One row an incident of the real log: its last."""
    with gzip.open(DEMO / "itsm_incident_log" / "incident_event_log_full_prefixes_stripped.csv.gz", "rt") as file:
        log = pd.read_csv(file, dtype=str, keep_default_na=False)
    last = log.drop_duplicates("number", keep="last").copy()
    for column in ("opened_at", "resolved_at"):
        last[column] = pd.to_datetime(last[column].replace("?", None), format="%d/%m/%Y %H:%M")
    last["made"] = last["made_sla"] == "true"
    last["hours"] = (last["resolved_at"] - last["opened_at"]).dt.total_seconds() / 3600
    last["moves"] = last["reassignment_count"].astype(int)
    return last.sort_values("opened_at")


@pytest.fixture(scope="module")
def sample(incidents) -> Sample:
    plain = {
        "made": incidents["made"].tolist(),
        "hours": [None if pd.isna(hours) else hours for hours in incidents["hours"]],
        "priority": incidents["priority"].tolist(),
        "category": [None if value == "?" else value for value in incidents["category"]],
        "moves": incidents["moves"].tolist(),
    }
    return Sample(plain, [moment.isoformat(sep=" ") for moment in incidents["opened_at"]], len(incidents))


def test_two_shares_of_real_incidents_as_the_chi_square_of_the_table(sample, incidents):
    said = answered("difference", sample, {"value": "made", "group": "priority", "members": ["2", "3"]})
    two = incidents[incidents["priority"].isin(["2", "3"])]
    table = pd.crosstab(two["priority"], two["made"])
    chi = stats.chi2_contingency(table, correction=False)
    shares = two.groupby("priority")["made"].mean()
    assert said["method"] == "z test of two proportions"
    assert said["p"] == pytest.approx(chi.pvalue, rel=1e-6, abs=1e-300)
    first = said["estimates"][0]
    assert first["name"] == "share, 2 less 3"
    assert first["value"] == pytest.approx(shares["2"] - shares["3"])
    assert first["low"] < first["value"] < first["high"] < 0
    assert said["verdict"].startswith("The shares differ: made in 2 less 3, \N{MINUS SIGN}64.0 points")


def test_four_shares_are_corrected_for_six_pairs(sample, incidents):
    said = answered("difference", sample, {"value": "made", "group": "priority"})
    chi = stats.chi2_contingency(pd.crosstab(incidents["priority"], incidents["made"]), correction=False)
    assert said["statistic"] == f"chi-square = {chi.statistic:,.0f} (df 3)"
    assert said["correction"].startswith("6 pairs:")
    assert "Holm" in said["correction"]
    (picture,) = said["pictures"]
    assert [point["n"] for point in picture["data"]["points"]] == incidents.groupby("priority").size().tolist()


def test_means_of_real_hours_by_welch(sample, incidents):
    said = answered("difference", sample, {"value": "hours", "group": "priority", "members": ["2", "3"]})
    groups = [incidents.loc[incidents["priority"] == one, "hours"].dropna() for one in ("2", "3")]
    welch = stats.ttest_ind(*groups, equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert said["method"] == "Welch t test"
    assert said["p"] == pytest.approx(welch.pvalue)
    assert (said["estimates"][0]["low"], said["estimates"][0]["high"]) == pytest.approx((interval.low, interval.high))
    boxes = {box["name"]: box for box in said["pictures"][0]["data"]["boxes"]}
    assert boxes["2"]["median"] == pytest.approx(groups[0].median())
    assert "not ruled out" in said["verdict"] or "nor is it ruled out" in said["verdict"]
    complete = {check["name"]: check["holds"] for check in said["checks"]}
    assert complete["hours complete"] is False  # 6.2 % of the incidents have no resolution


def test_small_skewed_groups_are_compared_by_rank():
    skewed, other = [1, 1, 1, 2, 2, 3, 40, 90], [5, 6, 7, 8, 9, 10, 11, 12]
    sample = Sample({"x": skewed + other, "g": ["a"] * 8 + ["b"] * 8}, total=16)
    said = answered("difference", sample, {"value": "x", "group": "g"})
    assert said["method"].startswith("Mann-Whitney")
    assert said["reason"] == "By rank: a has fewer than 30 values and is not normally distributed."
    assert said["p"] == pytest.approx(stats.mannwhitneyu(skewed, other, method="asymptotic").pvalue, rel=1e-6)


def test_several_groups_give_pairs_with_simultaneous_intervals():
    rng = np.random.default_rng(1)
    groups = {"a": rng.normal(0, 1, 40), "b": rng.normal(0, 2, 40), "c": rng.normal(5, 1, 40)}
    sample = Sample(
        {"x": [v for g in groups.values() for v in g.tolist()], "g": [n for n in groups for _ in range(40)]}, total=120
    )
    said = answered("difference", sample, {"value": "x", "group": "g"})
    assert said["method"] == "Welch analysis of variance"
    clear = {one["name"]: one for one in said["estimates"]}
    assert clear["a less c"]["high"] < 0
    assert clear["a less b"]["low"] < 0 < clear["a less b"]["high"]


def test_a_stable_measure_against_its_limits():
    values = stats.norm.ppf((np.arange(60) * 37 % 60 + 0.5) / 60) * 2 + 50  # normal, in a scrambled order
    days = [day.date().isoformat() for day in pd.date_range("2025-01-01", periods=60)]
    said = answered("stability", Sample({"x": values.tolist()}, days, 60), {"value": "x", "lsl": 40, "usl": 60})
    ppk = min(60 - values.mean(), values.mean() - 40) / 3 / values.std(ddof=1)
    found = {one["name"]: one for one in said["estimates"]}
    assert found["Ppk"]["value"] == pytest.approx(ppk)
    assert found["Ppk"]["low"] < ppk < found["Ppk"]["high"]
    moving = np.abs(np.diff(values)).mean() / 1.1283791670955126
    control = said["pictures"][0]["data"]
    assert control["upper"][0] == pytest.approx(values.mean() + 3 * moving)
    histogram = said["pictures"][1]["data"]
    assert sum(histogram["counts"]) == 60
    assert (histogram["lsl"], histogram["usl"]) == (40, 60)


def test_a_shifted_measure_is_not_stable_and_says_where():
    values = [10.0 + (n % 3) for n in range(20)] + [30.0 + (n % 3) for n in range(12)]
    days = [day.date().isoformat() for day in pd.date_range("2025-01-01", periods=32)]
    said = answered("stability", Sample({"x": values}, days, 32), {"value": "x"})
    assert said["verdict"].startswith("Not stable")
    assert min(one["position"] for one in said["pictures"][0]["data"]["signals"]) < 30


def test_few_points_make_a_run_chart():
    said = answered(
        "stability", Sample({"x": [1.0, 3, 2, 4, 3, 5]}, [f"2025-0{n}-01" for n in range(1, 7)], 6), {"value": "x"}
    )
    assert said["method"] == "Run chart"
    assert said["pictures"][0]["data"]["median"] == 3.0


def test_what_goes_with_hours_is_the_line_of_polyfit(sample, incidents):
    said = answered("influence", sample, {"value": "hours", "drivers": ["moves"]})
    known = incidents.dropna(subset=["hours"])
    slope, intercept = np.polyfit(known["moves"], known["hours"], 1)
    fit = said["pictures"][0]["data"]["fit"]
    assert (fit["slope"], fit["intercept"]) == pytest.approx((slope, intercept))
    found = {one["name"]: one["value"] for one in said["estimates"]}
    assert found["correlation"] == pytest.approx(known["hours"].corr(known["moves"]))


def test_yes_and_no_is_driven_by_odds_that_a_table_shows():
    """a: 30 of 40 yes, b: 10 of 40 yes; odds 3 against 1/3, so the ratio is 9 (b's to a's: 1/9)."""
    outcome = [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30
    sample = Sample({"y": outcome, "g": ["a"] * 40 + ["b"] * 40}, total=80)
    said = answered("influence", sample, {"value": "y", "drivers": ["g"]})
    assert said["method"] == "Logistic regression"
    assert said["estimates"][0]["value"] == pytest.approx(1 / 9, rel=1e-4)


def test_the_few_causes_of_real_incidents(sample, incidents):
    said = answered("causes", sample, {"cause": "category"})
    counts = incidents.loc[incidents["category"] != "?", "category"].value_counts()
    running = counts.cumsum() / counts.sum()
    assert said["verdict"].startswith(
        f"{(running < 0.8).sum() + 1} of {len(counts)} causes make 82\N{NO-BREAK SPACE}% of rows"
    )
    bars = said["pictures"][0]["data"]["bars"]
    assert [bar["amount"] for bar in bars[:5]] == counts.head(5).tolist()
    share = said["estimates"][0]
    assert share["low"] < share["value"] < share["high"]


def test_causes_that_stand_in_columns_of_their_own():
    sample = Sample({"a": [50.0, 10.0, None], "b": [50.0, 90.0, 100.0], "late": [2, 10, 5]}, total=3)
    said = answered("causes", sample, {"parts": ["a", "b"], "weight": "late"})
    assert [bar["amount"] for bar in said["pictures"][0]["data"]["bars"]] == pytest.approx([1500 / 17, 200 / 12])


def test_the_number_needed_is_that_of_the_power_solver():
    from statsmodels.stats.power import TTestIndPower

    values = list(np.random.default_rng(2).normal(10, 3, 200))
    said = answered("sample_size", Sample({"x": values}, total=200), {"value": "x", "difference": 1})
    needed = TTestIndPower().solve_power(effect_size=1 / np.std(values, ddof=1), power=0.8, alpha=0.05)
    assert said["estimates"][0]["value"] == np.ceil(needed)
    low, value, high = (said["estimates"][0][name] for name in ("low", "value", "high"))
    assert low < value < high


def test_a_step_is_found_with_its_size():
    values = [10 + 0.1 * n + (n % 2) * 0.2 for n in range(24)] + [15 + 0.1 * n + (n % 2) * 0.2 for n in range(24, 48)]
    months = [month.date().isoformat() for month in pd.date_range("2021-01-01", periods=48, freq="MS")]
    said = answered("interruption", Sample({"x": values}, months, 48), {"value": "x", "day": "2023-01-01"})
    found = {one["name"]: one["value"] for one in said["estimates"]}
    assert found["change of level"] == pytest.approx(5, abs=0.1)
    assert said["pictures"][0]["data"]["at"] == 24


def test_rows_are_gathered_before_a_change_is_sought():
    days = [day.date().isoformat() for day in pd.date_range("2025-01-01", periods=200)]
    values = [1.0 + (n % 5) + (10.0 if n >= 120 else 0.0) for n in range(200)]
    options = {"value": "x", "day": "2025-05-01", "each": "week"}
    said = answered("interruption", Sample({"x": values}, days, 200), options)
    assert len(said["pictures"][0]["data"]["points"]) == 28  # not the week of the change
    assert said["estimates"][1]["value"] == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize(
    ("question", "columns", "options", "words"),
    [
        ("difference", {"x": [1, 2], "g": ["a", "a"]}, {"value": "x", "group": "g"}, "not two groups"),
        ("difference", {"x": [1, 2, 3, 4], "g": list("aabb")}, {"value": "x", "group": "g", "members": ["a", "z"]},
         "No rows have z"),
        ("difference", {"x": [True] * 4, "g": list("aabb")}, {"value": "x", "group": "g"}, ""),
        ("stability", {"x": [1, 2, 3]}, {"value": "x"}, "no time"),
        ("influence", {"y": [1, 2], "x": [1, 2]}, {"value": "y", "drivers": ["x"]}, "at least 10"),
        ("influence", {"y": ["a"] * 12, "x": [1.0] * 12}, {"value": "y", "drivers": ["x"]}, "is a text"),
        ("causes", {"c": ["a", "a"]}, {"cause": "c"}, "fewer than two causes"),
        ("sample_size", {"x": [1.0] * 12}, {"value": "x", "difference": 1}, "does not vary"),
        ("sample_size", {"x": [True] * 12}, {"value": "x", "difference": 0.1}, "would leave 0 to 1"),
        ("interruption", {"x": [1, 2]}, {"value": "x", "day": "2025-01-01"}, "no time"),
        ("causes", {"c": []}, {"cause": "c"}, "no rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(question, columns, options, words):
    from analytics.inputs import BadInput

    try:
        said = answered(question, Sample(columns, total=9), options)
    except (CannotAnswer, BadInput) as refusal:
        assert words in str(refusal)
    else:
        assert words == ""
        assert said["p"] == pytest.approx(1.0) or said["p"] is None
