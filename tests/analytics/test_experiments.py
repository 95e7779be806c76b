"""Before and after a test: how many measurements, many tests at once, A/B tests, interrupted series."""

import numpy as np
import pytest
from scipy import stats

from analytics.hypothesis.ab import SampleRatioMismatch, TooEarly, ab_test, sample_ratio
from analytics.hypothesis.interrupted import interrupted
from analytics.hypothesis.multiple import adjust
from analytics.hypothesis.outliers import grubbs
from analytics.hypothesis.power import (
    detectable_difference,
    means_power,
    size_for_anova,
    size_for_means,
    size_for_proportions,
)
from analytics.hypothesis.proportions import two_proportions
from analytics.inputs import (
    ConstantSeries,
    NotFinite,
    OutOfRange,
    TooFewPoints,
)


class TestMany:
    def test_holm_and_benjamini_hochberg(self):
        p = [0.01, 0.04, 0.03, 0.005]
        assert adjust(p).adjusted == pytest.approx((0.03, 0.06, 0.06, 0.02))
        assert adjust(p, method="benjamini_hochberg").adjusted == pytest.approx((0.02, 0.04, 0.04, 0.02))

    def test_grubbs_at_nist(self):
        result = grubbs([199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18, 245.57])
        assert (result.index, result.is_outlier) == (7, True)
        assert (result.statistic, result.critical) == pytest.approx((2.4687, 2.1266), abs=1e-4)
        assert result.p < 0.001


class TestPower:
    def test_the_sixty_four(self):
        size = size_for_means(0.5, 1)
        assert (size.per_group, size.total) == (64, 128)
        assert means_power(63, 0.5) < 0.8 <= size.power

    def test_pairs(self):
        assert size_for_means(0.5, 1, paired=True).total == 34

    def test_proportions_by_hand(self):
        # (1.95996 + 0.84162)^2 x (0.1 x 0.9 + 0.12 x 0.88) / 0.02^2 = 3838.1
        assert size_for_proportions(0.10, 0.12).per_group == 3839

    def test_anova_is_per_group_then_total(self):
        size = size_for_anova(0.25, 3)
        assert (size.per_group, size.total) == (53, 159)  # G*Power; statsmodels gives 157.19 for the total

    def test_what_could_be_seen(self):
        assert detectable_difference(64, 10) == pytest.approx(5, abs=0.03)

    def test_no_difference_needs_no_number(self):
        with pytest.raises(OutOfRange):
            size_for_means(0, 1)
        with pytest.raises(OutOfRange):
            size_for_proportions(0.1, 0.1)


class TestAb:
    def test_a_split_that_chance_does_not_make(self):
        assert sample_ratio([5000, 5400], [1, 1]).is_mismatch
        assert not sample_ratio([5000, 5100], [1, 1]).is_mismatch
        with pytest.raises(SampleRatioMismatch, match="find the fault"):
            ab_test(100, 5000, 120, 5400, planned_n=100)

    def test_a_fixed_test_is_locked_until_its_number(self):
        with pytest.raises(TooEarly):
            ab_test(50, 1000, 80, 1000, planned_n=4000)
        with pytest.raises(TooEarly):
            ab_test(50, 1000, 80, 1000)
        result = ab_test(50, 1000, 80, 1000, planned_n=2000)
        assert (result.decision, result.relative) == ("b_better", pytest.approx(0.6))
        assert result.p == pytest.approx(two_proportions(80, 1000, 50, 1000).p)

    def test_a_sequential_reading_is_wider(self):
        fixed = ab_test(50, 1000, 80, 1000, planned_n=2000)
        peek = ab_test(50, 1000, 80, 1000, rule="sequential", expected_effect=0.03)
        assert peek.effect.low < fixed.effect.low
        assert peek.p > fixed.p

    def test_peeking_every_day_keeps_the_promise(self):
        rng = np.random.default_rng(11)
        alarms = fixed_alarms = 0
        for _ in range(60):
            a, b = (rng.binomial(200, 0.1, 8).cumsum() for _ in range(2))
            n = 200 * np.arange(1, 9)
            share = (a + b) / (2 * n)
            fixed_alarms += (np.abs(b - a) / n > 1.96 * np.sqrt(share * (1 - share) * 2 / n)).any()
            looks = zip(a.tolist(), n.tolist(), b.tolist(), n.tolist(), strict=True)
            alarms += any(ab_test(*look, rule="sequential", expected_effect=0.02).p < 0.05 for look in looks)
        assert alarms / 60 < 0.05 < fixed_alarms / 60

    def test_interval_and_p_agree(self):
        result = ab_test(50, 1000, 80, 1000, rule="sequential", expected_effect=0.03)
        assert (result.p < 0.05) == (result.effect.low > 0)


class TestInterrupted:
    t = np.arange(30.0)

    def series(self, step, slope, noise=1.0):
        rng = np.random.default_rng(3)
        after = self.t >= 15
        return 10 + 0.2 * self.t + after * (step + slope * (self.t - 15)) + noise * rng.normal(size=30)

    def test_a_clean_change_is_found_exactly(self):
        result = interrupted(self.series(5, -0.5, noise=1e-9), 15)
        assert (result.level_change.value, result.slope_change.value) == pytest.approx((5, -0.5), abs=1e-6)
        assert result.effect_at_end.value == pytest.approx(5 - 0.5 * 14, abs=1e-6)
        assert result.expected == pytest.approx(10 + 0.2 * self.t, abs=1e-6)

    def test_agrees_with_newey_west_by_hand(self):
        y = self.series(3, 0)
        result = interrupted(y, 15, lags=2)
        d = (self.t >= 15).astype(float)
        x = np.column_stack([np.ones(30), self.t, d, d * (self.t - 15)])
        bread = np.linalg.inv(x.T @ x)
        u = y - x @ (bread @ x.T @ y)
        scores = x * u[:, None]
        meat = scores.T @ scores
        for lag in (1, 2):
            cross = scores[lag:].T @ scores[:-lag]
            meat += (1 - lag / 3) * (cross + cross.T)
        error = np.sqrt((bread @ meat @ bread)[2, 2] * 30 / 26)
        half = (result.level_change.high - result.level_change.low) / 2
        assert half == pytest.approx(stats.t.ppf(0.975, 26) * error)

    def test_a_comparison_series_takes_away_what_hit_both(self):
        common = np.where(self.t >= 15, 4.0, 0.0)
        series = self.series(0, 0, noise=0.3) + common
        other = common + 0.3 * np.random.default_rng(8).normal(size=30)
        assert interrupted(series, 15).level_change.value == pytest.approx(4, abs=0.8)
        assert interrupted(series, 15, comparison=other).level_change.value == pytest.approx(0, abs=0.8)

    def test_a_season_is_not_an_effect(self):
        months = np.arange(36.0)
        wave = 5 * np.sin(2 * np.pi * months / 12) + 0.3 * np.random.default_rng(2).normal(size=36)
        seen, blind = interrupted(wave, 20, season=12).level_change, interrupted(wave, 20).level_change
        assert abs(seen.value) < 0.7
        assert seen.high - seen.low < (blind.high - blind.low) / 5

    @pytest.mark.parametrize(
        ("values", "at", "error"),
        [
            (range(30), 0, OutOfRange),
            (range(30), 2, TooFewPoints),
            ([1, 2, 3], 2, TooFewPoints),
            ([5.0] * 20, 10, ConstantSeries),
            ([*range(9), np.nan], 5, NotFinite),
        ],
    )
    def test_bad_input(self, values, at, error):
        with pytest.raises(error):
            interrupted(list(values), at)
