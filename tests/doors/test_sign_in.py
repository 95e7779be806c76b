"""Signing in, staying in and being put out: B24, B25, B26, B29, B30."""

from datetime import UTC, datetime

import pytest
import structlog
from django.contrib.auth.password_validation import validate_password
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from organization import members, tokens
from organization.models import ApiToken, Role
from tests.factories import PASSWORD, ApiTokenFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db
LIMITS = {"login_failed": "5/m/key,20/m/ip", "reset_password": "3/h/key,20/h/ip"}
LOGIN = "/accounts/login/"


@pytest.fixture
def limits(settings):
    settings.ACCOUNT_RATE_LIMITS = LIMITS
    cache.clear()
    yield
    cache.clear()


def sign_in(name, password, **options):
    return Client(**options).post(LOGIN, {"login": name, "password": password})


def words(response, name):
    """The page without what differs in any case: the name that was typed, and the form's token."""
    import re

    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode()).replace(name, "NAME")
    return re.sub(r'nonce="[^"]*"', "", page)


def test_b24_an_account_is_throttled_whatever_the_address_it_is_tried_from(limits):
    UserFactory(username="ada")
    for attempt in range(5):
        assert "throttled" not in sign_in("ada", "wrong", REMOTE_ADDR=f"10.0.0.{attempt}").content.decode().lower()
    answer = sign_in("ada", PASSWORD, REMOTE_ADDR="10.0.0.99")
    assert "_auth_user_id" not in answer.client.session
    assert "too many" in answer.content.decode().lower()


def test_b24_an_address_is_throttled_whatever_accounts_it_tries(limits):
    UserFactory(username="ada")
    for attempt in range(20):
        sign_in(f"guess-{attempt}", "wrong")
    answer = sign_in("ada", PASSWORD)
    assert "_auth_user_id" not in answer.client.session


def test_b24_the_admin_has_no_form_of_its_own_to_guess_at():
    UserFactory(username="ada", is_staff=True)
    answer = Client().post("/admin/login/?next=/admin/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    assert "_auth_user_id" not in answer.client.session


def test_b24_an_unknown_account_answers_like_a_known_one(limits):
    UserFactory(username="ada")
    for _ in range(6):  # the sixth is throttled, for both
        known, unknown = sign_in("ada", "wrong"), sign_in("eve", "wrong")
        assert known.status_code == unknown.status_code
        assert words(known, "ada") == words(unknown, "eve")


def test_b24_an_unknown_account_costs_as_much_work_as_a_known_one(monkeypatch):
    from django.contrib.auth.hashers import get_hasher

    hashed = []
    hasher = type(get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(hasher, "encode", lambda self, *args: hashed.append(1) or encode(self, *args))
    UserFactory(username="ada")
    hashed.clear()
    sign_in("ada", "wrong")
    known = len(hashed)
    sign_in("eve", "wrong")
    assert (known, len(hashed)) == (1, 2)


def test_b24_a_reset_answers_the_same_for_an_unknown_address():
    UserFactory(username="ada", email="ada@example.org")
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}) for email in ("ada@example.org", "eve@example.org")
    ]
    assert len({(answer.status_code, answer.get("Location")) for answer in answers}) == 1


def test_b25_a_forged_forwarded_address_does_not_change_whom_the_throttle_counts(limits):
    for attempt in range(20):
        sign_in(f"guess-{attempt}", "wrong", HTTP_X_FORWARDED_FOR=f"1.2.3.{attempt}", HTTP_X_REAL_IP="9.9.9.9")
    UserFactory(username="ada")
    assert "_auth_user_id" not in sign_in("ada", PASSWORD, HTTP_X_FORWARDED_FOR="5.6.7.8").client.session


def test_b25_a_forged_host_is_refused_and_a_forwarded_one_ignored():
    UserFactory(username="ada", email="ada@example.org")
    data = {"email": "ada@example.org"}
    assert Client().post("/accounts/password/reset/", data, headers={"Host": "evil.example"}).status_code == 400
    Client().post("/accounts/password/reset/", data, headers={"X-Forwarded-Host": "evil.example"})
    assert len(mail.outbox) == 1
    assert "evil.example" not in mail.outbox[0].body
    assert "http://testserver/accounts/password/reset/key/" in mail.outbox[0].body


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "application/x-www-form-urlencoded"])
def test_b26_a_change_with_the_cookie_alone_is_refused(content_type):
    unit = UnitFactory()
    client = Client(enforce_csrf_checks=True)
    client.force_login(member(Role.ADMINISTRATOR, unit))
    for method, path in (("post", f"/api/v1/units/{unit.pk}/close/"), ("post", f"/units/{unit.pk}/close/")):
        answer = getattr(client, method)(path, '{"from_day": "2025-01-01"}', content_type=content_type)
        assert answer.status_code == 403
    unit.refresh_from_db()
    assert unit.is_active


def call(secret, path="/api/v1/units/", **options):
    return Client().get(path, headers={"Authorization": f"Bearer {secret}"}, **options)


@pytest.fixture
def token():
    return ApiTokenFactory(user=member(Role.ANALYST, UnitFactory()))


def test_a_good_token_is_let_in_and_its_use_is_noted(token):
    assert call(token.secret).status_code == 200
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_b29_an_expired_token_is_refused(token):
    ApiToken.objects.update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    answer = call(token.secret)
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_b29_a_revoked_token_is_refused(token):
    tokens.revoke(token, now=timezone.now(), by=None)
    assert call(token.secret).status_code == 401


@pytest.mark.parametrize("secret", ["", "x", "pm_00000000_wrong", "\xff", "pm_" + "a" * 5000])
def test_b29_an_unknown_token_is_refused(token, secret):
    assert call(secret).status_code == 401


def test_b29_a_token_of_another_scope_is_refused():
    unit = UnitFactory()
    only_upload = ApiTokenFactory(user=member(Role.ADMINISTRATOR, unit), scopes=["upload"])
    assert call(only_upload.secret).status_code == 403
    only_read = ApiTokenFactory(user=member(Role.ADMINISTRATOR, unit), scopes=["read"])
    answer = Client().patch(
        f"/api/v1/units/{unit.pk}/",
        {"name": "x"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {only_read.secret}"},
    )
    assert answer.status_code == 403


def test_b29_each_use_and_each_refusal_is_logged_by_prefix_and_never_with_the_secret(token):
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        call(token.secret)
        tokens.revoke(token, now=timezone.now(), by=None)
        call(token.secret)
        call("pm_nonsense")
    used = [line for line in lines if line["event"] == "request_finished"]
    refused = [line for line in lines if line["event"] == "token_refused"]
    assert (used[0]["token"], used[0]["code"]) == (token.prefix, 200)
    assert [line["token"] for line in refused] == [token.prefix, ""]
    assert token.secret not in str(lines) and token.secret.rpartition("_")[2] not in str(lines)


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "Authorization"])
def test_b29_a_token_in_the_address_is_never_taken(token, name):
    assert Client().get("/api/v1/units/", {name: token.secret}).status_code == 401


def test_b29_a_token_does_not_open_pages(token):
    assert call(token.secret, "/units/").status_code == 302


def test_b29_a_token_cannot_make_a_token(token):
    answer = Client().post(
        "/api/v1/tokens/",
        {"name": "more", "scopes": ["administer"]},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token.secret}"},
    )
    assert answer.status_code in (403, 409)
    assert ApiToken.objects.count() == 1


def test_b30_session_and_token_of_a_disabled_user_are_dead_at_the_next_request(token):
    browser = Client()
    browser.force_login(token.user)
    assert browser.get("/units/").status_code == call(token.secret).status_code == 200
    members.disable(token.user, now=timezone.now(), by=None)
    assert browser.get("/units/").status_code == 302
    assert call(token.secret).status_code == 401


def test_b30_a_role_that_ended_counts_no_more_at_the_next_request(token):
    browser = Client()
    browser.force_login(token.user)
    members.end(token.user.memberships.get(), on=timezone.now().date(), by=None)
    assert browser.get("/units/").status_code == 403
    assert call(token.secret).status_code == 403


def test_signing_in_and_out_by_the_pages():
    member(Role.VIEWER, UnitFactory(), username="ada")
    client = Client()
    assert client.post(LOGIN, {"login": "ada", "password": PASSWORD}).status_code == 302
    assert client.get("/units/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/units/").status_code == 302


@pytest.mark.parametrize("is_demo", [True, False])
def test_the_demo_s_password_opens_nothing_outside_the_demo(settings, is_demo):
    settings.DEMO = is_demo
    for name in ("admin", "vera"):
        UserFactory(username=name, password=settings.DEMO_PASSWORD)
    assert Client().login(username="vera", password=settings.DEMO_PASSWORD) is is_demo
    assert sign_in("admin", settings.DEMO_PASSWORD).status_code == (302 if is_demo else 200)
    with pytest.raises(ValidationError, match="which everybody knows"):
        validate_password(settings.DEMO_PASSWORD)


def test_nobody_signs_up_by_themselves():
    answer = Client().post(
        "/accounts/signup/", {"username": "eve", "password1": PASSWORD, "password2": PASSWORD, "email": "e@example.org"}
    )
    assert answer.status_code in (200, 403, 404)
    assert Client().login(username="eve", password=PASSWORD) is False


@pytest.mark.parametrize(
    "path",
    ["/accounts/password/change/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/reauthenticate/"],
)
def test_password_and_second_factor_pages_are_reachable(path):
    client = Client()
    client.post(LOGIN, {"login": UserFactory(username="ada").username, "password": PASSWORD})
    answer = client.get(path, follow=True)
    assert answer.status_code == 200
    assert b"/static/css/" in answer.content
