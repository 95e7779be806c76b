"""Service level objectives, their budgets, and OpenSLO files."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.models import Dataset
from doors.codes import FreeCode
from doors.serializers import ScopedCodeField, StrictSerializer
from doors.shapes import answer
from doors.viewsets import NamedInAddress
from organization.access import DEFINE, VIEW
from organization.models import Unit, User
from slas import openslo as files
from slas import slos
from slas.models import Agreement, Slo

from .base import SlasViewSet

OBJECTIVE = {"max_digits": 8, "decimal_places": 5}
FIELDS = (
    "code", "name", "description", "service", "unit", "owner", "agreement", "dataset", "time_column", "condition",
    "good", "total", "method", "objective_pct", "slice_seconds", "slice_pct", "is_rolling", "window_count",
    "window_unit", "timezone",
)  # fmt: skip


class SloSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    owner = serializers.SlugRelatedField("username", read_only=True)
    agreement = serializers.SlugRelatedField("code", read_only=True)
    dataset = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = Slo
        fields = ("id", *FIELDS, "state", "left", "burn_rate", "measured_to")
        read_only_fields = ("state", "left", "burn_rate", "measured_to")


class SloWords(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False)
    description = serializers.CharField(required=False, allow_blank=True)
    service = serializers.CharField(max_length=200, required=False, allow_blank=True)
    owner = ScopedCodeField(queryset=User.objects.all(), slug_field="username", required=False)
    agreement = ScopedCodeField(queryset=Agreement.objects.all(), required=False, allow_null=True)
    dataset = ScopedCodeField(queryset=Dataset.objects.all(), required=False)
    time_column = serializers.CharField(max_length=100, required=False, allow_blank=True)
    condition = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    good = serializers.CharField(max_length=5000, required=False)
    total = serializers.CharField(max_length=5000, required=False)
    method = serializers.ChoiceField(Slo.Method.choices, required=False)
    objective_pct = serializers.DecimalField(**OBJECTIVE, required=False)
    slice_seconds = serializers.IntegerField(min_value=60, max_value=31_536_000, required=False)
    slice_pct = serializers.DecimalField(**OBJECTIVE, required=False, allow_null=True)
    is_rolling = serializers.BooleanField(required=False)
    window_count = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    window_unit = serializers.ChoiceField(Slo.WindowUnit.choices, required=False)
    timezone = serializers.CharField(max_length=60, required=False)


class NewSlo(SloWords):
    code = serializers.SlugField(max_length=60, validators=[FreeCode(Slo)])
    name = serializers.CharField(max_length=200)
    unit = ScopedCodeField(queryset=Unit.objects.all())
    dataset = ScopedCodeField(queryset=Dataset.objects.all())
    good = serializers.CharField(max_length=5000)
    total = serializers.CharField(max_length=5000)
    objective_pct = serializers.DecimalField(**OBJECTIVE)


class OpenSlo(StrictSerializer):
    yaml = serializers.CharField(max_length=files.LARGEST, trim_whitespace=False)
    unit = ScopedCodeField(queryset=Unit.objects.all(), required=False, allow_null=True, default=None)


@dataclass(frozen=True)
class BurnAlert:
    """Fires when the budget burns faster than `threshold` over the long and the short stretch; null: cannot be told."""

    long_seconds: float
    short_seconds: float
    urgency: str
    threshold: float
    long_rate: float | None
    short_rate: float | None
    is_firing: bool | None


@dataclass(frozen=True)
class SloBudget:
    """The budget of the window from `start` to `end`, at the moment `at`.

    `share`: good of total; `allowed`: what may be bad; `consumed` and `remaining`: shares of that; `coverage`: measured
    slices of those that have passed; `burn_rate`: at `burns_at`; `exhausted_in_seconds`: null if it lasts.
    """

    start: datetime
    end: datetime
    good: float
    total: float
    share: float | None
    allowed: float
    consumed: float | None
    remaining: float | None
    coverage: float
    is_met: bool | None
    at: datetime
    burns_at: datetime
    burn_rate: float | None
    exhausted_in_seconds: float | None
    alerts: list[BurnAlert]


class SloViewSet(NamedInAddress, mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Service level objectives of the units that the caller may see."""

    queryset = Slo.objects.select_related("unit", "owner", "agreement", "dataset")
    serializer_class = SloSerializer
    filterset_fields = {"code": ["exact"], "unit__code": ["exact"], "dataset__code": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}

    def mine(self, permission: str):
        found = self.get_object()
        self.require(permission, found.unit_id)
        return found

    @extend_schema(request=NewSlo, responses={201: SloSerializer})
    def create(self, request):
        values = self.checked(NewSlo)
        self.require(DEFINE, values["unit"])
        return self.answer(slos.create(by=request.user, **({"owner": request.user} | values)), 201)

    @extend_schema(request=SloWords, responses=SloSerializer)
    def partial_update(self, request, pk):
        found = self.mine(DEFINE)
        return self.answer(slos.change(found, by=request.user, **self.checked(SloWords, partial=True)))

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        slos.remove(self.mine(DEFINE), by=request.user)
        return Response(status=204)

    @extend_schema(responses=answer(SloBudget))
    @action(methods=["get"], detail=True)
    def budget(self, request, pk):
        """What is left of the budget, the burn rates, and how long it lasts."""
        standing = slos.standing(self.get_object(), slos.end_of(request.day, timezone.now()))
        return Response(asdict(_budget(standing)))

    @extend_schema(responses={(200, "application/yaml"): OpenApiTypes.STR})
    @action(methods=["get"], detail=False)
    def openslo(self, request):
        """All of them as OpenSLO YAML."""
        return HttpResponse(files.export(self.get_queryset()), content_type="application/yaml; charset=utf-8")

    @extend_schema(request=OpenSlo, responses=answer(files.Imported))
    @openslo.mapping.post
    def import_openslo(self, request):
        """Make or change the SLOs of a file, all or none."""
        words = self.checked(OpenSlo)
        datasets, units = files.visible_to(request.access)
        if words["unit"] is not None:
            self.require(DEFINE, words["unit"])
        done = files.read(words["yaml"], by=request.user, datasets=datasets, units=units, unit=words["unit"])
        return Response(asdict(done))


def _budget(standing: slos.Standing) -> SloBudget:
    return SloBudget(
        **asdict(standing.budget),
        at=standing.at,
        burns_at=standing.burns_at,
        burn_rate=standing.rate,
        exhausted_in_seconds=None if standing.lasts is None else standing.lasts.total_seconds(),
        alerts=[
            BurnAlert(
                long_seconds=alert.policy.long.total_seconds(),
                short_seconds=alert.policy.short.total_seconds(),
                urgency=alert.policy.urgency,
                threshold=alert.threshold,
                long_rate=alert.long_rate,
                short_rate=alert.short_rate,
                is_firing=alert.is_firing,
            )
            for alert in standing.alerts
        ],
    )
