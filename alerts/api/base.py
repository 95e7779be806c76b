"""What this room's API views share."""

from django.core.exceptions import ValidationError as Invalid
from rest_framework import serializers
from rest_framework.response import Response

from alerts.handling import AlertOver
from doors.viewsets import ScopedViewSet


class AlertsViewSet(ScopedViewSet):
    """A view of this room: a refusal of a verb is said field by field."""

    refusals = (AlertOver,)

    def checked(self, serializer_class, **options) -> dict:
        """The request's body, as `serializer_class` reads it. Raises ValidationError."""
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context(), **options)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, thing, status: int = 200) -> Response:
        return Response(self.get_serializer(thing).data, status=status)

    def handle_exception(self, exc):
        if isinstance(exc, Invalid):
            exc = serializers.ValidationError(serializers.as_serializer_error(exc))
        return super().handle_exception(exc)
