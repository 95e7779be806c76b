"""Gives each request its id and its day; answers 503 while the database is away, 411 to a body without length, and to a
refusal that its view did not expect with the refusal's own status."""

from datetime import date

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils import timezone

from . import bodies, conflicts, errors
from .refusals import Refusal


class SameRequest(HttpResponsePermanentRedirect):
    """308: a change that follows it stays a change. After a 301 it would come again as a GET."""

    status_code = 308


class SlashMiddleware(CommonMiddleware):
    """An address without its slash leads to the same request with it."""

    response_redirect_class = SameRequest


def today(request) -> date:
    """The day that the person looks from: `as_of` in the session, or PERFMGR_AS_OF, or the real day."""
    chosen = request.session.get("as_of") if hasattr(request, "session") else None
    try:
        return date.fromisoformat(chosen or settings.AS_OF)
    except ValueError:
        return timezone.now().date()


def is_endless(request) -> bool:
    """A body in chunks does not say how long it is; Django would take it for an empty one."""
    return "HTTP_TRANSFER_ENCODING" in request.META and not request.META.get("CONTENT_LENGTH")


def of_the_database(request, fault):
    """507 where its disk is full, else 503: it does not answer."""
    return errors.no_room(request) if conflicts.is_full(fault) else errors.unavailable(request)


class DoorMiddleware:
    """`request.day`, the day that the person looks from.

    The id under which the log knows the request goes back in `X-Request-ID`. What an answer does not say of itself:
    that it is the caller's alone, so that no cache between gives it to others.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            request.day = today(request)  # a plain date: the database driver takes no lazy one
            bodies.watch(request)
            response = errors.length_required(request) if is_endless(request) else self.get_response(request)
        except (OperationalError, InterfaceError) as fault:
            response = of_the_database(request, fault)
        if errors.is_api(request):
            response = errors.as_problem(response)
        elif response.status_code == 405 and not response.content:
            response = errors.not_for_that(request, response)
        else:
            response = errors.signed_out(request, response)
        if request_id := structlog.contextvars.get_contextvars().get("request_id"):
            response["X-Request-ID"] = request_id
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def process_exception(self, request, exception):
        if conflicts.has_lost(exception):
            try:
                return conflicts.again(request, exception)
            except conflicts.Conflict:
                return errors.conflict(request)
        if isinstance(exception, OperationalError | InterfaceError):
            return of_the_database(request, exception)
        if isinstance(exception, Refusal):
            return errors.refused(request, exception)
        return None
