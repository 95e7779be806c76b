"""Gives each request its access: what the signed-in person may do. The API narrows it by its token."""

from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from .access import access_of


class AccessMiddleware:
    """`request.access`, worked out when it is first asked for."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.access = SimpleLazyObject(lambda: access_of(request.user, timezone.now().date()))
        return self.get_response(request)
