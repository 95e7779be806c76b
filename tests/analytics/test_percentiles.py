import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.inputs import EmptyInput, NotFinite, OutOfRange
from analytics.percentiles import METHODS, percentile

SAMPLE = [8.0, 9.0, 10.0, 12.0, 13.0, 15.0, 18.0, 20.0, 25.0, 40.0]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("R1", 8.0),
        ("R6", 8.0),  # Excel PERCENTILE.EXC cannot go below the smallest
        ("R7", 8.45),  # 8 + 0.45 of the step to 9
        ("R5", 8.0),
    ],
)
def test_the_fifth_percentile_depends_on_the_method(method, expected):
    assert percentile(SAMPLE, 0.05, method=method).value == pytest.approx(expected)


@pytest.mark.parametrize(("method", "expected"), [("R6", 1.25), ("R7", 1.75), ("R5", 1.5)])
def test_quartiles_of_one_to_four_by_hand(method, expected):
    # R6 stands at (n + 1) p = 1.25, R7 at 1 + (n - 1) p = 1.75, R5 at n p + 1/2 = 1.5
    assert percentile([4, 2, 3, 1], 0.25, method=method).value == expected


def test_the_answer_names_its_method():
    answer = percentile([1, 2], 0.5)
    assert (answer.value, answer.method, answer.n) == (1.5, "R7", 2)
    assert "PERCENTILE.INC" in answer.used_by


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=15)
@given(values=st.lists(st.integers(-1000, 1000), min_size=1, max_size=12), share=st.floats(0, 1))
def test_every_method_stays_inside_the_sample(method, values, share):
    assert min(values) <= percentile(values, share, method=method).value <= max(values)


@pytest.mark.parametrize(
    ("values", "share", "method", "error"),
    [
        ([], 0.5, "R7", EmptyInput),
        ([1, np.nan], 0.5, "R7", NotFinite),
        (["a"], 0.5, "R7", NotFinite),
        ([1, 2], 95, "R7", OutOfRange),  # 95 instead of 0.95
        ([1, 2], 0.5, "R10", OutOfRange),
    ],
)
def test_bad_input_is_named(values, share, method, error):
    with pytest.raises(error):
        percentile(values, share, method=method)
