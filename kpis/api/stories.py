"""Themes, objectives and links; annotations; numbers entered by hand; webhooks."""

from dataclasses import asdict, dataclass

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, parsers, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.outgoing import UnsafeAddress
from doors.parsers import StrictJSONParser
from doors.permissions import SAFE
from doors.serializers import DayField, LoginField, ScopedCodeField, StrictModelSerializer, StrictSerializer
from doors.shapes import answer
from doors.viewsets import PLAIN_LIST
from kpis import annotations, manual, strategy, webhooks
from kpis.models import Annotation, Kpi, KpiLink, ManualEntry, Objective, Theme, Webhook, WebhookDelivery
from kpis.selectors.manual import with_reasons
from organization.access import ADMINISTER, CERTIFY, DEFINE, UPLOAD, VIEW
from organization.models import Unit, User

from .base import KpisViewSet, ScopedIdField

AMOUNT = {"max_digits": 23, "decimal_places": 6}


class ThemeSerializer(StrictModelSerializer):
    class Meta:
        model = Theme
        fields = ("id", "name", "description", "position")


class ThemeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Themes belong to the whole organisation: who defines for all of it changes them."""

    queryset = Theme.objects.all()
    serializer_class = ThemeSerializer
    needs = {"read": VIEW, "write": DEFINE}

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE and not request.access.everywhere(DEFINE):
            raise PermissionDenied(strategy.WHOLE)

    def create(self, request):
        return self.answer(strategy.add_theme(by=request.user, **self.checked(ThemeSerializer)), 201)

    def partial_update(self, request, pk):
        values = self.checked(ThemeSerializer, partial=True)
        return self.answer(strategy.change(self.get_object(), by=request.user, **values))

    def destroy(self, request, pk):
        strategy.remove(self.get_object(), by=request.user)
        return Response(status=204)


class ObjectiveSerializer(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())
    owner = LoginField(queryset=User.objects.filter(is_active=True))

    class Meta:
        model = Objective
        fields = ("id", "theme", "name", "description", "unit", "owner")
        validators: list = []


class LinkSerializer(StrictModelSerializer):
    objective = ScopedIdField(queryset=Objective.objects.all())
    kpi = ScopedCodeField(queryset=Kpi.objects.all())

    class Meta:
        model = KpiLink
        fields = ("id", "objective", "kpi", "kind")
        validators: list = []


@dataclass(frozen=True)
class Orphans:
    """`objectives`: ids of those that no KPI measures; `kpis`: codes of those that serve no objective."""

    objectives: list[int]
    kpis: list[str]


class ObjectiveViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Objectives of units, each below a theme."""

    queryset = Objective.objects.select_related("theme", "unit", "owner")
    serializer_class = ObjectiveSerializer
    unit_path = "unit"
    filterset_fields = ("theme",)
    needs = {"read": VIEW, "write": DEFINE}

    def create(self, request):
        values = self.checked(ObjectiveSerializer)
        self.require(DEFINE, values["unit"])
        return self.answer(strategy.add_objective(by=request.user, **values), 201)

    def partial_update(self, request, pk):
        objective, values = self._mine(), self.checked(ObjectiveSerializer, partial=True)
        if "unit" in values:
            self.require(DEFINE, values["unit"])
        return self.answer(strategy.change(objective, by=request.user, **values))

    def destroy(self, request, pk):
        strategy.remove(self._mine(), by=request.user)
        return Response(status=204)

    @extend_schema(responses=answer(Orphans))
    @action(methods=["get"], detail=False)
    def orphans(self, request):
        """Objectives without a KPI, and KPIs without an objective."""
        found = strategy.orphans(request.access)
        return Response(asdict(Orphans([one.pk for one in found.objectives], [kpi.code for kpi in found.kpis])))

    def _mine(self) -> Objective:
        objective = self.get_object()
        self.require(DEFINE, objective.unit)
        return objective


class LinkViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Which KPI contributes to an objective, or supports it."""

    queryset = KpiLink.objects.select_related("objective__unit", "kpi")
    serializer_class = LinkSerializer
    unit_path = "objective__unit"
    filterset_fields = {"objective": ["exact"], "kpi__code": ["exact"], "kind": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}

    def create(self, request):
        values = self.checked(LinkSerializer)
        self.require(DEFINE, values["objective"].unit)
        kind = values.get("kind", KpiLink.Kind.CONTRIBUTES)
        return self.answer(strategy.link(values["objective"], values["kpi"], kind, by=request.user), 201)

    def destroy(self, request, pk):
        link = self.get_object()
        self.require(DEFINE, link.objective.unit)
        strategy.unlink(link, by=request.user)
        return Response(status=204)


class AnnotationSerializer(StrictModelSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    unit = ScopedCodeField(queryset=Unit.objects.all())
    by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Annotation
        fields = ("id", "kpi", "unit", "day", "text", "by", "at")


class AnnotationText(StrictSerializer):
    text = serializers.CharField(max_length=1000)


class AnnotationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """What happened, written beside a KPI's numbers on its day."""

    queryset = Annotation.objects.select_related("kpi", "unit", "by")
    serializer_class = AnnotationSerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"], "day": ["gte", "lt"]}
    needs = {"read": VIEW, "write": UPLOAD}

    def create(self, request):
        values = self.checked(AnnotationSerializer)
        self.require(UPLOAD, values["unit"])
        return self.answer(annotations.annotate(by=request.user, **values), 201)

    @extend_schema(request=AnnotationText)
    def partial_update(self, request, pk):
        return self.answer(annotations.reword(self._mine(), self.checked(AnnotationText)["text"], by=request.user))

    def destroy(self, request, pk):
        annotations.withdraw(self._mine(), by=request.user)
        return Response(status=204)

    def _mine(self) -> Annotation:
        annotation = self.get_object()
        self.require(UPLOAD, annotation.unit)
        return annotation


class ManualEntrySerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    unit = serializers.SlugRelatedField("code", read_only=True)
    entered_by = serializers.SlugRelatedField("username", read_only=True)
    decided_by = serializers.SlugRelatedField("username", read_only=True)
    rejection_reason = serializers.CharField(read_only=True, default="", help_text="Empty unless it was rejected.")

    class Meta:
        model = ManualEntry
        fields = (
            "id", "kpi", "unit", "grain", "period_start", "period_end", "value", "numerator", "denominator", "note",
            "evidence_name", "state", "entered_by", "entered_at", "decided_by", "decided_at",
            "rejection_reason",
        )  # fmt: skip


class NewEntry(StrictSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    unit = ScopedCodeField(queryset=Unit.objects.all())
    day = DayField(help_text="Any day of the period.")
    value = serializers.DecimalField(**AMOUNT)
    numerator = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    denominator = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    evidence = serializers.FileField(required=False)


class Rejection(StrictSerializer):
    reason = serializers.CharField(max_length=500)


class ManualEntryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Numbers entered by hand; a second person approves or rejects them."""

    queryset = ManualEntry.objects.select_related("kpi", "unit", "entered_by", "decided_by")
    serializer_class = ManualEntrySerializer
    unit_path = "unit"
    filterset_fields = {"kpi__code": ["exact"], "unit__code": ["exact"], "state": ["exact"]}
    parser_classes = [StrictJSONParser, parsers.MultiPartParser]
    needs = {"read": VIEW, "write": UPLOAD, "approve": CERTIFY, "reject": CERTIFY}

    @extend_schema(request=NewEntry, responses={201: ManualEntrySerializer})
    def create(self, request):
        values = self.checked(NewEntry)
        self.require(UPLOAD, values["unit"])
        kpi, unit = values.pop("kpi"), values.pop("unit")
        return self.answer(manual.enter(kpi, unit, by=request.user, today=request.day, **values), 201)

    @extend_schema(request=None, responses=ManualEntrySerializer)
    @action(methods=["post"], detail=True)
    def approve(self, request, pk):
        return self.answer(manual.approve(self._to_decide(), by=request.user, now=timezone.now()))

    @extend_schema(request=Rejection, responses=ManualEntrySerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        reason = self.checked(Rejection)["reason"]
        manual.reject(self._to_decide(), by=request.user, reason=reason, now=timezone.now())
        return self.answer(self.get_object())

    def get_queryset(self):
        return with_reasons(super().get_queryset())

    def _to_decide(self) -> ManualEntry:
        entry = self.get_object()
        self.require(CERTIFY, entry.unit)
        return entry


class WebhookSerializer(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())

    class Meta:
        model = Webhook
        fields = ("id", "name", "url", "unit", "is_active", "created_at")
        read_only_fields = ("is_active",)


class MadeWebhookSerializer(WebhookSerializer):
    secret = serializers.CharField(read_only=True, help_text="Shown this once: receivers check signatures with it.")

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")


class DeliverySerializer(serializers.ModelSerializer):
    class Meta:
        model = WebhookDelivery
        fields = ("id", "event", "attempts", "delivered_at", "response", "created_at")


class WebhookViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, KpisViewSet):
    """Who is told of changes of status at a unit and below. The secret is shown once, when it is made.

    Each message has `X-Perfmgr-Signature: t=<unix seconds>,v1=<hex>`: the HMAC-SHA256 of "<t>.<body>" with the secret.
    """

    queryset = Webhook.objects.select_related("unit")
    serializer_class = WebhookSerializer
    unit_path = "unit"
    needs = {"read": ADMINISTER, "write": ADMINISTER}

    def get_queryset(self):
        return super().get_queryset().filter(unit__in=self.request.access.units(ADMINISTER))

    @extend_schema(request=WebhookSerializer, responses={201: MadeWebhookSerializer})
    def create(self, request):
        values = self.checked(WebhookSerializer)
        self.require(ADMINISTER, values["unit"])
        try:
            hook = webhooks.create_webhook(by=request.user, **values)
        except UnsafeAddress as refusal:
            raise serializers.ValidationError({"url": str(refusal)}, code="unsafe_address") from None
        return Response(MadeWebhookSerializer(hook).data, status=201)

    def destroy(self, request, pk):
        hook = self.get_object()
        self.require(ADMINISTER, hook.unit)
        webhooks.remove_webhook(hook, by=request.user)
        return Response(status=204)

    @extend_schema(request=None, responses={202: None})
    @action(methods=["post"], detail=True, url_path="try")
    def send_trial(self, request, pk):
        """Send a message that says nothing but that it is one."""
        hook = self.get_object()
        self.require(ADMINISTER, hook.unit)
        webhooks.send_trial(hook, by=request.user)
        return Response(status=202)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def deliveries(self, request, pk):
        """The last hundred messages and what was answered."""
        return Response(DeliverySerializer(self.get_object().deliveries.all()[:100], many=True).data)
