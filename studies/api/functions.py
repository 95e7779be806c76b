"""Every function of `analytics/` at an address of its own, described and called by the registry."""

from __future__ import annotations

import logging
import re
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from doors.problems import Problem
from doors.schema import DescribedSchema
from doors.throttles import AnalysisThrottle
from doors.viewsets import ScopedViewSet
from organization.access import VIEW
from studies import functions, limited
from studies.functions.calls import result_schema
from studies.models import Study

log = logging.getLogger(__name__)
JSON = "application/json"
FAMILY = {
    "type": "object",
    "properties": {
        "family": {"type": "string"},
        "words": {"type": "string"},
        "functions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **dict.fromkeys(("function", "address", "summary"), {"type": "string"}),
                    "parameters": {"type": "object", "description": "A JSON schema.", "additionalProperties": True},
                },
                "required": ["function", "address", "summary", "parameters"],
            },
        },
    },
    "required": ["family", "words", "functions"],
}


class FunctionSchema(DescribedSchema):
    """Reads summary, parameters and result of an operation off the function's signature."""

    @property
    def function(self) -> functions.Function:
        return self.view.function

    def get_operation_id(self) -> str:
        return f"analysis_{self.function.family}_{self.function.name}"

    def get_tags(self) -> list[str]:
        return ["analysis"]

    def get_summary(self) -> str:
        return self.function.summary

    def get_description(self) -> str:
        return self.function.description

    def get_request_serializer(self) -> dict[str, Any]:
        return {JSON: parameters_schema(self.function)}

    def get_response_serializers(self) -> dict[Any, Any]:
        result = result_schema(self.function.result_hint)
        body = {"type": "object", "properties": {"result": result}, "required": ["result"]}
        return {(200, JSON): body}


def parameters_schema(function: functions.Function) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {parameter.name: parameter.schema for parameter in function.parameters},
        "additionalProperties": False,
    }
    required = [parameter.name for parameter in function.parameters if parameter.is_required]
    return {**schema, "required": required} if required else schema


class FunctionViewSet(ScopedViewSet):
    """One function. The queryset is empty: a function knows the caller's numbers and no rows."""

    queryset = Study.objects.none()
    pagination_class = None
    filter_backends = ()
    needs = {"read": VIEW, "write": VIEW}
    by_reading = frozenset({"create"})
    throttle_classes = [AnalysisThrottle]
    schema = FunctionSchema()
    function: functions.Function | None = None

    def create(self, request):
        if not isinstance(request.data, dict):
            raise ValidationError("Write an object of parameters in braces.")
        try:
            result = limited.answer(self.function.family, self.function.name, request.data)
        except Exception as fault:  # the expected ones are told, all others are raised again
            raise as_problem(self.function, fault) from fault
        return Response({"result": result})


class IndexViewSet(ScopedViewSet):
    """The functions with their parameters."""

    queryset = Study.objects.none()
    pagination_class = None
    filter_backends = ()
    needs = {"read": VIEW}

    @extend_schema(operation_id="analysis_index", tags=["analysis"], responses={(200, JSON): FAMILY})
    def list(self, request):
        """Every function by family, with the JSON schema of what it takes."""
        return Response([_family(name, held) for name, held in functions.FAMILIES.items()])


def _family(name: str, family) -> dict[str, Any]:
    held = [function for function in functions.every() if function.family == name]
    return {
        "family": name,
        "words": family.words,
        "functions": [
            {
                "function": function.name,
                "address": f"/api/v1/analysis/{function.path}/",
                "summary": function.summary,
                "parameters": parameters_schema(function),
            }
            for function in held
        ],
    }


def as_problem(function: functions.Function, fault: Exception) -> Exception:
    """400 for what cannot be read, 422 for numbers that have no answer, each naming the parameter."""
    from analytics.inputs import BadInput

    if isinstance(fault, functions.Unreadable):
        return ValidationError({fault.place or "non_field_errors": fault.words}, code="unreadable")
    if isinstance(fault, limited.TooMuch):
        return Problem(422, "needs_too_much", str(fault))
    if isinstance(fault, BadInput):
        code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(fault).__name__).lower()
        parameter = functions.parameter_of(function, fault)
        error = {"field": parameter, "code": code, "message": str(fault)}
        return Problem(422, code, str(fault), parameter=parameter, errors=[error])
    if isinstance(fault, ValueError | ArithmeticError | LookupError):  # of a library below, such as an unknown zone
        log.warning("%s has no answer: %r", function.path, fault)
        return Problem(422, "no_answer", f"These values have no answer: {fault}")
    return fault
