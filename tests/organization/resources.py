"""Rows of the permission matrix: who changes the tree, people, roles, codes and calendars."""

from organization import business_calendars
from organization.models import BusinessCalendar, FiscalCalendar, Role
from tests.factories import MembershipFactory, UserFactory
from tests.matrix.table import Resource

ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
NOBODY: frozenset[str] = frozenset()  # of one unit: only an administrator of the whole organisation may
A = "/api/v1"
WINDOW = {"weekday": 0, "opens": "09:00", "closes": "17:00"}


def the_unit(unit):
    return unit


def a_membership(unit):
    return MembershipFactory(unit=unit, user=UserFactory(username=f"member-of-{unit.code}"))


def a_person(unit):
    return a_membership(unit).user


def a_calendar(unit):
    """Of this unit alone, open on Mondays."""
    made = BusinessCalendar.objects.create(code=f"hours-of-{unit.code}", name="Hours")
    unit.business_calendar = made
    unit.save()
    words = {"valid_from": "1900-01-01", "timezone": "UTC", "windows": [], "by": None}
    business_calendars.add_version(made, **words)
    return made


def a_fiscal_calendar(unit):
    made = FiscalCalendar.objects.create(code=f"year-of-{unit.code}", name="Year")
    unit.fiscal_calendar = made
    unit.save()
    return made


def administers(name: str, method: str, path: str, make=the_unit, allowed=ADMINISTRATORS, **more) -> Resource:
    return Resource(name, method, path, make, allowed, door="administer", **more)


def whole(name: str, path: str, make=the_unit, method: str = "post", **more) -> Resource:
    """For an administrator of the whole organisation; the door is shut before anything is looked for."""
    return administers(name, method, path, make, NOBODY, elsewhere=403, **more)


def of_all(name: str, method: str, path: str, make=a_calendar, **more) -> Resource:
    """Everybody sees calendars; changed is one by who administers all units that have it."""
    return administers(name, method, path, make, elsewhere=403, **more)


def a_role(membership) -> dict:
    return {"user": membership.user_id, "unit": membership.unit_id, "role": "executive", "valid_from": "2025-01-01"}


RESOURCES = [
    whole("importing units", "/units/import/"),
    whole("adding a person", "/people/add/"),
    whole("disabling a person", "/people/{}/disable/", a_person),
    whole("API: importing units", f"{A}/units/import/"),
    whole("API: adding a person", f"{A}/users/"),
    whole("API: disabling a person", f"{A}/users/{{}}/disable/", a_person),
    whole("API: enabling a person", f"{A}/users/{{}}/enable/", a_person),
    administers("another role", "post", "/members/{}/role/", a_membership, body={"role": "analyst", "on": "2025-02-01"},
                status=302),
    administers("API: giving a role", "post", f"{A}/members/", a_membership, body=a_role, status=201, elsewhere=400),
    administers("API: another role", "patch", f"{A}/members/{{}}/", a_membership, body={"role": "analyst"}),
    administers("API: ending a role", "post", f"{A}/members/{{}}/end/", a_membership, status=204),
    administers("API: adding a unit", "post", f"{A}/units/", status=201, elsewhere=400,
                body=lambda unit: {"code": f"new-{unit.code}", "name": "New", "parent": unit.pk}),
    administers("API: moving a unit", "post", f"{A}/units/{{}}/move/", status=403,
                body={"parent": None, "from_day": "2025-02-01"}),
    administers("API: closing a unit", "post", f"{A}/units/{{}}/close/", body={"from_day": "2030-02-01"}),
    administers("API: adding an alias", "post", f"{A}/unit-aliases/", status=201, elsewhere=400,
                body=lambda unit: {"unit": unit.pk, "system": "itsm", "code": "X"}),
    of_all("a calendar's new version", "post", "/calendars/{}/versions/add/", status=422),
    of_all("a day that differs", "post", "/calendars/{}/days/set/", status=422),
    of_all("a day as its weekday", "post", "/calendars/{}/days/clear/", status=302),
    of_all("closed days from a file", "post", "/calendars/{}/ics/", status=422),
    of_all("changing a fiscal calendar", "post", "/fiscal-calendars/{}/change/", a_fiscal_calendar, status=422),
    of_all("API: a calendar's new version", "post", f"{A}/business-calendars/{{}}/versions/",
           status=201, body={"valid_from": "2025-02-01", "timezone": "UTC", "windows": [WINDOW]}),
    of_all("API: a day that differs", "post", f"{A}/business-calendars/{{}}/days/", status=204,
           body={"day": "2025-02-03", "windows": []}),
    of_all("API: closed days from a file", "post", f"{A}/business-calendars/{{}}/ics/", status=415),
    of_all("API: changing a fiscal calendar", "patch", f"{A}/fiscal-calendars/{{}}/", a_fiscal_calendar,
           body={"name": "Another"}),
]  # fmt: skip
