"""Status and score of one number: who is green, where red begins, what 0 and 100 mean."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.scoring import (
    Band,
    BandError,
    Goals,
    NeedsAbsoluteLimits,
    favourable_variance,
    rate,
    read_bands,
    red_limit,
    score_of,
    status_of,
)

numbers = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("value", "status", "score"),
    [(95, "green", 100), (96, "green", 100), (94.999, "amber", 99.98947), (85.5, "amber", 0), (85.49, "red", 0)],
)
def test_higher_is_better_is_amber_down_to_ninety_per_cent_of_the_target(value, status, score):
    rating = rate(value, "higher", Goals(target=95))
    assert (rating.status, rating.score) == (status, pytest.approx(score, abs=1e-4))


@pytest.mark.parametrize(("value", "status"), [(10, "green"), (10.5, "amber"), (11, "amber"), (11.01, "red")])
def test_lower_is_better_is_amber_up_to_a_hundred_and_ten_per_cent(value, status):
    assert rate(value, "lower", Goals(target=10)).status == status


@pytest.mark.parametrize(
    ("value", "status", "score"),
    [(15, "green", 100), (20.5, "amber", 50), (21, "amber", 0), (9, "amber", 0), (8.9, "red", 0)],
)
def test_within_a_band_is_amber_for_a_tenth_of_its_width_outside(value, status, score):
    rating = rate(value, "band", Goals(low=10, high=20))
    assert (rating.status, rating.score) == (status, pytest.approx(score))


def test_the_score_runs_from_the_red_limit_to_the_target():
    """Red limit 500, target 700: 600 is half way. Spider Impact's example on a scale of 0 to 100."""
    goals = Goals(target=700, red_limit=500)
    assert [score_of(v, "higher", goals) for v in (300, 500, 600, 700, 900)] == [0, 0, 50, 100, 100]


def test_with_a_stretch_the_target_scores_eighty():
    goals = Goals(target=700, red_limit=500, stretch=800)
    assert [score_of(v, "higher", goals) for v in (500, 600, 700, 750, 800, 999)] == [0, 40, 80, 90, 100, 100]


def test_lower_is_better_scores_the_same_way_downwards():
    goals = Goals(target=10, red_limit=20, stretch=5)
    assert [score_of(v, "lower", goals) for v in (25, 20, 15, 10, 7.5, 5)] == [0, 0, 40, 80, 90, 100]


def test_a_set_red_limit_is_where_red_begins():
    goals = Goals(target=100, red_limit=50)
    assert [status_of(v, "higher", goals) for v in (100, 50, 49)] == ["green", "amber", "red"]


def test_a_percentage_of_a_zero_target_is_refused_without_absolute_limits():
    assert rate(3, "lower", Goals(target=0)).status == "no_target"
    assert "Set a red limit" in rate(3, "lower", Goals(target=0)).reason
    with pytest.raises(NeedsAbsoluteLimits):
        red_limit("lower", Goals(target=0))
    assert rate(3, "lower", Goals(target=0, red_limit=5)).status == "amber"
    assert rate(3, "lower", Goals(target=0, red_limit=5)).score == pytest.approx(40)


def test_bands_are_ordered_and_the_first_match_wins():
    bands = (Band("green", 0, "points"), Band("amber", -2, "points"), Band("red"))
    assert [status_of(v, "higher", Goals(target=95), bands) for v in (95, 93, 92.9)] == ["green", "amber", "red"]


def test_no_data_no_target_and_information_are_states_of_their_own():
    assert rate(None, "higher", Goals(target=1)).status == "no_data"
    assert rate(float("nan"), "higher", Goals(target=1)).status == "no_data"
    assert rate(1, "higher", Goals()).status == "no_target"
    assert rate(1, "none", Goals(target=1)).status == "info"


@pytest.mark.parametrize(
    ("plain", "direction", "message"),
    [
        ([{"status": "blue"}], "higher", "green, amber or red"),
        ([{"status": "green", "at": "x"}, {"status": "red"}], "higher", "a number"),
        ([{"status": "green", "at": 1}], "higher", "everything else"),
        ([{"status": "green"}, {"status": "red"}], "higher", "only the last"),
        ([{"status": "green", "at": 1, "basis": "absolute"}, {"status": "red"}], "band", "outside the band"),
        ([{"status": "green", "at": 1, "basis": "parsecs"}, {"status": "red"}], "higher", "its basis"),
    ],
)
def test_bands_that_cannot_be_used_are_refused_with_the_reason(plain, direction, message):
    with pytest.raises(BandError, match=message):
        read_bands(plain, direction)


@given(value=numbers, target=numbers, red=numbers)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_score_never_leaves_its_scale_and_a_met_target_is_green(value, target, red):
    goals = Goals(target=target, red_limit=red)
    assert 0 <= score_of(value, "higher", goals) <= 100
    assert (status_of(value, "higher", goals) == "green") == (value >= target)


@given(value=numbers, target=st.floats(1, 1e6), share=st.floats(0.1, 0.9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_lower_is_better_is_the_mirror_of_higher(value, target, share):
    up, down = Goals(target=target, red_limit=target * share), Goals(target=-target, red_limit=-target * share)
    assert score_of(value, "higher", up) == pytest.approx(score_of(-value, "lower", down))
    assert favourable_variance(value, "higher", up) == favourable_variance(-value, "lower", down)


@given(first=numbers, second=numbers)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_better_value_never_scores_less(first, second):
    goals = Goals(target=100, red_limit=40, stretch=150)
    low, high = sorted((first, second))
    assert score_of(low, "higher", goals) <= score_of(high, "higher", goals)
