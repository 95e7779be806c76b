"""Agreements, their versions with tiers, and their targets with clocks and measures."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.models import Dataset
from doors.codes import FreeCode
from doors.serializers import DayField, ScopedCodeField, StrictSerializer
from doors.viewsets import PLAIN_LIST, NamedInAddress
from kpis.requests import as_of_day
from organization.access import CERTIFY, DEFINE, VIEW
from organization.models import BusinessCalendar, Unit, User
from slas import drafting, lifecycle
from slas.models import Agreement, AgreementVersion, ClockRule, CreditTier, MeasureRule, ServiceTarget
from slas.revisions import READS as REVISED
from slas.revisions import revision_of
from slas.supports import backing_of

from .base import MONEY_FIELD, PERCENT, SlasViewSet

VERSION_FIELDS = (
    "valid_from", "valid_to", "period", "calendar", "currency", "charge_basis", "monthly_charge", "charge_dataset",
    "charge_formula", "charge_condition", "charge_time_column", "at_risk_pct", "minimum_credit", "repeat_multiplier",
    "repeat_misses", "earn_back_pct", "earn_back_periods", "claim_days", "notice_days", "terms",
)  # fmt: skip
CLOCK_FIELDS = tuple(sorted(drafting.CLOCK_WORDS))
MEASURE_FIELDS = tuple(sorted(drafting.MEASURE_WORDS))
TARGET_FIELDS = (
    "code", "name", "metric", "condition", "threshold_seconds", "required_pct", "percentile", "counted_in", "warn_at",
    "weight", "position",
)  # fmt: skip


class AgreementSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    customer = serializers.SlugRelatedField("code", read_only=True)
    owner = serializers.SlugRelatedField("username", read_only=True)
    providers = serializers.SlugRelatedField("code", read_only=True, many=True)
    supports = serializers.SlugRelatedField("code", read_only=True, many=True)
    dataset = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = Agreement
        fields = (
            "id", "code", "name", "kind", "unit", "customer", "providers", "supports", "service", "owner", "dataset",
            "created_at",
        )  # fmt: skip


class Parties(StrictSerializer):
    """What a PATCH may change; the rest belongs to a version."""

    name = serializers.CharField(max_length=200, required=False)
    service = serializers.CharField(max_length=200, required=False, allow_blank=True)
    customer = ScopedCodeField(queryset=Unit.objects.all(), required=False, allow_null=True)
    providers = ScopedCodeField(queryset=Unit.objects.all(), required=False, many=True)
    supports = ScopedCodeField(queryset=Agreement.objects.all(), required=False, many=True)
    owner = ScopedCodeField(queryset=User.objects.all(), slug_field="username", required=False)


class NewAgreement(Parties):
    code = serializers.SlugField(max_length=50, validators=[FreeCode(Agreement)])
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(Agreement.Kind.choices)
    unit = ScopedCodeField(queryset=Unit.objects.all())
    valid_from = DayField()


class TierSerializer(serializers.ModelSerializer):
    target = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = CreditTier
        fields = ("target", "below_pct", "side", "credit_pct")


class VersionSerializer(serializers.ModelSerializer):
    agreement = serializers.SlugRelatedField("code", read_only=True)
    calendar = serializers.SlugRelatedField("code", read_only=True)
    charge_dataset = serializers.SlugRelatedField("code", read_only=True)
    signed_by = serializers.SlugRelatedField("username", read_only=True)
    submitted_by = serializers.SlugRelatedField("username", read_only=True)
    tiers = TierSerializer(many=True, read_only=True)
    authors = serializers.SlugRelatedField(
        "username", many=True, read_only=True, help_text="Who wrote any of it, and so does not sign it."
    )
    revision = serializers.SerializerMethodField(help_text="Of what it says now, with targets and parties; see `sign`.")

    class Meta:
        model = AgreementVersion
        fields = (
            "id", "agreement", "number", "state", *VERSION_FIELDS, "notice_given_on", "notice_reason", "authors",
            "submitted_by", "signed_by", "signed_at", "tiers", "revision",
        )  # fmt: skip

    def get_revision(self, version) -> str:
        return revision_of(version)


class VersionWords(StrictSerializer):
    """What a PATCH of a draft may hold."""

    valid_from = DayField(required=False)
    valid_to = DayField(required=False, allow_null=True)
    period = serializers.ChoiceField(AgreementVersion.Period.choices, required=False)
    calendar = ScopedCodeField(queryset=BusinessCalendar.objects.all(), required=False, allow_null=True)
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True)
    charge_basis = serializers.ChoiceField(AgreementVersion.ChargeBasis.choices, required=False)
    monthly_charge = serializers.DecimalField(**MONEY_FIELD, required=False, allow_null=True)
    charge_dataset = ScopedCodeField(queryset=Dataset.objects.all(), required=False, allow_null=True)
    charge_formula = serializers.CharField(required=False, allow_blank=True)
    charge_condition = serializers.CharField(required=False, allow_blank=True)
    charge_time_column = serializers.CharField(max_length=100, required=False, allow_blank=True)
    at_risk_pct = serializers.DecimalField(**PERCENT, required=False, allow_null=True)
    minimum_credit = serializers.DecimalField(**MONEY_FIELD, required=False)
    repeat_multiplier = serializers.DecimalField(max_digits=6, decimal_places=3, required=False)
    repeat_misses = serializers.IntegerField(min_value=1, max_value=1000, required=False)
    earn_back_pct = serializers.DecimalField(**PERCENT, required=False)
    earn_back_periods = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    claim_days = serializers.IntegerField(min_value=0, max_value=3660, required=False)
    notice_days = serializers.IntegerField(min_value=0, max_value=3660, required=False)
    terms = serializers.CharField(required=False, allow_blank=True)


class Day(StrictSerializer):
    day = DayField()


class Reason(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class Signature(StrictSerializer):
    revision = serializers.CharField(
        max_length=40, required=False, help_text="Of the version as you read it: 409 `changed_meanwhile` if it changed."
    )


class DayAndReason(Day, Reason):
    """A day, and why."""


class TierWords(StrictSerializer):
    target = serializers.SlugField(required=False, allow_null=True, default=None, help_text="Code; null: every target.")
    below_pct = serializers.DecimalField(**PERCENT)
    side = serializers.ChoiceField(CreditTier.Side.choices, default=CreditTier.Side.BELOW)
    credit_pct = serializers.DecimalField(**PERCENT)


class BackingSerializer(serializers.Serializer):
    target = serializers.CharField(source="target.code")
    threshold_seconds = serializers.IntegerField(source="target.threshold_seconds", allow_null=True)
    sum_seconds = serializers.IntegerField(source="total_seconds")
    holds = serializers.BooleanField()
    sentence = serializers.CharField()


class Tiers(StrictSerializer):
    tiers = TierWords(many=True)


class ClockSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = ClockRule
        fields = CLOCK_FIELDS


class MeasureSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)

    class Meta:
        model = MeasureRule
        fields = MEASURE_FIELDS


class ServiceTargetSerializer(serializers.ModelSerializer):
    agreement = serializers.CharField(source="version.agreement.code", read_only=True)
    version = serializers.PrimaryKeyRelatedField(read_only=True)
    clock = ClockSerializer(read_only=True, allow_null=True)
    measure = MeasureSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ServiceTarget
        fields = ("id", "agreement", "version", *TARGET_FIELDS, "clock", "measure")
        shapes = {"warn_at": list[int]}


def _rule_words(model, known: frozenset[str], title: str):
    """A serializer of all words of a rule, none required; texts may be empty."""
    fields = {}
    for field in model._meta.concrete_fields:
        if field.name not in known or field.name == "dataset":
            continue
        if field.choices:
            fields[field.name] = serializers.ChoiceField(field.choices, required=False, allow_null=field.null)
        elif field.get_internal_type() in ("CharField", "TextField"):
            fields[field.name] = serializers.CharField(required=False, allow_blank=True, max_length=5000)
        else:
            fields[field.name] = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    fields["dataset"] = ScopedCodeField(queryset=Dataset.objects.all(), required=False)
    return type(title, (StrictSerializer,), fields)


ClockWords = _rule_words(ClockRule, drafting.CLOCK_WORDS, "ClockWords")
MeasureWords = _rule_words(MeasureRule, drafting.MEASURE_WORDS, "MeasureWords")


class TargetWords(StrictSerializer):
    name = serializers.CharField(max_length=200, required=False)
    metric = serializers.ChoiceField(ServiceTarget.Metric.choices, required=False)
    condition = serializers.CharField(required=False, allow_blank=True)
    threshold_seconds = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**40)
    required_pct = serializers.DecimalField(**PERCENT, required=False)
    percentile = serializers.DecimalField(max_digits=5, decimal_places=4, required=False, allow_null=True)
    counted_in = serializers.ChoiceField(ServiceTarget.CountedIn.choices, required=False)
    warn_at = serializers.ListField(child=serializers.IntegerField(min_value=1, max_value=1000), required=False)
    weight = serializers.DecimalField(**PERCENT, required=False)
    position = serializers.IntegerField(min_value=0, max_value=1000, required=False)
    clock = ClockWords(required=False)
    measure = MeasureWords(required=False)


class NewTarget(TargetWords):
    version = serializers.IntegerField(min_value=1)
    code = serializers.SlugField(max_length=40)
    name = serializers.CharField(max_length=200)
    metric = serializers.ChoiceField(ServiceTarget.Metric.choices)


class AgreementViewSet(NamedInAddress, mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Agreements of which the caller may see a party; a vendor's contact sees those of that vendor alone."""

    queryset = Agreement.objects.select_related("unit", "customer", "owner", "dataset").prefetch_related(
        "providers", "supports"
    )
    serializer_class = AgreementSerializer
    filterset_fields = {"code": ["exact"], "kind": ["exact"], "unit__code": ["exact"], "providers__code": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}

    @extend_schema(request=NewAgreement, responses={201: AgreementSerializer})
    def create(self, request):
        """Draft an agreement; its first version is a draft from `valid_from` on."""
        values = self.checked(NewAgreement)
        self.require(DEFINE, values["unit"])
        made = drafting.create_agreement(by=request.user, **({"owner": request.user} | values))
        return self.answer(made.agreement, 201)

    @extend_schema(request=Parties, responses=AgreementSerializer)
    def partial_update(self, request, pk):
        found = self.mine(DEFINE)
        return self.answer(drafting.change_agreement(found, by=request.user, **self.checked(Parties, partial=True)))


class VersionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Versions of agreements; a draft changes in place, a signed one never."""

    queryset = AgreementVersion.objects.select_related(
        "agreement", "calendar", "charge_dataset", "signed_by", "submitted_by"
    ).prefetch_related("tiers__target", "authors", *REVISED)
    serializer_class = VersionSerializer
    filterset_fields = {"agreement__code": ["exact"], "state": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE} | dict.fromkeys(("sign", "notice", "withdraw_notice", "terminate"), CERTIFY)

    @extend_schema(request=VersionWords, responses=VersionSerializer)
    def partial_update(self, request, pk):
        found = self.mine(DEFINE)
        return self.answer(drafting.change_version(found, by=request.user, **self.checked(VersionWords, partial=True)))

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Discard a draft."""
        drafting.discard(self.mine(DEFINE), by=request.user)
        return Response(status=204)

    @extend_schema(request=Tiers, responses=VersionSerializer)
    @action(methods=["put"], detail=True)
    def tiers(self, request, pk):
        """Replace the credit tiers."""
        found = self.mine(DEFINE)
        targets = {target.code: target for target in found.targets.all()}
        lines = self.checked(Tiers)["tiers"]
        unknown = sorted({line["target"] for line in lines if line["target"]} - set(targets))
        if unknown:
            raise serializers.ValidationError({"target": f"There is no target {unknown[0]} in this version."})
        drafting.set_tiers(found, [line | {"target": targets.get(line["target"])} for line in lines], by=request.user)
        return self.answer(self.get_object())

    @extend_schema(responses={200: BackingSerializer(many=True)})
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def backing(self, request, pk):
        """Whether the sums of the supporting agreements' targets fit into each promise."""
        return Response(BackingSerializer(backing_of(self.get_object()), many=True).data)

    @extend_schema(request=None, responses=VersionSerializer)
    @action(methods=["post"], detail=True)
    def offer(self, request, pk):
        return self.answer(lifecycle.offer(self.mine(DEFINE), by=request.user))

    @extend_schema(request=Reason, responses=VersionSerializer)
    @action(methods=["post"], detail=True)
    def take_back(self, request, pk):
        found = self.mine(DEFINE)
        return self.answer(lifecycle.take_back(found, by=request.user, **self.checked(Reason)))

    @extend_schema(request=Signature, responses=VersionSerializer)
    @action(methods=["post"], detail=True)
    def sign(self, request, pk):
        """By a second person, who wrote none of it."""
        found, seen = self.mine(CERTIFY), self.checked(Signature).get("revision")
        return self.answer(lifecycle.sign(found, by=request.user, day=as_of_day(), seen=seen, now=timezone.now()))

    @extend_schema(request=Day, responses={201: VersionSerializer})
    @action(methods=["post"], detail=True)
    def new_version(self, request, pk):
        """Copy it as a draft that holds from `day` on."""
        found = self.mine(DEFINE)
        return self.answer(drafting.new_version(found, by=request.user, valid_from=self.checked(Day)["day"]), 201)

    @extend_schema(request=DayAndReason, responses=VersionSerializer)
    @action(methods=["post"], detail=True)
    def notice(self, request, pk):
        """Give notice; `day` is its last day."""
        found, words = self.mine(CERTIFY), self.checked(DayAndReason)
        return self.answer(
            lifecycle.give_notice(
                found, by=request.user, day=as_of_day(), last_day=words["day"], reason=words["reason"]
            )
        )

    @extend_schema(request=Reason, responses=VersionSerializer)
    @action(methods=["post"], detail=True)
    def withdraw_notice(self, request, pk):
        found = self.mine(CERTIFY)
        return self.answer(lifecycle.withdraw_notice(found, by=request.user, **self.checked(Reason)))

    @extend_schema(request=DayAndReason, responses=VersionSerializer)
    @action(methods=["post"], detail=True)
    def terminate(self, request, pk):
        """End it; `day` is the first day without it."""
        found = self.mine(CERTIFY)
        return self.answer(lifecycle.terminate(found, by=request.user, **self.checked(DayAndReason)))


class TargetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Targets of versions, each with its clock or measure."""

    queryset = ServiceTarget.objects.select_related("version__agreement", "clock__dataset", "measure__dataset")
    serializer_class = ServiceTargetSerializer
    filterset_fields = {"version": ["exact"], "version__agreement__code": ["exact"], "metric": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}

    def mine(self, permission: str):
        target = self.get_object()
        self.require(permission, target.version.agreement.unit_id)
        return target

    @extend_schema(request=NewTarget, responses={201: ServiceTargetSerializer})
    def create(self, request):
        values = self.checked(NewTarget)
        seen = AgreementVersion.objects.visible_to(request.access).select_related("agreement")
        version = seen.filter(pk=values.pop("version")).first()
        if version is None:
            raise serializers.ValidationError({"version": "There is no such version, or it is not yours to see."})
        self.require(DEFINE, version.agreement.unit_id)
        made = drafting.set_target(version, values.pop("code"), by=request.user, new_only=True, **values)
        return self.answer(self.queryset.get(pk=made.pk), 201)

    @extend_schema(request=TargetWords, responses=ServiceTargetSerializer)
    def partial_update(self, request, pk):
        target = self.mine(DEFINE)
        words = self.checked(TargetWords, partial=True)
        drafting.set_target(target.version, target.code, by=request.user, **words)
        return self.answer(self.get_object())

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        drafting.remove_target(self.mine(DEFINE), by=request.user)
        return Response(status=204)
