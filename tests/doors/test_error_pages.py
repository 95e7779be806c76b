"""Whatever goes wrong on a page is said there: thing, fault, next step; the same within a part that htmx asks for."""

import pytest
from django.db import OperationalError
from django.test import Client

from organization.models import Role
from tests.factories import UnitFactory, member

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin():
    client = Client(raise_request_exception=False)
    client.force_login(member(Role.ADMINISTRATOR, UnitFactory(code="top")))
    return client


def is_a_page(answer, status, *words):
    assert answer.status_code == status
    text = answer.content.decode()
    assert '<main class="single fault">' in text
    assert [word for word in words if word not in text] == []


def test_an_address_of_a_button_that_is_opened_says_so(admin):
    answer = admin.get("/audit/verify/")
    is_a_page(answer, 405, "This is no page to open", "Go back")
    assert answer["Allow"] == "POST"


def test_more_than_a_form_may_hold_is_413_with_what_to_do(admin):
    answer = admin.post("/units/add/", {"name": "x" * 3_000_000})
    is_a_page(answer, 413, "This is too much at once", "send less at a time")
    many = admin.post("/units/add/", {f"name{number}": "x" for number in range(5_001)})
    is_a_page(many, 413, "This is too much at once")


def test_an_unexpected_fault_has_a_page_that_needs_no_database(admin, monkeypatch, django_assert_num_queries):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("organization.views.trail.audit.verify", fail)
    is_a_page(admin.post("/audit/verify/"), 500, "perfmgr could not do this", "Try again")

    def away(*_, **__):
        raise OperationalError

    monkeypatch.setattr("organization.views.trail.audit.verify", away)
    is_a_page(admin.post("/audit/verify/"), 503, "perfmgr is not ready")
    from doors import errors

    with django_assert_num_queries(0):
        errors.unavailable(answered := type("Request", (), {"path": "/"})())
        errors.no_room(answered)


def test_should_the_templates_be_away_too_the_words_still_come(monkeypatch):
    from doors import errors

    def fail(*_, **__):
        raise OSError("no such file")

    monkeypatch.setattr(errors, "render_to_string", fail)
    answer = errors.no_room(type("Request", (), {"path": "/"})())
    assert answer.status_code == 507
    assert "The server has no room left" in answer.content.decode()


def test_who_was_signed_out_meanwhile_is_told_so_and_keeps_the_page():
    is_a_page(Client().get("/kpis/late/rows/", headers=HTMX), 401, "You are signed out", "Sign in in another tab")
    assert Client().get("/kpis/late/rows/")["Location"] == "/accounts/login/?next=/kpis/late/rows/"
