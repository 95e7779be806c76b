"""The audit trail, read only."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.pagination import CursorPages
from doors.serializers import StrictModelSerializer
from doors.viewsets import ScopedReadViewSet
from organization import audit
from organization.access import AUDIT
from organization.models import AuditEntry


class AuditEntrySerializer(StrictModelSerializer):
    class Meta:
        model = AuditEntry
        fields = (
            "seq", "at", "actor", "actor_name", "action", "unit", "object_type", "object_id", "object_name", "details",
            "hash",
        )  # fmt: skip


class TrailVerdictSerializer(serializers.Serializer):
    entries = serializers.IntegerField()
    holds = serializers.BooleanField()
    fault = serializers.CharField()


class NewestFirst(CursorPages):
    ordering = "-seq"


class AuditViewSet(ScopedReadViewSet):
    """Who changed what, newest first."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    filterset_fields = {
        "action": ["exact"],
        "unit": ["exact"],
        "object_type": ["exact"],
        "object_id": ["exact"],
        "at": ["gte", "lt"],
    }
    pagination_class = NewestFirst
    lookup_field = "seq"
    lookup_value_regex = "[0-9]{1,18}"
    needs = {"read": AUDIT, "write": AUDIT}
    by_reading = frozenset({"verify"})

    @extend_schema(request=None, responses=TrailVerdictSerializer)
    @action(methods=["post"], detail=False)
    def verify(self, request):
        """Walk the whole chain and say whether it holds."""
        verdict = audit.verify()
        return Response({"entries": verdict.entries, "holds": not verdict.fault, "fault": verdict.fault})
