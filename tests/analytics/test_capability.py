from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as peer_fleiss

from analytics.capability.agreement import MissingRating, cohen_kappa, fleiss_kappa
from analytics.capability.gauge import gauge_study
from analytics.capability.indices import (
    LimitsReversed,
    NoSpecification,
    SampleTooSmall,
    Unstable,
    capability,
    percentile_capability,
)
from analytics.inputs import ConstantSeries, EmptyInput, LengthMismatch, NotFinite, OutOfRange, TooFewPoints

RINGS = (
    pd.read_csv(Path(__file__).parents[1] / "data" / "spc" / "pistonrings.txt", sep=r"\s+")["diameter"]
    .to_numpy()[:125]
    .reshape(25, 5)
)


class TestIndices:
    def test_piston_rings_as_qcc_prints_them(self):
        result = capability(RINGS, lsl=73.95, usl=74.05, target=74, estimator="range", degrees="total")
        for index, expected in (
            (result.cp, (1.703, 1.491, 1.915)),
            (result.cpk, (1.663, 1.448, 1.878)),
        ):
            assert (index.value, index.low, index.high) == pytest.approx(expected, abs=6e-4)
        assert (result.cpl.value, result.cpu.value) == pytest.approx((1.743, 1.663), abs=6e-4)
        assert result.cpm.value == pytest.approx(1.691, abs=6e-4)
        assert result.cpm.low < result.cpm.value < result.cpm.high
        assert result.observed.share == 0
        assert result.watermarks == ()

    def test_within_and_overall_are_two_families(self):
        drifting = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 5) + np.tile([-0.1, 0.1, 0.0, 0.2, -0.2], 6)
        result = capability(drifting.reshape(6, 5), lsl=-5, usl=12)
        assert result.cpk.value > 5 * result.ppk.value  # steady within, drifting between
        assert result.sigma_overall == pytest.approx(np.std(drifting, ddof=1))

    def test_one_sided_specification(self):
        result = capability([1, 2, 3, 2, 1, 3, 2], usl=6)
        assert result.cp is None
        assert result.cpl is None
        assert result.cpk == result.cpu

    def test_expected_share_of_a_centred_three_sigma_process(self):
        values = np.tile([-1.0, 1.0], 50) * np.sqrt(99 / 100)  # overall s is 1
        result = capability(values, lsl=-3, usl=3, estimator="standard_deviation")
        assert result.pp.value == pytest.approx(1)
        assert result.expected_overall.dpmo == pytest.approx(2699.8, abs=0.1)

    def test_observed_counts_strictly_outside(self):
        result = capability([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], lsl=2, usl=8)
        assert (result.observed.below, result.observed.above) == (0.1, 0.2)

    @settings(max_examples=25)
    @given(turn=st.integers(0, 24), inner=st.integers(0, 4), estimator=st.sampled_from(["pooled", "range"]))
    def test_a_rotated_dataset_has_the_same_capability(self, turn, inner, estimator):
        rotated = np.roll(np.roll(RINGS, turn, axis=0), inner, axis=1)
        one = capability(RINGS, lsl=73.95, usl=74.05, estimator=estimator)
        other = capability(rotated, lsl=73.95, usl=74.05, estimator=estimator)
        assert (other.cpk.value, other.ppk.value) == pytest.approx((one.cpk.value, one.ppk.value))

    def test_a_mirrored_dataset_swaps_the_sides(self):
        one = capability(RINGS, lsl=73.95, usl=74.05)
        other = capability(-RINGS, lsl=-74.05, usl=-73.95)
        assert other.cpl.value == pytest.approx(one.cpu.value)
        assert other.cpk.value == pytest.approx(one.cpk.value)

    @settings(max_examples=20)
    @given(factor=st.floats(0.01, 1000), shift=st.floats(-100, 100))
    def test_the_unit_of_measurement_does_not_matter(self, factor, shift):
        values = RINGS.ravel() - 74
        one = capability(values, lsl=-0.05, usl=0.05)
        other = capability(values * factor + shift, lsl=-0.05 * factor + shift, usl=0.05 * factor + shift)
        assert other.ppk.value == pytest.approx(one.ppk.value, rel=1e-6)

    def test_doubts_are_watermarks_or_refusals(self):
        wild = [*[10, 11, 10, 11, 10, 11, 10, 11], 40]
        marks = capability(wild, lsl=0, usl=50).watermarks
        assert "control limits" in marks[0]
        assert "Only 9" in marks[1]
        with pytest.raises(Unstable):
            capability(wild, lsl=0, usl=50, on_doubt="refuse")
        with pytest.raises(SampleTooSmall):
            capability([10, 11, 10, 12], lsl=0, usl=50, on_doubt="refuse")

    def test_percentile_path_of_a_lognormal_sample(self):
        logs = np.tile([-1.0, 1.0], 50) * np.sqrt(99 / 100)  # mean 0, s 1
        result = percentile_capability(np.exp(logs), usl=np.exp(3.0))
        assert (result.median, result.p_high) == pytest.approx((1, np.exp(3)))
        assert result.ppk == pytest.approx(1)
        assert capability(np.exp(logs), usl=np.exp(3.0)).ppk.value > 4  # the normal path flatters it

    def test_empirical_percentiles_of_few_values_are_watermarked(self):
        assert "0.135 %" in percentile_capability([1, 2, 3, 5, 9], usl=20, distribution="empirical").watermarks[0]

    @pytest.mark.parametrize(
        ("values", "limits", "error"),
        [
            ([1, 2, 3], {"lsl": 5, "usl": 1}, LimitsReversed),
            ([1, 2, 3], {"lsl": 5, "usl": 5}, LimitsReversed),
            ([1, 2, 3], {}, NoSpecification),
            ([4, 4, 4, 4], {"usl": 5}, ConstantSeries),
            ([[1, 1], [2, 2]], {"usl": 5}, ConstantSeries),
            ([], {"usl": 5}, EmptyInput),
            ([1], {"usl": 5}, TooFewPoints),
            ([1, np.nan, 3], {"usl": 5}, NotFinite),
            ([1, 2, 3], {"usl": np.inf}, NotFinite),
            ([1, 2, 3], {"usl": 5, "estimator": "range"}, OutOfRange),
        ],
    )
    def test_bad_input(self, values, limits, error):
        with pytest.raises(error):
            capability(values, **limits)


# AIAG Measurement Systems Analysis, 3 appraisers x 3 trials x 10 parts
AIAG = np.array(
    [
        [0.29, -0.56, 1.34, 0.47, -0.80, 0.02, 0.59, -0.31, 2.26, -1.36],
        [0.41, -0.68, 1.17, 0.50, -0.92, -0.11, 0.75, -0.20, 1.99, -1.25],
        [0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31],
        [0.08, -0.47, 1.19, 0.01, -0.56, -0.20, 0.47, -0.63, 1.80, -1.68],
        [0.25, -1.22, 0.94, 1.03, -1.20, 0.22, 0.55, 0.08, 2.12, -1.62],
        [0.07, -0.68, 1.34, 0.20, -1.28, 0.06, 0.83, -0.34, 2.19, -1.50],
        [0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49],
        [-0.11, -1.13, 1.09, 0.20, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77],
        [-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16],
    ]
)
CROSSED = AIAG.reshape(3, 3, 10).transpose(2, 0, 1)  # parts, operators, repeats


class TestGauge:
    def test_the_aiag_example(self):
        result = gauge_study(CROSSED)
        assert result.pooled
        assert result.repeatability.sigma == pytest.approx(0.199933, abs=5e-7)
        assert result.reproducibility.sigma == pytest.approx(0.226838, abs=5e-7)
        assert result.interaction.sigma == 0
        assert result.gauge.sigma == pytest.approx(0.302373, abs=2e-6)  # printed from rounded parts
        assert result.part.sigma == pytest.approx(1.042327, abs=5e-7)
        assert result.gauge.study == pytest.approx(0.279, abs=5e-4)
        assert (result.distinct_categories, result.verdict) == (4, "marginal")

    def test_contributions_add_up(self):
        result = gauge_study(CROSSED, tolerance=8, pool_above=1.0)
        assert not result.pooled
        assert result.gauge.contribution + result.part.contribution == pytest.approx(1)
        assert result.gauge.tolerance == pytest.approx(6 * result.gauge.sigma / 8)

    @pytest.mark.parametrize(
        ("table", "error"),
        [
            (np.ones((2, 2, 1)), TooFewPoints),
            (np.ones((2, 2)), ValueError),
            (np.ones((2, 2, 2)), ConstantSeries),
            (np.full((2, 2, 2), np.nan), NotFinite),
        ],
    )
    def test_bad_input(self, table, error):
        with pytest.raises(error):
            gauge_study(table)


class TestAgreement:
    def test_cohen_by_hand(self):
        # 50 items: 20 yes/yes, 5 yes/no, 10 no/yes, 15 no/no: seen 0.7, chance 0.5, kappa 0.4
        pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
        result = cohen_kappa(*zip(*pairs, strict=True))
        assert (result.seen, result.by_chance, result.kappa) == pytest.approx((0.7, 0.5, 0.4))
        peer = cohens_kappa(np.array([[15, 10], [5, 20]]))
        assert (result.low, result.high) == pytest.approx((peer.kappa_low, peer.kappa_upp))
        assert result.verdict == "not acceptable"
        assert dict(result.by_category) == pytest.approx({"n": 0.4, "y": 0.4})

    def test_fleiss_agrees_with_statsmodels(self):
        ratings = [list(row) for row in ("aaab", "aabb", "bbbb", "cccc", "abca", "ccca", "bbba", "aaaa")]
        counts = np.array([[row.count(c) for c in "abc"] for row in ratings])
        assert fleiss_kappa(ratings).kappa == pytest.approx(peer_fleiss(counts))

    def test_full_agreement_is_one(self):
        assert fleiss_kappa([["a", "a"], ["b", "b"]]).kappa == 1
        assert cohen_kappa(["a", "b"], ["a", "b"]).kappa == 1

    @pytest.mark.parametrize(
        ("call", "error"),
        [
            (lambda: cohen_kappa([], []), EmptyInput),
            (lambda: cohen_kappa(["a"], []), LengthMismatch),
            (lambda: cohen_kappa(["a", "a"], ["a", "a"]), ConstantSeries),
            (lambda: fleiss_kappa([["a", "b"], ["a"]]), MissingRating),
            (lambda: fleiss_kappa([["a"]]), TooFewPoints),
            (lambda: fleiss_kappa([["a", "a"]]), ConstantSeries),
        ],
    )
    def test_bad_input(self, call, error):
        with pytest.raises(error):
            call()
