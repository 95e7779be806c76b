"""Errors of the API as problem details (RFC 9457): code, field and next step in plain words."""

import errno
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import IntegrityError
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from . import bodies

MEDIA_TYPE = "application/problem+json"
NOT_FOUND = "There is no such thing, or it is not yours to see."

FULL = "The server has no room left for this; nothing was stored. Tell the administrator."


class Problem(exceptions.APIException):
    """An expected refusal with its status, code and words; `extra` members stand beside them.

    A `field` among them is named in `errors` too, where callers look for it.
    """

    def __init__(self, status_code: int, code: str, detail: str, **extra):
        if extra.get("field"):
            extra.setdefault("errors", [{"field": extra["field"], "code": code, "message": detail}])
        self.status_code, self.extra = status_code, extra
        super().__init__(detail, code)


def handler(fault: Exception, context: dict) -> Response | None:
    """DRF's exception handler: every expected error becomes problem details; others stay errors that are seen."""
    from rest_framework.views import exception_handler  # its import asks the settings for our parser, which needs us

    fault = expected(fault)
    answer = exception_handler(fault, context)
    if answer is None:
        return None
    answer.data = details_of(fault, answer.status_code)
    answer.content_type = MEDIA_TYPE
    return answer


def expected(fault: Exception) -> Exception:
    """Django's refusals as those of the API; a missing and a foreign thing read the same."""
    match fault:
        case ValidationError():
            return exceptions.ValidationError(getattr(fault, "message_dict", None) or fault.messages)
        case Http404() | exceptions.NotFound():
            return exceptions.NotFound(NOT_FOUND)
        case exceptions.NotAuthenticated():
            return reworded(fault, "Send a token: `Authorization: Bearer pm_...`. Your profile makes one.")
        case exceptions.Throttled(wait=int(seconds)):
            return reworded(fault, f"Too many calls: wait {seconds} seconds, as Retry-After says, then go on.")
        case exceptions.MethodNotAllowed():
            return reworded(fault, f"{fault} The header Allow names what this address takes.")
        case exceptions.UnsupportedMediaType():
            words = "Send JSON with `Content-Type: application/json`, a file as `multipart/form-data`."
            return reworded(fault, f"{fault} {words}")
        case exceptions.NotAcceptable():
            return reworded(fault, "Answers are JSON: send `Accept: application/json`, or no such header.")
        case PermissionDenied():
            return exceptions.PermissionDenied(str(fault) or None)
        case RequestDataTooBig():
            return Problem(413, "too_large", "The request is too large: send fewer things at a time.")
        case OSError() if is_full(fault):
            return Problem(507, "disk_full", FULL)
        case UnreadablePostError() if short := bodies.cause_of(fault):
            return Problem(400, "truncated_upload", str(short), next_step="Send it again.")
        case UnreadablePostError():
            return Problem(
                408, "too_slow", "The request came too slowly, or broke off; nothing was stored. Send it again."
            )
        case SuspiciousOperation():
            return Problem(400, "malformed", "The request has more parts or fields than are accepted.")
        case IntegrityError():
            return Problem(
                409, "conflict", "Somebody saved the same thing at the same moment, or it is still used: look again."
            )
    return fault


def reworded(fault: exceptions.APIException, words: str) -> exceptions.APIException:
    """The same fault, with what DRF noted on it for its headers, in words that name the next step."""
    fault.detail = exceptions.ErrorDetail(words, fault.get_codes())
    return fault


def is_full(fault: BaseException | None) -> bool:
    return isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def details_of(fault: exceptions.APIException, status: int) -> dict:
    """The body of the answer; `errors` names each field of a request that was not accepted."""
    details = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if isinstance(fault, exceptions.ValidationError):
        errors = list(_field_errors(fault.get_full_details()))
        words = [f"{error['field']}: {error['message']}" if error["field"] else error["message"] for error in errors]
        return {**details, "code": "invalid", "detail": " ".join(words[:3]), "errors": errors}
    codes = fault.get_codes()
    details["code"] = codes if isinstance(codes, str) else fault.default_code
    details["detail"] = str(fault.detail)
    return {**details, **getattr(fault, "extra", {})}


def _field_errors(details, path: str = ""):
    """Flatten DRF's nested details to {field, code, message}; a field's path has dots, as in `columns.2.name`."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        field = path.removesuffix("non_field_errors").removesuffix("__all__").removesuffix(".")
        yield {"field": field, "code": details["code"], "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _field_errors(inner, f"{path}.{name}" if path else str(name))
    else:
        for position, inner in enumerate(details):
            nested = isinstance(inner, dict) and set(inner) != {"message", "code"}
            yield from _field_errors(inner, f"{path}.{position}" if nested and path else path)
