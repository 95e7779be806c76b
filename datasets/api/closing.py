"""Closed periods and changes of their rows: asked for by one person, approved or rejected by another, or withdrawn."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets import closing, rejects, restating
from datasets.models import Closing, Restatement, Upload
from doors.pages import visible
from doors.serializers import DayField, StrictSerializer
from organization.access import CLOSE, RESTATE, UPLOAD, VIEW

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
    what would change rows of closed periods is refused (409 `period_closed`); see `dataset-restatements/`.
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
        return self._answer(closing.decide(self._to_decide(), approve=True, by=request.user, now=timezone.now()))

    @extend_schema(request=ClosingRejection, responses=ClosingSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        """By a second person, saying why."""
        remark = self.checked(ClosingRejection)["remark"]
        return self._answer(
            closing.decide(self._to_decide(), approve=False, by=request.user, remark=remark, now=timezone.now())
        )

    @extend_schema(request=None, responses=ClosingSerializer)
    @action(methods=["post"], detail=True)
    def withdraw(self, request, pk):
        """By who proposed it."""
        return self._answer(closing.withdraw(self._to_decide(), by=request.user, now=timezone.now()))

    def _to_decide(self) -> Closing:
        found = self.get_object()
        self.require(CLOSE, found.dataset.unit_id)
        return found

    def _answer(self, made: Closing) -> Response:
        return Response(ClosingSerializer(made).data)


class DatasetRestatementSerializer(serializers.ModelSerializer):
    upload = serializers.SlugRelatedField("public_id", read_only=True)
    dataset = serializers.SlugRelatedField("code", read_only=True)
    asked_by = serializers.SlugRelatedField("username", read_only=True)
    decided_by = serializers.SlugRelatedField("username", read_only=True)
    revision = serializers.SerializerMethodField(help_text="What is decided on; send it along with `approve/`.")

    class Meta:
        model = Restatement
        fields = (
            "id", "dataset", "upload", "kind", "reason", "would", "details", "revision", "state", "asked_by",
            "asked_at", "decided_by", "decided_at", "remark",
        )  # fmt: skip

    def get_revision(self, asked: Restatement) -> str:
        return restating.revision(asked)

    def to_representation(self, asked):
        """The records that would change may be of any unit: they are shown to those who may see rejected rows."""
        shown = super().to_representation(asked)
        access = self.context["request"].access
        if rejects.may_see(asked.upload, access):
            return shown | {"details": restating.details_seen(asked, access)}
        return shown | {"would": "", "details": []}


class RestatementAsked(StrictSerializer):
    upload = serializers.UUIDField(help_text="Its `public_id`: one that was refused, or one to take back.")
    reason = serializers.CharField(max_length=closing.LONGEST_REASON)


class RestatementApproval(StrictSerializer):
    revision = serializers.CharField(required=False, max_length=16, help_text="As it was read; else as it is now.")


class DatasetRestatementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DatasetsViewSet):
    """Changes of rows of closed periods: an upload that was refused (409 `period_closed`), loaded or taken back.

    Who may upload it asks, with the reason; a second person, who may restate and neither asked nor sent the rows,
    approves. Then its load, or its undo, is queued; nothing changes before.
    """

    queryset = Restatement.objects.select_related(
        "dataset__unit", "upload__dataset", "upload__replays", "asked_by", "decided_by"
    )
    serializer_class = DatasetRestatementSerializer
    filterset_fields = ("dataset__code", "state", "kind")
    needs = {"read": VIEW, "write": UPLOAD}

    @extend_schema(request=RestatementAsked, responses={201: DatasetRestatementSerializer})
    def create(self, request):
        body = self.checked(RestatementAsked)
        upload = visible(Upload.objects.select_related("dataset__unit"), request, public_id=body["upload"])
        if not restating.may_ask(upload, request.access):
            raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may ask for a restatement.")
        made = restating.ask(upload, reason=body["reason"], by=request.user, now=timezone.now())
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RestatementApproval, responses=DatasetRestatementSerializer)
    @action(methods=["post"], detail=True)
    def approve(self, request, pk):
        """By a second person; its load or undo is queued."""
        seen = self.checked(RestatementApproval).get("revision")
        decided = {"approve": True, "by": request.user, "now": timezone.now(), "seen": seen}
        return self._answer(restating.decide(self._to_decide(), **decided))

    @extend_schema(request=ClosingRejection, responses=DatasetRestatementSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        """By a second person, saying why."""
        remark = self.checked(ClosingRejection)["remark"]
        decided = {"approve": False, "by": request.user, "now": timezone.now(), "remark": remark}
        return self._answer(restating.decide(self._to_decide(), **decided))

    @extend_schema(request=None, responses=DatasetRestatementSerializer)
    @action(methods=["post"], detail=True)
    def withdraw(self, request, pk):
        """By who asked for it."""
        return self._answer(restating.withdraw(self.get_object(), by=request.user, now=timezone.now()))

    def _to_decide(self) -> Restatement:
        found = self.get_object()
        self.require(RESTATE, found.dataset.unit_id)
        return found

    def _answer(self, made: Restatement) -> Response:
        return Response(self.get_serializer(made).data)
