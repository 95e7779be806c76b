"""How often one token or session may call."""

from rest_framework.throttling import UserRateThrottle


class TokenThrottle(UserRateThrottle):
    scope = "token"

    def get_cache_key(self, request, view):
        caller = request.auth.prefix if getattr(request, "auth", None) else request.user.pk or self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": caller}


class UploadThrottle(TokenThrottle):
    scope = "upload"


class PreviewThrottle(TokenThrottle):
    scope = "preview"
