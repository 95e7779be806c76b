"""Role x resource x own or another unit, over pages and API, as `table.RESOURCES` has it."""

import pytest
from django.db import transaction
from django.test import Client

from organization.access import PERMISSIONS
from organization.models import Role
from tests.factories import ApiTokenFactory, UnitFactory, member

from . import description
from .table import RESOURCES, Resource

pytestmark = pytest.mark.django_db
EVERY_SCOPE = ["read", "upload", "define", "administer"]


@pytest.fixture
def units():
    group = UnitFactory(code="group")
    return UnitFactory(code="own-unit", parent=group), UnitFactory(code="other-unit", parent=group)


def call(person, resource: Resource, thing):
    client, options = Client(), {}
    if resource.is_api:
        token = ApiTokenFactory(user=person, scopes=EVERY_SCOPE)
        options = {"headers": {"Authorization": f"Bearer {token.secret}"}}
    else:
        client.force_login(person)
    if resource.method != "get":
        options |= {"data": resource.body_of(thing)} | ({"content_type": "application/json"} if resource.is_api else {})
    return getattr(client, resource.method)(resource.path.format(thing.pk), **options)


def answers(resource: Resource, thing, own, told) -> dict[str, object]:
    """What each role at `own` is told of the answer; whatever a request did is taken back before the next one."""
    found = {}
    for role in Role.values:
        with transaction.atomic():
            found[role] = told(role, call(member(role, own), resource, thing))
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_at_ones_own_unit(resource, units):
    own, _ = units
    thing = resource.make(own)

    def told(role, answer):
        if resource.is_list and role in resource.allowed:
            assert resource.marker(thing) in answer.content.decode(), role
        if resource.is_api:
            assert description.faults_of(resource.method, resource.path.format(thing.pk), answer) == [], role
        return answer.status_code

    assert answers(resource, thing, own, told) == {
        role: resource.status if role in resource.allowed else 404 if role in resource.unseen else resource.refused
        for role in Role.values
    }


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_at_another_unit(resource, units):
    own, other = units
    thing = resource.make(other)

    def told(role, answer):
        if resource.is_list and resource.door in PERMISSIONS[role]:
            return "named" if resource.marker(thing) in answer.content.decode() else "not named"
        return answer.status_code

    open_to = "not named" if resource.is_list else resource.elsewhere
    assert answers(resource, thing, own, told) == {
        role: open_to if resource.door in PERMISSIONS[role] else 403 for role in Role.values
    }


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.name)
def test_nobody_without_signing_in(resource, units):
    answer = getattr(Client(), resource.method)(resource.path.format(resource.make(units[0]).pk))
    assert answer.status_code == (401 if resource.is_api else 302)
    if not resource.is_api:
        assert answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("resource", [r for r in RESOURCES if r.is_api], ids=lambda resource: resource.name)
def test_a_token_of_another_unit_does_not_reach_it(resource, units):
    """B10: the person may, the token was narrowed to another unit."""
    own, other = units
    person = member(Role.ADMINISTRATOR, own)
    person.memberships.create(unit=other, role=Role.ADMINISTRATOR, valid_from="2020-01-01")
    token = ApiTokenFactory(user=person, scopes=EVERY_SCOPE, unit=other)
    thing = resource.make(own)
    options = {"headers": {"Authorization": f"Bearer {token.secret}"}}
    if resource.method != "get":
        options |= {"data": resource.body_of(thing), "content_type": "application/json"}
    answer = getattr(Client(), resource.method)(resource.path.format(thing.pk), **options)
    if resource.is_list:
        assert resource.marker(thing) not in answer.content.decode()
    else:
        assert answer.status_code == resource.elsewhere


@pytest.mark.parametrize(
    "resource",
    [r for r in RESOURCES if not r.is_list and Role.VIEWER not in r.allowed],
    ids=lambda resource: resource.name,
)
def test_who_only_looks_here_changes_nothing_by_a_role_elsewhere(resource, units):
    """Administrator of another unit, viewer of this one: the door is open to them, and the object shut or unseen."""
    own, other = units
    person = member(Role.ADMINISTRATOR, other)
    person.memberships.create(unit=own, role=Role.VIEWER, valid_from="2020-01-01")
    answered = call(person, resource, resource.make(own)).status_code
    unknown = callable(resource.body) and answered == resource.elsewhere != resource.status
    assert answered in (403, 404) or unknown or (resource.open_because and answered == resource.status)


def asked_with_more(resource: Resource, unit, **more):
    """The resource's request by somebody who may, with parameters (of a read) or fields (of a write) besides."""
    thing, person = resource.make(unit), member(min(resource.allowed), unit)
    token = ApiTokenFactory(user=person, scopes=EVERY_SCOPE)
    options = {"data": resource.body_of(thing) | more, "headers": {"Authorization": f"Bearer {token.secret}"}}
    if resource.method != "get":
        options["content_type"] = "application/json"
    return getattr(Client(), resource.method)(resource.path.format(thing.pk), **options)


@pytest.mark.parametrize("resource", [r for r in RESOURCES if r.is_api and r.body], ids=lambda resource: resource.name)
def test_B14_fields_that_only_perfmgr_sets_are_refused_by_name(resource, units):
    answer = asked_with_more(resource, units[0], approved_by=1, load_id="x")
    fields = {fault["field"] for fault in answer.json().get("errors", ())}
    assert (answer.status_code, fields) == (400, {"approved_by", "load_id"}), answer.content


@pytest.mark.parametrize(
    "resource", [r for r in RESOURCES if r.is_api and r.method == "get"], ids=lambda resource: resource.name
)
def test_B15_parameters_that_nobody_offers_are_refused_by_name(resource, units):
    answer = asked_with_more(resource, units[0], _connector="OR", owner__password__startswith="a")
    fields = {fault["field"] for fault in answer.json().get("errors", ())}
    assert (answer.status_code, fields) == (400, {"_connector", "owner__password__startswith"}), answer.content
