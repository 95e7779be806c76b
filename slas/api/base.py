"""What this room's views share: things named by code, scopes by agreement, refusals as problem details."""

from rest_framework import serializers
from rest_framework.response import Response

from doors.problems import Problem
from doors.viewsets import ScopedViewSet
from kpis.api.base import refused_definition
from slas import claims, drafting, exclusions, lifecycle, openslo, periods

PERCENT = {"max_digits": 7, "decimal_places": 4}
MONEY_FIELD = {"max_digits": 18, "decimal_places": 2}


class SlasViewSet(ScopedViewSet):
    refusals = (
        drafting.WrongState,
        lifecycle.SecondPersonNeeded,
        lifecycle.ClosedPeriod,
        periods.WrongState,
        periods.SecondPersonNeeded,
        exclusions.WrongState,
        exclusions.SecondPersonNeeded,
        claims.WrongState,
        claims.SecondPersonNeeded,
        claims.DeadlinePassed,
    )

    def checked(self, serializer_class, **options) -> dict:
        """The request's body, as `serializer_class` reads it. Raises ValidationError."""
        context = self.get_serializer_context()
        serializer = serializer_class(data=self.request.data, context=context, **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def mine(self, permission: str):
        """The object of the address, at whose agreement's unit the caller holds `permission`."""
        thing = self.get_object()
        self.require(permission, getattr(thing, "agreement", thing).unit_id)
        return thing

    def answer(self, thing, status: int = 200) -> Response:
        return Response(self.get_serializer(thing).data, status=status)

    def handle_exception(self, exc):
        return super().handle_exception(as_problem(exc))


def as_problem(fault: Exception) -> Exception:
    """This room's refusals as the API says them: which field, what is wrong, what to do next."""
    match fault:
        case drafting.AgreementRefused():
            return refused_definition(fault, "agreement")
        case claims.ClaimRefused():
            return serializers.ValidationError({"amount": str(fault)})
        case openslo.NotOpenSlo():
            return Problem(400, "not_openslo", str(fault))
    return fault
