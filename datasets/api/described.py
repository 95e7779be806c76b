"""JSON of the lake in requests, described as the lake itself reads it."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers


class ContractField(serializers.JSONField):
    """A contract: its columns and how its extracts are read."""


class DialectField(serializers.JSONField):
    """How a file is written."""


class QuestionField(serializers.JSONField):
    """A question without SQL; `chart` says how its answer is shown."""


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
            return schema
        return json_schema(Contract if isinstance(self.target, ContractField) else Dialect)
