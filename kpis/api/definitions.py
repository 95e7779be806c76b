"""KPIs, the versions of their definitions, checks, previews, YAML."""

import dataclasses
from dataclasses import dataclass
from datetime import date

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.models import Dataset
from doors.codes import FreeCode
from doors.pagination import CursorPages
from doors.serializers import DayField, LoginField, ScopedCodeField, StrictModelSerializer, StrictSerializer
from doors.shapes import answer
from doors.throttles import PreviewThrottle
from doors.viewsets import PLAIN_LIST
from kpis import definitions, drill, exchange, workflow
from kpis.calendars import calendars_of, period_of
from kpis.hints import cautions_of, hints_of
from kpis.measures import Fault, faults_of
from kpis.models import Kpi, KpiVersion
from kpis.scoring import ABSOLUTE, BASES
from kpis.selectors.compared import Compared, compared_with_now
from kpis.uses import Use, uses_of
from organization.access import CERTIFY, DEFINE, VIEW
from organization.models import Unit, User

from .base import KpisViewSet
from .charts import ASKED, ChartActions

BAND = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["green", "amber", "red"]},
        "at": {"type": ["number", "null"], "description": "Its limit; none in the last, for everything else."},
        "basis": {
            "type": "string",
            "enum": list(BASES),
            "default": ABSOLUTE,
            "description": "What the limit counts.",
        },
    },
    "required": ["status"],
    "additionalProperties": False,
}
NEWEST = {"anyOf": [{"$ref": "#/components/schemas/KpiVersion"}, {"type": "object", "maxProperties": 0}]}
WORDS = tuple(sorted(definitions.FIELDS))


@extend_schema_field(BAND)
class BandField(serializers.DictField):
    """One of a KPI's bands, as `scoring.read_bands` takes it."""


class KpiVersionSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)
    created_by = serializers.SlugRelatedField("username", read_only=True)
    submitted_by = serializers.SlugRelatedField("username", read_only=True)
    certified_by = serializers.SlugRelatedField("username", read_only=True)
    inputs = serializers.SlugRelatedField("code", many=True, read_only=True)
    authors = serializers.SlugRelatedField(
        "username", many=True, read_only=True, help_text="Who wrote any of it: none of them certifies it."
    )
    passport_gaps = serializers.SerializerMethodField()
    revision = serializers.SerializerMethodField(help_text="Of what it says now; see `certify`.")

    class Meta:
        model = KpiVersion
        fields = (
            "number", "valid_from", "valid_to", "deprecated_from", "state", *WORDS, "inputs", "passport_gaps",
            "created_by", "created_at", "authors", "submitted_by", "certified_by", "certified_at", "revision",
        )  # fmt: skip
        shapes = {"dimensions": list[str]}

    def get_revision(self, version) -> str:
        return workflow.revision_of(version)

    def get_passport_gaps(self, version) -> dict[str, str]:
        return workflow.passport_gaps(version)

    def to_representation(self, version):
        """Without the answers that a vendor's contact is not told."""
        shown, request = super().to_representation(version), self.context.get("request")
        if request and request.access.is_vendor_only:
            shown |= dict.fromkeys(workflow.INSIDE, "") | {"passport_gaps": {}}
        return shown


class VersionWords(StrictModelSerializer):
    """A definition as it is written; in a change, only what differs."""

    dataset = ScopedCodeField(queryset=Dataset.objects.all(), allow_null=True, required=False)
    dimensions = serializers.ListField(child=serializers.CharField(max_length=100), max_length=10, required=False)

    class Meta:
        model = KpiVersion
        fields = WORDS


class VersionChange(VersionWords):
    valid_from = DayField(required=False)

    class Meta(VersionWords.Meta):
        fields = (*WORDS, "valid_from")
        extra_kwargs = {"kind": {"required": False}}


class KpiSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    owner = serializers.SlugRelatedField("username", read_only=True)
    steward = serializers.SlugRelatedField("username", read_only=True)
    counter_kpi = serializers.SlugRelatedField("code", read_only=True)
    version = serializers.SerializerMethodField(help_text="The newest one that was not discarded.")

    class Meta:
        model = Kpi
        fields = ("code", "name", "unit", "owner", "steward", "counter_kpi", "bands", "webhook_status", "version")
        shapes = {"bands": {"type": "array", "items": BAND}}

    @extend_schema_field(NEWEST)
    def get_version(self, kpi) -> dict:
        kept = [version for version in kpi.versions.all() if not version.is_discarded]
        newest = max(kept, key=lambda version: version.number, default=None)
        return KpiVersionSerializer(newest, context=self.context).data if newest else {}


class KpiChange(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())
    owner = LoginField(queryset=User.objects.filter(is_active=True))
    steward = LoginField(queryset=User.objects.filter(is_active=True), allow_null=True, required=False)
    counter_kpi = ScopedCodeField(queryset=Kpi.objects.all(), allow_null=True, required=False)
    bands = serializers.ListField(child=BandField(), max_length=10, required=False)

    class Meta:
        model = Kpi
        fields = ("name", "unit", "owner", "steward", "counter_kpi", "bands", "webhook_status")


class NewKpi(KpiChange):
    version = VersionWords()
    valid_from = DayField(required=False)

    class Meta(KpiChange.Meta):
        fields = ("code", *KpiChange.Meta.fields, "version", "valid_from")
        extra_kwargs = {"code": {"validators": [FreeCode(Kpi)]}}


class Candidate(StrictSerializer):
    """A definition that is being written, and the unit at which it is tried."""

    kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False)
    unit = ScopedCodeField(queryset=Unit.objects.all(), required=False)
    version = VersionWords()


@dataclass(frozen=True)
class PreviewAnswer(drill.PreviewOf):
    """hints: what is likely wrong with it though it can be computed, such as a sum over several currencies."""

    compared: tuple[Compared, ...]
    hints: tuple[str, ...]


def _compared(version: KpiVersion, unit: Unit, seen: drill.PreviewOf, day: date) -> list[dict]:
    calendar = calendars_of([unit.pk], day)[unit.pk]
    rows = [row for row in seen.results if row["dimension"] is None]
    spans = [period_of(calendar, row["period_start"], row["grain"]) for row in rows]
    numbers = [(span.start, span.end, row["value"]) for span, row in zip(spans, rows, strict=True)]
    return [dataclasses.asdict(one) for one in compared_with_now(version, unit.pk, numbers).periods]


class SendBack(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class Certification(StrictSerializer):
    revision = serializers.CharField(
        max_length=40, required=False, help_text="Of the version as you read it: 409 `changed_meanwhile` if it changed."
    )


class Deprecation(StrictSerializer):
    from_day = DayField()
    reason = serializers.CharField(max_length=500)


class YamlText(StrictSerializer):
    yaml = serializers.CharField(max_length=exchange.LONGEST, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=True)


@dataclasses.dataclass(frozen=True)
class DefinitionFaults:
    """cautions: what speaks against its number all the same, such as a sum over several currencies."""

    faults: tuple[Fault, ...]
    cautions: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class DefinitionsText:
    yaml: str


@dataclasses.dataclass(frozen=True)
class DefinitionsRead:
    imported: bool
    kpis: tuple[exchange.Difference, ...]


class ByCode(CursorPages):
    ordering = "code"


class KpiFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        choices=KpiVersion.State.choices, method="of_state", help_text="Those whose `version` is in this state."
    )

    class Meta:
        model = Kpi
        fields = {"unit__code": ["exact"], "owner__username": ["exact"]}

    def of_state(self, kpis, name, value):
        return kpis.whose_newest(state=value)


class KpiViewSet(ChartActions, mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """KPIs. A change of a certified definition makes a new draft, which a second person certifies."""

    queryset = Kpi.objects.select_related("unit", "owner", "steward", "counter_kpi").prefetch_related(
        "versions__dataset",
        "versions__inputs",
        "versions__kpi",
        "versions__created_by",
        "versions__authors",
        "versions__submitted_by",
        "versions__certified_by",
    )
    serializer_class = KpiSerializer
    pagination_class = ByCode
    lookup_field = "code"
    filterset_class = KpiFilter
    needs = {
        "read": VIEW,
        "write": DEFINE,
        "certify": CERTIFY,
        "send_back": CERTIFY,
        "deprecate": CERTIFY,
        "check": VIEW,
        "preview": VIEW,
        "impact": DEFINE,
    }
    by_reading = frozenset({"check", "preview"})
    query_parameters = ASKED
    filtered = frozenset({"list", "export"})

    @extend_schema(request=NewKpi, responses={201: KpiSerializer})
    def create(self, request):
        values = self.checked(NewKpi)
        self.require(DEFINE, values["unit"])
        version = definitions.create_kpi(by=request.user, **values.pop("version"), **values)
        return self.answer(self._fresh(version.kpi_id), 201)

    @extend_schema(request=KpiChange, responses=KpiSerializer)
    def partial_update(self, request, code):
        kpi, values = self._mine(), self.checked(KpiChange, partial=True)
        if "unit" in values:
            self.require(DEFINE, values["unit"])
        return self.answer(self._fresh(definitions.change_kpi(kpi, by=request.user, **values).pk))

    @extend_schema(methods=["GET"], responses=KpiVersionSerializer(many=True))
    @extend_schema(methods=["POST"], request=VersionChange, responses={201: KpiVersionSerializer})
    @action(methods=["get", "post"], detail=True, **PLAIN_LIST)
    def versions(self, request, code):
        """All versions, newest first; POST changes the newest, or makes a new draft of it."""
        if request.method == "GET":
            found = self.get_object().versions.select_related("dataset", "kpi").prefetch_related("authors")
            found = found.order_by("-number")
            return Response(KpiVersionSerializer(found, many=True, context=self.get_serializer_context()).data)
        kpi, values = self._mine(), self.checked(VersionChange, partial=True)
        version = definitions.edit(kpi.versions.newest(), by=request.user, **values)
        return Response(KpiVersionSerializer(version).data, status=201)

    @extend_schema(request=None, responses=KpiVersionSerializer)
    @action(methods=["post"], detail=True, url_path=r"versions/(?P<number>[0-9]{1,6})/submit")
    def submit(self, request, code, number):
        return self._shown(workflow.submit(self._version(number, DEFINE), by=request.user))

    @extend_schema(request=Certification, responses=KpiVersionSerializer)
    @action(methods=["post"], detail=True, url_path=r"versions/(?P<number>[0-9]{1,6})/certify")
    def certify(self, request, code, number):
        """By a second person; refused while the passport has a gap."""
        seen = self.checked(Certification).get("revision")
        return self._shown(
            workflow.certify(self._version(number, CERTIFY), by=request.user, seen=seen, now=timezone.now())
        )

    @extend_schema(request=SendBack, responses=KpiVersionSerializer)
    @action(methods=["post"], detail=True, url_path=r"versions/(?P<number>[0-9]{1,6})/send-back")
    def send_back(self, request, code, number):
        reason = self.checked(SendBack)["reason"]
        return self._shown(workflow.send_back(self._version(number, CERTIFY), by=request.user, reason=reason))

    @extend_schema(request=Deprecation, responses=KpiVersionSerializer)
    @action(methods=["post"], detail=True, url_path=r"versions/(?P<number>[0-9]{1,6})/deprecate")
    def deprecate(self, request, code, number):
        values = self.checked(Deprecation)
        return self._shown(workflow.deprecate(self._version(number, CERTIFY), by=request.user, **values))

    @extend_schema(request=None, responses={204: None})
    @action(methods=["post"], detail=True, url_path=r"versions/(?P<number>[0-9]{1,6})/discard")
    def discard(self, request, code, number):
        definitions.discard(self._version(number, DEFINE), by=request.user)
        return Response(status=204)

    @extend_schema(responses=answer(definitions.Impact))
    @action(methods=["get"], detail=True)
    def impact(self, request, code):
        """What a change of this KPI reaches, for who may change it."""
        return Response(dataclasses.asdict(definitions.impact_of(self._mine())))

    @extend_schema(responses=answer(tuple[Use, ...]))
    @action(detail=True, **PLAIN_LIST)
    def uses(self, request, code):
        """What goes by this KPI's numbers, as far as you may see it: scorecards, KPIs, objectives, alert rules ..."""
        found = uses_of(self.get_object(), request.access)
        return Response([dataclasses.asdict(use) for listed in found.values() for use in listed])

    @extend_schema(request=Candidate, responses=answer(DefinitionFaults))
    @action(methods=["post"], detail=False, throttle_classes=[PreviewThrottle])
    def check(self, request):
        """What is wrong with a definition: field, word, position, nearest column; nothing is saved."""
        version = self._candidate(self.checked(Candidate))
        cautions = () if request.access.is_vendor_only else tuple(cautions_of(version, request.access))
        return Response(dataclasses.asdict(DefinitionFaults(tuple(faults_of(version)), cautions)))

    @extend_schema(request=Candidate, responses=answer(PreviewAnswer))
    @action(methods=["post"], detail=False, throttle_classes=[PreviewThrottle])
    def preview(self, request):
        """What a definition gives on the live rows that the caller may see; nothing is saved.

        A derived one, for which `unit` is needed, over the results of its KPIs there.
        """
        values = self.checked(Candidate)
        version = self._candidate(values)
        if faults := faults_of(version):
            raise definitions.DefinitionError(faults)
        unit = values.get("unit") or (version.dataset and version.dataset.unit)
        if unit is None:
            raise serializers.ValidationError({"unit": "Say at which unit: the definition has no dataset."}, "required")
        try_out = drill.derived_preview if version.kind == KpiVersion.Kind.DERIVED else drill.preview
        seen = try_out(version, unit, request.access, request.day)
        values = [row["value"] for row in seen.results if row["dimension"] is None]
        hints = [] if request.access.is_vendor_only else hints_of(version, values, request.access)
        told = {"compared": _compared(version, unit, seen, request.day), "hints": hints}
        return Response(dataclasses.asdict(seen) | told)

    @extend_schema(responses=answer(DefinitionsText), filters=True)
    @action(methods=["get"], detail=False)
    def export(self, request):
        """The newest definitions as YAML text."""
        return Response({"yaml": exchange.export_yaml(self.filter_queryset(self.get_queryset()), request.access)})

    @extend_schema(request=YamlText, responses=answer(DefinitionsRead))
    @action(methods=["post"], detail=False, url_path="import")
    def load(self, request):
        """Read definitions in as drafts, all or none; `dry_run` (the default) only says what would change."""
        values = self.checked(YamlText)
        if values["dry_run"]:
            found = exchange.compare(values["yaml"], by=request.user, access=request.access)
        else:
            found = exchange.import_yaml(values["yaml"], by=request.user, access=request.access)
        return Response({"imported": not values["dry_run"], "kpis": [dataclasses.asdict(one) for one in found]})

    def _candidate(self, values: dict) -> KpiVersion:
        kpi = values.get("kpi") or Kpi(code="new")
        return KpiVersion(kpi=kpi, number=0, **values["version"])

    def _mine(self) -> Kpi:
        kpi = self.get_object()
        self.require(DEFINE, kpi.unit)
        return kpi

    def _version(self, number: str, permission: str) -> KpiVersion:
        from django.shortcuts import get_object_or_404

        kpi = self.get_object()
        self.require(permission, kpi.unit)
        return get_object_or_404(kpi.versions, number=int(number))

    def _fresh(self, pk: int) -> Kpi:
        return self.queryset.all().get(pk=pk)

    def _shown(self, version: KpiVersion) -> Response:
        return Response(KpiVersionSerializer(version).data)
