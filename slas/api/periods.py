"""Periods, restatements, exclusions and service credits."""

from dataclasses import dataclass

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action

from doors.filters import OneOfFilter
from doors.serializers import ScopedCodeField, StrictSerializer
from doors.shapes import shape_of
from kpis.requests import as_of_day
from lake.currencies import CODES
from organization.access import CERTIFY, DEFINE, MONEY, VIEW
from slas import claims, closing, exclusions, periods
from slas.figures import read_figures
from slas.models import Agreement, CreditClaim, Exclusion, PeriodResult, Restatement, Withdrawal

from .agreements import Reason
from .base import MONEY_FIELD, SlasViewSet


class RestatementSerializer(serializers.ModelSerializer):
    proposed_by = serializers.SlugRelatedField("username", read_only=True)
    caused_by = serializers.SlugRelatedField(
        "username", many=True, read_only=True, help_text="Who changed what it is made from: they do not decide on it."
    )
    decided_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Restatement
        fields = (
            "id", "period", "number", "cause", "before", "after", "cases_hash", "sources", "state", "proposed_by",
            "proposed_at", "caused_by", "decided_by", "decided_at", "decision_note",
        )  # fmt: skip


@dataclass(frozen=True)
class Attained:
    """Of one target: percents, as texts; null where nothing counted."""

    attainment: str | None
    with_exclusions: str | None
    required: str | None
    is_met: bool | None


ATTAINED = {"type": "object", "additionalProperties": shape_of(Attained)}


class AgreementPeriodSerializer(serializers.ModelSerializer):
    agreement = serializers.SlugRelatedField("code", read_only=True)
    version = serializers.SlugRelatedField("number", read_only=True)
    closed_by = serializers.SlugRelatedField("username", read_only=True)
    attainment = serializers.SerializerMethodField(help_text="Of the standing figures: target code -> percent, met.")

    class Meta:
        model = PeriodResult
        fields = (
            "id", "agreement", "version", "period_start", "period_end", "state", "attainment", "figures",
            "figures_hash", "cases_hash", "sources", "computed_at", "dispute_reason", "closed_by", "closed_at",
        )  # fmt: skip

    @extend_schema_field(ATTAINED)
    def get_attainment(self, period: PeriodResult) -> dict:
        return {
            code: {
                "attainment": _text(figure.attainment),
                "with_exclusions": _text(figure.attainment_with_all),
                "required": figure.required,
                "is_met": figure.is_met,
            }
            for code, figure in read_figures(periods.standing_figures(period)).items()
        }


class WithdrawalSerializer(serializers.ModelSerializer):
    asked_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    decided_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = Withdrawal
        fields = ("reason", "state", "asked_by", "asked_at", "decided_by", "decided_at", "note")


class ExclusionSerializer(serializers.ModelSerializer):
    withdrawals = WithdrawalSerializer(many=True, read_only=True)
    agreement = serializers.SlugRelatedField("code", read_only=True)
    proposed_by = serializers.SlugRelatedField("username", read_only=True)
    decided_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Exclusion
        fields = (
            "id", "agreement", "kind", "reason", "target_code", "cases", "starts_at", "ends_at", "condition", "state",
            "proposed_by", "proposed_at", "decided_by", "decided_at", "decision_note", "withdrawals",
        )  # fmt: skip
        shapes = {"cases": list[str]}


class NewExclusion(StrictSerializer):
    agreement = ScopedCodeField(queryset=Agreement.objects.all())
    kind = serializers.ChoiceField(Exclusion.Kind.choices)
    reason = serializers.CharField(max_length=2000)
    target_code = serializers.SlugField(max_length=40, default="", allow_blank=True)
    cases = serializers.ListField(child=serializers.CharField(max_length=200), default=list, max_length=10_000)
    starts_at = serializers.DateTimeField(default=None, allow_null=True)
    ends_at = serializers.DateTimeField(default=None, allow_null=True)
    condition = serializers.CharField(max_length=5000, default="", allow_blank=True)


class Note(StrictSerializer):
    note = serializers.CharField(max_length=2000, default="", allow_blank=True)


class RefusalNote(StrictSerializer):
    note = serializers.CharField(max_length=2000, help_text="Why.")


class CreditSerializer(serializers.ModelSerializer):
    agreement = serializers.SlugRelatedField("code", read_only=True)
    period_start = serializers.DateField(source="period.period_start", read_only=True)
    claimed_by = serializers.SlugRelatedField("username", read_only=True)
    decided_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)
    credited_by = serializers.SlugRelatedField("username", read_only=True, allow_null=True)

    class Meta:
        model = CreditClaim
        fields = (
            "id", "agreement", "period", "period_start", "state", "currency", "charge", "amount", "breakdown",
            "agreed_amount", "earned_back", "claim_by", "claimed_on", "claimed_by", "decided_on", "decided_by",
            "decision_note", "credited_on", "credited_by", "reference", "note",
        )  # fmt: skip


class Claimed(Note):
    amount = serializers.DecimalField(
        **MONEY_FIELD, required=False, help_text="As you read it: 409 `changed_meanwhile` if it is another by now."
    )


class Amount(Note):
    amount = serializers.DecimalField(**MONEY_FIELD, default=None, allow_null=True, help_text="Null: all of it.")
    note = serializers.CharField(max_length=2000, default="", allow_blank=True, help_text="Why, if it is less.")


class Reference(StrictSerializer):
    reference = serializers.CharField(max_length=100)


class Close(StrictSerializer):
    figures_hash = serializers.CharField(
        max_length=64, required=False, help_text="As you read it: 409 `changed_meanwhile` if the figures changed."
    )


class PeriodViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Periods with their figures; a closed one never changes."""

    queryset = PeriodResult.objects.select_related("agreement", "version", "closed_by").prefetch_related("restatements")
    serializer_class = AgreementPeriodSerializer
    filterset_fields = {"agreement__code": ["exact"], "state": ["exact"], "period_start": ["exact", "gte", "lt"]}
    needs = {"read": VIEW, "close": CERTIFY, "settle": CERTIFY, "dispute": DEFINE, "restate": DEFINE}

    @extend_schema(request=Close, responses=AgreementPeriodSerializer)
    @action(methods=["post"], detail=True)
    def close(self, request, pk):
        """Freeze figures and case list, and calculate the credit."""
        found, seen = self.mine(CERTIFY), self.checked(Close).get("figures_hash")
        return self.answer(closing.close_period(found, by=request.user, day=as_of_day(), seen=seen, now=timezone.now()))

    @extend_schema(request=Reason, responses=AgreementPeriodSerializer)
    @action(methods=["post"], detail=True)
    def dispute(self, request, pk):
        found = self.mine(DEFINE)
        return self.answer(periods.dispute(found, by=request.user, **self.checked(Reason)))

    @extend_schema(request=Reason, responses=AgreementPeriodSerializer)
    @action(methods=["post"], detail=True)
    def settle(self, request, pk):
        found = self.mine(CERTIFY)
        return self.answer(periods.settle(found, by=request.user, outcome=self.checked(Reason)["reason"]))

    @extend_schema(request=Reason, responses={201: AgreementPeriodSerializer})
    @action(methods=["post"], detail=True)
    def restate(self, request, pk):
        """Propose a restatement by the data as they are now."""
        found = self.mine(DEFINE)
        periods.propose_restatement(found, by=request.user, cause=self.checked(Reason)["reason"])
        return self.answer(self.get_object(), 201)


class RestatementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Restatements of closed periods, before and after."""

    queryset = Restatement.objects.select_related("period__agreement", "proposed_by", "decided_by").prefetch_related(
        "caused_by"
    )
    serializer_class = RestatementSerializer
    filterset_fields = {"period": ["exact"], "period__agreement__code": ["exact"], "state": ["exact"]}
    needs = {"read": VIEW, "write": CERTIFY}

    @extend_schema(request=Note, responses=RestatementSerializer)
    @action(methods=["post"], detail=True)
    def approve(self, request, pk):
        """By a second person: neither who asked for it, nor who changed what it is made from."""
        return self._decided(True, Note)

    @extend_schema(request=RefusalNote, responses=RestatementSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        """By a second person, saying why."""
        return self._decided(False, RefusalNote)

    def _decided(self, is_approved: bool, body):
        found = self.get_object()
        self.require(CERTIFY, found.period.agreement.unit_id)
        by, day, words = self.request.user, as_of_day(), self.checked(body)
        return self.answer(
            closing.decide_restatement(found, by=by, is_approved=is_approved, day=day, **words, now=timezone.now())
        )


class ExclusionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """What does not count, with reason and a second person's approval."""

    queryset = Exclusion.objects.select_related("agreement", "proposed_by", "decided_by").prefetch_related(
        "withdrawals__asked_by", "withdrawals__decided_by"
    )
    serializer_class = ExclusionSerializer
    filterset_fields = {"agreement__code": ["exact"], "state": ["exact"], "kind": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE} | dict.fromkeys(
        ("approve", "reject", "approve_withdrawal", "reject_withdrawal"), CERTIFY
    )

    @extend_schema(request=NewExclusion, responses={201: ExclusionSerializer})
    def create(self, request):
        values = self.checked(NewExclusion)
        agreement = values.pop("agreement")
        self.require(DEFINE, agreement.unit_id)
        return self.answer(exclusions.propose(agreement, by=request.user, **values), 201)

    @extend_schema(request=Note, responses=ExclusionSerializer)
    @action(methods=["post"], detail=True)
    def approve(self, request, pk):
        found = self.mine(CERTIFY)
        return self._after(
            exclusions.decide(found, by=request.user, is_approved=True, **self.checked(Note), now=timezone.now())
        )

    @extend_schema(request=RefusalNote, responses=ExclusionSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        found = self.mine(CERTIFY)
        return self._after(
            exclusions.decide(
                found, by=request.user, is_approved=False, **self.checked(RefusalNote), now=timezone.now()
            )
        )

    @extend_schema(request=Reason, responses=ExclusionSerializer)
    @action(methods=["post"], detail=True)
    def withdraw(self, request, pk):
        """Take back what you proposed; or ask that what was approved ends, which a second person decides."""
        found = self.mine(DEFINE)
        return self._after(exclusions.withdraw(found, by=request.user, **self.checked(Reason), now=timezone.now()))

    @extend_schema(request=Note, responses=ExclusionSerializer)
    @action(methods=["post"], detail=True)
    def approve_withdrawal(self, request, pk):
        """By a second person: what it left out counts again."""
        return self._withdrawal(True, self.mine(CERTIFY), self.checked(Note))

    @extend_schema(request=RefusalNote, responses=ExclusionSerializer)
    @action(methods=["post"], detail=True)
    def reject_withdrawal(self, request, pk):
        """By a second person, saying why: it stays left out."""
        return self._withdrawal(False, self.mine(CERTIFY), self.checked(RefusalNote))

    def _withdrawal(self, is_approved: bool, found: Exclusion, words: dict):
        return self._after(
            exclusions.decide_withdrawal(
                found, by=self.request.user, is_approved=is_approved, **words, now=timezone.now()
            )
        )

    def _after(self, exclusion: Exclusion):
        """The answer with its withdrawals as they are now."""
        return self.answer(self.get_queryset().get(pk=exclusion.pk))


class CreditFilter(django_filters.FilterSet):
    currency = OneOfFilter(field_name="currency", known=lambda: CODES, help_text="Those in this currency, as EUR.")

    class Meta:
        model = CreditClaim
        fields = ("agreement__code", "state")


class CreditViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, SlasViewSet):
    """Service credits from calculated to credited."""

    queryset = CreditClaim.objects.select_related("agreement", "period", "claimed_by", "decided_by", "credited_by")
    serializer_class = CreditSerializer
    filterset_class = CreditFilter
    needs = {"read": VIEW, "claim": MONEY, "agree": VIEW, "reject": VIEW, "credit": MONEY}

    @extend_schema(request=Claimed, responses=CreditSerializer)
    @action(methods=["post"], detail=True)
    def claim(self, request, pk):
        found, words = self.mine(MONEY), self.checked(Claimed)
        seen = words.pop("amount", None)
        return self.answer(claims.claim_credit(found, by=request.user, day=as_of_day(), seen=seen, **words))

    @extend_schema(request=Amount, responses=CreditSerializer)
    @action(methods=["post"], detail=True)
    def agree(self, request, pk):
        found = self._decided()
        return self.answer(claims.agree(found, by=request.user, day=as_of_day(), **self.checked(Amount)))

    @extend_schema(request=Reason, responses=CreditSerializer)
    @action(methods=["post"], detail=True)
    def reject(self, request, pk):
        found = self._decided()
        return self.answer(claims.reject(found, by=request.user, day=as_of_day(), **self.checked(Reason)))

    @extend_schema(request=Reference, responses=CreditSerializer)
    @action(methods=["post"], detail=True)
    def credit(self, request, pk):
        found = self.mine(MONEY)
        return self.answer(claims.credit(found, by=request.user, day=as_of_day(), **self.checked(Reference)))

    def _decided(self) -> CreditClaim:
        """Whoever signs for the unit, or its finance, records what the provider says."""
        found = self.get_object()
        if not self.request.access.allows(CERTIFY, found.agreement.unit_id):
            self.require(MONEY, found.agreement.unit_id)
        return found


def _text(number) -> str | None:
    return None if number is None else f"{number:f}"
