"""Names in the order in which people read them."""

import pytest

from organization.order import as_read


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["Group 10", "Group 9", "Group 100"], ["Group 9", "Group 10", "Group 100"]),
        (["b", "A", "C"], ["A", "b", "C"]),
        (["2nd line", "Desk", "10th floor", ""], ["", "2nd line", "10th floor", "Desk"]),
        (["Ward 2 East 11", "Ward 2 East 3", "Ward 2"], ["Ward 2", "Ward 2 East 3", "Ward 2 East 11"]),
        (["m²", "m2", "m٣"], ["m2", "m٣", "m²"]),  # a superscript is no number, a three of another script is one
    ],
)
def test_numbers_go_by_their_size_and_letters_without_their_case(names, read):
    assert sorted(names, key=as_read) == read
