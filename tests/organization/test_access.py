"""Where a role reaches: down the tree of the day, through tokens, and to units that are closed or still planned."""

from datetime import date

import pytest

from organization import tree
from organization.access import NOBODY, access_of
from organization.models import Role, Unit
from tests.factories import ApiTokenFactory, MembershipFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db
DAY = date(2025, 7, 1)


@pytest.fixture
def units():
    group = UnitFactory(code="group")
    north = UnitFactory(code="north", parent=group)
    south = UnitFactory(code="south", parent=group)
    return {"group": group, "north": north, "south": south, "team": UnitFactory(code="team", parent=north)}


def seen(user, day=DAY, token=None):
    return set(Unit.objects.visible_to(access_of(user, day, token)).values_list("code", flat=True))


def test_a_role_counts_at_its_unit_and_below(units):
    assert seen(member(Role.VIEWER, units["north"])) == {"north", "team"}
    assert seen(member(Role.VIEWER, units["group"])) == {"group", "north", "south", "team"}
    assert seen(UserFactory()) == set()


def test_a_unit_that_moves_takes_its_viewers_along(units):
    viewer = member(Role.VIEWER, units["south"])
    tree.move_unit(units["team"], units["south"], from_day=DAY, by=None)
    assert seen(viewer, date(2025, 6, 30)) == {"south"}
    assert seen(viewer, DAY) == {"south", "team"}


def test_a_closed_unit_stays_visible_to_where_it_stood_last(units):
    tree.move_unit(units["team"], units["south"], from_day=date(2025, 1, 1), by=None)
    tree.close_unit(units["team"], from_day=date(2025, 3, 1), by=None)
    assert seen(member(Role.VIEWER, units["south"])) == {"south", "team"}
    assert seen(member(Role.VIEWER, units["north"])) == {"north"}


def test_a_planned_unit_is_visible_to_where_it_will_stand_first(units):
    tree.add_unit(code="new", name="New", parent=units["south"], from_day=date(2026, 1, 1), by=None)
    assert seen(member(Role.VIEWER, units["south"])) == {"south", "new"}
    assert seen(member(Role.VIEWER, units["north"])) == {"north", "team"}


def test_a_role_counts_only_in_its_days(units):
    viewer = MembershipFactory(unit=units["north"], valid_from=date(2025, 1, 1), valid_to=date(2025, 2, 1)).user
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 31), date(2025, 2, 1)]
    assert [bool(seen(viewer, day)) for day in days] == [False, True, True, False]


def test_a_token_never_reaches_further_than_its_user(units):
    viewer = member(Role.VIEWER, units["north"])
    token = ApiTokenFactory(user=viewer, scopes=["read", "administer"], unit=units["group"])
    access = access_of(viewer, DAY, token)
    assert access.units("view") == {units["north"].pk, units["team"].pk}
    assert not access.anywhere("administer")


def test_two_people_share_a_cache_only_when_they_see_the_same_units(units):
    first, second = (access_of(member(Role.VIEWER, units["north"]), DAY) for _ in range(2))
    other = access_of(member(Role.VIEWER, units["south"]), DAY)
    assert first.scope_key == second.scope_key != other.scope_key


def test_a_vendor_contact_is_marked_so_that_peers_are_hidden(units):
    assert access_of(member(Role.VENDOR_CONTACT, units["team"]), DAY).is_vendor_only
    assert not access_of(member(Role.VIEWER, units["team"]), DAY).is_vendor_only


def test_nobody_may_anything(units):
    disabled = member(Role.ADMINISTRATOR, units["group"], is_active=False)
    assert access_of(disabled, DAY) == access_of(None, DAY) == NOBODY


def test_everywhere_means_every_top_of_the_tree(units):
    UnitFactory(code="second-top")
    person = member(Role.ADMINISTRATOR, units["group"])
    assert not access_of(person, DAY).everywhere("administer")
    MembershipFactory(user=person, unit=Unit.objects.get(code="second-top"), role=Role.ADMINISTRATOR)
    assert access_of(person, DAY).everywhere("administer")


def test_access_takes_three_queries_however_many_units(units, django_assert_num_queries):
    person = member(Role.VIEWER, units["group"])
    with django_assert_num_queries(3):
        access_of(person, DAY)
    for _ in range(20):
        UnitFactory(parent=units["team"])
    with django_assert_num_queries(3):
        access_of(person, DAY)
