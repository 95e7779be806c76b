"""A vendor's score, by numbers that one can check by hand; and the laws that hold for all of them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vendors.scoring import (
    EXCLUDE,
    HIGHER,
    LINEAR,
    LOWER,
    PRICE_RATIO,
    STEP,
    ZERO,
    Curve,
    CurveError,
    Measured,
    card_score,
    check_curve,
    grade_of,
    score_of,
)

ON_TIME = Curve(LINEAR, HIGHER, floor=80, target=95)
DAYS_LATE = Curve(LINEAR, LOWER, floor=21, target=7)
STEPS = Curve(STEP, HIGHER, steps=((80, 40), (90, 70), (95, 100)))
STEPS_DOWN = Curve(STEP, LOWER, steps=((5, 100), (10, 60), (20, 20)))
PRICE = Curve(PRICE_RATIO, LOWER)


@pytest.mark.parametrize(
    ("value", "curve", "expected"),
    [
        (80, ON_TIME, 0),
        (95, ON_TIME, 100),
        (87.5, ON_TIME, 50),
        (99, ON_TIME, 100),  # never above 100
        (60, ON_TIME, 0),
        (14, DAYS_LATE, 50),
        (0, DAYS_LATE, 100),
        (89.99, STEPS, 40),
        (90, STEPS, 70),  # a limit just met is met
        (79, STEPS, 0),
        (5, STEPS_DOWN, 100),
        (5.1, STEPS_DOWN, 60),
        (21, STEPS_DOWN, 0),
        (None, ON_TIME, None),  # no number: no score, never 0
    ],
)
def test_a_number_becomes_a_score_by_its_curve(value, curve, expected):
    assert score_of(value, curve) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(("own", "expected"), [(8, 100), (10, 80), (16, 50), (0, None)])
def test_a_price_ratio_is_the_lowest_over_ones_own(own, expected):
    assert score_of(own, PRICE, lowest=8) == expected


@pytest.mark.parametrize(
    "curve",
    [
        Curve(LINEAR, HIGHER, floor=95, target=80),
        Curve(LINEAR, HIGHER, floor=80, target=80),
        Curve(LINEAR, HIGHER, target=80),
        Curve(STEP, HIGHER),
        Curve(STEP, HIGHER, steps=((90, 70), (80, 40))),
        Curve(STEP, HIGHER, steps=((80, 70), (90, 40))),
        Curve(STEP, HIGHER, steps=((80, 170),)),
        Curve(PRICE_RATIO, HIGHER),
        Curve(LINEAR, HIGHER, floor=float("nan"), target=1),
    ],
)
def test_a_curve_that_scores_nothing_sensibly_is_refused(curve):
    with pytest.raises(CurveError):
        check_curve(curve)


def measured(*scores, weights=(50, 30, 20), **more):
    return [Measured(str(n), w, s, **more) for n, (w, s) in enumerate(zip(weights, scores, strict=True))]


def test_the_score_is_the_weighted_mean():
    card = card_score(measured(80, 60, 100))  # 40 + 18 + 20
    assert (card.score, card.grade, card.coverage_pct) == (pytest.approx(78), "B", 100)


def test_a_missing_criterion_is_left_out_and_the_others_weigh_more():
    card = card_score(measured(80, None, 100), EXCLUDE)
    assert card.score == pytest.approx((50 * 80 + 20 * 100) / 70)  # 85.7, not the 60 of counting it as 0
    assert card.coverage_pct == 70
    assert card.used == {"0": pytest.approx(71.43, abs=0.01), "2": pytest.approx(28.57, abs=0.01)}


def test_or_it_counts_as_nothing():
    card = card_score(measured(80, None, 100), ZERO)
    assert (card.score, card.coverage_pct) == (pytest.approx(60), 70)
    assert card.used == {"0": 50, "1": 30, "2": 20}


def test_too_little_of_the_weight_gives_no_score():
    card = card_score(measured(None, None, 100), EXCLUDE, 60)
    assert (card.score, card.grade) == (None, "")
    assert card.note == "20 % of the weight has a number, below the 60 % that a score needs."
    assert card_score(measured(None, None, None), ZERO).score is None


def test_a_closed_gate_holds_the_grade_but_not_the_score():
    gate = Measured("on_time", 50, 90.0, value=79.9, gate_at=80, gate_grade="C")
    card = card_score([gate, Measured("freight", 50, 100.0)])
    assert (card.score, card.grade, card.closed) == (95, "C", ("on_time",))


def test_a_gate_just_met_is_open_and_a_gate_never_lifts_a_grade():
    met = Measured("on_time", 50, 90.0, value=80, gate_at=80, gate_grade="C")
    assert card_score([met]).grade == "A"
    low = Measured("late", 50, 10.0, value=30, direction=LOWER, gate_at=21, gate_grade="C")
    assert card_score([low]).grade == "E"
    unknown = Measured("late", 50, None, gate_at=21, gate_grade="E")
    assert card_score([unknown, Measured("other", 50, 95.0)]).grade == "A"


@pytest.mark.parametrize(
    ("score", "grade"), [(100, "A"), (90, "A"), (89.9, "B"), (75, "B"), (60, "C"), (40, "D"), (39.9, "E"), (0, "E")]
)
def test_grades(score, grade):
    assert grade_of(score) == grade


calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy
scores = some.one_of(some.none(), some.floats(0, 100))
criteria = some.lists(some.tuples(some.floats(0.01, 100), scores), min_size=1, max_size=8).map(
    lambda rows: [Measured(str(n), w, s) for n, (w, s) in enumerate(rows)]
)


@calm
@given(criteria=criteria, missing=some.sampled_from([EXCLUDE, ZERO]))
def test_the_score_lies_between_the_worst_and_the_best_part(criteria, missing):
    card = card_score(criteria, missing)
    known = [c.score for c in criteria if c.score is not None]
    if not known:
        assert card.score is None
        return
    least = 0 if missing == ZERO and len(known) < len(criteria) else min(known)
    assert least - 1e-9 <= card.score <= max(known) + 1e-9
    assert sum(card.used.values()) == pytest.approx(100)


@calm
@given(criteria=criteria, factor=some.floats(0.1, 10))
def test_only_the_ratio_of_the_weights_counts(criteria, factor):
    scaled = [Measured(c.key, c.weight * factor, c.score) for c in criteria]
    assert card_score(scaled).score == pytest.approx(card_score(criteria).score)


@calm
@given(criteria=criteria)
def test_counting_the_missing_as_zero_never_helps(criteria):
    if card_score(criteria).score is not None:
        assert card_score(criteria, ZERO).score <= card_score(criteria, EXCLUDE).score + 1e-9


@calm
@given(value=some.floats(-1e6, 1e6), better=some.floats(0, 1e6))
def test_a_better_number_never_scores_lower(value, better):
    for curve in (ON_TIME, STEPS):
        assert score_of(value + better, curve) >= score_of(value, curve)
    for curve in (DAYS_LATE, STEPS_DOWN):
        assert score_of(value - better, curve) >= score_of(value, curve)
