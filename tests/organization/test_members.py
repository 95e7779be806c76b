"""Giving, changing and ending roles; the last administrator stays; tokens are shown once and die when they should."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from organization import members, tokens, tree, unit_import
from organization.access import ADMINISTER, access_of
from organization.models import ApiToken, AuditEntry, Membership, Role, Unit
from tests.factories import MembershipFactory, UnitFactory, UserFactory, member

pytestmark = pytest.mark.django_db
DAY = date(2025, 7, 1)
NOW = datetime(2025, 7, 1, tzinfo=UTC)


def test_a_role_is_given_changed_and_ended_with_entries_in_the_trail():
    unit, user = UnitFactory(), UserFactory()
    given = members.grant(user=user, unit=unit, role=Role.VIEWER, from_day=date(2025, 1, 1), by=None)
    changed = members.change_role(given, Role.ANALYST, on=DAY, by=None)
    members.end(changed, on=date(2025, 9, 1), by=None)
    assert list(Membership.objects.order_by("valid_from").values_list("role", "valid_from", "valid_to")) == [
        ("viewer", date(2025, 1, 1), DAY),
        ("analyst", DAY, date(2025, 9, 1)),
    ]
    assert AuditEntry.objects.count() == 4


@pytest.mark.parametrize(("role", "until"), [("viewer", None), ("king", None), ("analyst", date(2024, 1, 1))])
def test_a_role_held_already_unknown_or_backwards_is_refused(role, until):
    held = MembershipFactory(role=Role.VIEWER)
    with pytest.raises(members.RoleRefused):
        members.grant(user=held.user, unit=held.unit, role=role, from_day=DAY, until=until, by=None)


def test_who_administers_everything_administers_a_further_top_too_and_nobody_else_does():
    top = UnitFactory(code="TOP")
    whole, second, part = (member(Role.ADMINISTRATOR, unit) for unit in (top, top, UnitFactory(code="A", parent=top)))
    member(Role.VIEWER, top)
    added = tree.add_unit(code="NEW", name="New", by=whole, from_day=DAY)
    tree.move_unit(Unit.objects.get(code="A"), None, from_day=DAY, by=whole)
    planted = unit_import.preview(b"code,name\nP,P\nQ,Q\n", DAY)
    unit_import.import_units(planted, from_day=DAY, today=DAY, by=whole)
    administered = {"TOP", "NEW", "A", "P", "Q"}
    for user, codes in ((whole, administered), (second, administered), (part, {"A"})):
        access = access_of(user, DAY)
        assert set(Unit.objects.filter(pk__in=access.units(ADMINISTER)).values_list("code", flat=True)) == codes
        assert access.everywhere(ADMINISTER) is (codes == administered)
    assert set(Membership.objects.filter(unit=added).values_list("role", "valid_from")) == {("administrator", DAY)}


def test_the_last_administrator_cannot_leave_but_one_of_two_can():
    top = UnitFactory()
    first = MembershipFactory(unit=top, role=Role.ADMINISTRATOR)
    for leave in (
        lambda: members.end(first, on=DAY, by=None),
        lambda: members.change_role(first, Role.VIEWER, on=DAY, by=None),
        lambda: members.disable(first.user, now=NOW, by=None),
    ):
        with pytest.raises(members.LastAdministrator):
            leave()
    MembershipFactory(unit=UnitFactory(parent=top), role=Role.ADMINISTRATOR)  # of a part: not enough
    with pytest.raises(members.LastAdministrator):
        members.end(first, on=DAY, by=None)
    MembershipFactory(unit=top, role=Role.ADMINISTRATOR)
    members.end(first, on=DAY, by=None)
    assert first.valid_to == DAY


def test_a_token_is_kept_as_its_hash_only():
    made = tokens.create(user=UserFactory(), name="etl", scopes=["read"], now=NOW, by=None)
    assert made.secret.startswith(f"pm_{made.token.prefix}_")
    assert made.token.digest == hashlib.sha256(made.secret.encode()).hexdigest()
    assert made.token.expires_at == NOW + timedelta(days=90)
    assert made.secret not in str(list(ApiToken.objects.values()) + list(AuditEntry.objects.values()))


@pytest.mark.parametrize(("scopes", "days"), [([], 90), (["root"], 90), (["read"], 0), (["read"], 366)])
def test_a_token_without_scope_or_end_is_refused(scopes, days):
    with pytest.raises(tokens.TokenRefused):
        tokens.create(user=UserFactory(), name="x", scopes=scopes, days=days, now=NOW, by=None)


def test_the_command_prints_the_secret_once(capsys):
    member(Role.ANALYST, UnitFactory(code="north"), username="ada")
    call_command("create_token", "ada", "--scope", "read", "--scope", "upload", "--unit", "north", "--days", "5")
    secret = capsys.readouterr().out.strip()
    token = ApiToken.objects.get(digest=hashlib.sha256(secret.encode()).hexdigest())
    assert (token.user.username, token.scopes, token.unit.code) == ("ada", ["read", "upload"], "north")
    with pytest.raises(CommandError, match="no user"):
        call_command("create_token", "nobody", "--scope", "read")
