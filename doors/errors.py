"""Error pages: thing, fault, next step."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render


def csrf_failure(request, reason=""):
    return render(
        request, "403.html", {"fault": "The form was open for too long or came from another site."}, status=403
    )


def unavailable(request) -> HttpResponse:
    """The database does not answer. Nothing was changed; try again soon."""
    if request.path.startswith("/api/"):
        answer = JsonResponse(
            {
                "type": "about:blank",
                "title": "Service unavailable",
                "status": 503,
                "code": "unavailable",
                "detail": "The database does not answer just now. Nothing was changed; try again in a few seconds.",
            },
            status=503,
            content_type="application/problem+json",
        )
    else:
        answer = HttpResponse(_PLAIN_PAGE, status=503)
    answer["Retry-After"] = "5"
    return answer


_PLAIN_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>perfmgr is not ready</title>
<meta name="viewport" content="width=device-width"><h1>perfmgr is not ready</h1>
<p>The database does not answer just now. Nothing was changed. Try again in a few seconds.</p></html>"""
