"""Quantiles of many groups at once equal NumPy's own, one group at a time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.engine import ranks
from lake.engine.ranks import arrange, given_in_order, in_order, quantiles

SHARES = [0.0, 0.5, 0.9, 1.0]


def slices(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([start for start, _ in pairs]), np.array([end for _, end in pairs])


def test_a_rank_between_two_values_is_interpolated():
    values = np.array([40.0, 10.0, 30.0, 20.0, 7.0])
    found = quantiles(values, *slices((0, 4), (4, 5), (5, 5)), [0.5, 0.9])
    assert found[0].tolist() == [25.0, 37.0]  # of 10 20 30 40: half way between 20 and 30; 30 + 0.7 x 10
    assert found[1].tolist() == [7.0, 7.0]
    assert np.isnan(found[2]).all()  # an empty group has none


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)))
)
def test_small_groups_equal_numpy_also_where_they_overlap(numbers, drawn):
    values = np.array(numbers, dtype=float)
    pairs = [(min(a, len(values)), min(a + b, len(values))) for a, b in drawn]
    found = quantiles(values, *slices(*pairs), SHARES) if pairs else np.empty((0, 4))
    for (start, end), mine in zip(pairs, found, strict=True):
        if start < end:
            assert mine.tolist() == pytest.approx(np.quantile(values[start:end], SHARES).tolist())


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).lognormal(9, 1, 30_000),
        np.round(np.random.default_rng(2).lognormal(1, 1, 30_000)),  # many ties
        np.zeros(30_000),
        np.arange(30_000.0),
        np.tile(np.arange(30.0), 1_000),  # a sample of every thirtieth value sees one value only
    ],
)
def test_large_groups_equal_numpy_whatever_their_sample_tells(values):
    found = quantiles(values, *slices((0, 30_000), (7, 25_000)), SHARES)
    assert found[0].tolist() == pytest.approx(np.quantile(values, SHARES).tolist())
    assert found[1].tolist() == pytest.approx(np.quantile(values[7:25_000], SHARES).tolist())


@pytest.mark.parametrize("bound", [50, 200_000, 1 << 40])
@pytest.mark.parametrize("block", [300, 1 << 20])
def test_codes_are_put_in_order_and_equal_ones_keep_theirs(bound, block, monkeypatch):
    monkeypatch.setattr(ranks, "BLOCK", block)
    codes = np.random.default_rng(3).integers(0, bound, 2_000)
    codes[1_000:] = codes[:1_000]
    arranged = arrange(codes, bound)
    assert arranged.order.tolist() == np.argsort(codes, kind="stable").tolist()
    assert arranged.codes.tolist() == sorted(set(codes.tolist()))
    ordered = np.sort(codes)
    for wanted in (0, bound // 3, codes[7], bound):
        assert arranged.place_of(np.array(wanted)) == np.searchsorted(ordered, wanted)


@pytest.mark.parametrize("block", [2, 1 << 20])
def test_the_given_values_move_up(block, monkeypatch):
    monkeypatch.setattr(ranks, "BLOCK", block)
    values, order = np.array([10.0, 20.0, 30.0, 40.0, 50.0]), np.array([4, 2, 0, 1, 3])
    assert in_order(values, order).tolist() == [50, 30, 10, 20, 40]
    found, before = given_in_order(values, np.array([True, False, True, False, True]), order)
    assert (found.tolist(), before.tolist()) == ([50, 30, 10], [0, 1, 2, 3, 3, 3])


def test_no_rows_have_an_order():
    nothing = arrange(np.array([], dtype=np.int64), 10)
    assert (len(nothing.order), nothing.place_of(np.array([0, 10])).tolist()) == (0, [0, 0])


def test_an_infinite_value_is_ranked_and_never_a_difference_of_two():
    values = np.array([1.0, np.inf, np.inf])
    assert quantiles(values, *slices((0, 3)), [0.0, 1.0]).tolist() == [[1.0, np.inf]]
