"""Errors of the API as problem details (RFC 9457): code, field and next step in plain words."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"


class Problem(exceptions.APIException):
    """An expected refusal with its status, code and words; `extra` members stand beside them."""

    def __init__(self, status_code: int, code: str, detail: str, **extra):
        self.status_code, self.extra = status_code, extra
        super().__init__(detail, code)


def handler(fault: Exception, context: dict) -> Response | None:
    """DRF's exception handler: every expected error becomes problem details; others stay errors that are seen."""
    if isinstance(fault, ValidationError):
        fault = exceptions.ValidationError(getattr(fault, "message_dict", None) or fault.messages)
    if isinstance(fault, Http404):
        fault = exceptions.NotFound("There is no such thing, or it is not yours to see.")
    if isinstance(fault, PermissionDenied):
        fault = exceptions.PermissionDenied()
    answer = exception_handler(fault, context)
    if answer is None:
        return None
    answer.data = _details(fault, answer)
    answer.content_type = MEDIA_TYPE
    return answer


def _details(fault: exceptions.APIException, answer: Response) -> dict:
    title = status.HTTP_STATUS_TITLES.get(answer.status_code, "") if hasattr(status, "HTTP_STATUS_TITLES") else ""
    code = getattr(fault, "default_code", "error")
    details = {
        "type": "about:blank",
        "title": title or code.replace("_", " ").capitalize(),
        "status": answer.status_code,
    }
    if isinstance(fault, exceptions.ValidationError):
        errors = list(_field_errors(fault.get_full_details()))
        return {**details, "code": "invalid", "detail": " ".join(e["message"] for e in errors[:3]), "errors": errors}
    codes = fault.get_codes()
    details.update(code=codes if isinstance(codes, str) else code, detail=str(fault.detail))
    return {**details, **getattr(fault, "extra", {})}


def _field_errors(details, path: str = ""):
    """Flatten DRF's nested details to {field, code, message}; a field's path has dots, as in `columns.2.name`."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        field = path.removesuffix(".non_field_errors").removesuffix("non_field_errors")
        yield {"field": field, "code": details["code"], "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            yield from _field_errors(inner, f"{path}.{name}" if path else str(name))
    else:
        for position, inner in enumerate(details):
            nested = isinstance(inner, dict) and set(inner) != {"message", "code"}
            yield from _field_errors(inner, f"{path}.{position}" if nested and path else path)
