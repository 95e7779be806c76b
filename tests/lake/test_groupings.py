"""By what rows are gathered: every row costs one in each grouping, every group costs twenty."""

from datetime import date

import pytest

from lake.engine.groupings import Grouping, cheapest, expected_groups
from lake.engine.layout import Layout
from lake.engine.scans import GroupingSet

ROOT, TEAM = 0, 1
VENDOR, CATEGORY = 0, 1
MONTHS = Layout(date(2025, 1, 1), date(2026, 1, 1), (), (0, 1), (1, 10), segments=12, epochs=1)  # one root, ten teams
ALL = Grouping(frozenset({ROOT, TEAM}), frozenset())
BY_VENDOR = Grouping(frozenset({ROOT, TEAM}), frozenset({VENDOR}))
BY_CATEGORY = Grouping(frozenset({ROOT, TEAM}), frozenset({CATEGORY}))


def sets(*dimensions: int | None) -> list[GroupingSet]:
    """By month, at both depths, not split or split by each dimension."""
    return [GroupingSet(0, unit, dimension) for unit in (ROOT, TEAM) for dimension in dimensions]


def chosen(rows: int, *dimensions: int | None) -> list[Grouping]:
    """With five vendors and eight categories."""
    return cheapest(sets(*dimensions), rows, expected_groups(MONTHS, rows, [5, 8]))


@pytest.mark.parametrize(
    ("rows", "grouping", "groups"),
    [
        (10**9, ALL, 12 * 10),
        (10**9, BY_VENDOR, 12 * 10 * 5),
        (10**9, BY_VENDOR | BY_CATEGORY, 12 * 10 * 5 * 8),
        (10**9, Grouping(frozenset({ROOT}), frozenset({VENDOR})), 12 * 5),
        (1, BY_VENDOR, 1),  # a row is in one group however many there could be
        (600, BY_VENDOR, 600 * (1 - 2.718281828**-1)),  # as many rows as places: a share of 1 / e stays empty
    ],
)
def test_groups_are_places_that_rows_fall_into(rows, grouping, groups):
    assert expected_groups(MONTHS, rows, [5, 8])(grouping) == pytest.approx(groups, rel=1e-3)


def test_what_is_not_split_is_rolled_up_from_what_is():
    """600 groups by vendor cost 12,000; a second grouping of 120 groups would cost all 50,000 rows again."""
    assert chosen(50_000, None, VENDOR) == [BY_VENDOR]


def test_dimensions_go_apart_where_their_combinations_are_as_many_as_rows():
    """4,200 combinations would cost 84,000; 600 vendors' and 960 categories' groups cost 31,200, and the rows again."""
    assert chosen(10_000, VENDOR, CATEGORY) == [BY_VENDOR, BY_CATEGORY]


def test_dimensions_go_together_where_rows_are_many():
    """4,800 combinations still cost some 96,000, a second grouping now a million rows."""
    assert chosen(1_000_000, None, VENDOR, CATEGORY) == [BY_VENDOR | BY_CATEGORY]


def test_a_grouping_holds_the_sets_of_its_depths_and_dimensions():
    month_of_roots_by_vendor = Grouping(frozenset({ROOT}), frozenset({VENDOR}))
    held = [one for one in sets(None, VENDOR, CATEGORY) if month_of_roots_by_vendor.holds(one)]
    assert held == [GroupingSet(0, ROOT, None), GroupingSet(0, ROOT, VENDOR)]
