"""Error pages: thing, fault, next step. Under /api/ the same as problem details."""

import logging
import sys
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from redis.exceptions import ConnectionError as QueueAway

from . import bodies
from .problems import FULL, MEDIA_TYPE, is_full
from .refusals import Refusal

log = logging.getLogger(__name__)
AWAY = "The database does not answer just now. Nothing was changed; try again in a few seconds."
BROKEN = "Not all of it arrived; nothing was stored. Check the connection and send it again."
CONFLICT = "Others changed the same things at the same moment. Nothing was changed: look again, then repeat it."
OUT = "The session has ended, or somebody signed out in another tab. Nothing was changed."
LENGTH = "The request does not say how long it is: send a Content-Length."
TELL = "Try again. If it happens twice, tell an administrator when, and what you did."
TOO_MUCH = "The form holds more than is taken in one request. Nothing was changed."
GO_BACK = "Go back and send less at a time: fewer rows, a shorter text, a smaller file."
DETAILS = {
    400: ("malformed", "The request cannot be understood."),
    403: ("permission_denied", "You may not do that. A browser's change needs its CSRF token."),
    404: ("not_found", "There is no such address: /api/docs/ lists them all."),
    413: ("too_large", "The request is too large: send fewer things at a time."),
    500: ("error", "Something went wrong on our side; it has been logged. Nothing was half-saved."),
}


def csrf_failure(request, reason=""):
    if bodies.broke_off(request):  # the check could not read its token
        return _page(400, "The request broke off", BROKEN)
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
    return _page(500, "perfmgr could not do this", DETAILS[500][1], next_step=TELL)


def bad_request(request, exception):
    """Django's handler400: what is too large is that, and says what to do about it."""
    if is_api(request):
        return problem(400, *DETAILS[400])  # one that is too large never comes here: see `problems.expected`
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _page(413, "This is too much at once", TOO_MUCH, next_step=GO_BACK)
    return render(request, "400.html", status=400)


def is_api(request) -> bool:
    return request.path.startswith("/api/")


def as_problem(response: HttpResponse) -> HttpResponse:
    """An error page that Django made for an address of the API, as problem details."""
    if response.status_code < 400 or "json" in response.get("Content-Type", ""):
        return response
    code, detail = DETAILS.get(response.status_code, ("error", HTTPStatus(response.status_code).phrase))
    return problem(response.status_code, code, detail)


def not_for_that(request, response: HttpResponse) -> HttpResponse:
    """405 with words: a page that only takes a form's change, opened as an address, or the reverse."""
    fault = "This address takes another kind of request: it belongs to a button or a form, and is no page of its own."
    answer = _page(405, "This is no page to open", fault, next_step="Go back, and use the page's buttons.")
    answer["Allow"] = response["Allow"]
    return answer


def signed_out(request, response: HttpResponse) -> HttpResponse:
    """401 in place of the way to sign in, where a part of a page is asked for: that page, and what was typed, stays."""
    if not getattr(request, "htmx", False) or not response.get("Location", "").startswith(resolve_url("account_login")):
        return response
    return _page(401, "You are signed out", OUT, next_step="Sign in in another tab, then load this page anew.")


def problem(status: int, code: str, detail: str, **more) -> JsonResponse:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    body |= more
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE)


def length_required(request) -> HttpResponse:
    """411: the body was sent in chunks and is not read."""
    if is_api(request):
        return problem(411, "length_required", LENGTH)
    return _page(411, "The length is missing", LENGTH)


def conflict(request) -> HttpResponse:
    """409: each attempt met a change of the same things."""
    if is_api(request):
        return problem(409, "conflict", CONFLICT)
    return _page(409, "Somebody was quicker", CONFLICT)


def refused(request, refusal: Refusal) -> HttpResponse:
    """A refusal that its view did not expect: as a problem for the API and for a part of a page, else as a page."""
    if is_api(request) or getattr(request, "htmx", False):
        words = refusal.to_dict()
        return problem(refusal.status, words.pop("code"), words.pop("message"), **words)
    return render(request, "refused.html", {"refusal": refusal}, status=refusal.status)


def no_room(request) -> HttpResponse:
    """507: the disk is full."""
    return problem(507, "disk_full", FULL) if is_api(request) else _page(507, "No room", FULL)


def unavailable(request) -> HttpResponse:
    """503: the database does not answer. Nothing was changed; try again soon."""
    answer = problem(503, "unavailable", AWAY) if is_api(request) else _page(503, "perfmgr is not ready", AWAY)
    answer["Retry-After"] = "5"
    return answer


def _page(status: int, title: str, fault: str, *, next_step: str = "") -> HttpResponse:
    """A page that asks neither the database nor the queue; a bare one should even the templates be away."""
    words = {"status": status, "title": title, "fault": fault, "next_step": next_step}
    try:
        return HttpResponse(render_to_string("fault.html", words), status=status)
    except Exception:
        log.exception("the page of a fault could not be drawn")
    return HttpResponse(
        f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width"><h1>{title}</h1><p>{fault} {next_step}</p></html>""",
        status=status,
    )
