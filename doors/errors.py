"""Error pages: thing, fault, next step. Under /api/ the same as problem details."""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from redis.exceptions import ConnectionError as QueueAway

from . import bodies
from .problems import FULL, MEDIA_TYPE, NOT_FOUND, is_full
from .refusals import Refusal

AWAY = "The database does not answer just now. Nothing was changed; try again in a few seconds."
BROKEN = "Not all of it arrived; nothing was stored. Check the connection and send it again."
CONFLICT = "Others changed the same things at the same moment. Nothing was changed: look again, then repeat it."
LENGTH = "The request does not say how long it is: send a Content-Length."
DETAILS = {
    400: ("malformed", "The request cannot be understood."),
    403: ("permission_denied", "You may not do that. A browser's change needs its CSRF token."),
    404: ("not_found", NOT_FOUND),
    413: ("too_large", "The request is too large: send fewer things at a time."),
    500: ("error", "Something went wrong on our side; it has been logged. Nothing was half-saved."),
}


def csrf_failure(request, reason=""):
    if bodies.broke_off(request):  # the check could not read its token
        return HttpResponse(_page("The request broke off", BROKEN), status=400)
    words = {
        "title": "The form could not be taken",
        "fault": "It was open for too long, or you signed in anew, or it came from another site. Nothing changed.",
        "next_step": "Go back, load the page anew, and send it again.",
    }
    return render(request, "403.html", words, status=403)


def server_error(request):
    """Django's handler500: a server that is away is no fault of ours, wherever in the request it was met."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError | QueueAway):
        return unavailable(request)
    if is_full(sys.exc_info()[1]):
        return no_room(request)
    if is_api(request):
        return problem(500, *DETAILS[500])
    return HttpResponse(_page("Something went wrong", DETAILS[500][1]), status=500)


def is_api(request) -> bool:
    return request.path.startswith("/api/")


def as_problem(response: HttpResponse) -> HttpResponse:
    """An error page that Django made for an address of the API, as problem details."""
    if response.status_code < 400 or "json" in response.get("Content-Type", ""):
        return response
    code, detail = DETAILS.get(response.status_code, ("error", HTTPStatus(response.status_code).phrase))
    return problem(response.status_code, code, detail)


def problem(status: int, code: str, detail: str, **more) -> JsonResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    body |= more
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def length_required(request) -> HttpResponse:
    """411: the body was sent in chunks and is not read."""
    if is_api(request):
        return problem(411, "length_required", LENGTH)
    return HttpResponse(_page("The length is missing", LENGTH), status=411)


def conflict(request) -> HttpResponse:
    """409: each attempt met a change of the same things."""
    if is_api(request):
        return problem(409, "conflict", CONFLICT)
    return HttpResponse(_page("Somebody was quicker", CONFLICT), status=409)


def refused(request, refusal: Refusal) -> HttpResponse:
    """A refusal that its view did not expect: as a problem for the API and for a part of a page, else as a page."""
    if is_api(request) or getattr(request, "htmx", False):
        words = refusal.to_dict()
        return problem(refusal.status, words.pop("code"), words.pop("message"), **words)
    return render(request, "refused.html", {"refusal": refusal}, status=refusal.status)


def no_room(request) -> HttpResponse:
    """507: the disk is full."""
    return problem(507, "disk_full", FULL) if is_api(request) else HttpResponse(_page("No room", FULL), status=507)


def unavailable(request) -> HttpResponse:
    """503: the database does not answer. Nothing was changed; try again soon."""
    answer = (
        problem(503, "unavailable", AWAY)
        if is_api(request)
        else HttpResponse(_page("perfmgr is not ready", AWAY), status=503)
    )
    answer["Retry-After"] = "5"
    return answer


def _page(title: str, text: str) -> str:
    """A page that needs neither database nor templates."""
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><h1>{title}</h1><p>{text}</p></html>"""
