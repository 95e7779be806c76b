"""Each rule at its edge: the point that completes the pattern, and the pattern one short of it."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.inputs import LengthMismatch, NegativeValue, OutOfRange
from analytics.spc.batch import (
    assurance_kinds,
    individuals_batch,
    p_chart_batch,
    sigma_z,
    signals_batch,
    u_chart_batch,
    variation_kinds,
    widened,
)
from analytics.spc.chart import Layout
from analytics.spc.charts import individuals, laney_p, laney_u, p_chart
from analytics.spc.icons import assurance_icon, variation_icon
from analytics.spc.rules.anhoej import run_chart
from analytics.spc.rules.rule import Run
from analytics.spc.rules.same_side import same_side
from analytics.spc.rules.sets import NELSON, NELSON_QCC, NHS, WESTERN_ELECTRIC
from analytics.spc.signals import signals

DATA = Path(__file__).parents[1] / "data" / "spc"
RULES = {rule.code: rule for rule in (*WESTERN_ELECTRIC, *NELSON, *NHS)} | {"qcc8": NELSON_QCC[7]}


def marked(rule, z):
    """Points (from 1) at which the rule fires on these distances from the centre."""
    z = np.array(z, dtype=float)
    high, low = rule.find(Run(z, z, np.full(z.shape, -3.0), np.full(z.shape, 3.0)))
    return (np.flatnonzero(high | low) + 1).tolist()


@pytest.mark.parametrize(
    ("code", "z", "expected"),
    [
        ("nelson1", [0, 3, 3.01, -3, -3.01], [3, 5]),  # on the limit is inside
        ("nelson2", [0.1] * 9, [9]),
        ("nelson2", [0.1] * 10, [9, 10]),
        ("nelson2", [0.1] * 8 + [0] + [0.1] * 8, []),  # a point on the centre breaks the run
        ("nelson2", [0.1] * 8 + [-0.1], []),
        ("we4", [-0.1] * 8, [8]),
        ("nhs_shift", [0.1] * 7, [7]),
        ("nelson3", [0, 0.1, 0.2, 0.3, 0.4, 0.5], [6]),
        ("nelson3", [0, 0.1, 0.2, 0.2, 0.3, 0.4, 0.5], []),  # a tie breaks it
        ("nelson3", [0, -0.1, -0.2, -0.3, -0.4, -0.5], [6]),
        ("nhs_trend", [0, 0.1, 0.2, 0.3, 0.4, 0.5], []),  # NHS needs 7
        ("nhs_trend", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [7]),
        ("nelson4", [0.1, -0.1] * 7, [14]),
        ("nelson4", [0.1, -0.1] * 6 + [0.1], []),
        ("nelson5", [2.1, 0, 2.1], [3]),
        ("nelson5", [2.1, 2.1, 0], [2]),  # the marked point is itself far out
        ("nelson5", [2.1, 0, -2.1], []),  # both on the same side
        ("nelson5", [2, 0, 2.1], []),
        ("nelson6", [1.1, 1.1, 0, 1.1, 1.1], [5]),
        ("nelson6", [1.1, 1.1, 0, 0, 1.1, 1.1], []),
        ("nelson7", [0.5, -1] * 7 + [1], [15]),  # at 1 sigma is within
        ("nelson7", [0.5] * 14 + [1.1], []),
        ("nelson8", [1.1, -1.1] * 4, [8]),
        ("nelson8", [1.1] * 8, [8]),  # Minitab: either side
        ("qcc8", [1.1] * 8, []),  # qcc: both sides must be there
        ("qcc8", [1.1] * 7 + [-1.1], [8]),
        ("nhs_two_in_three", [2.1, 0.5, 2.1], [3]),
        ("nhs_two_in_three", [2.1, -0.5, 2.1], []),  # all three on one side
        ("nhs_two_in_three", [2.1, 2.1, 0.5], [3]),
        ("nhs_two_in_three", [3.1, 0.5, 2.1], []),  # beyond 3 sigma is another rule
        ("nhs_two_in_three", [-2.1, -2.9, -0.1], [3]),
    ],
)
def test_a_rule_at_its_edge(code, z, expected):
    assert marked(RULES[code], z) == expected


@pytest.mark.parametrize("rule", [*NELSON, *NHS], ids=lambda rule: rule.code)
def test_fewer_points_than_a_pattern_never_fire(rule):
    assert marked(rule, []) == []
    assert marked(rule, [0.5]) == []


def plain_nelson(z):
    """The eight rules written out as loops, the second road: rule number -> points from 0."""
    found = {number: set() for number in range(1, 9)}
    for i in range(len(z)):
        for sign in (1, -1):
            side = [sign * value for value in z[: i + 1]]
            if side[i] > 3:
                found[1].add(i)
            if i >= 8 and min(side[i - 8 :]) > 0:
                found[2].add(i)
            if i >= 5 and all(b > a for a, b in zip(side[i - 5 : i], side[i - 4 :], strict=True)):
                found[3].add(i)
            if side[i] > 2 and sum(v > 2 for v in side[max(0, i - 2) :]) >= 2:
                found[5].add(i)
            if side[i] > 1 and sum(v > 1 for v in side[max(0, i - 4) :]) >= 4:
                found[6].add(i)
        if i >= 13:
            moves = [b - a for a, b in zip(z[i - 13 : i], z[i - 12 : i + 1], strict=True)]
            if all(a * b < 0 for a, b in pairwise(moves)):
                found[4].add(i)
        if i >= 14 and all(abs(v) <= 1 for v in z[i - 14 : i + 1]):
            found[7].add(i)
        if i >= 7 and all(abs(v) > 1 for v in z[i - 7 : i + 1]):
            found[8].add(i)
    return found


@settings(max_examples=40)
@given(st.lists(st.sampled_from([-3.5, -2.5, -1.5, -0.5, 0.0, 0.4, 0.6, 1.5, 2.5]), min_size=1, max_size=40))
def test_the_vectorised_rules_agree_with_plain_loops(z):
    expected = plain_nelson(z)
    for number, rule in enumerate(NELSON, start=1):
        assert {point - 1 for point in marked(rule, z)} == expected[number]


class TestSignals:
    def test_a_signal_names_its_rule_point_pattern_and_side(self):
        chart = individuals([1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 12])
        (signal,) = signals(chart, "basic").found
        assert (signal.rule, signal.position, signal.pattern, signal.side) == ("limits", 12, (12,), "high")
        assert signal.words == "1 point beyond a control limit"

    def test_runs_start_anew_in_each_phase(self):
        values = [1, 2, 1, 2, 1, 2, *[2.5, 2.6, 2.5, 2.6], *[2.6, 2.5, 2.6, 2.5, 2.6]]
        whole = signals(individuals(values, layout=Layout(baseline=6)), "nelson")
        split = signals(individuals(values, layout=Layout(phases=(6, 10), baseline=4)), "nelson")
        assert "nelson2" in {signal.rule for signal in whole.found}
        assert split.found == ()

    def test_an_excluded_point_is_passed_over_by_a_run(self):
        values = [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3] + [2.5] * 4 + [0] + [2.5] * 4
        layout = Layout(baseline=12, excluded=(16,))
        (signal,) = signals(individuals(values, layout=layout), [same_side("run", 9)]).found
        assert signal.pattern == (11, 12, 13, 14, 15, 17, 18, 19, 20)

    def test_attribute_charts_use_only_the_rules_fit_for_them(self):
        chart = p_chart([5, 6, 5], [10, 10, 10])
        assert [code for code, _ in signals(chart, "nelson").definitions] == [
            "nelson1",
            "nelson2",
            "nelson3",
            "nelson4",
        ]

    def test_the_real_accident_and_emergency_series(self):
        england = pd.read_csv(DATA / "ae_england_monthly.csv")
        share = 1 - england["breaches"] / england["attendances"]
        assert share.mean() == pytest.approx(0.88471, abs=5e-6)
        fired = signals(individuals(share), "nhs")
        beyond = [england["period"][s.position][:7] for s in fired.found if s.rule == "nhs_limits"]
        assert beyond == ["2017-01", "2017-12", "2018-01", "2018-02", "2018-03", "2019-01", "2019-02"]


class TestAnhoej:
    def test_counts_by_hand(self):
        result = run_chart([1, 2, 3, 1, 2, 3, 9, 8, 7, 9, 8, 7])
        assert (result.median, result.useful, result.longest_run, result.crossings) == (5, 12, 6, 1)
        assert result.longest_run_limit == round(np.log2(12)) + 3 == 7
        assert result.crossings_limit == 3  # Binomial(11, 1/2): P(X <= 2) = 0.033, P(X <= 3) = 0.113
        assert result.is_few_crossings
        assert not result.is_shift

    def test_points_on_the_median_are_not_useful(self):
        result = run_chart([5, 1, 5, 9, 5])
        assert (result.useful, result.crossings) == (2, 1)

    def test_a_long_run_is_marked_where_it_grew_too_long(self):
        values = [1, 9] * 6 + [9] * 12 + [1] * 12
        result = run_chart(values)
        assert result.is_shift
        assert result.longest_run == 13
        assert result.longest_run_limit == 8
        fired = [s for s in signals(individuals(values), "anhoej").found if s.rule == "anhoej_shift"]
        assert fired[0].position == result.run_end == 11 + 8
        assert len(fired[0].pattern) == 9

    def test_a_constant_series_has_no_useful_point(self):
        assert run_chart([4, 4, 4]).useful == 0
        assert signals(individuals([4] * 20), "anhoej").found == ()


class TestIcons:
    steady = (10, 12, 11, 13, 10, 12, 11, 13, 10, 12, 11, 13, 11)

    @pytest.mark.parametrize(
        ("last", "better", "kind"),
        [
            (11, "higher", "common_cause"),
            (30, "higher", "improving"),
            (30, "lower", "concerning"),
            (-9, "higher", "concerning"),
            (30, "neither", "neutral"),
        ],
    )
    def test_variation(self, last, better, kind):
        assert variation_icon(individuals([*self.steady, last]), better).kind == kind

    def test_only_the_last_point_counts(self):
        assert variation_icon(individuals([*self.steady, 30, 11]), "higher").kind == "common_cause"

    def test_limits_take_precedence_over_a_shift(self):
        chart = individuals([10, 12] * 6 + [11.5] * 8 + [40], layout=Layout(baseline=12))
        assert variation_icon(chart, "higher").signal.rule == "nhs_limits"

    @pytest.mark.parametrize(
        ("target", "better", "kind"),
        [
            (40, "higher", "fails"),
            (40, "lower", "passes"),
            (0, "higher", "passes"),
            (0, "lower", "fails"),
            (11, "higher", "hit_and_miss"),
        ],
    )
    def test_assurance(self, target, better, kind):
        assert assurance_icon(individuals(self.steady), target, better).kind == kind

    def test_a_target_on_the_limit_is_hit_and_miss(self):
        chart = individuals(self.steady)
        assert assurance_icon(chart, float(chart.upper[-1]), "higher").kind == "hit_and_miss"

    def test_no_icon_below_thirteen_points_of_the_last_phase(self):
        assert variation_icon(individuals(self.steady[:12]), "higher").kind == "too_few_points"
        split = individuals(self.steady * 2, layout=Layout(phases=(20,)))
        assert assurance_icon(split, 1, "higher").kind == "too_few_points"

    def test_the_four_hour_target_is_missed_by_the_system(self):
        england = pd.read_csv(DATA / "ae_england_monthly.csv")
        chart = individuals(1 - england["breaches"] / england["attendances"])
        assert assurance_icon(chart, 0.95, "higher").kind == "fails"

    def test_directions_are_three(self):
        with pytest.raises(OutOfRange):
            variation_icon(individuals(self.steady), "up")


class TestBatch:
    rng = np.random.default_rng(7)

    def ragged(self):
        values = np.round(self.rng.normal(50, 4, (40, 30)), 1)
        values[3] = 7.0
        values[5, :10] = np.nan
        values[6, [0, 4, 5, 29]] = np.nan
        values[7, 1:] = np.nan
        values[8] = np.nan
        values[9] += np.arange(30)
        return values

    @pytest.mark.parametrize("rules", ["nelson", "nhs", "western_electric"])
    def test_the_batch_says_what_one_chart_says(self, rules):
        values = self.ragged()
        batch = individuals_batch(values)
        fired = signals_batch(batch, rules)
        for row, series in enumerate(values):
            present = np.flatnonzero(~np.isnan(series))
            if present.size < 2:
                assert not batch.usable[row]
                assert not fired.any[row].any()
                continue
            chart = individuals(series[present])
            assert batch.upper[row, present] == pytest.approx(chart.upper)
            assert np.isnan(batch.upper[row]).sum() == np.isnan(series).sum()
            expected = {(s.rule, int(present[s.position])) for s in signals(chart, rules).found}
            got = {
                (fired.rules[r].code, int(p)) for r, p in np.argwhere(fired.high[:, row] | fired.low[:, row]).tolist()
            }
            assert got == expected

    def test_icons_of_the_batch(self):
        values = self.ragged()
        batch = individuals_batch(values)
        better = ["higher", "lower"] * 20
        kinds = variation_kinds(batch, signals_batch(batch, "nhs"), better)
        targets = np.full(40, 55.0)
        targets[0] = np.nan
        assurance = assurance_kinds(batch, targets, better)
        assert assurance[0] == "no_target"
        for row in range(1, 40):
            series = values[row][~np.isnan(values[row])]
            if series.size < 13:
                assert kinds[row] == assurance[row] == "too_few_points"
                continue
            chart = individuals(series)
            assert kinds[row] == variation_icon(chart, better[row]).kind
            assert assurance[row] == assurance_icon(chart, 55.0, better[row]).kind

    def test_a_baseline_per_series(self):
        values = np.array([[1.0, 2, 1, 2, 50, 60], [1, 2, 1, 2, 1, 2]])
        batch = individuals_batch(values, baseline=[4, 6])
        assert batch.centre.tolist() == [1.5, 1.5]
        assert batch.upper[0, 0] == pytest.approx(individuals(values[0], layout=Layout(baseline=4)).upper[0])

    def test_or_a_mask_of_the_points_that_make_them(self):
        batch = individuals_batch([[50.0, 60, 1, 2, 1, 2]], baseline=[[False, False, True, True, True, True]])
        assert batch.centre.tolist() == [1.5]
        assert batch.sigma[0, 0] == pytest.approx(1 / 1.128379, rel=1e-6)  # the step from 60 to 1 does not count

    def test_laneys_factor_and_limits_are_those_of_one_chart(self):
        events, sizes = [64, 60, 64, 20, 62], [100, 110, 90, 100, 100]
        for make, one in ((p_chart_batch, laney_p), (u_chart_batch, laney_u)):
            batch, chart = make([events], [sizes]), one(events, sizes)
            assert sigma_z(batch)[0] == pytest.approx(chart.sigma_z[0])
            wide = widened(batch, sigma_z(batch))
            assert wide.upper[0] == pytest.approx(chart.upper)
            assert wide.lower[0] == pytest.approx(chart.lower)

    def test_p_charts_pass_over_points_without_a_denominator(self):
        batch = p_chart_batch([[3, 0, 4, 8]], [[10, 0, 10, 20]])
        chart = p_chart([3, 4, 8], [10, 10, 20])
        assert np.isnan(batch.points[0, 1])
        assert batch.upper[0, [0, 2, 3]] == pytest.approx(chart.upper)
        assert batch.centre[0] == 15 / 40

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda: individuals_batch([1, 2, 3]), ValueError),
            (lambda: individuals_batch([[1, np.inf]]), ValueError),
            (lambda: individuals_batch([[1, 2]], baseline=[1, 2]), LengthMismatch),
            (lambda: p_chart_batch([[1, 2]], [[1]]), LengthMismatch),
            (lambda: p_chart_batch([[-1, 2]], [[3, 3]]), NegativeValue),
            (lambda: p_chart_batch([[4, 2]], [[3, 3]]), OutOfRange),
            (lambda: u_chart_batch([[4, 2]], [[3, -3]]), NegativeValue),
            (lambda: widened(u_chart_batch([[4, 2]], [[3, 3]]), [1, 1]), LengthMismatch),
        ],
    )
    def test_bad_input(self, call, error):
        with pytest.raises(error):
            call()
