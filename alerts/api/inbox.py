"""One's own inbox."""

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from alerts import selectors, wishes
from alerts.models import InboxEntry
from doors.filters import PlainFilter
from organization.access import VIEW

from .base import AlertsViewSet


class InboxFilter(django_filters.FilterSet):
    is_read = django_filters.BooleanFilter(
        field_name="read_at", lookup_expr="isnull", exclude=True, help_text="Those that you have read (true), or not."
    )
    kind = PlainFilter(  # rooms above have kinds of their own: one of which nobody was told yet is a kind all the same
        field_name="notice__kind", help_text="Those of this kind, such as `alert.opened`."
    )

    class Meta:
        model = InboxEntry
        fields = {"at": ["gte", "lt"]}


class InboxSerializer(serializers.ModelSerializer):
    kind = serializers.CharField(source="notice.kind")
    subject = serializers.CharField(source="notice.subject")
    text = serializers.CharField(source="notice.text")
    link = serializers.CharField(source="notice.link")
    unit = serializers.CharField(source="notice.unit.code", default=None, allow_null=True)

    class Meta:
        model = InboxEntry
        fields = ("id", "kind", "subject", "text", "link", "unit", "at", "read_at")


class CountSerializer(serializers.Serializer):
    unread = serializers.IntegerField()


class InboxViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, AlertsViewSet):
    """What the caller was told, of units that the caller may still see; the newest first."""

    queryset = InboxEntry.objects.select_related("notice__unit")
    serializer_class = InboxSerializer
    filterset_class = InboxFilter
    needs = {"read": VIEW, "write": VIEW}

    @extend_schema(responses=CountSerializer)
    @action(methods=["get"], detail=False)
    def count(self, request):
        return Response({"unread": selectors.unread_count(request.access)})

    @extend_schema(request=None, responses=InboxSerializer)
    @action(methods=["post"], detail=True)
    def read(self, request, pk):
        entry = self.get_object()
        wishes.read(entry, now=timezone.now())
        return self.answer(self.get_object())

    @extend_schema(request=None, responses=InboxSerializer)
    @action(methods=["post"], detail=True)
    def unread(self, request, pk):
        wishes.unread(self.get_object())
        return self.answer(self.get_object())

    @extend_schema(request=None, responses=CountSerializer)
    @action(methods=["post"], detail=False, url_path="read-all")
    def read_all(self, request):
        wishes.read_all(request.access, now=timezone.now())
        return Response({"unread": 0})
