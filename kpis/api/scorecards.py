"""Scorecards: building them, and reading them at a unit and a period."""

import dataclasses
from datetime import date

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.codes import FreeCode
from doors.pagination import CursorPages
from doors.serializers import DayField, LoginField, ScopedCodeField, StrictModelSerializer, StrictSerializer
from doors.shapes import answer
from doors.viewsets import PLAIN_LIST
from kpis import scorecards, selectors
from kpis.calendars import calendars_of
from kpis.measures import GRAINS
from kpis.models import Kpi, Objective, Scorecard, ScorecardNode
from organization.access import DEFINE, VIEW
from organization.models import Unit, User

from .base import KpisViewSet, ScopedIdField
from .chart_serializers import PlaceAsked

SETTINGS = ("roll_up", "missing", "carry_periods", "minimum_coverage_pct", "gate_cap")


class SeenUnit(serializers.SlugRelatedField):
    """The unit's code; empty for a unit that the caller may not see."""

    def to_representation(self, value: Unit) -> str:
        return value.code if self.context["request"].access.allows(VIEW, value.pk) else ""


class NodeSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = SeenUnit("code", read_only=True)

    class Meta:
        model = ScorecardNode
        fields = ("id", "parent", "kind", "name", "kpi", "objective", "unit", "position", *SETTINGS)


class NodeChange(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all(), required=False, allow_null=True)

    class Meta:
        model = ScorecardNode
        fields = ("name", "unit", *SETTINGS)


class NewNode(NodeChange):
    parent = ScopedIdField("scorecard__unit", queryset=ScorecardNode.objects.all(), required=False, allow_null=True)
    kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False, allow_null=True)
    objective = ScopedIdField(queryset=Objective.objects.all(), required=False, allow_null=True)
    weight = serializers.DecimalField(9, 4, default=1, min_value=0)

    class Meta(NodeChange.Meta):
        fields = ("kind", "parent", "kpi", "objective", "weight", *NodeChange.Meta.fields)
        validators: list = []  # the verb says it better


class NodeMove(StrictSerializer):
    parent = serializers.IntegerField(allow_null=True)
    position = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)


class NodeWeightAsked(StrictSerializer):
    weight = serializers.DecimalField(9, 4, min_value=0)
    from_day = DayField()


class ScorecardSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    owner = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Scorecard
        fields = ("code", "name", "description", "unit", "owner", "cascades", "is_executive", "grain")


class ScorecardChange(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())
    owner = LoginField(queryset=User.objects.filter(is_active=True))

    class Meta:
        model = Scorecard
        fields = ("name", "description", "unit", "owner", "cascades", "is_executive", "grain")


class NewScorecard(ScorecardChange):
    class Meta(ScorecardChange.Meta):
        fields = ("code", *ScorecardChange.Meta.fields)
        extra_kwargs = {"code": {"validators": [FreeCode(Scorecard)]}}


class ByCode(CursorPages):
    ordering = "code"


VIEW_PARAMETERS = [
    OpenApiParameter("unit", str, description="Its code or id; if not given, the highest that the caller may see."),
    OpenApiParameter("period", str, description="A day of the period, or `latest` (the default)."),
    OpenApiParameter("grain", str, description="`week` or coarser; if not given, the scorecard's."),
    OpenApiParameter("as_of", OpenApiTypes.DATE, description="The day from which one looks; if not given, today."),
    OpenApiParameter("as_known_at", OpenApiTypes.DATETIME, description="What was known at that moment."),
    OpenApiParameter("include_open", bool, description="Rate open periods as well."),
]


class ScorecardViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Scorecards of the units that the caller may see; `view` gives one with its values."""

    queryset = Scorecard.objects.select_related("unit", "owner")
    serializer_class = ScorecardSerializer
    pagination_class = ByCode
    lookup_field = "code"
    filterset_fields = {"unit__code": ["exact"], "is_executive": ["exact"]}
    query_parameters = {"view": frozenset(asked.name for asked in VIEW_PARAMETERS)}
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(request=NewScorecard, responses={201: ScorecardSerializer})
    def create(self, request):
        values = self.checked(NewScorecard)
        self.require(DEFINE, values["unit"])
        return self.answer(scorecards.create_scorecard(by=request.user, **values), 201)

    @extend_schema(request=ScorecardChange, responses=ScorecardSerializer)
    def partial_update(self, request, code):
        scorecard, values = self._mine(), self.checked(ScorecardChange, partial=True)
        if "unit" in values:
            self.require(DEFINE, values["unit"])
        return self.answer(scorecards.change_scorecard(scorecard, by=request.user, **values))

    @extend_schema(responses={204: None})
    def destroy(self, request, code):
        scorecards.remove_scorecard(self._mine(), by=request.user)
        return Response(status=204)

    @extend_schema(methods=["GET"], responses=NodeSerializer(many=True))
    @extend_schema(methods=["POST"], request=NewNode, responses={201: NodeSerializer})
    @action(methods=["get", "post"], detail=True, **PLAIN_LIST)
    def nodes(self, request, code):
        """The rows of the scorecard; POST adds one."""
        if request.method == "GET":
            found = self.get_object().nodes.select_related("kpi", "unit")
            return Response(NodeSerializer(found, many=True, context=self.get_serializer_context()).data)
        scorecard, values = self._mine(), self.checked(NewNode)
        node = scorecards.add_node(scorecard, by=request.user, **values)
        return self._row(node, 201)

    @extend_schema(methods=["PATCH"], request=NodeChange, responses=NodeSerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(methods=["patch", "delete"], detail=True, url_path=r"nodes/(?P<node>[0-9]{1,18})")
    def node(self, request, code, node):
        """Change or remove one row."""
        found = self._node(node)
        if request.method == "DELETE":
            scorecards.remove_node(found, by=request.user)
            return Response(status=204)
        changed = scorecards.change_node(found, by=request.user, **self.checked(NodeChange, partial=True))
        return self._row(changed)

    @extend_schema(request=NodeMove, responses=NodeSerializer)
    @action(methods=["post"], detail=True, url_path=r"nodes/(?P<node>[0-9]{1,18})/move")
    def move(self, request, code, node):
        found, values = self._node(node), self.checked(NodeMove)
        parent = get_object_or_404(found.scorecard.nodes, pk=values["parent"]) if values["parent"] else None
        moved = scorecards.move_node(found, parent, by=request.user, position=values["position"])
        return self._row(moved)

    @extend_schema(request=NodeWeightAsked, responses={204: None})
    @action(methods=["post"], detail=True, url_path=r"nodes/(?P<node>[0-9]{1,18})/weight")
    def weight(self, request, code, node):
        """Set the weight from a day on; siblings' shares follow."""
        scorecards.set_weight(self._node(node), by=request.user, **self.checked(NodeWeightAsked))
        return Response(status=204)

    @extend_schema(parameters=VIEW_PARAMETERS, responses=answer(selectors.ScorecardView))
    @action(methods=["get"], detail=True)
    def view(self, request, code):
        """The scorecard with values, statuses and scores at a unit and a period, now or as it was known."""
        scorecard = self.get_object()
        on: date = self.asked("as_of", DayField()) or request.day
        unit = self._unit(scorecard, on)
        grain = self.asked("grain", serializers.ChoiceField(GRAINS[GRAINS.index(scorecard.grain) :])) or scorecard.grain
        period = None
        if request.query_params.get("period", "latest") != "latest":
            day: date = self.asked("period", DayField())
            period = calendars_of([scorecard.unit_id], on)[scorecard.unit_id].period_of(day, grain)
        seen = selectors.scorecard_view(
            scorecard,
            unit,
            on,
            request.access,
            period=period,
            grain=grain,
            include_open=self.flag("include_open"),
            as_known_at=self.asked("as_known_at", serializers.DateTimeField()),
        )
        return Response(dataclasses.asdict(seen))

    def _row(self, node: ScorecardNode, status: int = 200) -> Response:
        return Response(NodeSerializer(node, context=self.get_serializer_context()).data, status=status)

    def _unit(self, scorecard: Scorecard, day: date) -> Unit:
        given = {name: value for name, value in self.request.query_params.items() if name == "unit"}
        asked = PlaceAsked(data=given, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        unit = asked.validated_data.get("unit") or selectors.first_unit_of(scorecard, self.request.access, day)
        if unit is None:
            raise Http404
        return unit

    def _mine(self) -> Scorecard:
        scorecard = self.get_object()
        self.require(DEFINE, scorecard.unit)
        return scorecard

    def _node(self, pk: str) -> ScorecardNode:
        node = self._mine().nodes.filter(pk=int(pk)).first()
        if node is None:
            raise Http404
        return node
