"""When a corrective plan has worked."""

from datetime import date

import pytest

from vendors.verification import Period, verify


def months(*values, target=90.0):
    return [Period(date(2025, n + 1, 1), f"month {n + 1}", value, target) for n, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "in_a_row", "longest", "is_verified"),
    [
        ((91, 95, 92), 3, 3, True),
        ((91, 90, 92), 3, 3, True),  # a target just met is met
        ((91, 89, 92), 1, 1, False),
        ((91, None, 92, 93), 2, 2, False),  # a month without a number breaks the row
        ((91, 92, 93, 80), 0, 3, True),  # verified; what comes after is a new miss
        ((), 0, 0, False),
    ],
)
def test_three_months_at_target_in_a_row(values, in_a_row, longest, is_verified):
    found = verify(months(*values), "higher", 3)
    assert (found.in_a_row, found.longest, found.is_verified) == (in_a_row, longest, is_verified)


def test_lower_is_better_and_a_missing_target_is_not_met():
    assert verify(months(7, 5, target=7.0), "lower", 2).is_verified
    assert not verify(months(7, 5, target=None), "lower", 1).is_verified
