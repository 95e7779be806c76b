"""Scorecard templates with their criteria; survey questions, who is asked, and the answers."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from doors.codes import FreeCode
from doors.serializers import DayField, ScopedCodeField, StrictModelSerializer, StrictSerializer
from doors.viewsets import NamedInAddress
from kpis.models import Kpi
from organization.access import OVERSEE, PROCURE, VIEW
from organization.models import Unit
from vendors import surveys, templates
from vendors.models import (
    Criterion,
    Respondent,
    ScorecardTemplate,
    SurveyAnswer,
    SurveyQuestion,
    TemplateVersion,
    Vendor,
)

from .base import VendorField, VendorsViewSet, person


class CriterionSerializer(StrictModelSerializer):
    kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False, allow_null=True)
    question = ScopedCodeField(queryset=SurveyQuestion.objects.all(), required=False, allow_null=True)

    class Meta:
        model = Criterion
        fields = ("id", *sorted(templates.CRITERION_FIELDS))
        shapes = {"steps": list[list[float]]}
        validators: list = []


class TemplateVersionSerializer(serializers.ModelSerializer):
    made_by = person(read_only=True)
    published_by = person(read_only=True)
    criteria = CriterionSerializer(many=True, read_only=True)

    class Meta:
        model = TemplateVersion
        fields = (
            "number", "state", "valid_from", "valid_to", "missing", "minimum_coverage_pct", "note", "made_by",
            "published_by", "published_at", "criteria",
        )  # fmt: skip


class TemplateSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    versions = TemplateVersionSerializer(many=True, read_only=True)

    class Meta:
        model = ScorecardTemplate
        fields = ("id", "code", "name", "description", "unit", "versions")


class NewTemplate(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())

    class Meta:
        model = ScorecardTemplate
        fields = ("code", "name", "description", "unit")
        extra_kwargs = {"code": {"validators": [FreeCode(ScorecardTemplate)]}}


class DraftSettings(StrictModelSerializer):
    class Meta:
        model = TemplateVersion
        fields = ("missing", "minimum_coverage_pct", "note")


class FirstDay(StrictSerializer):
    from_day = DayField()


class TemplateViewSet(NamedInAddress, VendorsViewSet):
    """What vendors are scored by. A draft is changed, then published from a day on."""

    queryset = (
        ScorecardTemplate.objects.select_related("unit")
        .prefetch_related(
            "versions__criteria__kpi", "versions__criteria__question", "versions__made_by", "versions__published_by"
        )
        .order_by("pk")
    )
    serializer_class = TemplateSerializer
    filterset_fields = {"code": ["exact"]}
    unit_of = staticmethod(lambda template: template.unit_id)

    @extend_schema(request=NewTemplate, responses={201: TemplateSerializer})
    def create(self, request):
        values = self.checked(NewTemplate)
        self.require(PROCURE, values["unit"])
        return self.answer(templates.create_template(by=request.user, **values), 201)

    @extend_schema(request=DraftSettings, responses=TemplateSerializer)
    @action(methods=["post"], detail=True)
    def draft(self, request, pk):
        """Make a draft (a copy of the newest version, if there is none yet) and change its settings."""
        template = self.to_change()
        version = templates.draft(template, by=request.user)
        if values := self.checked(DraftSettings, partial=True):
            templates.change_version(version, by=request.user, **values)
        return self.answer(template)

    @extend_schema(request=CriterionSerializer, responses={201: CriterionSerializer})
    @action(methods=["post"], detail=True)
    def criteria(self, request, pk):
        """Add a criterion to the draft."""
        version = self._draft()
        made = templates.set_criterion(version, by=request.user, **self.checked(CriterionSerializer))
        return Response(CriterionSerializer(made).data, status=201)

    @extend_schema(methods=["PATCH"], request=CriterionSerializer, responses=CriterionSerializer)
    @extend_schema(methods=["DELETE"], responses={204: None})
    @action(methods=["patch", "delete"], detail=True, url_path=r"criteria/(?P<criterion>[0-9]{1,18})")
    def criterion(self, request, pk, criterion):
        """Change a criterion of the draft, or take it out."""
        version = self._draft()
        found = get_object_or_404(version.criteria.select_related("version__template__unit"), pk=criterion)
        if request.method == "DELETE":
            templates.remove_criterion(found, by=request.user)
            return Response(status=204)
        values = self.checked(CriterionSerializer, partial=True)
        changed = templates.set_criterion(version, criterion=found, by=request.user, **values)
        return Response(CriterionSerializer(changed).data)

    @extend_schema(request=FirstDay, responses=TemplateSerializer)
    @action(methods=["post"], detail=True)
    def publish(self, request, pk):
        """Let the draft hold from a day on; its weights add up to 100 %."""
        version = self._draft()
        templates.publish(version, now=timezone.now(), by=request.user, **self.checked(FirstDay))
        return self.answer(version.template)

    def _draft(self) -> TemplateVersion:
        drafts = self.to_change().versions.select_related("template__unit")
        return get_object_or_404(drafts, state=TemplateVersion.State.DRAFT)


class QuestionSerializer(StrictModelSerializer):
    unit = ScopedCodeField(queryset=Unit.objects.all())

    class Meta:
        model = SurveyQuestion
        fields = ("id", "code", "text", "unit", "is_active")
        read_only_fields = ("is_active",)
        extra_kwargs = {"code": {"validators": [FreeCode(SurveyQuestion)]}}


class IsAsked(StrictSerializer):
    is_active = serializers.BooleanField()


class QuestionViewSet(NamedInAddress, VendorsViewSet):
    """What people are asked about vendors."""

    queryset = SurveyQuestion.objects.select_related("unit").order_by("pk")
    serializer_class = QuestionSerializer
    filterset_fields = {"code": ["exact"], "is_active": ["exact"]}
    unit_of = staticmethod(lambda question: question.unit_id)

    def create(self, request):
        values = self.checked(QuestionSerializer)
        self.require(PROCURE, values["unit"])
        return self.answer(surveys.add_question(by=request.user, **values), 201)

    @extend_schema(request=IsAsked, responses=QuestionSerializer)
    def partial_update(self, request, pk):
        """Ask it, or no longer; its words never change."""
        question = self.to_change()
        return self.answer(surveys.change_question(question, by=request.user, **self.checked(IsAsked)))


class RespondentSerializer(StrictModelSerializer):
    vendor = VendorField()
    user = person()

    class Meta:
        model = Respondent
        fields = ("id", "vendor", "user")
        validators: list = []


class RespondentViewSet(VendorsViewSet):
    """Who is asked about which vendor."""

    queryset = Respondent.objects.select_related("vendor__unit", "user").order_by("pk")
    serializer_class = RespondentSerializer
    filterset_fields = ("vendor",)

    def create(self, request):
        values = self.checked(RespondentSerializer)
        vendor = self.vendor_to_change(values["vendor"])
        return self.answer(surveys.ask(vendor, values["user"], by=request.user), 201)

    def destroy(self, request, pk):
        surveys.stop_asking(self.to_change(), by=request.user)
        return Response(status=204)


class SurveyAnswerSerializer(serializers.ModelSerializer):
    question = serializers.SlugRelatedField("code", read_only=True)
    by = person(read_only=True)

    class Meta:
        model = SurveyAnswer
        fields = ("id", "vendor", "question", "period_start", "period_end", "by", "rating", "comment", "answered_at")


class NewSurveyAnswer(StrictSerializer):
    vendor = VendorField()
    question = ScopedCodeField(queryset=SurveyQuestion.objects.all())
    day = DayField(help_text="Any day of the review period.")
    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class AnswerViewSet(VendorsViewSet):
    """Answers; POST gives one's own, for who is asked about the vendor."""

    queryset = SurveyAnswer.objects.select_related("vendor__unit", "question", "by").order_by("pk")
    serializer_class = SurveyAnswerSerializer
    filterset_fields = ("vendor",)
    needs = {"read": VIEW, "write": OVERSEE}

    @extend_schema(request=NewSurveyAnswer, responses={201: SurveyAnswerSerializer})
    def create(self, request):
        values = self.checked(NewSurveyAnswer)
        vendor = Vendor.objects.select_related("unit").get(pk=values.pop("vendor").pk)
        return self.answer(surveys.answer(vendor, values.pop("question"), by=request.user, **values), 201)
