"""An effective-dated tree: what stood where on which day, and what the closure says about it."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from organization import tree
from organization.fields import UnitField
from organization.models import AuditEntry, Unit, UnitPath, UnitPlacement
from tests.factories import UnitFactory

pytestmark = pytest.mark.django_db


def ancestors(unit, day):
    return set(Unit.objects.above(unit, day).values_list("code", flat=True))


@pytest.fixture
def group():
    """group > north > team; group > south."""
    root = UnitFactory(code="group")
    north, south = UnitFactory(code="north", parent=root), UnitFactory(code="south", parent=root)
    return {"group": root, "north": north, "south": south, "team": UnitFactory(code="team", parent=north)}


def test_a_move_changes_the_tree_from_its_day_on_and_no_day_before(group):
    tree.move_unit(group["team"], group["south"], from_day=date(2025, 7, 1), by=None)
    assert ancestors(group["team"], date(2025, 6, 30)) == {"team", "north", "group"}
    assert ancestors(group["team"], date(2025, 7, 1)) == {"team", "south", "group"}
    assert UnitPath.objects.get(ancestor=group["group"], descendant=group["team"]).valid_to is None  # one stretch


def test_a_list_of_choices_follows_the_tree_with_names_indented(group):
    group["team"].name = "Archive"
    group["team"].save()
    field = UnitField(queryset=Unit.objects.all(), required=False, empty_label="Any", to_field_name="code")
    chosen = [(str(value), name.count("\N{NO-BREAK SPACE}") // 3) for value, name in field.choices]
    assert chosen == [("", 0), ("group", 0), ("north", 1), ("team", 2), ("south", 1)]
    only = UnitField(queryset=Unit.objects.filter(code__in=["team", "south"]), empty_label=None)
    assert [name for _, name in only.choices] == ["Archive", group["south"].name]  # what is not offered indents nothing


def test_what_stands_below_moves_along(group):
    tree.move_unit(group["north"], group["south"], from_day=date(2025, 7, 1), by=None)
    assert ancestors(group["team"], date(2025, 7, 1)) == {"team", "north", "south", "group"}
    assert ancestors(group["team"], date(2025, 6, 30)) == {"team", "north", "group"}


def test_a_unit_cannot_come_to_stand_below_itself(group):
    with pytest.raises(tree.TreeRefused, match="stand below itself"):
        tree.move_unit(group["group"], group["team"], from_day=date(2025, 1, 1), by=None)
    assert ancestors(group["team"], date(2025, 1, 1)) == {"team", "north", "group"}


def test_two_units_may_swap_places_on_a_day(group):
    """North above team until June, team above north from July: a circle of units, but on no day."""
    tree.move_unit(group["team"], group["group"], from_day=date(2025, 7, 1), by=None)
    tree.move_unit(group["north"], group["team"], from_day=date(2025, 7, 1), by=None)
    assert ancestors(group["north"], date(2025, 8, 1)) == {"north", "team", "group"}
    assert ancestors(group["team"], date(2025, 6, 1)) == {"team", "north", "group"}


def test_a_cycle_in_later_days_only_is_found_too(group):
    tree.move_unit(group["south"], group["team"], from_day=date(2030, 1, 1), by=None)
    with pytest.raises(tree.TreeRefused, match="2030-01-01"):
        tree.move_unit(group["team"], group["south"], from_day=date(2025, 1, 1), by=None)


def test_a_closed_unit_keeps_its_past(group):
    tree.close_unit(group["team"], from_day=date(2025, 7, 1), by=None)
    assert ancestors(group["team"], date(2025, 6, 30)) == {"team", "north", "group"}
    assert ancestors(group["team"], date(2025, 7, 1)) == set()
    assert group["team"].is_active is False


def test_a_unit_with_units_below_it_is_not_closed(group):
    with pytest.raises(tree.TreeRefused, match="move or close it first"):
        tree.close_unit(group["north"], from_day=date(2025, 7, 1), by=None)


def test_nothing_is_put_under_a_unit_that_does_not_exist_then(group):
    tree.close_unit(group["team"], from_day=date(2025, 7, 1), by=None)
    with pytest.raises(tree.TreeRefused, match="stands in the tree from 1900-01-01 to 2025-07-01"):
        tree.add_unit(code="new", name="New", parent=group["team"], from_day=date(2025, 6, 1), by=None)
    assert not Unit.objects.filter(code="new").exists()


def test_a_unit_stands_as_long_as_its_parent_unless_a_day_is_given(group):
    late = tree.add_unit(code="late", name="Late", parent=group["group"], from_day=date(2020, 1, 1), by=None)
    below = tree.add_unit(code="below", name="Below", parent=late, by=None)
    assert below.placements.get().valid_from == date(2020, 1, 1)
    with pytest.raises(tree.TreeRefused, match=r"Late stands in the tree from 2020-01-01 on, not 2019-12-31 on"):
        tree.add_unit(code="early", name="Early", parent=late, from_day=date(2019, 12, 31), by=None)


def test_a_unit_that_was_added_too_late_begins_earlier_and_keeps_its_later_places(group):
    late = tree.add_unit(code="late", name="Late", parent=group["north"], from_day=date(2026, 11, 28), by=None)
    tree.move_unit(late, group["south"], from_day=date(2027, 1, 1), by=None)
    with pytest.raises(tree.TreeRefused, match="begins on 2026-11-28 under Unit north: choose that parent"):
        tree.move_unit(late, group["south"], from_day=date(2025, 1, 1), by=None)
    tree.move_unit(late, group["north"], from_day=date(2025, 1, 1), by=None)
    assert ancestors(late, date(2024, 12, 31)) == set()
    assert ancestors(late, date(2025, 1, 1)) == {"late", "north", "group"}
    assert ancestors(late, date(2027, 1, 1)) == {"late", "south", "group"}


def test_each_change_is_in_the_audit_trail(group):
    tree.change_unit(group["team"], name="The team", by=None)
    tree.change_unit(group["team"], name="The team", by=None)  # no change, no entry
    tree.move_unit(group["team"], group["south"], from_day=date(2025, 7, 1), by=None)
    assert list(AuditEntry.objects.order_by("seq").values_list("action", flat=True)) == ["unit changed", "unit moved"]


def test_the_tree_of_a_day_lists_parents_before_children(group):
    shown = tree.standing(date(2025, 1, 1), [unit.pk for unit in group.values()])
    assert [(s.unit.code, s.depth) for s in shown] == [("group", 0), ("north", 1), ("team", 2), ("south", 1)]


def test_units_below_one_stand_in_the_order_in_which_people_read_names():
    desk = UnitFactory(code="desk")
    units = [desk, *(UnitFactory(code=f"g{n}", name=f"Group {n}", parent=desk) for n in (10, 9, 100))]
    read = ["desk", "g9", "g10", "g100"]
    assert [s.unit.code for s in tree.standing(date(2025, 1, 1), [unit.pk for unit in units])] == read
    assert [unit.code for unit, _ in tree.in_order(units)] == read


DAYS = [date(2025, month, 1) for month in range(1, 7)]
moves = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4), st.sampled_from(DAYS)), max_size=8)


@given(moves=moves)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_closure_equals_a_walk_up_the_placements_on_every_day(moves):
    """Two roads: the path table, and following parents one by one, for any history of accepted moves."""
    UnitPath.objects.all().delete()
    UnitPlacement.objects.all().delete()
    units = [UnitFactory() for _ in range(5)]
    for unit, parent, day in moves:
        try:
            tree.move_unit(units[unit], units[parent] if parent >= 0 else None, from_day=day, by=None)
        except tree.TreeRefused:
            continue
    for day in [date(2024, 12, 31), *DAYS, date(2025, 12, 1)]:
        parent_of = dict(UnitPlacement.objects.in_force(day).values_list("unit_id", "parent_id"))
        for unit in units:
            expected, above = {}, unit.pk
            while above is not None:
                expected[above] = len(expected)
                above = parent_of[above]
            paths = UnitPath.objects.in_force(day).filter(descendant=unit)
            assert dict(paths.values_list("ancestor_id", "depth")) == expected
            assert paths.count() == len(expected)
