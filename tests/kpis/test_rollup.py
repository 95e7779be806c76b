"""The score of a node from its children: weights, coverage, missing parts, gates."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.rollup import Child, roll_up


def child(key, score, weight=1.0, status=None, **more):
    status = status or ("no_data" if score is None else "green")
    return Child(key, weight, score, status, counts={status: 1}, **more)


def test_the_weighted_mean_shows_the_weights_used():
    """(3 x 100 + 1 x 60) / 4 = 90."""
    rolled = roll_up([child(1, 100, 3), child(2, 60, 1)])
    assert (rolled.score, rolled.coverage_pct, rolled.status) == (90, 100, "green")
    assert rolled.shares_used == {1: 75, 2: 25}


def test_a_missing_child_is_left_out_and_the_rest_reweighted():
    """Weights 2 + 1 + 1, the last one missing: (2 x 100 + 1 x 40) / 3 = 80, coverage 75 %."""
    rolled = roll_up([child(1, 100, 2), child(2, 40), child(3, None)])
    assert (rolled.score, rolled.coverage_pct) == (pytest.approx(80), 75)
    assert rolled.shares == {1: 50, 2: 25, 3: 25}
    assert 3 not in rolled.shares_used
    assert sum(rolled.shares_used.values()) == pytest.approx(100)


def test_below_the_minimum_coverage_there_is_no_score():
    rolled = roll_up([child(1, 100), child(2, None)], minimum_coverage_pct=60)
    assert (rolled.score, rolled.status, rolled.coverage_pct) == (None, "insufficient_data", 50)
    assert rolled.note.startswith("Insufficient data: 50 %")
    assert roll_up([child(1, 100), child(2, None)], minimum_coverage_pct=50).score == 100


def test_what_does_not_apply_leaves_both_sums():
    rolled = roll_up([child(1, 80), child(2, None, status="info", applies=False)])
    assert (rolled.score, rolled.coverage_pct) == (80, 100)
    assert rolled.counts == {"green": 1, "info": 1}


def test_a_part_that_must_not_be_left_out_takes_the_score_away():
    assert roll_up([child(1, 100), child(2, None, missing="propagate")], minimum_coverage_pct=0).score is None


def test_a_missing_part_may_count_as_zero():
    assert roll_up([child(1, 100), child(2, None, missing="zero")]).score == 50


def test_the_worst_child_decides():
    assert roll_up([child(1, 100), child(2, 30), child(3, 70)], "worst").score == 30


def test_counts_only_gives_no_score_but_the_worst_status():
    rolled = roll_up([child(1, 100), child(2, 0, status="red")], "counts")
    assert (rolled.score, rolled.status, rolled.counts) == (None, "red", {"green": 1, "red": 1})


def test_a_red_gate_caps_the_parent_and_a_green_one_does_not():
    assert roll_up([child(1, 100), child(2, 90, status="red", gate_cap=40)]).score == 40
    assert "gate" in roll_up([child(1, 100), child(2, 90, status="red", gate_cap=40)]).note
    assert roll_up([child(1, 100), child(2, 90, gate_cap=40)]).score == 95


def test_nothing_rolled_up_gives_no_data():
    assert roll_up([]).score is None
    assert roll_up([child(1, 50, weight=0)], minimum_coverage_pct=0).score is None


scores = st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 100)), min_size=1, max_size=8)


@given(scores, st.floats(0.5, 50))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mean_lies_between_its_parts_and_only_relative_weights_count(parts, factor):
    children = [child(n, score, weight) for n, (score, weight) in enumerate(parts)]
    scaled = [child(n, score, weight * factor) for n, (score, weight) in enumerate(parts)]
    score = roll_up(children).score
    assert min(s for s, _ in parts) - 1e-9 <= score <= max(s for s, _ in parts) + 1e-9
    assert roll_up(scaled).score == pytest.approx(score)
