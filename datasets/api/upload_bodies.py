"""What the REST doors of uploads take."""

from __future__ import annotations

from rest_framework import serializers

from datasets.models import Dataset
from doors.serializers import DayField, ScopedCodeOrIdField, StrictSerializer
from organization.models import Unit

from .described import ContractField, DialectField, RowField

COMPLETE_FROM = (
    "First day of which a complete extract holds all records, included, by the dataset's reporting clock. No row may "
    "lie before it. Where a row stands for its month, quarter or year: the first day of one. "
)
COMPLETE_THROUGH = (
    "Last day of which a complete extract holds all records, included, by the dataset's reporting clock. No row may "
    "lie after it. Where a row stands for its month, quarter or year: the last day of one. "
)
CONFIRM_REMOVAL = "How many records a complete extract may remove; left out, up to half of those of its days."


FAULT = {
    "type": ["object", "null"],
    "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        **dict.fromkeys(("column", "value", "next_step"), {"type": ["string", "null"]}),
        "row": {"type": ["integer", "null"]},
    },
    "required": ["code", "message"],
    "description": "Of a refusal: where, why, and what to do; others have more, such as `removal_unconfirmed`.",
}


class FileBody(StrictSerializer):
    file = serializers.FileField(allow_empty_file=True)
    dataset = serializers.CharField(required=False, help_text="Code; left out, the upload is inspected and confirmed.")
    encoding = serializers.CharField(required=False, max_length=40, help_text="Of a file that is not UTF-8: cp1252 ...")


BLANK_MISSING = (
    "Where the file lacks a column of the contract, records that it replaces lose their value in it; otherwise they "
    "keep it."
)


class ExtractBody(FileBody):
    complete = serializers.BooleanField(
        default=False,
        help_text="It holds all records of the days from its first to its last event, or of those stated: stored ones "
        "that it lacks are removed.",
    )
    complete_from = DayField(
        required=False, allow_null=True, help_text=COMPLETE_FROM + "Left out: that of its first event."
    )
    complete_through = DayField(
        required=False, allow_null=True, help_text=COMPLETE_THROUGH + "Left out: that of its last event."
    )
    confirm_removal = serializers.IntegerField(required=False, min_value=0, help_text=CONFIRM_REMOVAL)
    blank_missing = serializers.BooleanField(default=False, help_text=BLANK_MISSING)


class LoadBody(StrictSerializer):
    complete = serializers.BooleanField(
        allow_null=True, default=None, help_text="Whether it holds all records of its days; left out, as it was sent."
    )
    complete_from = DayField(
        required=False,
        allow_null=True,
        help_text=COMPLETE_FROM + "Null: that of its first event. Left out: as it was sent.",
    )
    complete_through = DayField(
        required=False,
        allow_null=True,
        help_text=COMPLETE_THROUGH + "Null: that of its last event. Left out: as it was sent.",
    )
    confirm_removal = serializers.IntegerField(required=False, min_value=0, help_text=CONFIRM_REMOVAL)
    blank_missing = serializers.BooleanField(
        allow_null=True, default=None, help_text=BLANK_MISSING + " Left out, as it was sent."
    )


class DialectBody(StrictSerializer):
    dialect = DialectField(required=False, help_text="Read the file so, instead of as it seems.")


class NewDatasetBody(StrictSerializer):
    code = serializers.SlugField(max_length=60)  # the verb refuses one that is taken
    name = serializers.CharField(max_length=200)
    unit = ScopedCodeOrIdField(queryset=Unit.objects.all())
    description = serializers.CharField(required=False, default="", allow_blank=True)
    source_system = serializers.CharField(required=False, default="", allow_blank=True, max_length=100)
    code_system = serializers.CharField(required=False, default="", allow_blank=True, max_length=60)
    refresh_promise_hours = serializers.IntegerField(required=False, min_value=1, allow_null=True, default=None)
    licence = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    covers = serializers.ChoiceField(Dataset.Covers.choices, default=Dataset.Covers.DAY)


class ConfirmBody(StrictSerializer):
    contract = ContractField()
    dialect = DialectField()
    dataset = serializers.CharField(required=False, help_text="Code of an existing dataset.")
    new_dataset = NewDatasetBody(required=False)


class RemovedSerializer(serializers.Serializer):
    total = serializers.IntegerField(help_text="Of those that the caller may see.")
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=RowField())


class CorrectionBody(StrictSerializer):
    cells = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        help_text="What should have stood there, as a text, by the column's heading in the file.",
    )


class UndoBody(StrictSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, default="")
