"""Datasets, their contracts and versions, and their rows."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets import compaction, contracts, currencies, explore, intake, saved_views, scope
from datasets.describing import DESCRIBED, describe
from datasets.facts import contract_of
from datasets.models import ContractVersion, Dataset, DatasetVersion, SavedView
from datasets.readers import readers_of
from datasets.refusals import NotConfirmed
from doors.codes import FreeCode
from doors.etags import KNOWN, UNCHANGED, conditional, etag_of
from doors.pagination import CursorPages
from doors.serializers import LoginField, ScopedCodeOrIdField, StrictModelSerializer, StrictSerializer
from doors.viewsets import PLAIN_LIST
from organization.access import DEFINE, QUERY, UPLOAD, VIEW
from organization.models import Unit, User

from .base import DatasetsViewSet, whole_datasets
from .described import ContractField, QuestionField, RowField
from .jobs import AskedJobSerializer, job_asked


class DatasetSerializer(serializers.ModelSerializer):
    unit = serializers.SlugRelatedField("code", read_only=True)
    owner = serializers.SlugRelatedField("username", read_only=True)
    steward = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = Dataset
        fields = (
            "code", "name", "description", "source", "unit", "owner", "steward", "source_system", "licence",
            "code_system", "refresh_promise_hours", "covers", "contract_number", "current_version", "rows",
            "complete_through", "closed_through", "quality_score", "is_provisional", "loaded_at",
        )  # fmt: skip
        extra_kwargs = {"rows": {"allow_null": True, "help_text": "Null for who sees only some of them."}}

    def to_representation(self, dataset):
        shown = super().to_representation(dataset)
        if dataset.pk not in whole_datasets(self):
            shown["rows"] = None
        return shown


def people_field(**options) -> LoginField:
    return LoginField(queryset=User.objects.filter(is_active=True), **options)


class DatasetChange(StrictModelSerializer):
    owner = people_field()
    steward = people_field(allow_null=True)

    class Meta:
        model = Dataset
        fields = DESCRIBED


class NewDatasetSerializer(StrictModelSerializer):
    """Its maker is owner and steward, until somebody says otherwise."""

    unit = ScopedCodeOrIdField(queryset=Unit.objects.all())

    class Meta:
        model = Dataset
        fields = ("code", "unit", *(name for name in DESCRIBED if name not in ("owner", "steward")))
        extra_kwargs = {"code": {"validators": [FreeCode(Dataset)]}}


class ContractBody(StrictSerializer):
    contract = ContractField()
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would change.")
    drop_read = serializers.ListField(
        child=serializers.CharField(max_length=100),
        default=list,
        help_text="Columns that it drops although KPIs, quality rules or service levels read them; without it 409.",
    )


class DifferenceSerializer(serializers.Serializer):
    column = serializers.CharField()
    entry = serializers.CharField()
    before = serializers.JSONField()
    after = serializers.JSONField()
    effect = serializers.CharField()


class ReaderSerializer(serializers.Serializer):
    kind = serializers.CharField()
    name = serializers.CharField()
    url = serializers.CharField(help_text="Of its page.")
    columns = serializers.SerializerMethodField(help_text="In small letters.")

    def get_columns(self, reader) -> list[str]:
        return sorted(reader.columns)


class ContractVersionSerializer(serializers.ModelSerializer):
    contract = ContractField(read_only=True)
    created_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = ContractVersion
        fields = ("number", "contract", "created_by", "created_at")


class DatasetVersionSerializer(serializers.ModelSerializer):
    upload = serializers.SlugRelatedField("public_id", read_only=True)
    restated_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = DatasetVersion
        fields = (
            "version",
            "kind",
            "upload",
            "rows",
            "touched",
            "removed",
            "restated",
            "restatement",
            "restated_by",
            "at",
        )
        extra_kwargs = {name: {"allow_null": True} for name in ("rows", "removed", "restated")}
        shapes = {"touched": dict[str, list[int]]}


class RowsSerializer(serializers.Serializer):
    version = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=RowField())


def values_field() -> serializers.DictField:
    return serializers.DictField(
        child=serializers.CharField(max_length=500),
        default=dict,
        help_text="Of the parameters of the statement by name: `since` for `:since`.",
    )


class Statement(StrictSerializer):
    sql = serializers.CharField(max_length=20_000, help_text="One SELECT over `facts`, or over the dataset's code.")
    values = values_field()
    limit = serializers.IntegerField(min_value=1, max_value=explore.MOST_ROWS, default=1_000)
    version = serializers.IntegerField(required=False, min_value=0)


class QuestionBody(StrictSerializer):
    question = QuestionField()
    version = serializers.IntegerField(required=False, min_value=0)


class PivotSerializer(serializers.Serializer):
    """One total of a question with a `pivot`, under the same `columns`."""

    total = serializers.CharField(help_text="Its name, such as `count` or `sum_amount`.")
    rows = serializers.ListField(child=serializers.ListField())
    all_rows = serializers.ListField(allow_null=True)
    all_columns = serializers.ListField(allow_null=True)


class AnswerSerializer(serializers.Serializer):
    """Of a question with a `pivot`, `rows` and what follows of them are those of its first total; `pivots` has all."""

    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.ListField())
    truncated = serializers.BooleanField()
    sql = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    all_rows = serializers.ListField(
        allow_null=True,
        help_text="Of a grouped question: for each column behind the groups, its total over all rows for which the "
        "filters hold, also those of groups beyond the limit.",
    )
    all_columns = serializers.ListField(
        allow_null=True,
        help_text="Of a pivot: the total of each row over all columns, and last that of everything.",
    )
    pivots = PivotSerializer(many=True, allow_null=True, help_text="Null: without a pivot.")
    cautions = serializers.ListField(
        child=serializers.CharField(),
        help_text="What speaks against its numbers, as a sum over several currencies does.",
    )


class SavedViewSerializer(StrictModelSerializer):
    question = QuestionField()
    created_by = serializers.SlugRelatedField("username", read_only=True)

    class Meta:
        model = SavedView
        fields = ("id", "name", "question", "created_by", "created_at")


class SavedStatementSerializer(StrictModelSerializer):
    created_by = serializers.SlugRelatedField("username", read_only=True)
    sql = serializers.CharField(max_length=20_000)
    values = values_field()

    class Meta:
        model = SavedView
        fields = ("id", "name", "sql", "values", "created_by", "created_at")


class ByCode(CursorPages):
    ordering = "code"


# Actions that show how a dataset is run, and so nothing to a vendor's contact.
WORKINGS = {"contract", "contracts", "readers", "versions"}


class DatasetViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DatasetsViewSet):
    """Datasets that hold rows which the caller may see."""

    queryset = Dataset.objects.select_related("unit", "owner", "steward")
    serializer_class = DatasetSerializer
    pagination_class = ByCode
    lookup_field = "code"
    filterset_fields = ("source", "is_provisional", "unit__code")
    needs = {"read": VIEW, "write": DEFINE, "sql": QUERY, "statements": QUERY, "compact": UPLOAD}
    needs |= dict.fromkeys(("explore", "views", "view"), VIEW)
    by_reading = frozenset({"explore", "sql"})
    query_parameters = {"rows": frozenset({"version", "offset", "limit"})}

    def get_queryset(self):
        found = super().get_queryset()
        if self.action in WORKINGS and not getattr(self, "swagger_fake_view", False):
            found = found.with_workings(self.request.access)
        return found

    @extend_schema(parameters=[KNOWN], responses={200: DatasetSerializer, 304: UNCHANGED})
    def retrieve(self, request, *args, **kwargs):
        dataset = self.get_object()
        shown = self.get_serializer(dataset).data
        return conditional(request, etag_of(request.access, *map(str, shown.values())), lambda: Response(shown))

    @extend_schema(request=NewDatasetSerializer, responses={201: DatasetSerializer})
    def create(self, request):
        values = self.checked(NewDatasetSerializer)
        self.require(DEFINE, values["unit"])
        dataset = intake.new_dataset(intake.NewDataset(**values), by=request.user)
        return Response(self.get_serializer(dataset).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DatasetChange, responses=DatasetSerializer)
    def partial_update(self, request, code):
        dataset = self.get_object()
        self.require(DEFINE, dataset.unit_id)
        describe(dataset, by=request.user, **self.checked(DatasetChange, partial=True))
        return Response(self.get_serializer(dataset).data)

    @extend_schema(methods=["get"], responses=ContractVersionSerializer)
    @extend_schema(methods=["put"], request=ContractBody, responses=DifferenceSerializer(many=True))
    @action(methods=["get", "put"], detail=True, **PLAIN_LIST)
    def contract(self, request, code):
        """The contract in force; or put a new one in force and see what changes. Stored rows are not read again."""
        from lake.contract import Contract

        dataset = self.get_object()
        if request.method == "GET":
            return Response(ContractVersionSerializer(dataset.contract_versions.first()).data)
        self.require(DEFINE, dataset.unit_id)
        body = self.checked(ContractBody)
        contract = Contract.from_dict(body["contract"])
        before = contract_of(dataset) if dataset.contract else None
        contract.check()
        changes = contracts.difference(before, contract)
        if not body["dry_run"]:
            contracts.put_in_force(dataset, contract, by=request.user, drop_read=body["drop_read"])
        return Response(DifferenceSerializer(changes, many=True).data)

    @extend_schema(responses=ReaderSerializer(many=True))
    @action(detail=True, **PLAIN_LIST)
    def readers(self, request, code):
        """Who reads which columns, as far as you may see them: KPIs, quality rules, service levels."""
        found = readers_of(self.get_object(), request.access)
        return Response(ReaderSerializer(found, many=True).data)

    @extend_schema(responses=ContractVersionSerializer(many=True))
    @action(detail=True, **PLAIN_LIST)
    def contracts(self, request, code):
        """All contracts of the dataset, newest first."""
        found = self.get_object().contract_versions.select_related("created_by")[:100]
        return Response(ContractVersionSerializer(found, many=True).data)

    @extend_schema(responses=DatasetVersionSerializer(many=True))
    @action(detail=True, **PLAIN_LIST)
    def versions(self, request, code):
        """What can be read "as it was at version N", newest first."""
        dataset = self.get_object()
        found = DatasetVersionSerializer(dataset.versions.select_related("upload", "restated_by")[:500], many=True).data
        if dataset.pk not in scope.wholly_seen(request.access):
            found = [{**version, "rows": None, "removed": None, "restated": None} for version in found]
        return Response(found)

    @extend_schema(
        parameters=[
            OpenApiParameter("version", int, description="Rows as they were at this version; else the current one."),
            OpenApiParameter("offset", int, description="How many of the first rows to leave out."),
            OpenApiParameter("limit", int, description=f"How many rows to give, 1 to 500; else {explore.PAGE}."),
        ],
        responses=RowsSerializer,
    )
    @action(detail=True, **PLAIN_LIST)
    def rows(self, request, code):
        """Rows of the current or an older version that the caller may see, newest event first."""
        dataset = with_contract(self.get_object())
        page = explore.rows_page(
            dataset,
            request.access,
            version=self.number("version", None),
            offset=self.number("offset", 0, most=1_000_000),
            limit=self.number("limit", explore.PAGE, least=1, most=500),
        )
        return Response(RowsSerializer(page).data)

    @extend_schema(request=QuestionBody, responses=AnswerSerializer)
    @action(methods=["post"], detail=True)
    def explore(self, request, code):
        """Answer a question without code over the rows that the caller may see."""
        dataset, body = with_contract(self.get_object()), self.checked(QuestionBody)
        if not isinstance(body["question"], dict):
            raise serializers.ValidationError({"question": "Write an object."})
        answer = explore.ask(dataset, body["question"], request.access, version=body.get("version"))
        return _told(answer, currencies.cautions_of_question(dataset, body["question"], request.access))

    @extend_schema(request=Statement, responses=AnswerSerializer)
    @action(methods=["post"], detail=True)
    def sql(self, request, code):
        """Answer one SELECT over the rows that the caller may see."""
        dataset, body = with_contract(self.get_object()), self.checked(Statement)
        how = {"values": body["values"], "version": body.get("version"), "limit": body["limit"]}
        answer = explore.ask_sql(dataset, body["sql"], request.access, **how)
        return _told(answer, currencies.cautions_of_statement(dataset, answer.sql, request.access))

    @extend_schema(methods=["get"], responses=SavedViewSerializer(many=True))
    @extend_schema(methods=["post"], request=SavedViewSerializer, responses={201: SavedViewSerializer})
    @action(methods=["get", "post"], detail=True, **PLAIN_LIST)
    def views(self, request, code):
        """Questions that somebody kept; POST keeps one, in place of one's own of that name."""
        dataset = self.get_object()
        if request.method == "GET":
            found = dataset.saved_views.questions().select_related("created_by").order_by("name")
            return Response(SavedViewSerializer(found, many=True).data)
        view = saved_views.save_view(with_contract(dataset), by=request.user, **self.checked(SavedViewSerializer))
        return Response(SavedViewSerializer(view).data, status=status.HTTP_201_CREATED)

    @extend_schema(methods=["get"], responses=SavedStatementSerializer(many=True))
    @extend_schema(methods=["post"], request=SavedStatementSerializer, responses={201: SavedStatementSerializer})
    @action(methods=["get", "post"], detail=True, **PLAIN_LIST)
    def statements(self, request, code):
        """Statements that somebody kept; POST keeps one, in place of one's own of that name. Removed as a view is."""
        dataset = with_contract(self.get_object())
        if request.method == "GET":
            found = dataset.saved_views.statements().select_related("created_by").order_by("name")
            return Response(SavedStatementSerializer(found, many=True).data)
        kept = saved_views.save_statement(dataset, by=request.user, **self.checked(SavedStatementSerializer))
        return Response(SavedStatementSerializer(kept).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    @action(methods=["delete"], detail=True, url_path=r"views/(?P<view>[0-9]{1,9})", **PLAIN_LIST)
    def view(self, request, code, view):
        """Keep a question no longer: its author may, and whoever may define at the dataset's unit."""
        kept = get_object_or_404(self.get_object().saved_views.select_related("dataset"), pk=view)
        if not saved_views.may_remove(kept, request.access):
            self.require(DEFINE, kept.dataset.unit_id)
        saved_views.remove_view(kept, by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={202: AskedJobSerializer})
    @action(methods=["post"], detail=True)
    def compact(self, request, code):
        """Fewer, larger files with the same rows."""
        dataset = self.get_object()
        self.require(UPLOAD, dataset.unit_id)
        return job_asked(compaction.request_compaction(dataset, by=request.user))


def _told(answer: explore.Answer, cautions: list[str]) -> Response:
    return Response({**answer.to_dict(), "cautions": cautions})


def with_contract(dataset: Dataset) -> Dataset:
    if not dataset.contract:
        raise NotConfirmed(f"{dataset.name} has no contract yet.", next_step="Upload an extract and confirm it.")
    return dataset
