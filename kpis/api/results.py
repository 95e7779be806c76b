"""Results as they are and as they were known, their rows and where they come from; runs."""

import dataclasses

import django_filters
from django.db.models import Max
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.api.jobs import AskedJobSerializer, job_asked
from datasets.models import Dataset
from datasets.scope import wholly_seen
from doors.etags import KNOWN, UNCHANGED, conditional, etag_of
from doors.filters import PlainFilter
from doors.pagination import CursorPages
from doors.serializers import ScopedCodeField, StrictSerializer
from doors.shapes import answer
from doors.throttles import PreviewThrottle
from kpis import drill, requests
from kpis.models import Kpi, KpiVersion, Result, Run
from kpis.selectors import effects
from kpis.selectors.runs import visible_faults, visible_runs
from organization.access import DEFINE, VIEW

from .base import KpisViewSet
from .naming import require_named

MOMENT = OpenApiParameter(
    "as_known_at", {"type": "string", "format": "date-time"}, description="What was known at that moment."
)


NAMING = ("kpi", "dimension", "member")


class KpiResultSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = serializers.SlugRelatedField("code", read_only=True)
    version = serializers.IntegerField(source="version.number", read_only=True)

    class Meta:
        model = Result
        fields = (
            "id", "kpi", "unit", "version", "grain", "period_start", "period_end", "dimension", "member", "value",
            "numerator", "denominator", "rows", "reason", "target", "target_low", "target_high", "red_limit",
            "stretch", "status", "score", "is_open", "is_provisional", "data_version", "run", "recorded_at",
            "superseded_at",
        )  # fmt: skip


RUN_FAULT = {
    "type": "object",
    "properties": {"kpi": {"type": "string"}, "version": {"type": "integer"}, "message": {"type": "string"}},
    "required": ["kpi", "message"],
}


class RecomputeRunSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = Run
        fields = (
            "id", "dataset", "data_version", "trigger", "state", "kpis", "periods", "rows_scanned", "results_written",
            "results_changed", "results_gone", "results_unchanged", "timings", "fault", "faults", "started_at",
            "written_at", "finished_at",
        )  # fmt: skip
        shapes = {"timings": dict[str, float], "faults": {"type": "array", "items": RUN_FAULT}}
        extra_kwargs = {"rows_scanned": {"allow_null": True, "help_text": "Null for who sees only some of them."}}

    def to_representation(self, run):
        shown, access = super().to_representation(run), self.context["request"].access
        shown["faults"] = visible_faults(run, access)
        if "whole" not in self.context:
            self.context["whole"] = wholly_seen(access)
        if run.dataset_id and run.dataset_id not in self.context["whole"]:
            shown["rows_scanned"] = None
        return shown


class ResultFilter(django_filters.FilterSet):
    dimension = PlainFilter(
        field_name="dimension", help_text="Results by the members of this dimension, in place of those over all rows."
    )
    member = PlainFilter(field_name="member", help_text="Those of this member of the `dimension`.")
    grain = django_filters.ChoiceFilter(
        choices=KpiVersion.Grain.choices, help_text="Results of periods of this length."
    )

    class Meta:
        model = Result
        fields = {
            "kpi__code": ["exact"],
            "unit__code": ["exact"],
            "period_start": ["gte", "lt"],
            "status": ["exact"],
            "is_open": ["exact"],
        }


class Oldest(CursorPages):
    """The oldest period first; of all KPIs and units as recorded, since each page would sort all of the results."""

    ordering = ("period_start", "pk")

    def get_ordering(self, request, queryset, view) -> tuple[str, ...]:
        return self.ordering if {"kpi", "unit"} & set(request.query_params) else ("pk",)


class RecomputeAsked(StrictSerializer):
    """Exactly one of both."""

    kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False)
    dataset = ScopedCodeField(queryset=Dataset.objects.all(), required=False)

    def validate(self, given):
        if len(given) != 1:
            raise serializers.ValidationError("Name a KPI or a dataset.")
        return given


class LoadSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The `public_id` of the upload.")
    file_name = serializers.CharField()
    uploaded_at = serializers.DateTimeField()
    uploaded_by = serializers.CharField(allow_null=True, help_text="Log-in name of who uploaded it.")


class CheckSerializer(serializers.Serializer):
    rule = serializers.CharField()
    passed = serializers.BooleanField()


class ProvenanceSerializer(serializers.Serializer):
    formula = serializers.CharField()
    written_out = serializers.CharField(help_text="The formula with its values put in.")
    numerator = serializers.FloatField(allow_null=True)
    denominator = serializers.FloatField(allow_null=True)
    rows = serializers.IntegerField()
    version = serializers.IntegerField()
    data_version = serializers.IntegerField(allow_null=True)
    run = serializers.IntegerField(allow_null=True)
    uploads = LoadSerializer(
        many=True, help_text="The loads that brought rows of the period; none to a vendor's contact."
    )
    checks = CheckSerializer(many=True)
    inputs = KpiResultSerializer(many=True, help_text="Of a derived KPI: the results that it was computed from.")


class EffectsAsked(serializers.Serializer):
    show = serializers.ChoiceField(list(effects.SHOWS.items()), default="changed")
    grain = serializers.ChoiceField(KpiVersion.Grain.choices, default="", help_text="Of periods of this length only.")
    members = serializers.BooleanField(default=False, help_text="Results of dimensions' members too.")
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=100, help_text="How many to give.")
    offset = serializers.IntegerField(
        min_value=0, max_value=10**9, default=0, help_text="How many of the first to leave out."
    )


class EffectSerializer(serializers.Serializer):
    before = KpiResultSerializer(allow_null=True, help_text="Null: it came for the first time.")
    after = KpiResultSerializer(allow_null=True, help_text="Null: it is no longer computed.")
    what = serializers.ListField(child=serializers.CharField(), help_text="What the two say differently.")


class EffectsSerializer(serializers.Serializer):
    total = serializers.IntegerField(
        help_text="Of units that the caller may see; 0 of a run without `written_at`: it did not note them."
    )
    changes = EffectSerializer(many=True)


class RowsAsked(serializers.Serializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=1000, default=drill.PAGE, help_text="How many rows to give."
    )
    offset = serializers.IntegerField(
        min_value=0, max_value=10**9, default=0, help_text="How many of the first rows to leave out."
    )


class ResultViewSet(mixins.RetrieveModelMixin, KpisViewSet):
    """Results of the units that the caller may see. Without `dimension`, those over all rows.

    Of a KPI or a unit the oldest period comes first; without `kpi` and `unit`, results come in the order of recording.
    """

    queryset = Result.objects.select_related("kpi", "unit", "version")
    serializer_class = KpiResultSerializer
    filterset_class = ResultFilter
    pagination_class = Oldest
    query_parameters = {"list": frozenset({"as_known_at"}), "rows": frozenset({"limit", "offset"})}
    needs = {"read": VIEW}

    @extend_schema(parameters=[MOMENT, KNOWN], responses={200: KpiResultSerializer(many=True), 304: UNCHANGED})
    def list(self, request):
        latest = Run.objects.filter(state=Run.State.DONE).aggregate(Max("finished_at"))["finished_at__max"]
        tag = etag_of(request.access, request.get_full_path(), latest)
        return conditional(request, tag, self._page)

    def _page(self) -> Response:
        found = self.get_queryset()
        moment = self.asked("as_known_at", serializers.DateTimeField())
        found = found.as_known_at(moment) if moment else found.current()
        if "dimension" not in self.request.query_params:
            found = found.filter(dimension="")
        asked = self.request.query_params
        page = self.paginate_queryset(self.filter_queryset(found))
        if not page and {"dimension", "member"} & set(asked):
            require_named(
                self.get_queryset(), self.request.access, **{name: asked.get(name, "").strip() for name in NAMING}
            )
        return self.get_paginated_response(KpiResultSerializer(page, many=True).data)

    @extend_schema(parameters=[RowsAsked], responses=answer(drill.RowsPage))
    @action(methods=["get"], detail=True, throttle_classes=[PreviewThrottle])
    def rows(self, request, pk):
        """The rows behind the number that the caller may see."""
        asked = RowsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        page = drill.rows_behind(self.get_object(), request.access, **asked.validated_data)
        return Response(dataclasses.asdict(page))

    @extend_schema(responses=ProvenanceSerializer)
    @action(methods=["get"], detail=True)
    def provenance(self, request, pk):
        """Formula with values put in, version, data version, run, loads and checks."""
        came = drill.provenance(self.get_object(), request.access)
        return Response(
            {
                "formula": came.formula,
                "written_out": came.written_out,
                "numerator": came.numerator,
                "denominator": came.denominator,
                "rows": came.rows,
                "version": came.version.number,
                "data_version": came.data_version,
                "run": came.run.pk if came.run else None,
                "uploads": [
                    {
                        "id": str(u.public_id),
                        "file_name": u.file_name,
                        "uploaded_at": u.uploaded_at,
                        "uploaded_by": u.uploaded_by.username if u.uploaded_by else None,
                    }
                    for u in came.uploads
                ],
                "checks": [{"rule": check.rule.name, "passed": check.passed} for check in came.checks],
                "inputs": KpiResultSerializer(came.inputs, many=True).data,
            }
        )


class RunViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """The log of recomputes: why, how long, how much; POST asks for one.

    `faults` names the KPIs that could not be computed, those that the caller may see.
    """

    queryset = Run.objects.select_related("dataset")
    serializer_class = RecomputeRunSerializer
    filterset_fields = {"dataset__code": ["exact"], "state": ["exact"], "data_version": ["exact", "gte"]}
    query_parameters = {"changes": frozenset({"show", "grain", "members", "limit", "offset"})}
    needs = {"read": VIEW, "write": DEFINE}

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return Run.objects.none()
        return visible_runs(self.request.access)

    @extend_schema(request=RecomputeAsked, responses={202: AskedJobSerializer})
    def create(self, request):
        """Compute a KPI, or all KPIs of a dataset, again; the answer names the job and its address."""
        values = self.checked(RecomputeAsked)
        thing = values.get("kpi") or values["dataset"]
        self.require(DEFINE, thing.unit)
        ask = requests.definition if "kpi" in values else requests.everything
        return job_asked(ask(thing, f"asked by {request.user}", by=request.user))

    @extend_schema(parameters=[EffectsAsked], responses=EffectsSerializer)
    @action(methods=["get"], detail=True)
    def changes(self, request, pk):
        """What the run changed: each result before and after it; those with another status first."""
        asked = EffectsAsked(data=request.query_params)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        limit, offset, gone = values.pop("limit"), values.pop("offset"), values["show"] == "gone"
        found = effects.effects_of(self.get_object(), request.access, **values)
        part = effects.paired(found[offset : offset + limit], gone=gone)
        return Response(EffectsSerializer({"total": found.count(), "changes": part}).data)
