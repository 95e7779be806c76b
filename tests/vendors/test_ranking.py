"""Ranking bids, by numbers that one can check by hand."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from vendors.ranking import PRICE, Offer, rank

CHEAP = Offer("cheap", 80_000, {"quality": [5, 7], "delivery": [6, 6]})
GOOD = Offer("good", 100_000, {"quality": [9, 9], "delivery": [8, 10]})
WEIGHTS = {"quality": 3, "delivery": 1}


def test_the_total_joins_price_ratio_and_technical_score():
    found = rank([CHEAP, GOOD], WEIGHTS, 0.4)
    good, cheap = found.offers
    assert (good.key, good.rank, cheap.rank) == ("good", 1, 2)
    assert cheap.technical == pytest.approx((3 * 60 + 60) / 4)  # 60
    assert good.technical == pytest.approx(90)
    assert (cheap.price_score, good.price_score) == (100, pytest.approx(80))
    assert cheap.total == pytest.approx(0.4 * 100 + 0.6 * 60)  # 76
    assert good.total == pytest.approx(0.4 * 80 + 0.6 * 90)  # 86
    assert (good.spread, cheap.spread) == (2, 2)


def test_how_far_the_price_may_weigh_before_the_cheap_one_wins():
    """100 p + 60 (1 - p) = 80 p + 90 (1 - p) at p = 0.6."""
    price = next(s for s in rank([CHEAP, GOOD], WEIGHTS, 0.4).switches if s.criterion == PRICE)
    assert (price.above, price.winner_above) == (pytest.approx(0.6), "cheap")
    assert price.below is None
    assert rank([CHEAP, GOOD], WEIGHTS, 0.59).offers[0].key == "good"
    assert rank([CHEAP, GOOD], WEIGHTS, 0.61).offers[0].key == "cheap"


def test_equal_bids_share_a_rank():
    twin = Offer("twin", GOOD.price, GOOD.scores)
    assert [offer.rank for offer in rank([GOOD, twin, CHEAP], WEIGHTS, 0.4).offers] == [1, 1, 3]


bid = some.tuples(some.integers(1, 10**6), some.integers(0, 10), some.integers(0, 10))
bids = some.lists(bid, min_size=2, max_size=4).map(
    lambda rows: [Offer(str(n), price, {"a": [a], "b": [b]}) for n, (price, a, b) in enumerate(rows)]
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(bids=bids, price_weight=some.floats(0, 1))
def test_nobody_scores_outside_0_to_100_and_a_lower_price_never_hurts(bids, price_weight):
    found = {offer.key: offer for offer in rank(bids, {"a": 1, "b": 2}, price_weight).offers}
    assert all(-1e-6 <= offer.total <= 100 + 1e-6 for offer in found.values())
    cheaper = [Offer("0", min(b.price for b in bids), bids[0].scores), *bids[1:]]
    after = {offer.key: offer for offer in rank(cheaper, {"a": 1, "b": 2}, price_weight).offers}
    assert after["0"].total >= found["0"].total - 1e-6
