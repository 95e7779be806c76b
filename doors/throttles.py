"""How often one token or session may call."""

import logging

from redis.exceptions import RedisError
from rest_framework.throttling import UserRateThrottle

log = logging.getLogger(__name__)


class TokenThrottle(UserRateThrottle):
    """Counts in the cache. While that is away, calls are let through: the database still holds every rule."""

    scope = "token"

    def allow_request(self, request, view):
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as fault:
            log.warning("calls are not counted: the cache does not answer (%s)", fault)
            return True

    def get_cache_key(self, request, view):
        caller = request.auth.prefix if getattr(request, "auth", None) else request.user.pk or self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": caller}


class UploadThrottle(TokenThrottle):
    scope = "upload"


class PreviewThrottle(TokenThrottle):
    scope = "preview"


class AnalysisThrottle(TokenThrottle):
    scope = "analysis"
