"""What page views share: who may open them, and the objects that a person may see."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404

ROWS = 50


def page(permission: str) -> Callable:
    """Decorates a page view: signed in, and holding `permission` at some unit; otherwise sign-in or 403.

    Which objects lie behind the door, the view's queryset decides (`visible`).
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.access.anywhere(permission):
                raise PermissionDenied(f"You may not {permission} anywhere. Ask an administrator for a role that may.")
            return view(request, *args, **kwargs)

        guarded.needs = permission
        return login_required(guarded)

    return decorate


def visible(queryset, request, **lookup):
    """The one object that the person may see, or 404: missing and foreign are the same."""
    try:
        return get_object_or_404(queryset.visible_to(request.access), **lookup)
    except (ValueError, OverflowError):
        raise Http404 from None


def require(request, permission: str, unit) -> None:
    """Raise PermissionDenied unless the person holds `permission` at `unit`."""
    if not request.access.allows(permission, unit):
        raise PermissionDenied(f"You may not {permission} here. Ask an administrator of this unit.")


def paged(request, rows, size: int = ROWS) -> Page:
    """The page of `rows` that `?page=` asks for; the nearest one if there is none such."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
