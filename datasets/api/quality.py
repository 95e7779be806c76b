"""Quality rules, their results, and a person's word against a failed one."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets import quality, scope
from datasets.models import QualityOverride, QualityResult, QualityRule
from doors.serializers import StrictModelSerializer, StrictSerializer
from doors.viewsets import PLAIN_LIST
from organization.access import DEFINE, VIEW

from .base import DatasetsViewSet


class RuleSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = QualityRule
        fields = (
            "id", "dataset", "name", "kind", "column", "parameters", "severity", "tolerance_pct", "is_active",
        )  # fmt: skip


class RuleChange(StrictModelSerializer):
    class Meta:
        model = QualityRule
        fields = ("name", "kind", "column", "parameters", "severity", "tolerance_pct")


class NewRule(RuleChange):
    dataset = serializers.CharField(help_text="Code.")

    class Meta(RuleChange.Meta):
        fields = ("dataset", *RuleChange.Meta.fields)


class ResultSerializer(serializers.ModelSerializer):
    class Meta:
        model = QualityResult
        fields = ("version", "passed", "checked", "failing", "sample", "fault", "at")
        extra_kwargs = {"checked": {"allow_null": True}, "failing": {"allow_null": True}}


class OverrideSerializer(serializers.ModelSerializer):
    by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = QualityOverride
        fields = ("version", "reason", "by", "at")


class OverrideBody(StrictSerializer):
    reason = serializers.CharField(max_length=2_000)
    version = serializers.IntegerField(
        required=False, min_value=0, help_text="Of the result that you read: 409 `changed_meanwhile` if it is another."
    )


class QualityRuleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DatasetsViewSet):
    """Rules of the datasets that the caller sees."""

    queryset = QualityRule.objects.select_related("dataset__unit")
    serializer_class = RuleSerializer
    filterset_fields = ("dataset__code", "kind", "severity", "is_active")
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(request=NewRule, responses={201: RuleSerializer})
    def create(self, request):
        values = self.checked(NewRule)
        dataset = self.dataset_of(values.pop("dataset"))
        self.require(DEFINE, dataset.unit_id)
        rule = quality.define_rule(dataset, by=request.user, access=request.access, **values)
        return Response(RuleSerializer(rule).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RuleChange, responses=RuleSerializer)
    def partial_update(self, request, pk):
        rule = self._definable()
        values = self.checked(RuleChange, partial=True)
        quality.define_rule(rule.dataset, rule=rule, by=request.user, access=request.access, **values)
        return Response(RuleSerializer(rule).data)

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Evaluate the rule no more; its results stay."""
        quality.retire_rule(self._definable(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=ResultSerializer(many=True))
    @action(detail=True, **PLAIN_LIST)
    def results(self, request, pk):
        """The newest hundred results. Counts and sample values are shown to those who see all rows of the dataset."""
        rule = self.get_object()
        found = list(rule.results.all()[:100])
        all_rows = scope.row_scope(rule.dataset, request.access).everything
        whole = rule.dataset_id in scope.wholly_seen(request.access)
        for result in found:
            result.sample = result.sample if all_rows else []
            if not whole:
                result.checked = result.failing = None
        return Response(ResultSerializer(found, many=True).data)

    @extend_schema(request=OverrideBody, responses={201: OverrideSerializer})
    @action(methods=["post"], detail=True)
    def override(self, request, pk):
        """Answer for using the data although the rule fails, at this version.

        Of a critical rule by another person than who loaded the rows (409 `second_person_needed`).
        """
        rule, body = self._definable(), self.checked(OverrideBody)
        made = quality.override(rule, reason=body["reason"], by=request.user, seen=body.get("version"))
        return Response(OverrideSerializer(made).data, status=status.HTTP_201_CREATED)

    def _definable(self) -> QualityRule:
        rule = self.get_object()
        self.require(DEFINE, rule.dataset.unit_id)
        return rule
