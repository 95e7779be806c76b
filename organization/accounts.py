"""Sign-in by allauth; nobody signs up by themselves, and the demo's public password opens nothing outside the demo."""

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError

log = structlog.get_logger(__name__)


class ClosedAccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request) -> bool:
        return False


class NoPublicPassword(ModelBackend):
    """A database that once held the demo keeps its log-ins: they open nothing where PERFMGR_DEMO is false."""

    def authenticate(self, request, username=None, password=None, **credentials):
        user = super().authenticate(request, username=username, password=password, **credentials)
        if user and password == settings.DEMO_PASSWORD and not settings.DEMO:
            log.warning("demo_log_in_refused", user=user.get_username(), reason="PERFMGR_DEMO is false")
            return None
        return user


class NotTheDemos:
    """A password validator: nobody chooses the demo's password."""

    def validate(self, password, user=None) -> None:
        if password == settings.DEMO_PASSWORD:
            raise ValidationError("That is the demo's password, which everybody knows: choose another.")

    def get_help_text(self) -> str:
        return "Not the demo's password."
