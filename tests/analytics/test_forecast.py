from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from analytics.forecast.accuracy import accuracy
from analytics.forecast.candidates import CANDIDATES, theta
from analytics.forecast.select import TooShort, UnknownFuture, chance_of_meeting, forecast
from analytics.forecast.smoothing import fit
from analytics.inputs import EmptyInput, LengthMismatch, NotFinite, OutOfRange, TooFewPoints

DATA = Path(__file__).parents[1] / "data"
HOSPITAL = pd.read_csv(DATA / "spc" / "hospital_four_hours.csv")["attendances"].to_numpy(dtype=float)
CALLS = pd.read_csv(DATA / "forecast" / "bank_calls_daily.csv")["calls"].to_numpy(dtype=float)


def waves(n=72, noise=1.0, slope=0.5):
    rng = np.random.default_rng(4)
    t = np.arange(n)
    return 100 + slope * t + 10 * np.sin(2 * np.pi * t / 12) + noise * rng.normal(size=n)


class TestAccuracy:
    def test_by_hand(self):
        result = accuracy([100, 200, 300], [110, 190, 330], training=[10, 20, 40], season=1)
        assert (result.mae, result.mean_error) == (pytest.approx(50 / 3), 10)
        assert result.wape == pytest.approx(50 / 600)
        assert result.bias == pytest.approx(30 / 600)
        assert result.mape == pytest.approx((0.1 + 0.05 + 0.1) / 3)
        assert result.smape == pytest.approx(2 * (10 / 210 + 10 / 390 + 30 / 630) / 3)
        assert result.mase == pytest.approx(50 / 3 / 15)

    def test_percentages_are_over_the_actual(self):
        assert accuracy([1200], [1440]).mape == pytest.approx(0.2)
        assert accuracy([1200], [1100]).mape == pytest.approx(100 / 1200)  # not over the forecast

    def test_smape_has_two_scales(self):
        assert accuracy([1], [3], smape_scale="0-200").smape == 100
        assert accuracy([1], [3]).smape == 1
        assert accuracy([0], [0]).smape == 0

    def test_no_denominator_no_value(self):
        result = accuracy([0, 0], [1, 1], training=[5, 5, 5])
        assert (result.wape, result.bias, result.mape, result.mase) == (None, None, None, None)

    def test_coverage(self):
        assert accuracy([1, 2, 3, 9], [0, 0, 0, 0], low=[0, 0, 0, 0], high=[3, 3, 3, 3]).coverage == 0.75

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda: accuracy([], []), EmptyInput),
            (lambda: accuracy([1], [1, 2]), LengthMismatch),
            (lambda: accuracy([1], [np.nan]), NotFinite),
            (lambda: accuracy([1], [1], training=[1, 2], season=2), TooFewPoints),
            (lambda: accuracy([1], [1], smape_scale="0-1"), OutOfRange),
        ],
    )
    def test_bad_input(self, call, error):
        with pytest.raises(error):
            call()


class TestSmoothing:
    def test_simple_smoothing_agrees_with_statsmodels(self):
        values = CALLS[:60]
        own = fit(values, trend=False, season=1)
        peer = ExponentialSmoothing(values, initialization_method="known", initial_level=values[:8].mean()).fit()
        assert own.sse == pytest.approx(peer.sse, rel=1e-3)
        assert own.forecast(1)[0] == pytest.approx(peer.forecast(1)[0], rel=5e-3)

    def test_with_trend_and_season_it_comes_close_to_the_full_optimum(self):
        values = waves()
        own = fit(values, trend=True, season=12)
        peer = ExponentialSmoothing(
            values,
            trend="add",
            damped_trend=True,
            seasonal="add",
            seasonal_periods=12,
            initialization_method="heuristic",
        ).fit()
        assert own.sse <= 1.5 * peer.sse
        assert own.forecast(12) == pytest.approx(peer.forecast(12), rel=0.03)

    def test_the_states_are_those_of_the_parameters(self):
        model = fit(CALLS[:40], trend=False, season=1)
        level = CALLS[:8].mean()
        for value in CALLS[:40]:
            level += model.alpha * (value - level)
        assert model.level == pytest.approx(level)

    def test_the_spread_of_simple_smoothing_by_hand(self):
        model = fit(CALLS[:40], trend=False, season=1)
        assert model.spread(3) == pytest.approx(model.sigma * np.sqrt([1, 1 + model.alpha**2, 1 + 2 * model.alpha**2]))


class TestCandidates:
    def test_seasonal_naive_repeats_the_season(self):
        path = CANDIDATES["seasonal_naive"](np.array([1.0, 2, 3, 4, 5, 6]), 4, (3,), 1.0)
        assert path.mean.tolist() == [4, 5, 6, 4]
        assert (path.high - path.mean).tolist() == pytest.approx([3, 3, 3, 3 * np.sqrt(2)])

    def test_theta_agrees_with_statsmodels(self):
        peer = ThetaModel(HOSPITAL[:60], period=12, use_test=False, method="multiplicative").fit().forecast(6)
        assert theta(HOSPITAL[:60], 6, (12,), 1.0).mean == pytest.approx(peer.to_numpy(), rel=0.01)

    @pytest.mark.parametrize("name", [name for name in CANDIDATES if name != "arima"])
    def test_shape_and_order(self, name):
        path = CANDIDATES[name](waves(48), 14, (12,), 1.28)
        assert path.mean.shape == path.low.shape == path.high.shape == (14,)
        assert (path.low <= path.mean).all()
        assert (path.mean <= path.high).all()

    @pytest.mark.parametrize("name", ["ets", "theta", "combined", "mstl"])
    def test_a_plain_wave_is_continued(self, name):
        values = waves(noise=1e-6, slope=0)
        assert CANDIDATES[name](values, 12, (12,), 1.0).mean == pytest.approx(values[-12:], rel=1e-3)

    def test_several_seasons(self):
        t = np.arange(7 * 24 * 3)
        values = 50 + 10 * np.sin(2 * np.pi * t / 24) + 5 * (t // 24 % 7 >= 5)
        path = CANDIDATES["mstl"](values.astype(float), 168, (24, 168), 1.0)
        assert path.mean == pytest.approx(values[:168], abs=1)

    def test_two_whole_seasons_are_too_few_for_mstl_and_are_continued_without(self):
        path = CANDIDATES["mstl"](np.arange(24.0) % 12, 1, (12,), 1.0)
        assert np.isfinite(path.mean).all()

    def test_arima_is_there_by_name(self):
        result = forecast(CALLS[:40], 3, candidates=["arima"], origins=1)
        assert {test.candidate for test in result.back_tests} == {"naive", "arima"}


class TestForecast:
    def test_it_is_never_without_its_back_test(self):
        result = forecast(HOSPITAL[:58], 6, seasons=(12,))
        assert result.origins == (46, 48, 50, 52)
        assert {t.candidate for t in result.back_tests} >= {"seasonal_naive", "ets", "theta", "mstl"}
        assert result.back_test.accuracy.mase <= 1.1 * min(t.accuracy.mase for t in result.back_tests)
        assert result.back_test.skill >= 0

    def test_without_a_margin_the_lowest_error_wins(self):
        result = forecast(HOSPITAL[:58], 6, seasons=(12,), margin=0)
        assert result.back_test.accuracy.mase == min(t.accuracy.mase for t in result.back_tests)

    def test_the_combination_is_kept_unless_clearly_beaten(self):
        scores = {t.candidate: t.accuracy.mase for t in forecast(waves(), 6, seasons=(12,)).back_tests}
        needed = scores["combined"] / min(scores.values()) - 1
        assert needed > 0
        assert forecast(waves(), 6, seasons=(12,), margin=needed * 1.01).chosen == "combined"
        assert forecast(waves(), 6, seasons=(12,), margin=needed * 0.99).chosen != "combined"

    def test_the_back_test_of_the_benchmark_by_hand(self):
        result = forecast(CALLS, 5, seasons=(5,), origins=1, candidates=[])
        actual, previous = CALLS[-5:], CALLS[-10:-5]
        assert result.back_test.accuracy.wape == pytest.approx(np.abs(actual - previous).sum() / actual.sum())
        scale = np.abs(CALLS[5:-5] - CALLS[:-10]).mean()
        assert result.back_test.accuracy.mase == pytest.approx(np.abs(actual - previous).mean() / scale)

    def test_a_trend_and_season_beat_the_naive(self):
        result = forecast(waves(), 6, seasons=(12,))
        assert result.chosen not in ("naive", "seasonal_naive")
        truth = 100 + 0.5 * np.arange(72, 78) + 10 * np.sin(2 * np.pi * np.arange(72, 78) / 12)
        assert result.mean == pytest.approx(truth, abs=3)

    def test_the_interval_covers_what_the_back_test_saw(self):
        for confidence in (0.5, 0.8, 0.95):
            coverage = forecast(CALLS[:100], 10, seasons=(5,), confidence=confidence).back_test.accuracy.coverage
            assert coverage >= confidence - 0.05

    def test_known_events_are_put_back(self):
        rng = np.random.default_rng(9)
        events = np.zeros(66)
        events[[5, 20, 33, 47, 61]] = 1
        values = 100 + 40 * events[:60] + rng.normal(size=60)
        result = forecast(values, 6, events=events, candidates=["ets"])
        assert result.event_effects[0] == pytest.approx(40, abs=1.5)
        assert result.mean[1] - result.mean[0] == pytest.approx(40, abs=3)

    def test_a_constant_series_stays(self):
        result = forecast([7.0] * 30, 4, seasons=(12,))
        assert result.mean.tolist() == result.low.tolist() == result.high.tolist() == [7.0] * 4
        assert "all equal" in result.notes[-1]

    def test_a_season_that_does_not_fit_is_left_out_and_said(self):
        result = forecast(waves(26), 4, seasons=(12,))
        assert result.seasons == ()
        assert result.benchmark == "naive"
        assert "12 was left out" in result.notes[0]

    def test_a_floor_holds(self):
        result = forecast([5, 3, 4, 2, 1, 2, 1, 0, 1, 0, 1, 0, 0, 1, 0], 4, floor=0)
        assert result.low.min() >= 0

    def test_chance_of_meeting_a_target(self):
        result = forecast(waves(), 3, seasons=(12,))
        at_mean = chance_of_meeting(result, 0, float(result.mean[0]), "higher")
        assert at_mean == pytest.approx(0.5)
        above = chance_of_meeting(result, 0, float(result.mean[0]) + 2, "higher")
        assert above == pytest.approx(1 - chance_of_meeting(result, 0, float(result.mean[0]) + 2, "lower"))
        assert above < 0.5
        assert chance_of_meeting(forecast([7.0] * 20, 2), 0, 7, "higher") == 1

    @settings(max_examples=5, deadline=None)
    @given(factor=st.floats(0.1, 1000), name=st.sampled_from(["seasonal_naive", "ets", "theta"]))
    def test_the_unit_does_not_matter(self, factor, name):
        one, other = (CANDIDATES[name](waves() * f, 6, (12,), 1.28) for f in (1.0, factor))
        assert other.mean == pytest.approx(one.mean * factor, rel=1e-4)

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            (([], 3), EmptyInput),
            (([1, 2, 3, 4], 3), TooShort),
            (([1, 2, np.nan] * 10, 3), NotFinite),
            (([1.0, 2] * 10, 0), OutOfRange),
        ],
    )
    def test_bad_input(self, arguments, error):
        with pytest.raises(error):
            forecast(*arguments)

    def test_events_need_their_future(self):
        with pytest.raises(UnknownFuture, match="add the 5"):
            forecast(np.arange(40.0), 5, events=np.zeros(40))
        with pytest.raises(OutOfRange):
            forecast(np.arange(40.0), 5, candidates=["prophet"])
