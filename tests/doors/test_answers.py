"""The same request twice, an unchanged answer, the chosen day, and a database that is away (F15)."""

from datetime import date

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from doors import etags, idempotency
from doors.models import Answered
from doors.parsers import StrictJSONParser
from doors.problems import Problem
from organization.access import Access
from organization.models import Role
from tests.factories import ApiTokenFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db


def request(user, body='{"a": 1}', key="k1"):
    headers = {"Idempotency-Key": key} if key else {}
    made = RequestFactory().post("/api/v1/things/", body, content_type="application/json", headers=headers)
    made.user = user
    return Request(made, parsers=[StrictJSONParser()])


@pytest.fixture
def done():
    return []


def once(user, done, **options):
    def do():
        done.append(1)
        return Response({"number": len(done)}, status=201)

    asked = request(user, **options)
    asked.user = user
    return idempotency.once(asked, do)


def test_a_request_that_is_sent_again_has_its_effect_once(done):
    user = UserFactory()
    first, second = once(user, done), once(user, done)
    assert (first.status_code, first.data) == (second.status_code, second.data) == (201, {"number": 1})
    assert second["Idempotent-Replayed"] == "true"
    assert len(done) == 1


def test_another_content_under_the_same_key_is_refused(done):
    user = UserFactory()
    once(user, done)
    with pytest.raises(Problem) as refusal:
        once(user, done, body='{"a": 2}')
    assert refusal.value.status_code == 422


def test_keys_belong_to_their_user_and_no_key_means_no_memory(done):
    user = UserFactory()
    once(user, done)
    once(UserFactory(), done)
    once(user, done, key=None)
    once(user, done, key=None)
    assert len(done) == 4


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_an_unusable_key_is_refused(done, key):
    with pytest.raises(Problem):
        once(UserFactory(), done, key=key or "é")
    assert not done


def test_a_request_that_fails_leaves_its_key_free():
    user = UserFactory()

    def fail():
        raise ValidationError("no")

    asked = request(user)
    asked.user = user
    with pytest.raises(ValidationError):
        idempotency.once(asked, fail)
    assert not Answered.objects.exists()


def test_an_unchanged_answer_is_not_sent_again_but_never_across_scopes():
    north, south = (Access(user_id=1, grants={"view": frozenset({pk})}) for pk in (1, 2))
    tag = etags.etag_of(north, "results", 7)
    assert tag == etags.etag_of(north, "results", 7)
    assert len({tag, etags.etag_of(south, "results", 7), etags.etag_of(north, "results", 8)}) == 3
    again = RequestFactory().get("/", headers={"If-None-Match": f'"other", W/{tag}'})
    assert etags.conditional(again, tag, lambda: Response({"a": 1})).status_code == 304
    fresh = etags.conditional(RequestFactory().get("/"), tag, lambda: Response({"a": 1}))
    assert (fresh.status_code, fresh["ETag"]) == (200, tag)
    assert "private" in fresh["Cache-Control"]


@pytest.fixture
def browser():
    client = Client()
    client.force_login(member(Role.VIEWER, UnitFactory(code="north")))
    return client


@pytest.mark.parametrize("address", ["/units/", "/api/v1/units/", "/nowhere/"])
def test_no_cache_between_gives_an_answer_to_others(browser, address):
    assert browser.get(address)["Cache-Control"] == "private, no-cache"


def test_the_chosen_day_is_kept_until_it_is_cleared(browser):
    answer = browser.post("/as-of/", {"day": "2025-03-31", "next": "/units/?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/units/?x=1")
    assert browser.get("/units/").context["request"].day == date(2025, 3, 31)
    browser.post("/as-of/", {"day": ""})
    assert browser.get("/units/").context["request"].day != date(2025, 3, 31)


@pytest.mark.parametrize("day", ["2025-02-30", "31/03/2025", "٢٠٢٥-٠٣-٣١", "9999-12-31", "20250331", "x" * 10_000])
def test_what_is_no_day_is_not_kept(browser, day):
    browser.post("/as-of/", {"day": day})
    assert "as_of" not in browser.session


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil", ""])
def test_going_on_leads_nowhere_else(browser, address):
    assert browser.post("/as-of/", {"day": "", "next": address})["Location"] == "/"


def test_f15_while_the_database_is_away_all_doors_answer_503(browser, monkeypatch):
    token = ApiTokenFactory(user=member(Role.VIEWER, UnitFactory()))

    def away(*args, **options):
        raise OperationalError("the connection was refused")

    monkeypatch.setattr(connection, "cursor", away)
    browser.raise_request_exception = False
    for path, headers in (
        ("/units/", {}),
        ("/api/v1/units/", {}),
        ("/api/v1/units/", {"Authorization": f"Bearer {token.secret}"}),
    ):
        answer = browser.get(path, headers=headers)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["code"] == "unavailable"
    assert Client().get("/healthz").status_code == 200  # the process lives; readyz tells that it is not ready


def test_f17_while_the_databases_disk_is_full_changes_are_507_and_nothing_is_kept(browser, monkeypatch):
    from organization import tree

    class Full(OperationalError):
        pgcode = "53100"

    def no_space(*args, **options):
        raise OperationalError("could not extend file: No space left on device") from Full()

    unit = UnitFactory(code="south")
    token = ApiTokenFactory(user=member(Role.ADMINISTRATOR, unit), scopes=["read", "administer"])
    monkeypatch.setattr(tree, "change_unit", no_space)
    headers = {"Authorization": f"Bearer {token.secret}"}
    answer = browser.patch(f"/api/v1/units/{unit.pk}/", {"name": "x"}, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert "nothing was stored" in answer.json()["detail"]
    assert browser.get("/units/").status_code == 200  # reads go on


def test_the_description_of_the_api_is_served_with_its_page_and_no_foreign_asset(browser):
    schema = browser.get("/api/schema/", headers={"Accept": "application/json"})
    assert schema.json()["openapi"].startswith("3.1")
    assert "/api/v1/units/" in schema.json()["paths"]
    assert list(schema.json()["components"]["securitySchemes"]) == ["token", "session"]  # as the page asks for them
    page = browser.get("/api/docs/")
    assert page.status_code == 200
    of_the_page = browser.get("/api/docs/schema/").json()
    assert (of_the_page["openapi"], of_the_page["paths"].keys()) == ("3.0.3", schema.json()["paths"].keys())
    assert "http://" not in page.content.decode().replace("http://testserver", "")
    assert "https://" not in page.content.decode()
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
