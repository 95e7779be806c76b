"""Studies over REST: put a question and keep the answer, run it again, conclude, review."""

from __future__ import annotations

from django.db.models import Max
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets.models import Dataset
from doors.problems import Problem
from doors.serializers import ScopedCodeField, StrictSerializer
from doors.throttles import AnalysisThrottle
from doors.viewsets import PLAIN_LIST, ScopedViewSet
from kpis.models import Kpi, KpiVersion
from organization.access import DEFINE, VIEW
from organization.models import Unit
from studies import bench, saving
from studies.analysis import CannotAnswer
from studies.comparing import compared, differs
from studies.forms import QuestionForm
from studies.limited import TooMuch
from studies.models import Study, StudyRun
from studies.questions import DATASET, KPI, QUESTIONS


class StudyRunSerializer(serializers.ModelSerializer):
    by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = StudyRun
        fields = (
            "number",
            "data_version",
            "complete_through",
            "rows",
            "parameters",
            "result",
            "code_version",
            "by",
            "at",
        )


class StudySerializer(serializers.ModelSerializer):
    """Its results stand in `runs`."""

    unit = serializers.SlugRelatedField("code", read_only=True)
    dataset = serializers.SlugRelatedField("code", read_only=True)
    kpi = serializers.SlugRelatedField("code", read_only=True)
    analyst = serializers.SlugRelatedField("username", read_only=True)
    reviewer = serializers.SlugRelatedField("username", read_only=True)
    revision = serializers.SerializerMethodField(help_text="Of its conclusion and newest run; see `accept`.")

    class Meta:
        model = Study
        fields = (
            "id", "title", "question", "unit", "dataset", "kpi", "grain", "parameters", "conclusion", "state",
            "analyst", "reviewer", "reviewed_at", "reviewed_run", "review_note", "created_at", "changed_at", "revision",
        )  # fmt: skip

    def get_revision(self, study) -> str:
        return saving.revision_of(study, study.newest_run)


class ComparedNumberSerializer(serializers.Serializer):
    """One number of both runs; null where a run does not have it."""

    name = serializers.CharField()
    before = serializers.FloatField(allow_null=True)
    after = serializers.FloatField(allow_null=True)
    is_changed = serializers.BooleanField()


class StudyAgainSerializer(serializers.Serializer):
    """The new run beside the one before."""

    run = StudyRunSerializer()
    changed = serializers.BooleanField(help_text="Whether a number or the plain answer is another one.")
    numbers = ComparedNumberSerializer(many=True)


class NewStudy(StrictSerializer):
    """A question with its data and parameters (see `studies.questions`); it is answered now and kept as a draft."""

    title = serializers.CharField(max_length=200)
    question = serializers.ChoiceField(Study.Question.choices)
    dataset = ScopedCodeField(queryset=Dataset.objects.exclude(contract={}), required=False)
    kpi = ScopedCodeField(queryset=Kpi.objects.all(), required=False)
    unit = ScopedCodeField(queryset=Unit.objects.all())
    grain = serializers.ChoiceField(KpiVersion.Grain.choices, required=False)
    parameters = serializers.DictField()
    conclusion = serializers.CharField(max_length=4000, required=False, allow_blank=True)

    def validate(self, values):
        if bool(values.get("dataset")) == bool(values.get("kpi")):
            raise serializers.ValidationError({"dataset": "Name a dataset or a KPI."})
        kind = DATASET if values.get("dataset") else KPI
        if kind not in QUESTIONS[values["question"]].on:
            raise serializers.ValidationError({"question": "This question is put to a dataset."})
        values["parameters"] = self._parameters(values, kind)
        return values

    def _parameters(self, values, kind: str) -> dict:
        asked, given = QUESTIONS[values["question"]], values["parameters"]
        known = {field.name for field in asked.fields_on(kind)}
        faults = {f"parameters.{name}": f"Known are {', '.join(sorted(known))}." for name in given if name not in known}
        source = values.get("dataset") or values["kpi"]
        form = QuestionForm(given, asked=asked, source=source, access=self.context["request"].access)
        if not form.is_valid():
            faults |= {f"parameters.{name}": " ".join(words) for name, words in form.errors.items()}
        if faults:
            raise serializers.ValidationError(faults)
        return form.parameters()


class StudyConclusion(StrictSerializer):
    conclusion = serializers.CharField(max_length=4000)


class StudyNote(StrictSerializer):
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class StudyReview(StudyNote):
    revision = serializers.CharField(
        max_length=40, required=False, help_text="Of the study as you read it: 409 `changed_meanwhile` if it changed."
    )


class StudyReason(StrictSerializer):
    note = serializers.CharField(max_length=2000)


class StudyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ScopedViewSet):
    """Kept analyses: a question to the data, its answers, and who reviewed it."""

    queryset = Study.objects.select_related("unit", "dataset", "kpi", "analyst", "reviewer").annotate(
        newest_run=Max("runs__number")
    )
    serializer_class = StudySerializer
    filterset_fields = {"question": ["exact"], "state": ["exact"], "dataset__code": ["exact"], "kpi__code": ["exact"]}
    needs = {"read": VIEW, "write": DEFINE}
    refusals = (saving.WrongState, saving.SecondPersonNeeded, saving.NotTheAnalyst, saving.NoConclusion)

    def get_throttles(self):
        answers = self.action in ("create", "again")
        return [AnalysisThrottle()] if answers else super().get_throttles()

    @extend_schema(request=NewStudy, responses={201: StudySerializer})
    def create(self, request):
        values = self._checked(NewStudy)
        self.require(DEFINE, values["unit"])
        source = values.get("dataset") or values["kpi"]
        words = {"question": values["question"], "source": source, "unit": values["unit"]}
        words |= {"parameters": values["parameters"], "grain": values.get("grain", "")}
        study = saving.save(
            bench.answer(**words, access=request.access, day=request.day),
            **words,
            title=values["title"],
            conclusion=values.get("conclusion", ""),
            by=request.user,
            at=timezone.now(),
        )
        return self._answer(study, 201)

    @extend_schema(request=StudyConclusion, responses=StudySerializer)
    def partial_update(self, request, pk):
        """Write the conclusion of a draft."""
        return self._answer(
            saving.conclude(self._mine(), self._checked(StudyConclusion)["conclusion"], by=request.user)
        )

    @extend_schema(responses=StudyRunSerializer(many=True))
    @action(methods=["get"], detail=True, **PLAIN_LIST)
    def runs(self, request, pk):
        """Every run with its result, the newest first."""
        return Response(StudyRunSerializer(self.get_object().runs.select_related("by"), many=True).data)

    @extend_schema(request=None, responses={201: StudyAgainSerializer})
    @action(methods=["post"], detail=True)
    def again(self, request, pk):
        """Put the question to the current data: the new run, and every number of it beside the one before."""
        study = self._mine()
        before = study.runs.first()
        execution = bench.answer(
            study.question, study.source, study.unit, study.parameters, request.access, request.day, grain=study.grain
        )
        run = saving.run_again(study, execution, by=request.user, at=timezone.now())
        lines, changed = compared(before.result, run.result), differs(before.result, run.result)
        return Response(StudyAgainSerializer({"run": run, "changed": changed, "numbers": lines}).data, status=201)

    @extend_schema(request=None, responses=StudySerializer)
    @action(methods=["post"], detail=True)
    def submit(self, request, pk):
        return self._answer(saving.submit(self._mine(), by=request.user))

    @extend_schema(request=StudyReview, responses=StudySerializer)
    @action(methods=["post"], detail=True)
    def accept(self, request, pk):
        """A second person found it right."""
        words = self._checked(StudyReview)
        seen = words.pop("revision", None)
        return self._answer(saving.accept(self._mine(), by=request.user, at=timezone.now(), seen=seen, **words))

    @extend_schema(request=StudyReason, responses=StudySerializer)
    @action(methods=["post"], detail=True, url_path="send-back")
    def send_back(self, request, pk):
        return self._answer(saving.send_back(self._mine(), by=request.user, note=self._checked(StudyReason)["note"]))

    def handle_exception(self, exc):
        if isinstance(exc, CannotAnswer):
            exc = Problem(422, "cannot_answer", str(exc))
        elif isinstance(exc, TooMuch):
            exc = Problem(422, "needs_too_much", str(exc))
        return super().handle_exception(exc)

    def _checked(self, serializer_class) -> dict:
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def _answer(self, study: Study, status: int = 200) -> Response:
        return Response(StudySerializer(self.get_queryset().get(pk=study.pk)).data, status=status)

    def _mine(self) -> Study:
        study = self.get_object()
        self.require(DEFINE, study.unit)
        return study
