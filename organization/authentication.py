"""Who calls: a token in the Authorization header, or a browser's session."""

import hashlib
from datetime import timedelta

from django.utils import timezone
from rest_framework import authentication, exceptions

from .access import access_of
from .models import ApiToken

USED_EVERY = timedelta(minutes=1)


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
            raise exceptions.AuthenticationFailed("The token is unknown, expired or revoked. Ask for a new one.")
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
