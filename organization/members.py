"""Who holds which role where: granting, changing, ending; and taking a person out altogether."""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q

from . import audit, tokens
from .changes import set_fields
from .models import Membership, Role, Unit, UnitPlacement, User


class LastAdministrator(Exception):
    """Nobody would be left to administer the whole organisation: name another administrator first."""


class RoleRefused(Exception):
    """The role is held already, or its days run backwards."""


@transaction.atomic
def grant(*, user: User, unit: Unit, role: str, from_day: date, by, until: date | None = None) -> Membership:
    """Let `user` hold `role` at `unit` and below from `from_day` up to, not including, `until`. Raises RoleRefused."""
    _lock_roles()
    if role not in Role.values:
        raise RoleRefused(f"{role!r} is not a role: choose from {', '.join(Role.values)}.")
    if until and until <= from_day:
        raise RoleRefused(f"The role would end on {until}, before it starts on {from_day}.")
    held = Membership.objects.filter(user=user, unit=unit, role=role).filter(
        Q(valid_to=None) | Q(valid_to__gt=from_day)
    )
    if held.filter(valid_from__lt=until or date.max).exists():
        raise RoleRefused(f"{user} is {Role(role).label} of {unit} in these days already.")
    membership = Membership.objects.create(user=user, unit=unit, role=role, valid_from=from_day, valid_to=until)
    audit.record(by, "role granted", membership, unit=unit, role=role, from_day=from_day, until=until)
    return membership


def keep_administered(tops: Iterable[Unit], *, from_day: date, by: User | None) -> None:
    """Who administers the whole organisation goes on doing so when `by`, one of them, gives it further tops.

    They administer `tops` too from `from_day` on; else nobody would, and nobody the whole. On the server, `by` is None:
    who acts there names the administrator.
    """
    new = list(tops) if by else []
    if not new:
        return
    placed = UnitPlacement.objects.filter(parent=None, valid_to=None).exclude(unit__in=new)
    before = set(placed.values_list("unit_id", flat=True))
    endless = Membership.objects.filter(role=Role.ADMINISTRATOR, valid_to=None, user__is_active=True)
    held: dict[int, set[int]] = {}
    for user, unit in endless.values_list("user_id", "unit_id"):
        held.setdefault(user, set()).add(unit)
    whole = User.objects.filter(pk__in=[user for user, units in held.items() if before and before <= units])
    for user in whole.order_by("pk"):
        for top in new:
            if top.pk not in held[user.pk]:
                grant(user=user, unit=top, role=Role.ADMINISTRATOR, from_day=from_day, by=by)


@transaction.atomic
def end(membership: Membership, *, on: date, by) -> None:
    """The role is not held from `on` on. Raises LastAdministrator; ending twice changes nothing."""
    _lock_roles()
    if membership.valid_to and membership.valid_to <= on:
        return
    _require_another_administrator(membership.user, [membership.pk], on)
    if on <= membership.valid_from:
        audit.record(by, "role withdrawn", membership, unit=membership.unit, role=membership.role)
        membership.delete()
        return
    membership.valid_to = on
    membership.save(update_fields=["valid_to"])
    audit.record(by, "role ended", membership, unit=membership.unit, role=membership.role, on=on)


@transaction.atomic
def change_role(membership: Membership, role: str, *, on: date, by) -> Membership:
    """From `on` on another role at the same unit. Raises RoleRefused, LastAdministrator."""
    if membership.role == role:
        return membership
    end(membership, on=on, by=by)
    start = max(on, membership.valid_from)
    return grant(user=membership.user, unit=membership.unit, role=role, from_day=start, by=by, until=None)


@transaction.atomic
def disable(user: User, *, now: datetime, by) -> None:
    """The person can no longer sign in; sessions and tokens are dead at their next request. The past stays."""
    _lock_roles()
    _require_another_administrator(user, user.memberships.values_list("pk", flat=True), now.date())
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        return
    user.is_active = False
    for token in user.api_tokens.filter(revoked_at=None):
        tokens.revoke(token, now=now, by=by)
    audit.record(by, "user disabled", user)


@transaction.atomic
def enable(user: User, *, by) -> None:
    """The person can sign in again; revoked tokens stay revoked."""
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        user.is_active = True
        audit.record(by, "user enabled", user)


@transaction.atomic
def add_user(*, username: str, password: str, by, first_name: str = "", last_name: str = "", email: str = "") -> User:
    """A person who can sign in but holds no role yet. Raises ValidationError for a taken name or weak password."""
    from django.contrib.auth.password_validation import validate_password

    user = User(username=username, first_name=first_name, last_name=last_name, email=email)
    try:
        validate_password(password, user)
    except ValidationError as fault:
        raise ValidationError({"password": fault.messages}) from None
    user.set_password(password)
    user.full_clean()
    user.save()
    audit.record(by, "user added", user)
    return user


@transaction.atomic
def change_profile(user: User, **values) -> None:
    """One's own name, address, time zone and theme. Raises ValidationError."""
    change = set_fields(user, values)
    user.full_clean()
    if change:
        user.save(update_fields=list(change["after"]))
        audit.record(user, "profile changed", user, fields=sorted(change["after"]))


def _require_another_administrator(user: User, leaving, day: date) -> None:
    """Somebody active must administer some top of the tree without an end."""
    endless = Membership.objects.in_force(day).filter(role=Role.ADMINISTRATOR, valid_to=None, user__is_active=True)
    at_the_top = endless.filter(unit__placements__parent=None, unit__placements__valid_to=None)
    gone = at_the_top.filter(pk__in=list(leaving))
    if gone.exists() and not at_the_top.exclude(pk__in=list(leaving)).exists():
        raise LastAdministrator(f"{user} is the last administrator: name another one first.")


def _lock_roles() -> None:
    """One change of roles at a time, so that the last two administrators cannot leave at once."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('organization.members'))")
