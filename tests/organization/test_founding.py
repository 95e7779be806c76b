"""An installation without the demo: its first administrator and the top of its tree come from the server."""

import io
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from organization import audit
from organization.access import ADMINISTER, access_of
from organization.models import Membership, Unit, User
from tests.factories import PASSWORD, UnitFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def typed(monkeypatch):
    """What comes in by the pipe."""

    def type_in(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


def test_an_empty_installation_gets_an_administrator_who_can_sign_in_and_build_the_tree(client, typed):
    typed(f"{PASSWORD}\n")
    call_command("create_administrator", "ada", unit="ACME", unit_name="Acme Ltd", stdout=io.StringIO())
    assert client.login(username="ada", password=PASSWORD)
    assert client.post("/units/add/", {"code": "A", "name": "Unit A", "kind": "team"}).status_code == 302
    assert set(Unit.objects.values_list("code", flat=True)) == {"ACME", "A"}
    assert audit.verify().fault == ""


def test_somebody_who_is_there_gets_the_role_without_a_new_password(typed):
    user, unit = UserFactory(), UnitFactory()
    typed("")
    call_command("create_administrator", user.username, unit=unit.code, stdout=io.StringIO())
    assert access_of(user, date(2025, 1, 1)).allows(ADMINISTER, unit)
    with pytest.raises(CommandError, match="already"):
        call_command("create_administrator", user.username, unit=unit.code)


@pytest.mark.parametrize(
    ("piped", "unit_name", "fault"),
    [("", "Acme", "needs a password"), ("short\n", "Acme", "too short"), (f"{PASSWORD}\n", "", "is called")],
)
def test_what_is_missing_is_said_and_nothing_is_made(typed, piped, unit_name, fault):
    typed(piped)
    with pytest.raises(CommandError, match=fault):
        call_command("create_administrator", "ada", unit="ACME", unit_name=unit_name)
    assert not User.objects.exists() and not Unit.objects.exists() and not Membership.objects.exists()
