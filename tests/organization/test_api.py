"""The organisation over REST: each verb once, and what it refuses with which status."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from organization.models import ApiToken, Role, Unit, User
from tests.factories import PASSWORD, ApiTokenFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


@pytest.fixture
def top():
    return UnitFactory(code="group")


@pytest.fixture
def api(top):
    client = APIClient()
    client.user = member(Role.ADMINISTRATOR, top, username="root")
    token = ApiTokenFactory(user=client.user, scopes=["read", "administer"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return client


def post(api, path, body, status=201):
    answer = api.post(V1 + path, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def test_a_unit_is_added_moved_and_closed_and_the_tree_is_asked_as_of_a_day(api, top):
    north = post(api, "units/", {"code": "north", "name": "North", "parent": top.pk})
    south = post(api, "units/", {"code": "south", "name": "South", "parent": top.pk, "timezone": "Europe/Paris"})
    assert (north["parent"], south["timezone"]) == (top.pk, "Europe/Paris")
    post(api, f"units/{north['id']}/move/", {"parent": south["id"], "from_day": "2025-07-01"}, 200)

    def parent(day):
        return api.get(f"{V1}units/{north['id']}/?day={day}").json()["parent"]

    assert (parent("2025-06-30"), parent("2025-07-01")) == (top.pk, south["id"])
    below = api.get(f"{V1}units/?day=2025-07-01&parent={south['id']}").json()["results"]
    assert [unit["code"] for unit in below] == ["north"]
    assert api.get(f"{V1}units/?day=2025-07-01&parent=south").json()["results"] == below
    refused = api.get(f"{V1}units/?parent=west").json()
    assert (refused["status"], refused["detail"]) == (400, "parent: There is no unit 'west' that you see.")
    refusal = post(api, f"units/{south['id']}/close/", {"from_day": "2025-08-01"}, 409)
    assert (refusal["code"], "North still stands" in refusal["detail"]) == ("tree_refused", True)
    post(api, f"units/{north['id']}/close/", {"from_day": "2025-08-01"}, 200)
    assert parent("2025-08-01") is None


def test_a_unit_is_put_at_the_top_only_by_who_administers_everything(api, top):
    second = post(api, "units/", {"code": "second", "name": "Second", "parent": None})
    post(api, "units/", {"code": "third", "name": "Third", "parent": None})
    part = ApiTokenFactory(
        user=member(Role.ADMINISTRATOR, Unit.objects.get(pk=second["id"])), scopes=["read", "administer"]
    )
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {part.secret}")
    refusal = post(api, "units/", {"code": "fourth", "name": "Fourth", "parent": None}, 403)
    assert "whole organisation" in refusal["detail"]


def test_an_alias_is_unique_in_its_system(api, top):
    post(api, "unit-aliases/", {"unit": top.pk, "system": "itsm", "code": "G"})
    assert post(api, "unit-aliases/", {"unit": top.pk, "system": "itsm", "code": "G"}, 400)["code"] == "invalid"


def test_units_are_imported_from_a_file_or_only_tried(api):
    def load(text, **data):
        return api.post(f"{V1}units/import/", {"file": SimpleUploadedFile("u.csv", text), **data})

    good = b"code,name,parent\nx,X,group\n"
    assert load(good, dry_run=True).json() == {"added": 1, "changed": 0, "imported": False, "faults": []}
    assert not Unit.objects.filter(code="x").exists()
    assert load(good).json()["imported"] is True
    bad = load(b"code,name,parent\ny,Y,nowhere\n")
    assert bad.status_code == 422
    assert (bad.json()["faults"][0]["row"], bad.json()["faults"][0]["column"]) == (2, "parent")


def test_a_role_is_given_changed_and_ended(api, top):
    given = post(
        api, "members/", {"user": UserFactory().pk, "unit": top.pk, "role": "viewer", "valid_from": "2025-01-01"}
    )
    changed = api.patch(f"{V1}members/{given['id']}/", {"role": "analyst", "on": "2025-02-01"}, format="json").json()
    assert (changed["role"], changed["valid_from"]) == ("analyst", "2025-02-01")
    post(api, f"members/{changed['id']}/end/", {"on": "2025-03-01"}, 204)
    mine = api.user.memberships.get()
    assert post(api, f"members/{mine.pk}/end/", {}, 409)["code"] == "last_administrator"


def test_a_role_is_given_and_asked_for_by_the_log_in_name_or_the_id(api, top):
    ann = UserFactory(username="ann")
    given = post(api, "members/", {"user": "ann", "unit": top.code, "role": "viewer", "valid_from": "2025-01-01"})
    assert (given["user"], given["username"]) == (ann.pk, "ann")
    for name in ("ann", str(ann.pk)):
        assert [one["id"] for one in api.get(f"{V1}members/", {"user": name}).json()["results"]] == [given["id"]]
    refused = post(api, "members/", {"user": "an", "unit": top.code, "role": "viewer", "valid_from": "2025-01-01"}, 400)
    words = "There is no user with the log-in name 'an' that you see. Did you mean ann?"
    assert (refused["errors"][0]["code"], refused["errors"][0]["message"]) == ("unknown_user", words)


def test_a_person_is_added_disabled_and_enabled(api):
    weak = post(api, "users/", {"username": "ada", "password": "short"}, 400)
    assert "too short" in weak["detail"]
    ada = post(api, "users/", {"username": "ada", "password": PASSWORD})
    assert "password" not in ada
    assert post(api, f"users/{ada['id']}/disable/", {}, 200)["is_active"] is False
    assert post(api, f"users/{ada['id']}/enable/", {}, 200)["is_active"] is True
    assert post(api, f"users/{api.user.pk}/disable/", {}, 409)["code"] == "last_administrator"
    assert User.objects.get(username="ada").check_password(PASSWORD)


def test_ones_own_tokens_are_made_with_a_session_listed_and_revoked(api):
    browser = APIClient()
    browser.force_login(api.user)
    made = post(browser, "tokens/", {"name": "etl", "scopes": ["read"], "days": 30})
    assert made["secret"].startswith(f"pm_{made['prefix']}_")
    listed = api.get(f"{V1}tokens/").json()["results"]
    assert "secret" not in listed[0]
    assert "digest" not in listed[0]
    foreign = ApiTokenFactory()
    assert api.delete(f"{V1}tokens/{foreign.pk}/").status_code == 404
    assert api.delete(f"{V1}tokens/{made['id']}/").status_code == 204
    assert ApiToken.objects.get(pk=made["id"]).revoked_at is not None


def test_a_business_calendar_has_versions_days_and_open_hours(api):
    calendar = post(api, "business-calendars/", {"code": "paris", "name": "Paris"})
    week = [{"weekday": weekday, "opens": "09:00", "closes": "17:00"} for weekday in range(5)]
    path = f"business-calendars/{calendar['id']}"
    version = {"valid_from": "1900-01-01", "timezone": "Europe/Paris", "country": "FR", "windows": week}
    post(api, f"{path}/versions/", version)
    assert post(api, f"{path}/versions/", {**version, "windows": week + week}, 409)["code"] == "calendar_refused"
    post(api, f"{path}/days/", {"day": "2025-07-15", "windows": [{"opens": "09:00", "closes": "12:00"}]}, 204)
    hours = api.get(f"{V1}{path}/hours/?first=2025-07-14&last=2025-07-15").json()
    assert hours == {"spans": [{"start": "2025-07-15T07:00:00Z", "end": "2025-07-15T10:00:00Z"}], "hours": 3.0}
    assert api.get(f"{V1}{path}/hours/?first=2025-07-14").status_code == 400
    assert api.get(f"{V1}{path}/hours/?first=1900-01-01&last=2100-01-01").status_code == 409


def test_a_fiscal_calendar_names_the_periods_of_a_day(api):
    calendar = post(
        api, "fiscal-calendars/",
        {"code": "april", "name": "From April", "kind": "months", "start_month": 4},
    )  # fmt: skip
    periods = api.get(f"{V1}fiscal-calendars/{calendar['id']}/periods/?day=2025-05-15").json()
    assert [(p["grain"], p["start"], p["end"]) for p in periods] == [
        ("week", "2025-05-12", "2025-05-19"),
        ("month", "2025-05-01", "2025-06-01"),
        ("quarter", "2025-04-01", "2025-07-01"),
        ("year", "2025-04-01", "2026-04-01"),
    ]
    for field, value in (("start_month", 13), ("start_month", 0), ("week_starts_on", 7)):
        refusal = post(api, "fiscal-calendars/", {"code": "x", "name": "X", field: value}, 400)
        assert [error["field"] for error in refusal["errors"]] == [field]
    changed = api.patch(f"{V1}fiscal-calendars/{calendar['id']}/", {"name": "Renamed"}, format="json").json()
    assert (changed["name"], changed["start_month"]) == ("Renamed", 4)


def test_the_trail_is_read_and_verified(api):
    post(api, "units/", {"code": "second", "name": "Second", "parent": None})
    entry = api.get(f"{V1}audit-entries/?action=unit added").json()
    assert [one["object_name"] for one in entry["results"]] == ["Second"]
    assert post(api, "audit-entries/verify/", {}, 200) == {"entries": 2, "holds": True, "fault": ""}
