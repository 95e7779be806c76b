"""Alerts and their follow-ups."""

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from alerts import follow_ups, handling
from alerts.models import Alert, FollowUp
from doors.serializers import LoginField, StrictModelSerializer, StrictSerializer
from organization.access import DEFINE, VIEW
from organization.models import User

from .base import AlertsViewSet

BY_NAME = {"slug_field": "username", "read_only": True}


class EvidenceSerializer(serializers.Serializer):
    """A period on which the alert stands, as it was then."""

    period_start = serializers.DateField(allow_null=True)
    label = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    status = serializers.CharField()
    note = serializers.CharField()
    breach = serializers.BooleanField()


class AlertSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = serializers.SlugRelatedField("code", read_only=True)
    acknowledged_by = serializers.SlugRelatedField(**BY_NAME)
    resolved_by = serializers.SlugRelatedField(**BY_NAME)
    snoozed_by = serializers.SlugRelatedField(**BY_NAME)
    evidence = EvidenceSerializer(many=True, read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id", "rule", "kpi", "unit", "dimension", "member", "grain", "period_start", "summary", "evidence", "state",
            "opened_at", "reopened", "acknowledged_at", "acknowledged_by", "note", "snoozed_until", "snoozed_by",
            "resolved_at", "resolved_by", "reason", "url",
        )  # fmt: skip


class Acknowledgement(StrictSerializer):
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class Snooze(StrictSerializer):
    until = serializers.DateTimeField()

    def validate_until(self, until):
        if until <= timezone.now():
            raise serializers.ValidationError("A snooze ends in the future.")
        return until


class Resolution(StrictSerializer):
    reason = serializers.CharField(max_length=1000)


class FollowUpSerializer(StrictModelSerializer):
    owner = LoginField(queryset=User.objects.filter(is_active=True), help_text="Log-in name of who is to do it.")
    created_by = serializers.SlugRelatedField(**BY_NAME)
    done_by = serializers.SlugRelatedField(**BY_NAME)

    class Meta:
        model = FollowUp
        fields = (
            "id", "alert", "owner", "due_date", "note", "created_by", "created_at", "done_at", "done_by", "outcome",
        )  # fmt: skip
        read_only_fields = ("alert", "created_at", "done_at", "outcome")


class Outcome(StrictSerializer):
    outcome = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, AlertsViewSet):
    """What the rules found; the newest first."""

    queryset = Alert.objects.select_related("rule", "kpi", "unit", "acknowledged_by", "resolved_by", "snoozed_by")
    serializer_class = AlertSerializer
    filterset_fields = {
        "state": ["exact"],
        "rule": ["exact"],
        "kpi__code": ["exact"],
        "unit__code": ["exact"],
        "opened_at": ["gte", "lt"],
    }
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(request=Acknowledgement, responses=AlertSerializer)
    @action(methods=["post"], detail=True)
    def acknowledge(self, request, pk):
        values = self.checked(Acknowledgement)
        return self.answer(handling.acknowledge(self._mine(), by=request.user, now=timezone.now(), **values))

    @extend_schema(request=Snooze, responses=AlertSerializer)
    @action(methods=["post"], detail=True)
    def snooze(self, request, pk):
        values = self.checked(Snooze)
        return self.answer(handling.snooze(self._mine(), by=request.user, now=timezone.now(), **values))

    @extend_schema(request=Resolution, responses=AlertSerializer)
    @action(methods=["post"], detail=True)
    def resolve(self, request, pk):
        values = self.checked(Resolution)
        return self.answer(handling.resolve(self._mine(), by=request.user, now=timezone.now(), **values))

    @extend_schema(request=FollowUpSerializer, responses={201: FollowUpSerializer})
    @action(methods=["post"], detail=True, url_path="follow-ups")
    def follow_ups(self, request, pk):
        """Ask somebody to do something about it."""
        values, alert = self.checked(FollowUpSerializer), self._mine()
        made = follow_ups.open_follow_up(alert, by=request.user, now=timezone.now(), **values)
        return Response(FollowUpSerializer(made).data, status=201)

    def _mine(self) -> Alert:
        alert = self.get_object()
        self.require(DEFINE, alert.unit)
        return alert


class FollowUpFilter(django_filters.FilterSet):
    is_done = django_filters.BooleanFilter(
        field_name="done_at", lookup_expr="isnull", exclude=True, help_text="Those that are done (true), or not."
    )

    class Meta:
        model = FollowUp
        fields = {"alert": ["exact"], "owner__username": ["exact"], "due_date": ["gte", "lt"]}


class FollowUpViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, AlertsViewSet):
    """What is done about alerts."""

    queryset = FollowUp.objects.select_related("alert__unit", "alert__rule", "owner", "created_by", "done_by")
    serializer_class = FollowUpSerializer
    filterset_class = FollowUpFilter
    needs = {"read": VIEW, "write": DEFINE, "done": VIEW}

    @extend_schema(request=Outcome, responses=FollowUpSerializer)
    @action(methods=["post"], detail=True)
    def done(self, request, pk):
        """For its owner, and for who handles alerts at its unit."""
        found, values = self.get_object(), self.checked(Outcome)
        if found.owner_id != request.user.pk:
            self.require(DEFINE, found.alert.unit)
        return self.answer(follow_ups.finish(found, by=request.user, now=timezone.now(), **values))

    @extend_schema(request=None, responses=FollowUpSerializer)
    @action(methods=["post"], detail=True)
    def reopen(self, request, pk):
        found = self.get_object()
        self.require(DEFINE, found.alert.unit)
        return self.answer(follow_ups.reopen(found, by=request.user))
