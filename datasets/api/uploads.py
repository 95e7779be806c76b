"""Uploads: a file goes in, is looked at, confirmed, loaded, corrected, taken back."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from datasets import explore, intake, keeping, leaving, rejects, removal, stretch, undo
from datasets.models import Dataset, Reject, Upload
from datasets.refusals import CodeTaken, InvalidRequest
from doors.codes import in_words
from doors.idempotency import AGAIN
from doors.serializers import StrictSerializer
from doors.shapes import ROW
from doors.throttles import TokenThrottle, UploadThrottle
from doors.viewsets import PLAIN_LIST
from organization.access import DEFINE, UPLOAD, VIEW

from .base import DatasetsViewSet, whole_datasets
from .described import PreviewSerializer
from .upload_bodies import (
    FAULT,
    ConfirmBody,
    CorrectionBody,
    DialectBody,
    ExtractBody,
    FileBody,
    LoadBody,
    RemovedSerializer,
    UndoBody,
)
from .upload_lists import correct_from_file, download, download_removed

LONGEST_KEY = 200
PARTLY = "Null for who sees only some rows of the dataset and did not send it."
# How much the file holds, which tells of rows of other units.
MEASURES = (
    "size", "sha256", "rows_read", "accepted", "replaced", "kept", "removed", "duplicates", "rejected", "timings",
)  # fmt: skip


class UploadSerializer(serializers.ModelSerializer):
    dataset = serializers.SlugRelatedField("code", read_only=True)
    replays = serializers.SlugRelatedField("public_id", read_only=True)
    uploaded_by = serializers.SlugRelatedField("username", read_only=True)
    restated_by = serializers.SlugRelatedField("username", read_only=True)
    number = serializers.IntegerField(source="pk", read_only=True)
    progress = serializers.IntegerField(source="job.progress", default=None, allow_null=True, read_only=True)
    progress_note = serializers.CharField(source="job.progress_note", default="", read_only=True)
    job_state = serializers.CharField(source="job.state", default="", read_only=True)

    class Meta:
        model = Upload
        fields = (
            "public_id", "number", "dataset", "file_name", "size", "sha256", "state", "job_state", "progress",
            "progress_note", "contract_number", "dialect", "rows_read", "accepted", "replaced", "kept", "removed",
            "duplicates", "rejected", "notes", "fault", "restatement", "restated_by", "blank_missing", "complete",
            "complete_from", "complete_through", "stated_from", "stated_through", "replays", "timings", "uploaded_by",
            "uploaded_at", "finished_at",
        )  # fmt: skip
        extra_kwargs = {name: {"allow_null": True, "help_text": PARTLY} for name in ("size", "sha256")}
        shapes = {"notes": list[str], "timings": dict[str, float] | None, "fault": FAULT}

    def to_representation(self, upload):
        """The reason of a refusal may quote a cell of any unit: it is shown to those who may see its rejects.

        How much it holds is shown to its uploader, and to those who see all rows of the dataset.
        """
        shown, access = super().to_representation(upload), self.context["request"].access
        if upload.fault and not rejects.may_see(upload, access):
            shown["fault"] = {"code": upload.fault.get("code"), "message": "The file was refused."}
        elif upload.fault:
            shown["fault"] = rejects.seen(upload.fault, upload, access)
        if upload.uploaded_by_id != access.user_id and upload.dataset_id not in whole_datasets(self):
            shown |= {**dict.fromkeys(MEASURES), "notes": []}
        return shown


class RequestedSerializer(serializers.Serializer):
    upload = UploadSerializer()
    already = serializers.BooleanField()
    message = serializers.CharField()


class RejectSerializer(serializers.ModelSerializer):
    class Meta:
        model = Reject
        fields = ("row", "column", "value", "code", "message", "record", "correction", "state")
        shapes = {"record": ROW, "correction": {**ROW, "type": ["object", "null"]}}


class CorrectedSerializer(serializers.Serializer):
    corrected = serializers.IntegerField(help_text="How many rows.")


class UploadViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, DatasetsViewSet):
    """Uploads of the datasets that the caller sees, and their own that have no dataset yet."""

    queryset = Upload.objects.select_related("dataset__unit", "replays", "uploaded_by", "restated_by", "job")
    serializer_class = UploadSerializer
    lookup_field = "public_id"
    lookup_value_converter = "uuid"
    filterset_fields = ("state", "dataset__code")
    needs = {"read": VIEW, "write": UPLOAD}
    query_parameters = {"rejects": frozenset({"as"}), "removed": frozenset({"as", "offset", "limit"})}
    paged = frozenset({"list", "rejects"})

    def get_throttles(self):
        return [UploadThrottle() if self.action == "create" else TokenThrottle()]

    @extend_schema(
        request={"multipart/form-data": ExtractBody},
        responses={200: RequestedSerializer, 201: UploadSerializer, 202: RequestedSerializer},
        parameters=[AGAIN],
    )
    def create(self, request):
        """Send an extract. For a dataset with a contract its load is queued (202), or was done before (200).

        What cannot be read at all is refused at once, with file, row, column, value and next step; nothing is kept.
        """
        intake.check_room(_length(request))
        form = ExtractBody(data=request.data)
        form.is_valid(raise_exception=True)
        dataset = self._writable_dataset(form.validated_data.get("dataset"))
        said = _completeness(form.validated_data)
        stretch.check(said["stated"], dataset, complete=said["complete"])
        if said["complete"] or said["may_remove"] is not None:
            removal.check_offered(dataset)
        keeping.check_offered(dataset, said["blank_missing"])
        file = form.validated_data["file"]
        known = request.headers.get("Idempotency-Key", "")
        upload = intake.receive(
            dataset, file, name=file.name, by=request.user, length=file.size, idempotency_key=_key(known),
            said=_naming(said),
        )  # fmt: skip
        if upload.state == Upload.State.RECEIVED:
            intake.examine(upload, encoding=form.validated_data.get("encoding", ""))
        if dataset is None or not dataset.contract_number:
            return Response(self.get_serializer(upload).data, status=status.HTTP_201_CREATED)
        return self._requested(intake.request_load(upload, by=request.user, token=request.auth, **said))

    @extend_schema(request=DialectBody, responses=PreviewSerializer)
    @action(methods=["post"], detail=True)
    def inspect(self, request, public_id):
        """What the file seems to be: dialect, columns, questions to answer, first rows, and a proposed contract."""
        upload = self._own()
        preview = intake.inspect(upload, _dialect(self.checked(DialectBody).get("dialect")))
        return Response({**preview.to_dict(), "contract": intake.proposed_contract(preview).to_dict()})

    @extend_schema(request=ConfirmBody, responses=UploadSerializer)
    @action(methods=["post"], detail=True)
    def confirm(self, request, public_id):
        """Say how the file is read and where it belongs; makes a dataset or a new contract version where needed."""
        from lake.contract import Contract

        upload, body = self._own(), self.checked(ConfirmBody)
        if ("dataset" in body) == ("new_dataset" in body):
            words = "Name the `dataset` of the upload, or describe a `new_dataset`: one of them, not both."
            raise serializers.ValidationError({"dataset": words})
        if "dataset" in body:
            into = self.dataset_of(body["dataset"])
            self.require(DEFINE, into.unit_id)
        else:
            into = intake.NewDataset(**body["new_dataset"])
            self.require(DEFINE, into.unit)
        contract, dialect = Contract.from_dict(body["contract"]), _dialect(body["dialect"])
        try:
            intake.confirm(upload, contract, dialect, by=request.user, into=into)
        except CodeTaken:
            seen = Dataset.objects.visible_to(request.access).filter(code=into.code).first()
            words = in_words(into.code, Dataset, seen)
            raise serializers.ValidationError({"new_dataset": {"code": words}}, "taken") from None
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=LoadBody, responses={200: RequestedSerializer, 202: RequestedSerializer})
    @action(methods=["post"], detail=True)
    def load(self, request, public_id):
        """Queue the load of a confirmed upload, or of one that failed.

        One that was refused because it would change closed periods is refused again (409 `period_closed`): ask for a
        restatement (`dataset-restatements/`). A complete one that would remove too many records is refused again (409
        `removal_unconfirmed`), unless `confirm_removal` allows as many; one with rows outside the days that were stated
        too (409 `outside_stretch`), unless other days are stated now. What is loaded, or waits for it, is answered
        by 200, and by 409 `wrong_state` where something else is said of it now.
        """
        upload = self._own()
        said = _completeness(self.checked(LoadBody), upload)
        with rejects.telling(upload, request.access):
            requested = intake.request_load(upload, by=request.user, token=request.auth, **said)
        if requested.upload.pk == upload.pk:
            intake.check_same(requested, **said)
        return self._requested(requested)

    @extend_schema(request=UndoBody, responses={202: UploadSerializer})
    @action(methods=["post"], detail=True)
    def undo(self, request, public_id):
        """Take a loaded upload back: its rows leave, what they had replaced returns.

        409 `period_closed` if closed periods would change: ask for a restatement (`dataset-restatements/`).
        """
        upload = self.get_object()
        if not undo.may_undo(upload, request.access):
            raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may take an upload back.")
        with rejects.telling(upload, request.access):
            undo.request_undo(upload, by=request.user, reason=self.checked(UndoBody)["reason"])
        return Response(self.get_serializer(self.get_object()).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[OpenApiParameter("as", str, enum=["json", "csv", "xlsx"], description="A page, or a whole file.")],
        responses=RejectSerializer(many=True),
        filters=False,
    )
    @action(detail=True)
    def rejects(self, request, public_id):
        """The rows that were set aside, a page at a time; `?as=csv` or `?as=xlsx` downloads the whole list."""
        upload = self._with_rejects()
        wanted = request.query_params.get("as", "json")
        if wanted not in ("json", "csv", "xlsx"):
            raise serializers.ValidationError({"as": "Write json, csv or xlsx."})
        if wanted != "json":
            return download(upload, wanted)
        page = self.paginate_queryset(upload.rejects.order_by("-pk"))
        return self.get_paginated_response(RejectSerializer(page, many=True).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("as", str, enum=["json", "csv", "xlsx"], description="A page, or a file."),
            OpenApiParameter("offset", int, description="How many of the first records to leave out."),
            OpenApiParameter("limit", int, description="At most 500; 100 if left out. A file has 10,000."),
        ],
        responses=RemovedSerializer,
        filters=False,
    )
    @action(detail=True, pagination_class=None)
    def removed(self, request, public_id):
        """The records that a complete extract removed, as they were, of those that the caller may see; for 30 days.

        Of one that asks (409 `removal_unconfirmed`): those that it would remove, at most 10,000.
        """
        upload, wanted = self.get_object(), request.query_params.get("as", "json")
        if wanted not in ("json", "csv", "xlsx"):
            raise serializers.ValidationError({"as": "Write json, csv or xlsx."})
        if wanted != "json":
            return download_removed(upload, wanted, request.access)
        offset, limit = self.number("offset", 0, most=1_000_000), self.number("limit", explore.PAGE, least=1, most=500)
        page = leaving.rows_page(upload, request.access, offset=offset, limit=limit)
        return Response(RemovedSerializer(page).data)

    @extend_schema(request=CorrectionBody, responses=RejectSerializer(many=True))
    @action(methods=["patch"], detail=True, url_path=r"rejects/(?P<row>[0-9]{1,9})", **PLAIN_LIST)
    def correct(self, request, public_id, row):
        """Write down how the cells of a rejected row should have been; 404 `no_such_row` if none has this number."""
        upload = self._with_rejects(UPLOAD)
        found = rejects.correct(upload, int(row), self.checked(CorrectionBody)["cells"], by=request.user)
        return Response(RejectSerializer(found, many=True).data)

    @extend_schema(request={"multipart/form-data": FileBody}, responses=CorrectedSerializer)
    @action(methods=["post"], detail=True, parser_classes=[parsers.MultiPartParser])
    def corrections(self, request, public_id):
        """Take the corrections from a list of rejects as it was downloaded."""
        upload = self._with_rejects(UPLOAD)
        form = FileBody(data=request.data)
        form.is_valid(raise_exception=True)
        return Response({"corrected": correct_from_file(upload, form.validated_data["file"], by=request.user)})

    @extend_schema(request=None, responses={202: RequestedSerializer})
    @action(methods=["post"], detail=True)
    def replay(self, request, public_id):
        """Load the corrected rows, as an upload of their own."""
        upload = self._with_rejects(UPLOAD)
        self.checked(StrictSerializer)
        return self._requested(rejects.replay(upload, by=request.user, token=request.auth))

    def _requested(self, requested) -> Response:
        requested.upload.refresh_from_db()
        code = status.HTTP_200_OK if requested.already else status.HTTP_202_ACCEPTED
        return Response(RequestedSerializer(requested, context=self.get_serializer_context()).data, status=code)

    def _writable_dataset(self, code: str | None) -> Dataset | None:
        if not code:
            return None
        dataset = self.dataset_of(code)
        intake.check_takes_uploads(dataset)
        if not may_upload(dataset, self.request.access):
            raise PermissionDenied("You may not upload to this dataset. Ask an administrator of its unit.")
        return dataset

    def _own(self) -> Upload:
        """An upload that the caller may change: their own, or of a dataset at whose unit they may upload."""
        upload, access = self.get_object(), self.request.access
        at_home = upload.dataset and access.allows(UPLOAD, upload.dataset.unit_id)
        if upload.uploaded_by_id != access.user_id and not at_home:
            raise PermissionDenied("Only its uploader, or an analyst of the dataset's unit, may change an upload.")
        return upload

    def _with_rejects(self, permission: str = VIEW) -> Upload:
        upload = self._own() if permission == UPLOAD else self.get_object()
        if not rejects.may_see(upload, self.request.access):
            raise PermissionDenied("Rejected rows may be of any unit: only who sees the whole dataset may see them.")
        return upload


def may_upload(dataset: Dataset, access) -> bool:
    """At its home unit, or at a unit that has rows in it; which rows, the load checks one by one."""
    if dataset.source != Dataset.Source.EXTRACT:
        return False
    return access.allows(UPLOAD, dataset.unit_id) or dataset.units.filter(Q(pk__in=access.units(UPLOAD))).exists()


def _completeness(body, upload: Upload | None = None) -> dict[str, Any]:
    """What a body says of it, as `request_load` takes it. upload: which was sent before, with the days that stand."""
    sent = stretch.stated_of(upload) if upload else stretch.Stated()
    stated = stretch.Stated(body.get("complete_from", sent.first), body.get("complete_through", sent.last))
    is_said = upload is None or "complete_from" in body or "complete_through" in body
    return {
        "complete": body["complete"],
        "stated": stated if is_said else None,
        "may_remove": body.get("confirm_removal"),
        "blank_missing": body["blank_missing"],
    }


def _naming(said: dict[str, Any]) -> dict[str, Any]:
    """What of it names the load, as plain JSON: how many records may be removed does not."""
    first, last = (day and str(day) for day in said["stated"])
    return {
        "complete": said["complete"],
        "complete_from": first,
        "complete_through": last,
        "blank_missing": said["blank_missing"],
    }


def _dialect(plain):
    from lake.intake import Dialect

    if plain is None:
        return None
    try:
        return Dialect.from_dict(plain)
    except (TypeError, ValueError, AttributeError) as fault:
        raise InvalidRequest(f"The dialect is not right: {fault}", field="dialect") from fault


def _length(request) -> int | None:
    given = request.META.get("CONTENT_LENGTH") or ""
    return int(given) if given.isdigit() else None


def _key(given: str) -> str:
    if given and not (given.isascii() and given.isprintable() and len(given) <= LONGEST_KEY):
        raise InvalidRequest(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable ASCII characters.")
    return given
