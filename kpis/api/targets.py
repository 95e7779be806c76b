"""Targets, one by one or as a grid; annual targets with their phases."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.idempotency import AGAIN, once
from doors.serializers import DayField, ScopedCodeField, StrictSerializer
from doors.viewsets import PLAIN_LIST
from kpis import targets
from kpis.late_targets import LONGEST_REASON
from kpis.models import AnnualTarget, Kpi, LateTarget, Target
from kpis.models.targets import Comparator
from organization.access import TARGET, VIEW
from organization.models import Unit

from .base import KpisViewSet

WHY = {
    "max_length": LONGEST_REASON,
    "default": "",
    "allow_blank": True,
    "help_text": "Why complete periods are rated anew; needed where there are any (see `late-targets/`).",
}
REMOVAL = [OpenApiParameter("reason", str, description=WHY["help_text"])]
AMOUNT = {"max_digits": 23, "decimal_places": 6}
MARCH = OpenApiExample(
    "One month within a standing target",
    description=(
        "A target that holds from January on is kept before March and from April on. Without `split_standing` the "
        "answer is 409 `target_overlap`, with `can_split` true."
    ),
    value={
        "kpi": "on_time",
        "unit": "north",
        "value": "90",
        "valid_from": "2025-03-01",
        "valid_to": "2025-04-01",
        "split_standing": True,
    },
    request_only=True,
)


class TargetSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = serializers.SlugRelatedField("code", read_only=True)
    set_by = serializers.SlugRelatedField("username", read_only=True)
    part_of = serializers.IntegerField(
        source="part_of_id",
        read_only=True,
        allow_null=True,
        help_text="A number that the parts of a standing target share, which was split around others.",
    )
    overrides = serializers.IntegerField(
        source="overrides_id",
        read_only=True,
        allow_null=True,
        help_text="The `part_of` of the parts within whose days it was set; taken back, its days go back to them.",
    )

    class Meta:
        model = Target
        fields = (
            "id", "kpi", "unit", "comparator", "dimension", "member", "value", "low", "high", "valid_from", "valid_to",
            "as_total", "basis", "annual", "part_of", "overrides", "set_by", "set_at",
        )  # fmt: skip


class GoalSerializer(StrictSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    unit = ScopedCodeField(queryset=Unit.objects.all())
    comparator = serializers.ChoiceField(Comparator.choices, default=Comparator.TARGET)
    dimension = serializers.CharField(max_length=100, default="", allow_blank=True)
    member = serializers.CharField(max_length=200, default="", allow_blank=True)
    value = serializers.DecimalField(**AMOUNT, default=None, allow_null=True)
    low = serializers.DecimalField(**AMOUNT, default=None, allow_null=True)
    high = serializers.DecimalField(**AMOUNT, default=None, allow_null=True)
    valid_from = DayField()
    valid_to = DayField(default=None, allow_null=True, help_text="Not included.")
    as_total = serializers.BooleanField(
        default=False,
        help_text=(
            "Of its days together, such as a month's total of a KPI by days: it needs `valid_to`, and is added up for "
            "quarters and years that totals fill. Otherwise it holds for each period that begins on its days."
        ),
    )
    basis = serializers.CharField(max_length=200, default="", allow_blank=True)
    split_standing = serializers.BooleanField(
        default=False,
        help_text=(
            "A target that holds on all these days and on others is kept before and after them, instead of being a "
            "reason to refuse this one. A total is not split."
        ),
    )


class NewGoal(GoalSerializer):
    reason = serializers.CharField(**WHY)


class GridSerializer(StrictSerializer):
    targets = GoalSerializer(many=True, min_length=1, max_length=2000)
    reason = serializers.CharField(**WHY)


class TargetEnd(StrictSerializer):
    last_day = DayField()
    reason = serializers.CharField(**WHY)


class NewAnnual(StrictSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    unit = ScopedCodeField(queryset=Unit.objects.all())
    comparator = serializers.ChoiceField(Comparator.choices, default=Comparator.TARGET)
    year_of = DayField(help_text="Any day of the fiscal year.")
    total = serializers.DecimalField(**AMOUNT)
    decimals = serializers.IntegerField(min_value=0, max_value=6, default=2)
    phasing = serializers.ChoiceField(AnnualTarget.Phasing.choices)
    reason = serializers.CharField(**WHY)


class AnnualSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = serializers.SlugRelatedField("code", read_only=True)
    phases = TargetSerializer(many=True, read_only=True)

    class Meta:
        model = AnnualTarget
        fields = (
            "id", "kpi", "unit", "comparator", "year_start", "year_end", "total", "decimals", "phasing", "phases",
        )  # fmt: skip


class TargetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Targets of the units that the caller may see. Two of a kind never hold on the same day."""

    queryset = Target.objects.select_related("kpi", "unit", "set_by")
    serializer_class = TargetSerializer
    unit_path = "unit"
    filterset_fields = {
        "kpi__code": ["exact"],
        "unit__code": ["exact"],
        "comparator": ["exact"],
        "valid_from": ["gte", "lt"],
    }
    query_parameters = {"destroy": frozenset({"reason"})}
    needs = {"read": VIEW, "write": TARGET}

    @extend_schema(request=NewGoal, responses={201: TargetSerializer}, parameters=[AGAIN], examples=[MARCH])
    def create(self, request):
        """Set one target. One that overlaps another is refused, or that one is split (`split_standing`)."""
        values = self.checked(NewGoal)
        self.require(TARGET, values["unit"])
        said = {"by": request.user, "reason": values.pop("reason")}
        return once(request, lambda: self.answer(targets.set_target(targets.Goal(**values), **said), 201))

    @extend_schema(request=GridSerializer, responses=TargetSerializer(many=True))
    @action(methods=["post"], detail=False, **PLAIN_LIST)
    def bulk(self, request):
        """Set a grid of targets, all or none; the answer names every faulty cell."""
        values = self.checked(GridSerializer)
        rows, said = values["targets"], {"by": request.user, "reason": values["reason"]}
        for unit in {row["unit"] for row in rows}:
            self.require(TARGET, unit)
        made = targets.set_many([targets.Goal(**row) for row in rows], **said)
        return Response(TargetSerializer(made, many=True).data)

    @extend_schema(request=TargetEnd, responses=TargetSerializer)
    @action(methods=["post"], detail=True)
    def end(self, request, pk):
        """Let the target hold up to and including a day; one set within another gives it the days after back."""
        return self.answer(targets.end_target(self._mine(), by=request.user, **self.checked(TargetEnd)))

    @extend_schema(responses={204: None}, parameters=REMOVAL)
    def destroy(self, request, pk):
        """Take the target back as if it had never been set; one set within another gives it its days back."""
        targets.remove_target(self._mine(), by=request.user, reason=request.query_params.get("reason", ""))
        return Response(status=204)

    def _mine(self):
        target = self.get_object()
        self.require(TARGET, target.unit)
        return target


class AnnualTargetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """A year's total; its phases are ordinary targets that add up to it exactly."""

    queryset = AnnualTarget.objects.select_related("kpi", "unit").prefetch_related("phases__kpi", "phases__unit")
    serializer_class = AnnualSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"], "year_start": ["exact"]}
    query_parameters = {"destroy": frozenset({"reason"})}
    needs = {"read": VIEW, "write": TARGET}

    @extend_schema(request=NewAnnual, responses={201: AnnualSerializer})
    def create(self, request):
        values = self.checked(NewAnnual)
        self.require(TARGET, values["unit"])
        return self.answer(targets.set_annual(by=request.user, **values), 201)

    @extend_schema(responses={204: None}, parameters=REMOVAL)
    def destroy(self, request, pk):
        annual = self.get_object()
        self.require(TARGET, annual.unit)
        targets.remove_annual(annual, by=request.user, reason=request.query_params.get("reason", ""))
        return Response(status=204)


class LateTargetSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = serializers.SlugRelatedField("code", read_only=True)
    by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = LateTarget
        fields = ("id", "kpi", "unit", "comparator", "did", "first", "last", "reason", "by", "at")


class LateTargetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Targets that were set, ended or removed after the fact: periods from `first` to `last` were rated anew."""

    queryset = LateTarget.objects.select_related("kpi", "unit", "by")
    serializer_class = LateTargetSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"]}
    needs = {"read": VIEW}
