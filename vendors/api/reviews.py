"""Reviews, actions and corrective plans."""

from dataclasses import asdict, dataclass

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.serializers import DayField, ScopedCodeField, ScopedRelatedField, StrictModelSerializer, StrictSerializer
from doors.shapes import answer
from kpis.models import Kpi, KpiVersion
from organization.access import ANSWER, PROCURE, VIEW
from vendors import actions, plans, reviews
from vendors.models import ActionNote, CorrectivePlan, Decision, Review, Vendor, VendorAction

from .base import VendorField, VendorReason, VendorsViewSet, VendorText, person


class DecisionSerializer(serializers.ModelSerializer):
    by = person(read_only=True)

    class Meta:
        model = Decision
        fields = ("text", "by", "at")


class ReviewSerializer(serializers.ModelSerializer):
    generated_by = person(read_only=True)
    published_by = person(read_only=True)
    decisions = DecisionSerializer(many=True, read_only=True)

    class Meta:
        model = Review
        fields = (
            "id", "vendor", "grain", "period_start", "period_end", "label", "state", "held_on", "attendees", "minutes",
            "decisions", "pack", "pack_sha256", "generated_by", "generated_at", "published_by", "published_at",
        )  # fmt: skip


class Generate(StrictSerializer):
    vendor = VendorField()
    at = DayField(help_text="Any day of the period.")
    grain = serializers.ChoiceField(Vendor.Cadence.choices, required=False, default="")


class Minutes(StrictSerializer):
    held_on = DayField()
    attendees = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    minutes = serializers.CharField(max_length=20000)


class ReviewViewSet(VendorsViewSet):
    """POST generates the draft of a period, or makes its pack anew; publishing freezes it."""

    queryset = (
        Review.objects.select_related("vendor__unit", "generated_by", "published_by")
        .prefetch_related("decisions__by")
        .order_by("pk")
    )
    serializer_class = ReviewSerializer
    filterset_fields = ("vendor", "grain", "state")

    @extend_schema(request=Generate, responses={201: ReviewSerializer})
    def create(self, request):
        values = self.checked(Generate)
        vendor = self.vendor_to_change(values.pop("vendor"))
        day = request._request.day
        return self.answer(reviews.generate(vendor, day=day, now=timezone.now(), by=request.user, **values), 201)

    @extend_schema(request=Minutes, responses=ReviewSerializer)
    @action(methods=["post"], detail=True)
    def minutes(self, request, pk):
        review = self.to_change()
        return self.answer(reviews.keep_minutes(review, by=request.user, **self.checked(Minutes)))

    @extend_schema(request=VendorText, responses={201: DecisionSerializer})
    @action(methods=["post"], detail=True)
    def decisions(self, request, pk):
        """Write down what was decided."""
        made = reviews.decide(self.to_change(), by=request.user, **self.checked(VendorText))
        return Response(DecisionSerializer(made).data, status=201)

    @extend_schema(request=None, responses=ReviewSerializer)
    @action(methods=["post"], detail=True)
    def publish(self, request, pk):
        review = self.to_change()
        return self.answer(reviews.publish(review, day=request._request.day, now=timezone.now(), by=request.user))


class NoteSerializer(serializers.ModelSerializer):
    by = person(read_only=True)

    class Meta:
        model = ActionNote
        fields = ("kind", "text", "by", "at")


class ActionSerializer(serializers.ModelSerializer):
    owner = person(read_only=True, help_text="Log-in name of who is to do it.")
    given_by = person(read_only=True)
    notes = NoteSerializer(many=True, read_only=True)

    class Meta:
        model = VendorAction
        fields = (
            "id", "vendor", "title", "detail", "owner", "due_on", "state", "given_by", "given_at", "closed_on", "notes",
        )  # fmt: skip


class NewAction(StrictModelSerializer):
    vendor = VendorField()
    review = ScopedRelatedField(queryset=Review.objects.all(), required=False, allow_null=True)
    owner = person(help_text="Log-in name of who is to do it.")

    class Meta:
        model = VendorAction
        fields = ("vendor", "review", "title", "detail", "owner", "due_on")


class ActionViewSet(VendorsViewSet):
    """Whoever oversees the vendor sees its actions; a contact sees and answers their own."""

    queryset = (
        VendorAction.objects.select_related("vendor__unit", "owner", "given_by")
        .prefetch_related("notes__by")
        .order_by("pk")
    )
    serializer_class = ActionSerializer
    filterset_fields = ("vendor", "state")
    needs = {"read": VIEW, "write": PROCURE, "answer_it": ANSWER}

    @extend_schema(request=NewAction, responses={201: ActionSerializer})
    def create(self, request):
        values = self.checked(NewAction)
        vendor, review = self.vendor_to_change(values.pop("vendor")), values.get("review")
        if review and review.vendor_id != vendor.pk:
            raise serializers.ValidationError({"review": "This is a review of another vendor."})
        return self.answer(actions.give(vendor, by=request.user, **values), 201)

    @extend_schema(request=VendorText, responses=ActionSerializer)
    @action(methods=["post"], detail=True, url_path="answer")
    def answer_it(self, request, pk):
        """What its owner has done."""
        found = self.to_change(ANSWER)
        return self.answer(actions.answer(found, by=request.user, day=request._request.day, **self.checked(VendorText)))

    @extend_schema(request=VendorText, responses=ActionSerializer)
    @action(methods=["post"], detail=True, url_path="send-back")
    def send_back(self, request, pk):
        return self.answer(actions.send_back(self.to_change(), by=request.user, **self.checked(VendorText)))

    @extend_schema(request=VendorText, responses=ActionSerializer)
    @action(methods=["post"], detail=True)
    def close(self, request, pk):
        day = request._request.day
        return self.answer(actions.close(self.to_change(), by=request.user, on=day, **self.checked(VendorText)))

    @extend_schema(request=VendorText, responses=ActionSerializer)
    @action(methods=["post"], detail=True)
    def cancel(self, request, pk):
        day = request._request.day
        return self.answer(actions.cancel(self.to_change(), by=request.user, on=day, **self.checked(VendorText)))


class PlanSerializer(serializers.ModelSerializer):
    kpi = serializers.SlugRelatedField("code", read_only=True)
    issued_by = person(read_only=True)

    class Meta:
        model = CorrectivePlan
        fields = (
            "id", "vendor", "review", "kpi", "grain", "target", "periods_needed", "reason", "issued_by", "issued_on",
            "plan_due_on", "state", "asked", "plan", "submitted_on", "verify_from", "ended_on", "outcome",
        )  # fmt: skip


class NewPlan(StrictSerializer):
    vendor = VendorField()
    kpi = ScopedCodeField(queryset=Kpi.objects.all())
    grain = serializers.ChoiceField(KpiVersion.Grain.choices, required=False)
    target = serializers.DecimalField(20, 6, required=False, allow_null=True)
    periods_needed = serializers.IntegerField(min_value=1, max_value=36, required=False)
    reason = serializers.CharField(max_length=5000)
    plan_due_on = DayField()
    ask = person(required=False, allow_null=True)


class VerifyFrom(StrictSerializer):
    verify_from = DayField()


@dataclass(frozen=True)
class PlanPeriod:
    period: str
    value: float | None
    target: float | None
    is_met: bool


@dataclass(frozen=True)
class VerifiedPlan:
    """`in_a_row`: the periods at target up to the newest; `longest`: the best row that there was."""

    is_verified: bool
    in_a_row: int
    longest: int
    periods: list[PlanPeriod]


class PlanViewSet(VendorsViewSet):
    """Corrective plans: issued, submitted, accepted, verified by the numbers, closed or escalated."""

    queryset = CorrectivePlan.objects.select_related("vendor__unit", "kpi__unit", "issued_by").order_by("pk")
    serializer_class = PlanSerializer
    filterset_fields = ("vendor", "state")

    @extend_schema(request=NewPlan, responses={201: PlanSerializer})
    def create(self, request):
        values = self.checked(NewPlan)
        vendor = self.vendor_to_change(values.pop("vendor"))
        return self.answer(plans.issue(vendor, on=request._request.day, by=request.user, **values), 201)

    @extend_schema(responses=answer(VerifiedPlan))
    @action(methods=["get"], detail=True)
    def verification(self, request, pk):
        """The periods that count, and how many in a row were at target."""
        plan = self.get_object()
        if plan.verify_from is None:
            return Response(asdict(VerifiedPlan(is_verified=False, in_a_row=0, longest=0, periods=[])))
        found = plans.verification(plan, request._request.day)
        periods = [PlanPeriod(period.label, period.value, period.target, met) for period, met in found.periods]
        return Response(asdict(VerifiedPlan(found.is_verified, found.in_a_row, found.longest, periods)))

    @extend_schema(request=VendorText, responses=PlanSerializer)
    @action(methods=["post"], detail=True)
    def submit(self, request, pk):
        on = request._request.day
        return self.answer(plans.submit(self.to_change(), by=request.user, on=on, **self.checked(VendorText)))

    @extend_schema(request=VerifyFrom, responses=PlanSerializer)
    @action(methods=["post"], detail=True)
    def accept(self, request, pk):
        on = request._request.day
        return self.answer(plans.accept(self.to_change(), by=request.user, on=on, **self.checked(VerifyFrom)))

    @extend_schema(request=VendorReason, responses=PlanSerializer)
    @action(methods=["post"], detail=True, url_path="send-back")
    def send_back(self, request, pk):
        return self.answer(plans.send_back(self.to_change(), by=request.user, **self.checked(VendorReason)))

    @extend_schema(request=None, responses=PlanSerializer)
    @action(methods=["post"], detail=True)
    def close(self, request, pk):
        return self.answer(plans.close(self.to_change(), by=request.user, on=request._request.day))

    @extend_schema(request=VendorReason, responses=PlanSerializer)
    @action(methods=["post"], detail=True)
    def escalate(self, request, pk):
        return self.answer(plans.escalate(self.to_change(), by=request.user, **self.checked(VendorReason)))

    @extend_schema(request=VendorReason, responses=PlanSerializer)
    @action(methods=["post"], detail=True)
    def withdraw(self, request, pk):
        on = request._request.day
        return self.answer(plans.withdraw(self.to_change(), by=request.user, on=on, **self.checked(VendorReason)))
