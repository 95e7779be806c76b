"""Alert rules: the register, making and changing one, and the back-test over stored results."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from alerts import rules
from alerts.backtest import BackTest, backtest
from alerts.models import AlertRule
from alerts.words import Words
from doors.serializers import LoginField, ScopedCodeField, StrictModelSerializer
from kpis.models import Kpi
from kpis.requests import as_of_day
from kpis.selectors.readings import versions_on
from organization.access import DEFINE, VIEW
from organization.models import Unit, User

from .base import AlertsViewSet


def texts(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=200), required=False, help_text=help_text)


class AlertRuleSerializer(StrictModelSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    unit = ScopedCodeField(queryset=Unit.objects.all())
    owner = serializers.SlugRelatedField("username", read_only=True)
    people = LoginField(many=True, required=False, queryset=User.objects.filter(is_active=True))
    members = texts("Only these members of the dimension; empty: every one.")
    statuses = texts(f"Of {', '.join(rules.STATUSES)}.")
    signal_kinds = texts(f"Of {', '.join(rules.SIGNAL_KINDS)}.")
    roles = texts("Who holds them at the unit, or at the nearest unit above it.")
    limit = serializers.DecimalField(24, 6, required=False, allow_null=True, normalize_output=True)
    margin = serializers.DecimalField(24, 6, required=False, min_value=0, normalize_output=True)

    class Meta:
        model = AlertRule
        fields = (
            "id", "name", "kpi", "unit", "below", "grain", "dimension", "members", "condition", "comparator", "limit",
            "margin", "statuses", "signal_kinds", "chance_pct", "grace_hours", "times", "periods", "cool_down_hours",
            "quiet_from", "quiet_until", "by_email", "by_webhook", "people", "roles", "owner", "is_active",
            "evaluated_at", "fault",
        )  # fmt: skip
        read_only_fields = ("is_active", "evaluated_at", "fault")
        validators: list = []


class AlertRuleChange(AlertRuleSerializer):
    """What of a rule can be changed: all but its KPI."""

    class Meta(AlertRuleSerializer.Meta):
        fields = tuple(name for name in AlertRuleSerializer.Meta.fields if name != "kpi")


class RaisedSerializer(serializers.Serializer):
    unit = serializers.CharField(source="unit.code")
    member = serializers.CharField()
    period = serializers.CharField()
    found = serializers.CharField()
    until = serializers.CharField(help_text="The period that ended it; empty: it would stand today.")


class BackTestSerializer(serializers.Serializer):
    """On which stored periods the rule would have raised an alert."""

    words = serializers.CharField()
    periods = serializers.IntegerField()
    first = serializers.CharField()
    last = serializers.CharField()
    count = serializers.IntegerField()
    standing = serializers.IntegerField()
    raised = RaisedSerializer(many=True)


class RuleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, AlertsViewSet):
    """When an alert is raised on a KPI, and who is told."""

    queryset = AlertRule.objects.select_related("kpi__unit", "unit", "owner").prefetch_related("people")
    serializer_class = AlertRuleSerializer
    filterset_fields = {
        "kpi__code": ["exact"],
        "unit__code": ["exact"],
        "condition": ["exact"],
        "is_active": ["exact"],
    }
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(responses={201: AlertRuleSerializer})
    def create(self, request):
        values = self.checked(AlertRuleSerializer)
        self.require(DEFINE, values["unit"])
        values.setdefault("people", [])
        return self.answer(rules.define_rule(by=request.user, now=timezone.now(), **values), 201)

    @extend_schema(request=AlertRuleChange, responses=AlertRuleSerializer)
    def partial_update(self, request, pk):
        rule, values = self._mine(), self.checked(AlertRuleChange, partial=True)
        if "unit" in values:
            self.require(DEFINE, values["unit"])
        return self.answer(rules.change_rule(rule, by=request.user, now=timezone.now(), **values))

    @extend_schema(request=None, responses=AlertRuleSerializer)
    @action(methods=["post"], detail=True, url_path="switch-off")
    def switch_off(self, request, pk):
        """The rule looks no more; its standing alerts are over."""
        return self.answer(rules.switch(self._mine(), on=False, by=request.user, now=timezone.now()))

    @extend_schema(request=None, responses=AlertRuleSerializer)
    @action(methods=["post"], detail=True, url_path="switch-on")
    def switch_on(self, request, pk):
        return self.answer(rules.switch(self._mine(), on=True, by=request.user, now=timezone.now()))

    @extend_schema(responses=BackTestSerializer)
    @action(methods=["get"], detail=True)
    def backtest(self, request, pk):
        """On which stored periods this rule would have raised an alert."""
        return self._tested(backtest(self.get_object(), day=as_of_day(), now=timezone.now()))

    @extend_schema(request=AlertRuleSerializer, responses=BackTestSerializer)
    @action(methods=["post"], detail=False)
    def preview(self, request):
        """The same for a rule that is not kept."""
        values = self.checked(AlertRuleSerializer)
        self.require(DEFINE, values["unit"])
        values.pop("people", None)
        draft = rules.draft_of(values.pop("kpi"), values, owner=request.user, day=request.day)
        return self._tested(backtest(draft, day=as_of_day(), now=timezone.now()))

    @extend_schema(responses={200: {"type": "object", "properties": {"words": {"type": "string"}}}})
    @action(methods=["get"], detail=True)
    def words(self, request, pk):
        """The rule as a sentence."""
        rule = self.get_object()
        version = versions_on([rule.kpi_id], request.day).get(rule.kpi_id)
        return Response({"words": Words(rule, version, request.day).rule_in_words()})

    def _tested(self, tested: BackTest) -> Response:
        return Response(BackTestSerializer(tested).data)

    def _mine(self) -> AlertRule:
        rule = self.get_object()
        self.require(DEFINE, rule.unit)
        return rule
