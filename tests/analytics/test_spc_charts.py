"""Charts against the answers printed for the textbook data (Montgomery; R package qcc)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.inputs import (
    ConstantSeries,
    EmptyInput,
    LengthMismatch,
    NegativeValue,
    NotFinite,
    OutOfRange,
    TooFewPoints,
    ZeroDenominator,
)
from analytics.spc.chart import Layout
from analytics.spc.charts import (
    c_chart,
    cusum,
    ewma,
    g_chart,
    individuals,
    laney_p,
    laney_u,
    np_chart,
    p_chart,
    t_chart,
    u_chart,
    xbar_r,
    xbar_s,
)
from analytics.spc.constants import c4, d2, d3
from analytics.spc.signals import signals

DATA = Path(__file__).parents[1] / "data" / "spc"


def table(name):
    return pd.read_csv(DATA / f"{name}.txt", sep=r"\s+")


def beyond(chart):
    return [signal.position + 1 for signal in signals(chart, "nelson").found if signal.rule == "nelson1"]


@pytest.mark.parametrize(
    ("n", "range_mean", "range_deviation", "deviation_mean"),
    [(2, 1.128, 0.853, 0.7979), (5, 2.326, 0.864, 0.9400), (10, 3.078, 0.797, 0.9727), (25, 3.931, 0.708, 0.9896)],
)
def test_constants_are_those_of_the_tables(n, range_mean, range_deviation, deviation_mean):
    assert d2(n) == pytest.approx(range_mean, abs=6e-4)
    assert d3(n) == pytest.approx(range_deviation, abs=6e-4)
    assert c4(n) == pytest.approx(deviation_mean, abs=6e-5)


class TestSubgroups:
    rings = table("pistonrings")["diameter"].to_numpy().reshape(40, 5)
    phase_one = Layout(baseline=25)

    @pytest.mark.parametrize(
        ("chart", "estimator", "sigma"),
        [(xbar_r, "range", 0.009785), (xbar_s, "standard_deviation", 0.009830), (xbar_s, "pooled", 0.009863)],
    )
    def test_three_estimators_of_one_sigma(self, chart, estimator, sigma):
        result = chart(self.rings, estimator=estimator, layout=self.phase_one)
        assert result.sigma[0] * np.sqrt(5) == pytest.approx(sigma, abs=5e-7)

    def test_piston_rings(self):
        chart = xbar_r(self.rings, layout=self.phase_one)
        assert chart.centre[0] == pytest.approx(74.001176, abs=5e-7)
        assert (chart.lower[0], chart.upper[0]) == (
            pytest.approx(73.98805, abs=5e-6),
            pytest.approx(74.01431, abs=6e-6),
        )
        assert chart.companion.centre[0] == pytest.approx(0.022760, abs=5e-7)
        assert chart.companion.upper[0] == pytest.approx(0.02276 * 2.1145, abs=5e-6)  # D4 of five
        assert chart.companion.lower[0] == 0
        assert beyond(chart) == [37, 38, 39]
        assert chart.in_limits.sum() == 25

    def test_unequal_sizes_have_unequal_limits(self):
        chart = xbar_s([[1, 2, 3, 4], [2, 3], [1, 3, 2]])
        width = chart.upper - chart.centre
        assert width * np.sqrt([4, 2, 3]) == pytest.approx(np.full(3, width[0] * 2))

    def test_a_short_last_subgroup_never_enters_the_limits(self):
        whole = xbar_r(self.rings[:10])
        running = xbar_r([*self.rings[:10], [80.0, 90.0]])
        assert running.centre[0] == whole.centre[0]
        assert running.sigma[0] == whole.sigma[0]
        assert "did not enter" in running.notes[0]
        assert xbar_r([*self.rings[:10], [80.0, 90.0]], short_last="use").centre[0] > whole.centre[0]


class TestAttributes:
    juice, boards, cloth = table("orangejuice"), table("circuit"), table("dyedcloth")

    def test_p_chart_of_orange_juice_cans(self):
        chart = p_chart(self.juice["D"][:30], self.juice["size"][:30])
        assert chart.centre[0] == pytest.approx(0.231333, abs=5e-7)
        assert (chart.lower[0], chart.upper[0]) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.4102, abs=5e-5))
        assert beyond(chart) == [15, 23]  # new cardboard, new operator

    def test_excluded_points_stay_visible_but_make_no_limits(self):
        chart = p_chart(self.juice["D"][:30], self.juice["size"][:30], layout=Layout(excluded=(14, 22)))
        assert chart.centre[0] == pytest.approx(301 / 1400)  # Montgomery: 0.2150 after revision
        assert chart.points[14] == 22 / 50
        assert beyond(chart) == [21]  # Montgomery: sample 21 then lies beyond the revised limit

    def test_np_chart_is_the_p_chart_times_n(self):
        shares, counts = p_chart(self.juice["D"], self.juice["size"]), np_chart(self.juice["D"], 50)
        assert counts.upper == pytest.approx(shares.upper * 50)
        assert counts.lower == pytest.approx(shares.lower * 50)

    def test_c_chart_of_circuit_boards(self):
        chart = c_chart(self.boards["x"], layout=Layout(baseline=26))
        assert chart.centre[0] == pytest.approx(19.846154, abs=5e-7)
        assert (chart.lower[0], chart.upper[0]) == (pytest.approx(6.48, abs=5e-3), pytest.approx(33.21, abs=5e-3))
        assert beyond(chart) == [6, 20]

    def test_u_chart_of_dyed_cloth_has_a_limit_per_size(self):
        chart = u_chart(self.cloth["x"], self.cloth["size"])
        assert chart.centre[0] == pytest.approx(153 / 107.5)  # 1.42
        assert chart.upper[0] == pytest.approx(2.555, abs=5e-4)  # Montgomery: 10 units
        assert chart.upper[1] == pytest.approx(2.689, abs=5e-4)  # 8 units
        assert beyond(chart) == []

    def test_a_share_never_leaves_nought_to_one(self):
        chart = p_chart([0, 1, 0, 2], [5, 5, 5, 5])
        assert chart.lower.min() == 0
        assert p_chart([5, 4, 5, 5], [5, 5, 5, 5]).upper.max() == 1

    def test_laney_widens_by_the_moving_range_of_z(self):
        hospital = pd.read_csv(DATA / "hospital_four_hours.csv")
        events, sizes = hospital["within_4h"].to_numpy(), hospital["attendances"].to_numpy()
        plain, wide = p_chart(events, sizes), laney_p(events, sizes)
        share = events.sum() / sizes.sum()
        z = (events / sizes - share) / np.sqrt(share * (1 - share) / sizes)
        factor = np.mean(np.abs(np.diff(z))) / d2(2)
        assert share == pytest.approx(0.815148, abs=5e-7)
        assert wide.sigma_z == (pytest.approx(factor),)
        assert wide.upper - wide.centre == pytest.approx(factor * (plain.upper - plain.centre))
        # 11,000 attendances a month: the p chart calls 103 of 109 months special; half remain, the level did change
        assert (len(beyond(plain)), len(beyond(wide))) == (103, 53)

    def test_sigma_z_below_one_narrows(self):
        even = laney_u([10, 11, 10, 11, 10], [1, 1, 1, 1, 1])
        assert even.sigma_z[0] < 1
        assert even.upper[0] < u_chart([10, 11, 10, 11, 10], [1, 1, 1, 1, 1]).upper[0]

    def test_screening_leaves_out_the_one_large_jump_and_says_so(self):
        events, sizes = [50, 52, 49, 51, 50, 51, 49, 50, 95, 94, 96, 95], [100] * 12
        screened = laney_p(events, sizes, screen=True)
        assert screened.sigma_z[0] < laney_p(events, sizes).sigma_z[0]
        assert "3.267" in screened.estimator


class TestIndividuals:
    viscosity = table("viscosity")["viscosity"].to_numpy()

    def test_viscosity(self):
        chart = individuals(self.viscosity[:20])
        assert chart.centre[0] == pytest.approx(34.088)
        assert chart.sigma[0] == pytest.approx(0.5075, abs=5e-5)
        assert individuals(self.viscosity[:20], estimator="standard_deviation").sigma[0] == pytest.approx(
            0.5770, abs=5e-5
        )

    def test_the_limits_are_the_mean_plus_2_66_moving_ranges(self):
        chart = individuals([10, 12, 11, 13, 10])  # moving ranges 2 1 2 3, mean 2
        assert chart.upper[0] == pytest.approx(11.2 + 2 * 3 / d2(2))
        assert chart.upper[0] == pytest.approx(11.2 + 2.66 * 2, abs=0.003)
        assert chart.companion.centre[0] == 2
        assert chart.companion.upper[0] == pytest.approx(3.267 * 2, abs=0.001)
        assert chart.companion.positions.tolist() == [1, 2, 3, 4]

    def test_phases_have_limits_of_their_own(self):
        chart = individuals([1, 2, 1, 2, 11, 12, 11, 12], layout=Layout(phases=(4,)))
        assert chart.centre.tolist() == [1.5] * 4 + [11.5] * 4
        assert chart.sigma[0] == chart.sigma[-1] == pytest.approx(1 / d2(2))
        assert chart.companion.positions.tolist() == [1, 2, 3, 5, 6, 7]  # no range across the change

    def test_a_locked_baseline_does_not_move_with_new_points(self):
        few = individuals(self.viscosity[:20], layout=Layout(baseline=20))
        more = individuals(self.viscosity, layout=Layout(baseline=20))
        assert (more.upper[0], more.centre[0]) == (few.upper[0], few.centre[0])

    def test_few_points_are_provisional(self):
        assert "provisional" in individuals([1, 2, 3]).notes[0]
        assert individuals(range(12)).notes == ()

    def test_a_constant_series_has_one_line_and_no_signal(self):
        chart = individuals([0.1 + 0.2] * 15)
        assert chart.upper.tolist() == chart.lower.tolist() == chart.centre.tolist()
        assert signals(chart, "nhs").found == ()
        assert "do not vary" in chart.notes[0]

    def test_a_point_off_a_constant_baseline_is_a_signal(self):
        chart = individuals([5.0] * 12 + [5.1], layout=Layout(baseline=12))
        assert [signal.position for signal in signals(chart, "basic").found] == [12]

    def test_screening_narrows_and_says_so(self):
        values = [1, 2, 1, 2, 1, 2, 1, 2, 30, 31, 30, 31, 30]
        assert individuals(values, screen=True).sigma[0] < individuals(values).sigma[0]
        assert "3.267" in individuals(values, screen=True).estimator

    @settings(max_examples=25)
    @given(
        values=st.lists(st.integers(-100, 100), min_size=2, max_size=20),
        factor=st.integers(1, 50),
        shift=st.integers(-100, 100),
        estimator=st.sampled_from(["moving_range", "median_moving_range", "standard_deviation"]),
    )
    def test_limits_scale_and_shift_with_the_data(self, values, factor, shift, estimator):
        one = individuals(values, estimator=estimator)
        other = individuals(np.array(values) * factor + shift, estimator=estimator)
        assert other.upper == pytest.approx(one.upper * factor + shift)
        assert other.lower == pytest.approx(one.lower * factor + shift)


class TestMemory:
    def test_ewma_by_hand(self):
        chart = ewma([12, 8], weight=0.5, centre=10, sigma=2)
        assert chart.points.tolist() == [11, 9.5]  # 10 + 0.5 x 2, then 11 + 0.5 x (8 - 11)
        # sigma sqrt(1/3 (1 - 1/4)) = 1 and 2 sqrt(1/3 x 15/16)
        assert chart.upper.tolist() == pytest.approx([13, 10 + 6 * np.sqrt(15 / 48)])
        asymptotic = ewma([12, 8], weight=0.5, centre=10, sigma=2, limits="asymptotic")
        assert asymptotic.upper.tolist() == pytest.approx([10 + 6 / np.sqrt(3)] * 2)

    def test_ewma_of_weight_one_is_the_individuals_chart(self):
        values = table("viscosity")["viscosity"].to_numpy()
        one, other = ewma(values, weight=1), individuals(values)
        assert one.points.tolist() == values.tolist()
        assert one.upper == pytest.approx(other.upper)

    def test_cusum_by_hand_and_a_sum_equal_to_h_does_not_signal(self):
        chart = cusum([11.5, 11.5, 11.5, 11.5, 11.6], target=10, sigma=1, slack=0.5, decision=4)
        assert chart.points.tolist() == pytest.approx([1, 2, 3, 4, 5.1])
        assert chart.companion.points.tolist() == [0, 0, 0, 0, 0]
        assert beyond(chart) == [5]

    def test_the_lower_arm_finds_a_fall(self):
        chart = cusum([10, 10, 8, 8, 8, 8], target=10, sigma=1)
        assert beyond(chart) == []
        assert beyond(chart.companion) == [6]  # -1.5 a point: -6 after four

    def test_an_excluded_point_does_not_enter_the_memory(self):
        assert ewma([10, 99, 10], centre=10, sigma=1, layout=Layout(excluded=(1,))).points.tolist() == [10, 10, 10]

    def test_a_cusum_without_variation_has_no_scale(self):
        with pytest.raises(ConstantSeries):
            cusum([3, 3, 3])


class TestRareEvents:
    def test_g_chart_by_hand(self):
        chart = g_chart([3, 5, 1, 3])
        assert chart.centre[0] == 3
        assert chart.upper[0] == pytest.approx(3 + 3 * np.sqrt(12))
        assert chart.lower[0] == 0
        assert g_chart([3, 5, 1, 3], centre="median").centre[0] == pytest.approx(2.0794, abs=1e-4)

    def test_t_chart_is_an_individuals_chart_of_the_root(self):
        days = [2.0, 9.0, 4.0, 20.0, 1.0, 7.0]
        chart, roots = t_chart(days), individuals(np.array(days) ** (1 / 3.6))
        assert chart.points.tolist() == days
        assert chart.upper[0] ** (1 / 3.6) == pytest.approx(roots.upper[0])
        assert chart.z == pytest.approx(roots.z)

    def test_a_zero_time_is_a_time(self):
        assert t_chart([0, 5, 3]).points[0] == 0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: individuals([]), EmptyInput),
        (lambda: individuals([1]), TooFewPoints),
        (lambda: individuals([1, np.nan, 2]), NotFinite),
        (lambda: individuals([1, np.inf]), NotFinite),
        (lambda: individuals([1, 2, 3], estimator="mad"), OutOfRange),
        (lambda: individuals([1, 2, 3], layout=Layout(phases=(2,))), TooFewPoints),
        (lambda: individuals([1, 2, 3], layout=Layout(phases=(0,))), OutOfRange),
        (lambda: individuals([1, 2, 3], layout=Layout(baseline=1)), TooFewPoints),
        (lambda: individuals([1, 2, 3], layout=Layout(excluded=(3,))), OutOfRange),
        (lambda: c_chart([1, -2, 3]), NegativeValue),
        (lambda: p_chart([1, 2], [5, 0]), ZeroDenominator),
        (lambda: p_chart([1, 6], [5, 5]), OutOfRange),
        (lambda: p_chart([1, 2, 3], [5, 5]), LengthMismatch),
        (lambda: np_chart([], 5), EmptyInput),
        (lambda: xbar_r([]), EmptyInput),
        (lambda: xbar_r([[1, 2]]), TooFewPoints),
        (lambda: xbar_r([[1, 2], [3]]), TooFewPoints),
        (lambda: ewma([1, 2, 3], weight=0), OutOfRange),
        (lambda: ewma([1, 2, 3], sigma=-1), OutOfRange),
        (lambda: g_chart([1, -1]), NegativeValue),
        (lambda: t_chart([1, -1]), NegativeValue),
        (lambda: signals(individuals([1, 2, 3]), "rules of thumb"), OutOfRange),
    ],
)
def test_bad_input_has_its_own_exception(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(
    "chart",
    [
        p_chart([0, 0, 0], [5, 5, 5]),
        p_chart([5, 5, 5], [5, 5, 5]),
        laney_p([0, 0, 0], [5, 5, 5]),
        c_chart([0, 0, 0]),
        laney_u([0, 0, 0], [1, 2, 3]),
        g_chart([0, 0, 0]),
        t_chart([0, 0, 0]),
        np_chart([0, 0], 4),
        ewma([4, 4, 4]),
    ],
    ids=lambda chart: chart.kind,
)
def test_no_nan_on_charts_without_variation(chart):
    for values in (chart.points, chart.centre, chart.lower, chart.upper, chart.sigma, chart.z):
        assert np.isfinite(values).all()
    assert signals(chart, "nelson").found == ()
