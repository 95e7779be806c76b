"""Who may do what: one row a resource. Other rooms add their rows to RESOURCES (see `Resource`).

`own` is the unit at which the person holds the role, `other` is a unit beside it; each resource is tried at both.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

from organization.models import Role, UnitAlias
from tests.factories import MembershipFactory, UserFactory

ALL = frozenset(Role.values)
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
AUDITORS = frozenset({Role.ADMINISTRATOR, Role.FINANCE})


@dataclass(frozen=True)
class Resource:
    """An address and what it answers.

    make: unit -> the object behind the address (its pk fills `{}`). allowed: the roles that get `status` at their own
    unit; the others get `refused` there. At another unit's object everybody gets 404, or 403 where their role may not
    open the door at all; who may not even see the unit that a body names is told `elsewhere`. Without an object
    (`is_list`), the answer must not hold `marker(other unit's object)`.
    """

    name: str
    method: str
    path: str
    make: Callable
    allowed: frozenset[str] = ALL
    status: int = 200
    refused: int = 403
    body: dict | Callable = field(default_factory=dict)  # Callable: the object -> the body
    elsewhere: int = 404
    open_because: str = ""  # why who only looks at the unit, and may this at another, is answered all the same
    is_list: bool = False
    marker: Callable = str
    door: str = "view"  # the permission without which the whole address is closed
    unseen: frozenset[str] = frozenset()  # the roles to whom the object is none, at their own unit too: 404

    def body_of(self, thing) -> dict:
        return self.body(thing) if callable(self.body) else self.body

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def the_unit(unit):
    return unit


def an_alias(unit):
    return UnitAlias.objects.create(unit=unit, system="itsm", code=f"alias-of-{unit.code}")


def a_membership(unit):
    return MembershipFactory(unit=unit, user=UserFactory(username=f"member-of-{unit.code}"))


def an_entry(unit):
    from organization import audit

    return audit.record(None, f"changed {unit.code}", unit, unit=unit)


def code(thing) -> str:
    return getattr(thing, "code", str(thing))


RESOURCES = [
    Resource("the tree page", "get", "/units/", the_unit, is_list=True, marker=code),
    Resource("a unit's page", "get", "/units/{}/", the_unit),
    Resource("changing a unit", "get", "/units/{}/change/", the_unit, ADMINISTRATORS, door="administer"),
    Resource("moving a unit", "get", "/units/{}/move/", the_unit, ADMINISTRATORS, door="administer"),
    Resource("closing a unit", "get", "/units/{}/close/", the_unit, ADMINISTRATORS, door="administer"),
    Resource("adding a code", "get", "/units/{}/codes/add/", the_unit, ADMINISTRATORS, door="administer"),
    Resource(
        "removing a code", "post", "/unit-codes/{}/remove/", an_alias, ADMINISTRATORS, status=302, door="administer"
    ),
    Resource(
        "the members page",
        "get",
        "/members/",
        a_membership,
        ADMINISTRATORS,
        is_list=True,
        marker=lambda m: m.user.username,
        door="administer",
    ),
    Resource("ending a role", "get", "/members/{}/end/", a_membership, ADMINISTRATORS, door="administer"),
    Resource(
        "the audit page",
        "get",
        "/audit/",
        an_entry,
        AUDITORS,
        is_list=True,
        marker=lambda e: e.action,
        door="audit",
    ),
    Resource("API: units", "get", "/api/v1/units/", the_unit, is_list=True, marker=code),
    Resource("API: a unit", "get", "/api/v1/units/{}/", the_unit),
    Resource(
        "API: renaming a unit",
        "patch",
        "/api/v1/units/{}/",
        the_unit,
        ADMINISTRATORS,
        body={"name": "New name"},
        door="administer",
    ),
    Resource("API: aliases", "get", "/api/v1/unit-aliases/", an_alias, is_list=True, marker=code),
    Resource("API: an alias", "get", "/api/v1/unit-aliases/{}/", an_alias),
    Resource(
        "API: removing an alias",
        "delete",
        "/api/v1/unit-aliases/{}/",
        an_alias,
        ADMINISTRATORS,
        status=204,
        door="administer",
    ),
    Resource("API: a member", "get", "/api/v1/members/{}/", a_membership, ADMINISTRATORS, refused=404),
    Resource(
        "API: audit entries",
        "get",
        "/api/v1/audit-entries/",
        an_entry,
        AUDITORS,
        is_list=True,
        marker=lambda e: e.action,
        door="audit",
    ),
]
RESOURCES += import_module("tests.organization.resources").RESOURCES
RESOURCES += import_module("tests.datasets.resources").RESOURCES
RESOURCES += import_module("tests.kpis.resources").RESOURCES
RESOURCES += import_module("tests.kpis.resources_written").RESOURCES
RESOURCES += import_module("tests.alerts.resources").RESOURCES
RESOURCES += import_module("tests.studies.resources").RESOURCES
RESOURCES += import_module("tests.slas.resources").RESOURCES
RESOURCES += import_module("tests.slas.resources_clocks").CLOCKS
RESOURCES += import_module("tests.slas.resources_written").RESOURCES
RESOURCES += import_module("tests.vendors.resources").RESOURCES
RESOURCES += import_module("tests.vendors.resources_written").RESOURCES
