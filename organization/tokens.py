"""Tokens with which integrations call the API: made, shown once, revoked."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from . import audit
from .models import ApiToken, Unit, User

DEFAULT_DAYS = 90
LONGEST_DAYS = 365


class TokenRefused(Exception):
    """The token would be without scopes, with unknown ones, or live too long."""


@dataclass(frozen=True)
class NewToken:
    """A token with the secret that is shown this once; only its hash is kept."""

    token: ApiToken
    secret: str


@transaction.atomic
def create(
    *,
    user: User,
    name: str,
    scopes: Collection[str],
    now: datetime,
    by,
    days: int = DEFAULT_DAYS,
    unit: Unit | None = None,
) -> NewToken:
    """A token of `user` for `days` from `now`. It may never do more than its user; `unit` narrows it to a subtree.

    Raises TokenRefused.
    """
    if not scopes or (unknown := sorted(set(scopes) - set(ApiToken.Scope.values))):
        named = f"{', '.join(unknown)} is unknown" if scopes else "none is named"
        raise TokenRefused(f"Scopes: {named}. Choose from {', '.join(ApiToken.Scope.values)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenRefused(f"A token lives 1 to {LONGEST_DAYS} days, not {days}.")
    prefix = secrets.token_hex(4)
    secret = f"pm_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user=user,
        name=name[:100] or "unnamed",
        prefix=prefix,
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=sorted(set(scopes)),
        unit=unit,
        expires_at=now + timedelta(days=days),
    )
    audit.record(by, "token created", token, unit=unit, user=user.username, scopes=token.scopes, days=days)
    return NewToken(token, secret)


@transaction.atomic
def revoke(token: ApiToken, *, now: datetime, by) -> None:
    """Dead from the next request on. Revoking twice changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        audit.record(by, "token revoked", token, unit=token.unit, user=token.user.username)
