"""Whom a decision waits for is told by name; where nobody else may, which role it takes."""

import pytest

from organization.access import CERTIFY, CLOSE
from organization.second_person import who_may
from tests.factories import UnitFactory, member
from tests.organization.test_access import DAY

pytestmark = pytest.mark.django_db


def named(role, unit, name):
    return member(role, unit, username=name, first_name="", last_name="")


def test_those_who_may_are_named_without_who_asked():
    group = UnitFactory(code="group")
    site = UnitFactory(code="site", parent=group)
    asked = named("manager", group, "ada")
    named("finance", group, "bo")
    named("analyst", site, "cy")  # may not close
    assert who_may(CLOSE, site, DAY, but=[asked.pk]) == "bo may decide."
    named("manager", site, "di")
    assert who_may(CLOSE, site, DAY, but=[asked.pk]) == "bo or di may decide."
    for name in ("ed", "flo"):
        named("manager", site, name)
    assert who_may(CLOSE, site, DAY, but=[asked.pk]) == "bo, di, ed or 1 more may decide."


def test_where_nobody_else_may_the_roles_are_named():
    group = UnitFactory(code="group", name="Northern group")
    asked = member("manager", group)
    member("analyst", group)
    said = "Nobody else may decide yet: a second person needs the role manager or administrator at Northern group."
    assert who_may(CERTIFY, group, DAY, but=[asked.pk]) == said
