"""Closed periods: proposed by one person, approved or rejected by another, or withdrawn."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets import closing
from datasets.models import Closing
from doors.serializers import DayField, StrictSerializer
from organization.access import CLOSE, VIEW

from .base import DatasetsViewSet


class ClosingSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)
    proposed_by = serializers.SlugRelatedField("username", read_only=True)
    decided_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Closing
        fields = (
            "id", "dataset", "through", "before", "reason", "state", "proposed_by", "proposed_at", "decided_by",
            "decided_at", "remark",
        )  # fmt: skip


class ClosingAsked(StrictSerializer):
    dataset = serializers.CharField(help_text="Code.")
    through = DayField(allow_null=True, help_text="Closed through this day; null: all periods are open.")
    reason = serializers.CharField(max_length=closing.LONGEST_REASON)


class ClosingRejection(StrictSerializer):
    remark = serializers.CharField(max_length=closing.LONGEST_REASON)


class ClosingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DatasetsViewSet):
    """How far the rows of datasets stay as they are (`closed_through`), and how that came about.

    A later day closes, an earlier one or null re-opens. It counts once a second person has approved it; from then on
    what would change rows of closed periods is refused (409 `period_closed`) unless it comes as a restatement.
    """

    queryset = Closing.objects.select_related("dataset__unit", "proposed_by", "decided_by")
    serializer_class = ClosingSerializer
    filterset_fields = ("dataset__code", "state")
    needs = {"read": VIEW, "write": CLOSE}

    @extend_schema(request=ClosingAsked, responses={201: ClosingSerializer})
    def create(self, request):
        body = self.checked(ClosingAsked)
        dataset = self.dataset_of(body["dataset"])
        self.require(CLOSE, dataset.unit_id)
        made = closing.propose(dataset, body["through"], by=request.user, reason=body["reason"], day=request.day)
        return Response(ClosingSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=ClosingSerializer)
    @action(methods=["post"], detail=True)
    def approve(self, request, pk):
        """By a second person; from now on the day counts."""
        return self._answer(closing.decide(self._to_decide(), approve=True, by=request.user))

    @extend_schema(request=ClosingRejection, responses=ClosingSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        """By a second person, saying why."""
        remark = self.checked(ClosingRejection)["remark"]
        return self._answer(closing.decide(self._to_decide(), approve=False, by=request.user, remark=remark))

    @extend_schema(request=None, responses=ClosingSerializer)
    @action(methods=["post"], detail=True)
    def withdraw(self, request, pk):
        """By who proposed it."""
        return self._answer(closing.withdraw(self._to_decide(), by=request.user))

    def _to_decide(self) -> Closing:
        found = self.get_object()
        self.require(CLOSE, found.dataset.unit_id)
        return found

    def _answer(self, made: Closing) -> Response:
        return Response(ClosingSerializer(made).data)
