"""JSON of the lake in requests, described as the lake itself reads it."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from doors.shapes import ROW

UNIT_OF_A_GROUP = (
    "Of a date or timestamp, by the clock of the dataset's reporting zone: the first day of its day, week, month, "
    "quarter or year; its `weekday` as a number, 1 (Monday) to 7 (Sunday); a timestamp's `hour`, 0 to 23. A pivot's "
    "columns are headed in words: Mon, 09:00."
)


def _texts(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(), help_text=help_text)


@extend_schema_field(ROW)
class RowField(serializers.DictField):
    """A row by its columns."""


class ContractField(serializers.JSONField):
    """A contract: its columns and how its extracts are read."""


class DialectField(serializers.JSONField):
    """How a file is written."""


class QuestionField(serializers.JSONField):
    """A question without SQL; `chart` says how its answer is shown."""


class GuessedColumnSerializer(serializers.Serializer):
    """What a sample says about one column; counts are of the sample."""

    name = serializers.CharField()
    header = serializers.CharField()
    types = _texts("Column types that fit every value, the narrowest first.")
    formats = _texts(
        "Formats of days or moments that fit all; of numbers, where they are written unlike the rest of the file; of "
        "texts, the zeros by which a workbook shows numbers such as 00012."
    )
    roles = _texts("Proposed.")
    missing = _texts("Texts found that commonly mean that there is no value.")
    number_forms = _texts("How numbers are written; `percent_cells`: a workbook's cell that shows 88 % is read so.")
    filled = serializers.IntegerField()
    distinct = serializers.IntegerField()
    unique = serializers.BooleanField(help_text="No value repeats.")
    padded = serializers.BooleanField(help_text="Most values have blanks around them.")
    examples = _texts("Some of its values.")


class FileQuestionSerializer(serializers.Serializer):
    """Something that the file does not say by itself and a person must answer."""

    code = serializers.CharField()
    text = serializers.CharField()
    column = serializers.CharField(help_text="Empty: it is about the whole file.")
    options = _texts("The possible answers, the most likely one first.")


class PreviewSerializer(serializers.Serializer):
    """What a file seems to be."""

    name = serializers.CharField()
    dialect = DialectField()
    columns = GuessedColumnSerializer(many=True)
    questions = FileQuestionSerializer(many=True)
    notes = _texts("What else was seen, in words.")
    first_rows = serializers.ListField(child=_texts("A row, as written."))
    sampled_rows = serializers.IntegerField()
    complete = serializers.BooleanField(help_text="The sample is the whole file.")
    sheets = _texts("Of a workbook.")
    contract = ContractField(help_text="Proposed.")


class LakeSchema(OpenApiSerializerFieldExtension):
    """Asked for when the description is made: the lake is not loaded before."""

    target_class = "rest_framework.serializers.JSONField"
    match_subclasses = True

    @classmethod
    def _matches(cls, target) -> bool:
        return isinstance(target, ContractField | DialectField | QuestionField)

    def map_serializer_field(self, auto_schema, direction):
        from lake.contract import Contract
        from lake.entries import json_schema
        from lake.explore import Explore
        from lake.intake import Dialect

        if isinstance(self.target, QuestionField):
            schema = json_schema(Explore)
            schema["properties"]["chart"] = {"type": "string", "enum": ["table", "bar", "line"]}
            for group in (schema["properties"]["groups"]["items"], schema["properties"]["pivot"]["anyOf"][0]):
                group["properties"]["unit"]["description"] = UNIT_OF_A_GROUP
            return schema
        return json_schema(Contract if isinstance(self.target, ContractField) else Dialect)
