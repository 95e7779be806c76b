"""Tests against the values that R, SciPy and NIST print for the same data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.hypothesis.ab import sample_ratio
from analytics.hypothesis.anova import anova
from analytics.hypothesis.correlation import correlation
from analytics.hypothesis.means import one_sample_t, paired_t, t_test
from analytics.hypothesis.multiple import adjust
from analytics.hypothesis.outliers import grubbs
from analytics.hypothesis.proportions import one_proportion, share_interval, two_proportions
from analytics.hypothesis.ranks import kruskal, mann_whitney
from analytics.hypothesis.regression import Collinear, Separated, logistic, ols
from analytics.hypothesis.tables import chi_square, fisher
from analytics.hypothesis.variances import variance_test
from analytics.inputs import (
    BadInput,
    ConstantSeries,
    EmptyInput,
    LengthMismatch,
    NegativeValue,
    NotFinite,
    OutOfRange,
    TooFewPoints,
    ZeroDenominator,
)

# Student's sleep data and the plant growth data of R
SLEEP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SLEEP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
PLANTS = (
    [4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
    [4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
    [6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26],
)


class TestMeans:
    def test_welch_is_the_default(self):
        result = t_test(SLEEP_1, SLEEP_2)
        assert (result.statistic, result.df[0], result.p) == pytest.approx(
            (-1.8608, 17.776, 0.07939), abs=5e-5, rel=1e-4
        )
        assert (result.effect.low, result.effect.high) == pytest.approx((-3.3654832, 0.2054832))
        assert result.effect.value == pytest.approx(-1.58)
        assert "not shown, nor is it ruled out" in result.sentence

    def test_pooled(self):
        result = t_test(SLEEP_1, SLEEP_2, variances="equal")
        assert (result.df[0], result.p) == pytest.approx((18, 0.07919), abs=5e-6)
        assert "equal variances" in [a.name for a in result.assumptions]

    def test_the_same_people_twice(self):
        result = paired_t(SLEEP_1, SLEEP_2)
        assert (result.statistic, result.df[0], result.p) == pytest.approx((-4.0621, 9, 0.002833), abs=5e-5)
        assert result.is_significant

    def test_one_sample_agrees_with_scipy(self):
        peer = stats.ttest_1samp(SLEEP_2, 1)
        assert one_sample_t(SLEEP_2, 1).p == pytest.approx(peer.pvalue)

    def test_hedges_g_is_cohens_d_corrected(self):
        # means 1 apart, SD 1, n 3 and 3: d = 1, correction 1 - 3 / (4 x 6 - 9) = 0.8
        assert t_test([1, 2, 3], [0, 1, 2]).size.value == pytest.approx(0.8)

    @settings(max_examples=20)
    @given(shift=st.integers(-50, 50), factor=st.integers(1, 20))
    def test_the_unit_does_not_change_p(self, shift, factor):
        a, b = np.array(SLEEP_1) * factor + shift, np.array(SLEEP_2) * factor + shift
        assert t_test(a, b).p == pytest.approx(t_test(SLEEP_1, SLEEP_2).p)


class TestProportions:
    def test_three_intervals_of_the_same_share(self):
        wilson, exact, wald = (share_interval(0, 20, method=m) for m in ("wilson", "exact", "wald"))
        assert wilson.high == pytest.approx(0.16113, abs=5e-6)
        assert exact.high == pytest.approx(0.16843, abs=5e-6)
        assert (wald.low, wald.high) == (0, 0)  # collapses at no events

    def test_two_sided_binomial_is_not_twice_one_sided(self):
        result = one_proportion(682, 925, 0.75)  # Mendel's peas, in R's help page
        assert result.p == pytest.approx(0.3825, abs=5e-5)

    def test_newcombes_interval(self):
        result = two_proportions(56, 70, 48, 80)  # Newcombe (1998), example (a)
        assert result.effect.value == pytest.approx(0.2)
        assert (result.effect.low, result.effect.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)

    def test_z_squared_is_the_chi_square_of_the_table(self):
        result = two_proportions(56, 70, 48, 80)
        assert result.statistic**2 == pytest.approx(chi_square([[56, 14], [48, 32]]).statistic)

    def test_small_counts_take_fishers_p(self):
        result = two_proportions(3, 4, 1, 4)
        assert result.test == "Fisher's exact test"
        assert result.p == pytest.approx(0.4857, abs=5e-5)

    def test_no_events_at_all(self):
        result = two_proportions(0, 10, 0, 10)
        assert (result.effect.value, result.p) == (0, 1)

    @pytest.mark.parametrize(
        ("events", "n", "error"), [(1, 0, ZeroDenominator), (5, 4, OutOfRange), (1.5, 4, OutOfRange)]
    )
    def test_bad_counts(self, events, n, error):
        with pytest.raises(error):
            share_interval(events, n)


class TestRanks:
    males, females = (19, 22, 16, 29, 24), (20, 11, 17, 12)

    @pytest.mark.parametrize(("method", "p"), [("exact", 0.1111), ("continuity", 0.11135), ("none", 0.08641)])
    def test_three_p_values_of_one_comparison(self, method, p):
        result = mann_whitney(self.males, self.females, method=method)
        assert (result.statistic, result.p) == (17, pytest.approx(p, abs=5e-5))

    def test_small_samples_without_ties_are_exact(self):
        assert "exact" in mann_whitney(self.males, self.females).test
        assert "continuity" in mann_whitney([1, 1, 2], [2, 3, 3]).test

    def test_the_shift_is_the_median_of_all_differences(self):
        result = mann_whitney([1, 2, 3, 10], [0, 1, 2, 4])
        assert result.effect.value == 1.0  # differences -3 -2 -1 -1 0 0 1 1 1 2 2 3 6 8 9 10
        assert result.effect.low < 1 < result.effect.high

    def test_rank_biserial_runs_from_minus_one_to_one(self):
        assert mann_whitney([5, 6, 7], [1, 2, 3]).size.value == 1
        assert mann_whitney([1, 2, 3], [5, 6, 7]).size.value == -1

    def test_kruskal_on_the_plants(self):
        result = kruskal(PLANTS)
        assert (result.statistic, result.df, result.p) == (
            pytest.approx(7.9882, abs=5e-5),
            (2,),
            pytest.approx(0.01842, abs=5e-6),
        )


class TestAnova:
    def test_the_plants(self):
        result = anova(PLANTS)
        assert result.statistic == pytest.approx(4.846, abs=5e-4)
        assert result.df == (2, 27)
        assert result.p == pytest.approx(0.01591, abs=5e-6)
        assert result.effect.value == pytest.approx(3.76634 / (3.76634 + 10.49209), abs=1e-5)

    def test_tukey_names_the_pair(self):
        pairs = {(pair.first, pair.second): pair for pair in anova(PLANTS).pairs}
        assert pairs[1, 2].p == pytest.approx(0.0120, abs=5e-5)
        assert pairs[0, 1].p == pytest.approx(0.3909, abs=5e-5)
        assert (pairs[1, 2].low, pairs[1, 2].high) == pytest.approx((-1.5562, -0.1738), abs=5e-5)

    def test_welch(self):
        result = anova(PLANTS, variances="unequal")
        assert (result.statistic, result.df[1], result.p) == pytest.approx((5.181, 17.128, 0.01739), abs=5e-4)

    def test_games_howell_of_two_groups_is_welchs_t(self):
        (pair,) = anova([SLEEP_1, SLEEP_2], variances="unequal").pairs
        assert pair.p == pytest.approx(t_test(SLEEP_1, SLEEP_2).p, abs=1e-5)

    def test_two_groups_give_t_squared(self):
        assert anova([SLEEP_1, SLEEP_2]).statistic == pytest.approx(
            t_test(SLEEP_1, SLEEP_2, variances="equal").statistic ** 2
        )


class TestTables:
    def test_tea(self):
        result = fisher([[3, 1], [1, 3]])
        assert result.p == pytest.approx(0.4857, abs=5e-5)
        assert result.effect.value == 9

    def test_a_zero_cell_is_said(self):
        assert "0.5 added" in fisher([[4, 0], [1, 3]]).effect.name

    def test_chi_square_by_hand(self):
        result = chi_square([[10, 20], [20, 10]])  # expected 15 everywhere: 4 x 25 / 15
        assert (result.statistic, result.df) == (pytest.approx(100 / 15), (1,))
        assert result.effect.value == pytest.approx(1 / 3)
        assert result.effect.low < 1 / 3 < result.effect.high
        assert chi_square([[10, 20], [20, 10]], correction=True).statistic == pytest.approx(4 * 4.5**2 / 15)

    def test_independence_has_an_interval_from_nought(self):
        effect = chi_square([[10, 20], [20, 40]]).effect
        assert (effect.value, effect.low) == (pytest.approx(0, abs=1e-9), 0)

    def test_small_expected_counts_are_flagged(self):
        assert chi_square([[1, 2], [3, 4]]).assumptions[0].holds is False

    @pytest.mark.parametrize(
        ("table", "error"),
        [
            ([[1, 2]], BadInput),
            ([[1, -1], [2, 3]], NegativeValue),
            ([[0, 0], [1, 2]], ZeroDenominator),
            ([[1, np.nan], [1, 1]], NotFinite),
        ],
    )
    def test_bad_tables(self, table, error):
        with pytest.raises(error):
            chi_square(table)


class TestVariancesAndCorrelation:
    def test_brown_forsythe_is_levene_about_the_median(self):
        result = variance_test(PLANTS)
        assert (result.statistic, result.p) == pytest.approx((1.1192, 0.3412), abs=5e-5)  # R: car::leveneTest

    def test_bartlett(self):
        assert variance_test(PLANTS, method="bartlett").p == pytest.approx(0.2371, abs=5e-5)

    def test_the_ratio_of_two_has_the_f_interval(self):
        effect = variance_test([SLEEP_1, SLEEP_2]).effect
        assert effect.value**2 == pytest.approx(0.79834, abs=5e-6)
        assert (effect.low**2, effect.high**2) == pytest.approx((0.198297, 3.214123), abs=5e-6)  # R: var.test

    def test_anscombe(self):
        x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
        y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
        result = correlation(x, y)
        assert (result.effect.value, result.p) == pytest.approx((0.81642, 0.00217), abs=5e-6)
        assert (result.effect.low, result.effect.high) == pytest.approx((0.4243912, 0.9506933))

    def test_spearman_sees_any_rise(self):
        result = correlation([1, 2, 3, 4, 5], [1, 4, 9, 16, 26], method="spearman")
        assert (result.effect.value, result.effect.low, result.statistic) == (1, 1, None)


class TestRegression:
    x = np.array([10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5], dtype=float)
    y = np.array([8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68])

    def test_anscombes_line(self):
        fit = ols(self.y, self.x, ["x"])
        assert [term.value for term in fit.terms] == pytest.approx([3.0001, 0.5001], abs=5e-5)
        assert (fit.r_squared, fit.error, fit.f) == pytest.approx((0.6665, 1.2366, 17.99), abs=5e-3)
        assert fit.terms[1].inflation == pytest.approx(1)
        # the rows are in no order of time: their neighbours mean nothing, and Durbin-Watson is 3.2
        assert [a.name for a in fit.assumptions if not a.holds] == ["neighbouring residuals unrelated"]

    def test_r_squared_without_intercept_is_uncentred(self):
        fit = ols(self.y, self.x, ["x"], intercept=False)
        slope = (self.x @ self.y) / (self.x @ self.x)
        assert fit.terms[0].value == pytest.approx(slope)
        assert fit.r_squared == pytest.approx(1 - ((self.y - slope * self.x) ** 2).sum() / (self.y @ self.y))

    def test_residual_checks_see_a_curve(self):
        x = np.arange(40.0)
        checks = {a.name: a.holds for a in ols(x**2, x, ["x"]).assumptions}
        assert checks["neighbouring residuals unrelated"] is False

    def test_a_perfect_fit_is_said(self):
        assert "perfect" in ols(2 * self.x + 1, self.x, ["x"]).assumptions[0].detail

    def test_logistic_of_one_yes_no_predictor_is_the_odds_ratio(self):
        x = np.repeat([0, 0, 1, 1], [30, 10, 20, 40])
        y = np.repeat([0, 1, 0, 1], [30, 10, 20, 40])
        fit = logistic(y, x, ["new script"])
        assert fit.odds_ratios[0].value == pytest.approx(30 * 40 / (10 * 20))
        assert fit.terms[0].value == pytest.approx(np.log(10 / 30))
        assert fit.auc == pytest.approx((40 / 50) * (30 / 50) + 0.5 * (10 * 30 + 40 * 20) / 2500)

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda s: ols(s.y, np.column_stack([s.x, 2 * s.x]), ["a", "b"]), Collinear),
            (lambda s: ols(s.y, np.ones(11), ["a"]), Collinear),
            (lambda s: ols(np.ones(11), s.x, ["a"]), ConstantSeries),
            (lambda s: ols([1, 2, 3], [1, 2, 4], ["a"]), TooFewPoints),
            (lambda s: ols(s.y, s.x[:5], ["a"]), LengthMismatch),
            (lambda s: logistic(s.y, s.x, ["a"]), OutOfRange),
            (lambda s: logistic(s.x > 8.5, s.x, ["a"]), Separated),
            (lambda s: logistic(np.zeros(11), s.x, ["a"]), ConstantSeries),
        ],
    )
    def test_bad_input(self, call, error):
        with pytest.raises(error):
            call(self)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: t_test([], [1, 2]), EmptyInput),
        (lambda: t_test([1], [1, 2]), TooFewPoints),
        (lambda: t_test([1, np.nan], [1, 2]), NotFinite),
        (lambda: t_test([1, 1], [2, 2]), ConstantSeries),
        (lambda: paired_t([1, 2], [1, 2, 3]), LengthMismatch),
        (lambda: paired_t([1, 2], [2, 3]), ConstantSeries),
        (lambda: mann_whitney([1, 1], [1, 1]), ConstantSeries),
        (lambda: kruskal([[1, 2]]), TooFewPoints),
        (lambda: anova([[1, 1], [2, 2]]), ConstantSeries),
        (lambda: anova([[1, 2]]), TooFewPoints),
        (lambda: variance_test([[1, 1], [1, 2]]), ConstantSeries),
        (lambda: correlation([1, 1, 1, 1], [1, 2, 3, 4]), ConstantSeries),
        (lambda: correlation([1, 2, 3], [1, 2, 3]), TooFewPoints),
        (lambda: grubbs([3, 3, 3]), ConstantSeries),
        (lambda: adjust([]), EmptyInput),
        (lambda: adjust([1.2]), OutOfRange),
        (lambda: sample_ratio([0, 0], [1, 1]), ZeroDenominator),
        (lambda: fisher([[1, 2, 3], [4, 5, 6]]), OutOfRange),
        (lambda: t_test([1, 2], [1, 3], confidence=95), OutOfRange),
    ],
)
def test_bad_input_has_its_own_exception(call, error):
    with pytest.raises(error):
        call()
