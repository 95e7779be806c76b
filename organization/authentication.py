"""Who calls: a token in the Authorization header, or a browser's session."""

import hashlib
import re
from datetime import timedelta

import structlog
from django.utils import timezone
from rest_framework import authentication, exceptions

from .access import access_of
from .models import ApiToken

USED_EVERY = timedelta(minutes=1)
PREFIX = re.compile(r"pm_([0-9a-f]{8})_")  # what may be written down of a token
log = structlog.get_logger(__name__)


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer pm_<prefix>_<secret>`. Only the hash is kept. Never taken from the address."""

    keyword = "Bearer"

    def authenticate(self, request):
        scheme, _, secret = authentication.get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = timezone.now()
        digest = hashlib.sha256(secret.strip().encode()).hexdigest()
        token = ApiToken.objects.usable(now).select_related("user").filter(digest=digest).first()
        if token is None:
            given = PREFIX.match(secret.strip())
            log.warning("token_refused", token=given[1] if given else "", path=request.path)
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked. Ask for a new one.")
        structlog.contextvars.bind_contextvars(token=token.prefix)  # on every line that this request logs
        if not token.last_used_at or now - token.last_used_at > USED_EVERY:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        request._request.access = access_of(token.user, now.date(), token)
        return token.user, token

    def authenticate_header(self, request):
        return self.keyword


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in browser; changes need the CSRF token."""

    def authenticate_header(self, request):
        return "Bearer"
