"""Quantiles of many groups at once equal NumPy's own, one group at a time; rows are put in order for them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.engine import ranks
from lake.engine.ranks import arrange, quantiles, stretches

SHARES = [0.0, 0.5, 0.9, 1.0]


def slices(*pairs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([start for start, _ in pairs], int), np.array([end for _, end in pairs], int)


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


def test_slices_that_lie_together_or_overlap_are_one_stretch():
    starts, ends = slices((10, 14), (0, 4), (4, 9), (9, 10), (16, 30), (18, 19), (30, 31))
    found = [(chosen.tolist(), here.start, here.stop) for chosen, here in stretches(starts, ends, 10)]
    assert found == [([1, 2, 3], 0, 10), ([0], 10, 14), ([4, 5], 16, 30), ([6], 30, 31)]
    assert list(stretches(*slices(), 10)) == []


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 30)), min_size=1, max_size=40), st.integers(1, 50))
def test_every_slice_is_in_one_stretch_whose_rows_hold_it(drawn, rows):
    starts, ends = slices(*((start, start + size) for start, size in drawn))
    found = list(stretches(starts, ends, rows))
    assert sorted(n for chosen, _ in found for n in chosen.tolist()) == list(range(len(drawn)))
    for chosen, here in found:
        assert (starts[chosen] >= here.start).all() and (ends[chosen] <= here.stop).all()
    assert all(one.stop <= other.start for (_, one), (_, other) in pairwise(found))


def test_no_rows_have_an_order():
    nothing = arrange(np.array([], dtype=np.int64), 10)
    assert (len(nothing.order), nothing.place_of(np.array([0, 10])).tolist()) == (0, [0, 0])


def test_an_infinite_value_is_ranked_and_never_a_difference_of_two():
    values = np.array([1.0, np.inf, np.inf])
    assert quantiles(values, *slices((0, 3)), [0.0, 1.0]).tolist() == [[1.0, np.inf]]
