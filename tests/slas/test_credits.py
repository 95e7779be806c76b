"""Service credits: by hand, and as laws."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slas.credits import Outcome, Terms, Tier, credit_of, earned_back, last_day_to_claim, tier_of

TIERS = (Tier(D(95), D(2)), Tier(D(90), D(5)), Tier(D(80), D(10), at_or_below=True))
TERMS = Terms(charge=D("10000.00"), currency="EUR", at_risk_pct=D(12))


@pytest.mark.parametrize(
    ("attainment", "credit_pct"),
    [
        ("95", None),  # the bound itself earns nothing: below means below
        ("94.9999", 2),
        ("90", 2),  # still the upper tier
        ("89.9", 5),
        ("80.0001", 5),
        ("80", 10),  # this tier says "at or below"
        ("0", 10),
    ],
)
def test_a_tier_says_on_which_side_its_bound_lies(attainment, credit_pct):
    tier = tier_of(D(attainment), TIERS)
    assert (tier.credit_pct if tier else None) == credit_pct


def test_without_a_case_nothing_is_earned():
    assert credit_of(TERMS, [Outcome("p1", None, TIERS)]).amount == 0


def test_each_target_earns_its_line_and_the_sum_is_capped():
    outcomes = [Outcome("p1", D(85), TIERS), Outcome("p2", D(93), TIERS), Outcome("p3", D(99), TIERS)]
    credit = credit_of(TERMS, outcomes)
    assert [(line.target, line.amount) for line in credit.lines] == [("p1", D("500.00")), ("p2", D("200.00"))]
    assert (credit.amount, credit.cap, credit.is_capped) == (D("700.00"), D("1200.00"), False)
    worst = credit_of(TERMS, [Outcome("p1", D(70), TIERS), Outcome("p2", D(88), TIERS)])  # 1,000 + 500
    assert (worst.earned, worst.amount, worst.is_capped) == (D("1500.00"), D("1200.00"), True)


def test_a_repeated_miss_counts_for_more():
    terms = replace(TERMS, repeat_multiplier=D("1.5"), repeat_misses=3)
    assert credit_of(terms, [Outcome("p1", D(93), TIERS, misses=2)]).amount == D("200.00")
    assert credit_of(terms, [Outcome("p1", D(93), TIERS, misses=3)]).amount == D("300.00")


def test_a_pooled_target_takes_its_share_of_the_charge():
    assert credit_of(TERMS, [Outcome("p1", D(85), TIERS, share=D("0.4"))]).amount == D("200.00")


def test_what_stays_below_the_minimum_is_not_owed():
    terms = replace(TERMS, minimum=D(250))
    credit = credit_of(terms, [Outcome("p1", D(93), TIERS)])
    assert (credit.earned, credit.amount, credit.is_below_minimum) == (D("200.00"), 0, True)
    assert credit_of(terms, [Outcome("p1", D(88), TIERS)]).amount == D("500.00")


def test_cents_are_rounded_half_up_and_yen_have_none():
    tiers = (Tier(D(95), D("2.5")),)
    assert credit_of(Terms(D("0.20"), "EUR"), [Outcome("a", D(90), tiers)]).amount == D("0.01")  # 0.005
    assert credit_of(Terms(D("1020"), "JPY"), [Outcome("a", D(90), tiers)]).amount == D(26)  # 25.5


def test_a_credit_is_earned_back_once_enough_periods_in_a_row_were_met():
    back = {"pct": D(50), "periods": 3}
    assert earned_back(D("700.01"), "EUR", **back, met_after=[True, True, True]) == D("350.01")  # 350.005
    assert earned_back(D(700), "EUR", **back, met_after=[True, True]) == 0  # not yet
    assert earned_back(D(700), "EUR", **back, met_after=[True, False, True, True, True]) == 0  # lost for good
    assert earned_back(D(700), "EUR", pct=D(50), periods=0, met_after=[True]) == 0


def test_the_last_day_to_claim_counts_from_the_close():
    assert last_day_to_claim(date(2025, 2, 10), 30) == date(2025, 3, 12)


percent = st.decimals(0, 100, places=2)
tiers = st.lists(st.builds(Tier, percent, percent, st.booleans()), max_size=4).map(tuple)
outcomes = st.lists(
    st.builds(Outcome, st.just("t"), st.none() | percent, tiers, st.integers(1, 5), st.sampled_from([D(1), D("0.5")])),
    max_size=4,
)
terms = st.builds(
    Terms,
    st.decimals(0, 10**6, places=2),
    st.just("EUR"),
    st.none() | percent,
    st.decimals(0, 1000, places=2),
    st.sampled_from([D(1), D("1.5"), D(2)]),
)


@given(terms, outcomes)
def test_a_credit_is_never_negative_nor_above_what_is_at_risk(terms, outcomes):
    credit = credit_of(terms, outcomes)
    assert 0 <= credit.amount <= credit.earned
    if credit.cap is not None:
        assert credit.amount <= credit.cap <= terms.charge * terms.at_risk_pct / 100
    assert credit.amount == 0 or credit.amount >= min(terms.minimum, credit.amount)


@given(terms, percent, percent, st.lists(st.tuples(percent, percent), min_size=1, max_size=4))
def test_where_lower_bounds_earn_more_worse_never_earns_less(terms, one, other, bounds):
    credits = sorted((credit for _, credit in bounds), reverse=True)
    table = tuple(Tier(b, c) for b, c in zip(sorted({b for b, _ in bounds}), credits, strict=False))
    worse, better = sorted([one, other])
    earned = [credit_of(terms, [Outcome("t", attainment, table)]).earned for attainment in (worse, better)]
    assert earned[0] >= earned[1]


@given(terms, outcomes)
def test_the_lines_add_up(terms, outcomes):
    credit = credit_of(terms, outcomes)
    assert sum((line.amount for line in credit.lines), D(0)) == credit.earned


@given(st.decimals(0, 10**6, places=2), percent, st.integers(0, 4), st.lists(st.booleans(), max_size=6))
def test_no_more_is_earned_back_than_was_credited(amount, pct, periods, met):
    assert 0 <= earned_back(amount, "EUR", pct=pct, periods=periods, met_after=met) <= amount
