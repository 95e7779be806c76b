"""Gives each request its access, what the signed-in person may do, and their clock. The API narrows the access by its
token, and answers in UTC."""

from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from .access import access_of
from .clocks import clock_of


class AccessMiddleware:
    """`request.access` and `request.clock`, worked out when they are first asked for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.access = SimpleLazyObject(lambda: access_of(request.user, timezone.now().date()))
        request.clock = SimpleLazyObject(lambda: clock_of(request.user, timezone.now().date()))
        return self.get_response(request)
