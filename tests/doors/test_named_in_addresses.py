"""Things with a code, and people, are addressed by it as well as by their ids; another's code is 404."""

import pytest
from rest_framework.test import APIClient

from organization.models import BusinessCalendar, FiscalCalendar, Role, Unit
from slas.models import Agreement, Slo
from tests.factories import UnitFactory, UserFactory, member
from tests.matrix.description import as_described, described
from vendors.models import ScorecardTemplate, SelectionRound, SurveyQuestion

pytestmark = pytest.mark.django_db


@pytest.fixture
def north():
    return UnitFactory(code="north")


@pytest.fixture
def client(north):
    client = APIClient()
    client.force_authenticate(member(Role.ADMINISTRATOR, north))
    return client


def test_a_unit_is_read_and_changed_by_its_code_and_by_its_id(client, north):
    for named in ("north", north.pk):
        answer = as_described("get", f"/api/v1/units/{named}/", client.get(f"/api/v1/units/{named}/"))
        assert (answer.json()["id"], answer.json()["code"]) == (north.pk, "north")
    assert client.patch("/api/v1/units/north/", {"name": "The north"}, format="json").json()["name"] == "The north"
    dotted = UnitFactory(code="dépôt 1.b", parent=north)
    assert client.get("/api/v1/units/d%C3%A9p%C3%B4t%201.b/").json()["id"] == dotted.pk
    moved = client.post("/api/v1/units/d%C3%A9p%C3%B4t%201.b/close/", {"from_day": "2030-01-01"}, format="json")
    assert moved.status_code == 200


@pytest.mark.parametrize("called", ["south", "nowhere", "north%00", "%20", "North"])
def test_the_code_of_another_unit_reads_like_one_that_there_is_not(client, called):
    UnitFactory(code="south")
    for method, path in (("get", ""), ("patch", ""), ("post", "close/")):
        answer = getattr(client, method)(f"/api/v1/units/{called}/{path}", {}, format="json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_digits_alone_are_always_the_id(client, north):
    """A new unit with such a code does not take over the address of another one; its own tells the list."""
    named_so = UnitFactory(code=str(north.pk), parent=north)
    assert client.get(f"/api/v1/units/{north.pk}/").json()["code"] == "north"
    [found] = client.get(f"/api/v1/units/?code={north.pk}").json()["results"]
    assert found["id"] == named_so.pk
    assert client.get("/api/v1/units/99999999999999999999/").status_code == 404


def test_a_person_is_addressed_by_the_log_in_name(client, north):
    ann = UserFactory(username="ann.o@example.org")
    assert client.get("/api/v1/users/ann.o@example.org/").json()["id"] == ann.pk
    viewer = APIClient()
    viewer.force_authenticate(member(Role.VIEWER, north))
    assert viewer.get("/api/v1/users/ann.o@example.org/").status_code == 404


def test_every_address_of_a_thing_with_a_code_of_its_own_takes_it():
    """Those whose code is one of all, and not of one within an agreement or a template."""
    models = (Unit, BusinessCalendar, FiscalCalendar, Agreement, Slo, ScorecardTemplate, SelectionRound, SurveyQuestion)
    assert all(model._meta.get_field("code").unique for model in models)
    said = {
        path.split("/")[3]
        for path, operations in described()["paths"].items()
        if path.count("/") == 5
        for one in operations.get("get", {}).get("parameters", ())
        if one.get("description")
        in [f"Its {name}, or its id, which digits alone always are." for name in ("code", "log-in name")]
    }
    assert said == {
        "units", "users", "business-calendars", "fiscal-calendars", "agreements", "slos", "vendor-scorecards",
        "vendor-questions", "selection-rounds",
    }  # fmt: skip
