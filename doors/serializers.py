"""Serializers that take exactly what they name: unknown fields and near-enough types are refused."""

import re
from datetime import date

from django.db import models
from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from doors.days import day_from
from doors.nearest import MOST, did_you_mean

MOST_CHOICES = 40  # that a refusal names
PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")


class DayField(serializers.DateField):
    """A day that a calendar can hold, as on pages."""

    def run_validation(self, data=empty) -> date | None:
        day = super().run_validation(data)
        if day and not day_from(day.isoformat()):
            raise serializers.ValidationError("Write a day from 1900 to 2200.")
        return day


class StrictMixin:
    """Refuses fields that it does not know, or that only the server sets; and in JSON, values of another type.

    "5" and true are no numbers, 5 is no text. A decimal may also be a text such as "12.50", as answers spell it.
    A choice that there is not is refused with those that there are.
    """

    default_error_messages = {"invalid": "Write an object in braces, such as {{}}; this is of type {datatype}."}

    def get_fields(self):
        fields = super().get_fields()
        for field in fields.values():
            one = getattr(field, "child", field)
            if isinstance(one, serializers.ChoiceField) and 0 < len(one.choices) <= MOST_CHOICES:
                one.error_messages["invalid_choice"] = _wrong_choice(one)
        return fields

    def to_internal_value(self, data):
        if isinstance(data, dict):
            self._refuse_unknown(data)
            if isinstance(data, QueryDict):  # a form has only texts
                self._refuse_repeated(data)
            else:
                self._refuse_other_types(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data) -> None:
        known = {name for name, field in self.fields.items() if not field.read_only}
        hidden = {"csrfmiddlewaretoken"} if isinstance(data, QueryDict) else set()
        faults = {
            str(name): "This field is set by perfmgr, not by you."
            if name in self.fields
            else f"There is no such field. Known are: {', '.join(sorted(known))}."
            for name in data
            if name not in known | hidden
        }
        if faults:
            raise serializers.ValidationError(faults, code="unknown_field")

    def _refuse_repeated(self, data: QueryDict) -> None:
        """A form may send a field twice, such as two files: the last would be taken and the others lost."""
        lists = serializers.ListField | serializers.ManyRelatedField | serializers.MultipleChoiceField
        faults = {
            name: "Send it once: one value at a time."
            for name, given in data.lists()
            if len(given) > 1 and not isinstance(self.fields.get(name), lists)
        }
        if faults:
            raise serializers.ValidationError(faults, code="repeated")

    def _refuse_other_types(self, data) -> None:
        faults = {
            name: wanted
            for name, field in self.fields.items()
            if not field.read_only and data.get(name) is not None and (wanted := type_fault(field, data[name]))
        }
        if faults:
            raise serializers.ValidationError(faults, code="type")


class StrictSerializer(StrictMixin, serializers.Serializer):
    """The base of every serializer of ours that is not made from a model."""


class StrictModelSerializer(StrictMixin, serializers.ModelSerializer):
    """The base of every serializer made from a model; `fields` are named one by one."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {models.DateField: DayField}


class ScopedRelatedField(serializers.PrimaryKeyRelatedField):
    """The id of something that the caller may see; a foreign id reads like one that does not exist."""

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].access)


class ScopedCodeField(serializers.SlugRelatedField):
    """The code of something that the caller may see; a foreign code reads like one that does not exist.

    A code that is not known is refused as `unknown_unit`, `unknown_kpi` and so on, with the nearest of those seen.
    """

    def __init__(self, **options):
        super().__init__(slug_field=options.pop("slug_field", "code"), **options)

    def get_queryset(self):
        return super().get_queryset().visible_to(self.context["request"].access)

    def fail(self, key, **values):
        if key != "does_not_exist":
            super().fail(key, **values)
        given, model = str(values["value"])[:80], self.queryset.model._meta
        codes = self.get_queryset().values_list(self.slug_field, flat=True)[:MOST]
        called = "log-in name" if self.slug_field == "username" else "code"
        words = f"There is no {model.verbose_name} with the {called} {given!r} that you see."
        raise serializers.ValidationError(words + did_you_mean(given, codes), code=f"unknown_{model.model_name}")


class LoginField(serializers.SlugRelatedField):
    """A person by the log-in name; `queryset` says who may be named."""

    default_error_messages = {"does_not_exist": "There is nobody with the log-in name '{value}' who can sign in."}

    def __init__(self, **options):
        super().__init__(slug_field="username", **options)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}], "description": "Its code, or its id."})
class ScopedCodeOrIdField(ScopedCodeField):
    """The code of something that the caller may see, or its id; answers hold the id."""

    def to_internal_value(self, data):
        if type(data) is not int:
            return super().to_internal_value(data)
        found = self.get_queryset().filter(pk=data).first() if 0 < data < 2**63 else None
        if found is None:
            name = self.queryset.model._meta.verbose_name
            raise serializers.ValidationError(f"There is no {name} with the id {data} that you see.", code="unknown_id")
        return found

    def to_representation(self, value):
        return value.pk


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}], "description": "The log-in name, or the id."})
class ScopedLoginOrIdField(ScopedCodeOrIdField):
    """A person whom the caller sees, by the log-in name or the id; answers hold the id."""

    def __init__(self, **options):
        super().__init__(slug_field="username", **options)


def _wrong_choice(field: serializers.ChoiceField) -> str:
    """The message for `{input}` that is none of the field's choices, as REST framework fills it."""
    known = ", ".join(str(choice) for choice in field.choices if choice != "")
    return '"{input}" is none of the choices. Choose one of: ' + known.replace("{", "{{").replace("}", "}}") + "."


def type_fault(field: serializers.Field, value) -> str:
    """What should have been written instead of `value`, or an empty text if its JSON type is right."""
    match field:
        case serializers.DictField():  # names the first wrong entry; that of a list is judged by itself
            return _wrong_entry(field, value)
        case serializers.BooleanField():
            return "" if isinstance(value, bool) else "Write true or false."
        case serializers.IntegerField():
            return "" if type(value) is int else "Write a whole number, without quotes."
        case serializers.FloatField():
            return "" if type(value) in (int, float) else "Write a number, without quotes."
        case serializers.DecimalField():
            fine = type(value) in (int, float) or (isinstance(value, str) and PLAIN_DECIMAL.match(value))
            return "" if fine else "Write a number such as 12.5."
        case ScopedCodeOrIdField():
            return "" if type(value) in (int, str) else "Write the code in quotes, or the id without."
        case serializers.PrimaryKeyRelatedField():
            return "" if type(value) is int else "Write the id as a whole number, without quotes."
        case (
            serializers.CharField()
            | serializers.DateField()
            | serializers.DateTimeField()
            | serializers.TimeField()
            | serializers.SlugRelatedField()
        ):
            return "" if isinstance(value, str) and _plain_digits(field, value) else "Write a text in quotes."
    return ""


def _wrong_entry(field: serializers.DictField, value) -> str:
    """What should have been written at the first entry of another type; null is judged by the entries' own field."""
    entries = value.items() if isinstance(value, dict) else ()
    faults = ((name, type_fault(field.child, entry)) for name, entry in entries if entry is not None)
    return next((f"{name}: {wanted}" for name, wanted in faults if wanted), "")


def _plain_digits(field: serializers.Field, value: str) -> bool:
    """Dates and times are written in ASCII digits; a text may hold anything."""
    return value.isascii() if isinstance(field, serializers.DateField | serializers.DateTimeField) else True
