"""What this room's views share: things named by code, scopes by unit, refusals as problem details."""

from django.db.models import ProtectedError
from django.http import Http404
from rest_framework import serializers, viewsets
from rest_framework.response import Response

from doors.problems import Problem
from doors.viewsets import ScopedViewSet
from kpis import drill, exchange, manual, rebasing, scorecards, targets, workflow
from kpis.definitions import DefinitionError, WrongState
from kpis.selectors import NotYours
from organization.access import VIEW

SPLIT = "To split it, send split_standing true: it is kept before and after."


class ScopedIdField(serializers.PrimaryKeyRelatedField):
    """The id of something of a unit that the caller may see; a foreign id reads like one that does not exist."""

    def __init__(self, unit_path: str = "unit", **options):
        self.unit_path = unit_path
        super().__init__(**options)

    def get_queryset(self):
        seen = self.context["request"].access.units(VIEW)
        return super().get_queryset().filter(**{f"{self.unit_path}__in": seen})


class KpisViewSet(ScopedViewSet):
    """A view of this room. unit_path: where a queryset without `visible_to` has its unit."""

    unit_path = ""
    refusals = (
        workflow.SecondPersonNeeded,
        WrongState,
        targets.TargetOverlap,
        scorecards.ScorecardCycle,
        drill.NoRows,
        drill.TooLong,
    )

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        if not self.unit_path:
            return super().get_queryset()
        seen = self.request.access.units(VIEW)
        return viewsets.GenericViewSet.get_queryset(self).filter(**{f"{self.unit_path}__in": seen})

    def checked(self, serializer_class, **options) -> dict:
        """The request's body, as `serializer_class` reads it. Raises ValidationError."""
        context = self.get_serializer_context()
        serializer = serializer_class(data=self.request.data, context=context, **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, thing, status: int = 200) -> Response:
        return Response(self.get_serializer(thing).data, status=status)

    def handle_exception(self, exc):
        return super().handle_exception(as_problem(exc))


def refused_definition(fault, code: str) -> Problem:
    """What is wrong with a definition, by its `faults`: the field, and in a formula the word and the one meant."""
    errors = [
        {
            "field": f.field,
            "code": code,
            "message": f.message,
            "token": f.token,
            "position": f.position,
            "suggestion": f.suggestion,
        }
        for f in fault.faults
    ]
    return Problem(400, "invalid", str(fault), errors=errors)


def refused_grid(fault: targets.GridRefused) -> Problem:
    """Every faulty cell of a grid of targets, by its row."""
    errors = [
        {
            "row": e.row,
            "field": f"targets.{e.row}.{e.column}",
            "code": "invalid",
            "message": f"{e.message} {SPLIT}" if e.can_split else e.message,
        }
        for e in fault.errors
    ]
    return Problem(400, "grid_refused", str(fault), errors=errors)


def as_problem(fault: Exception) -> Exception:
    """This room's refusals as the API says them: which field, what is wrong, what to do next."""
    match fault:
        case NotYours():
            return Http404()
        case DefinitionError():
            return refused_definition(fault, "definition")
        case workflow.PassportIncomplete():
            return Problem(409, "passport_incomplete", str(fault), gaps=fault.gaps)
        case targets.GridRefused():
            return refused_grid(fault)
        case exchange.ExchangeRefused():
            errors = [{"field": code, "code": "exchange", "message": message} for code, message in fault.faults]
            return Problem(400, "exchange_refused", str(fault), errors=errors)
        case targets.TargetOverlap():
            words = f"{fault} {SPLIT}" if fault.can_split else str(fault)
            more = {"other": fault.other.pk, "can_split": fault.can_split}
            return Problem(409, "target_overlap", words, field=fault.field, **more)
        case scorecards.ScorecardCycle():
            return Problem(409, "scorecard_cycle", str(fault), field=fault.field, path=fault.path)
        case targets.TargetError() | scorecards.ScorecardError() | manual.EntryRefused() | rebasing.ChartRefused():
            return serializers.ValidationError({fault.field or "non_field_errors": str(fault)})
        case ProtectedError():
            return Problem(409, "still_used", "Something still hangs on it: move or remove that first.")
    return fault
