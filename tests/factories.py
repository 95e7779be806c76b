"""Factories make something valid; a test states only what matters to it."""

import hashlib
from datetime import UTC, date, datetime

import factory
from factory.django import DjangoModelFactory

from organization import tree
from organization.models import ApiToken, Membership, Role, Unit, UnitPlacement, User

PASSWORD = "a-password-for-tests"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user-{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.org")
    first_name = "Ada"
    last_name = factory.Sequence(lambda n: f"Lovelace {n}")

    @classmethod
    def _create(cls, model_class, *args, **values):
        return model_class.objects.create_user(password=values.pop("password", PASSWORD), **values)


class UnitFactory(DjangoModelFactory):
    """A unit that stands under `parent` (none: at the top) in all days, or from `from_day` on."""

    class Meta:
        model = Unit

    code = factory.Sequence(lambda n: f"unit-{n}")
    name = factory.LazyAttribute(lambda unit: f"Unit {unit.code}")

    @classmethod
    def _create(cls, model_class, *args, parent=None, from_day=tree.ALWAYS, **values):
        unit = model_class.objects.create(**values)
        UnitPlacement.objects.create(unit=unit, parent=parent, valid_from=from_day)
        tree.rebuild_paths([unit.pk])
        return unit


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    unit = factory.SubFactory(UnitFactory)
    role = Role.VIEWER
    valid_from = date(2020, 1, 1)


class ApiTokenFactory(DjangoModelFactory):
    """The secret to send stands in `token.secret`: `Authorization: Bearer {token.secret}`."""

    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = "a test"
    prefix = factory.Sequence(lambda n: f"{n:08d}")
    scopes = factory.LazyFunction(lambda: [ApiToken.Scope.READ])
    expires_at = datetime(2100, 1, 1, tzinfo=UTC)

    @classmethod
    def _create(cls, model_class, *args, **values):
        secret = f"pm_{values['prefix']}_{'s' * 43}"
        token = model_class.objects.create(digest=hashlib.sha256(secret.encode()).hexdigest(), **values)
        token.secret = secret
        return token


def member(role: str, unit: Unit, **user) -> User:
    """A user who holds `role` at `unit` since long ago."""
    return MembershipFactory(user=UserFactory(**user), unit=unit, role=role).user
