"""The description of the API as it really answers: how we authenticate, what may be null, and problems."""

from django.contrib.auth import get_user_model
from django.db import models
from drf_spectacular.drainage import has_override
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent, get_lib_doc_excludes
from rest_framework import serializers

from .problems import MEDIA_TYPE
from .shapes import shape_of

TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `errors` names each field of a request that was not accepted; other members may follow.",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "code": {**TEXT, "description": "For programs; it does not change."},
        "detail": {**TEXT, "description": "For people: thing, fault, next step."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": TEXT, "code": TEXT, "message": TEXT},
                "required": ["field", "code", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "code", "detail"],
}

# What a part of an address names, where no model says it.
IN_AN_ADDRESS = {
    "code": "Its code.",
    "criterion": "The id of the criterion.",
    "node": "The id of the row of the scorecard.",
    "number": "The number of the version.",
    "part": "What the thing is that leaves.",
    "public_id": "The id that the answer to the upload gave.",
    "row": "The number of the row in the file.",
    "seq": "The number of the entry in the trail.",
    "view": "The id of the kept view.",
    "which": "The id of what leaves; of an evaluator, the log-in name.",
}
# Whose log-in name a field holds, by the field's name; `..._by` says its own verb.
WHOSE = {
    "analyst": "who works on it",
    "ask": "who is asked",
    "by": "who did it",
    "manager": "who looks after the vendor",
    "owner": "who answers for it",
    "people": "those who are told",
    "reviewer": "who reviews it",
    "steward": "who looks after the data",
    "user": "the person",
    "username": "the person",
}
VERBS = {"asked": "asked for", "done": "did", "given": "gave"}  # where it is not the participle
SUMMARIES = {"list": "List", "retrieve": "One", "create": "Make", "partial_update": "Change", "destroy": "Remove"}


def undescribed() -> list[type]:
    """Classes whose docstring speaks to us and not to the callers of what derives from them."""
    from .serializers import StrictMixin, StrictModelSerializer, StrictSerializer
    from .viewsets import ScopedReadViewSet, ScopedViewSet

    rooms = [cls for cls in ScopedViewSet.__subclasses__() if cls.__module__.endswith(".base")]
    return [*get_lib_doc_excludes(), StrictMixin, StrictModelSerializer, StrictSerializer, ScopedReadViewSet,
            ScopedViewSet, *rooms]  # fmt: skip


class DescribedSchema(AutoSchema):
    """Adds to drf-spectacular's reading of a view what it cannot see in the serializers."""

    def get_summary(self) -> str:
        """What the operation does, in a word or two: many share the description of their list."""
        action = getattr(self.view, "action", None) or ""
        return SUMMARIES.get(action) or action.replace("_", " ").capitalize()

    def _resolve_path_parameters(self, variables):
        found = super()._resolve_path_parameters(variables)
        for parameter in found:
            if parameter["name"] == "id" and (called := getattr(self.view, "named_by", "")):
                name = "log-in name" if called == "username" else called
                parameter |= {
                    "schema": {"type": "string"},
                    "description": f"Its {name}, or its id, which digits alone always are.",
                }
            parameter.setdefault("description", IN_AN_ADDRESS.get(parameter["name"], ""))
        return found

    def _get_response_bodies(self, direction="response"):
        """Every operation may answer with a problem."""
        problem = ResolvedComponent("Problem", ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem")
        self.registry.register_on_missing(problem)
        refused = {"description": "A problem", "content": {MEDIA_TYPE: {"schema": problem.ref}}}
        return {**super()._get_response_bodies(direction), "default": refused}

    def _get_serializer_field_meta(self, field, direction):
        """A field read from a relation or column that may be empty answers null, whatever its writing takes."""
        meta = super()._get_serializer_field_meta(field, direction)
        if direction == "response" and isinstance(field, serializers.Field) and may_be_empty(field):
            meta["nullable"] = True
        if isinstance(field, serializers.JSONField):
            meta.pop("nullable", None)  # any JSON is null, too
        if whose := whose_log_in(field):
            meta["description"] = whose
        elif getattr(field, "slug_field", "") == "code" and not field.help_text and not has_override(field, "field"):
            meta["description"] = "Its code."  # not what is said to who chooses one
        return meta

    def _insert_field_validators(self, field, schema):
        """An empty text beside an address or a pattern: either will do, for a format is no test."""
        super()._insert_field_validators(field, schema)
        if {"type": "string", "maxLength": 0} in schema.get("oneOf", ()):
            schema["anyOf"] = schema.pop("oneOf")

    def _map_basic_serializer(self, serializer, direction):
        """`Meta.for_some`: fields that only some callers are shown. `Meta.shapes`: what a column of JSON holds."""
        schema = super()._map_basic_serializer(serializer, direction)
        for name, shape in getattr(getattr(serializer, "Meta", None), "shapes", {}).items():
            said = schema["properties"][name].get("description")
            schema["properties"][name] = {**shape_of(shape), **({"description": said} if said else {})}
        hidden = getattr(getattr(serializer, "Meta", None), "for_some", ())
        if hidden and "required" in schema:
            schema["required"] = [name for name in schema["required"] if name not in hidden]
        return schema


def may_be_empty(field: serializers.Field) -> bool:
    """Whether the way from the serializer's model to the field's value leads over something that takes null."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    for name in field.source_attrs if model else ():
        found = _field_of(model, name)
        if found is None:
            return False
        if getattr(found, "null", False) and not found.many_to_many and not found.one_to_many:
            return True
        model = found.related_model
    return False


def whose_log_in(field: serializers.Field) -> str:
    """What is said of a field that holds log-in names: its own words, or those for its name. Else an empty text."""
    inner = getattr(field, "child_relation", field)
    outer = field.parent if isinstance(field.parent, serializers.ManyRelatedField) else field
    if "username" not in (getattr(inner, "slug_field", ""), *getattr(outer, "source_attrs", ())[-1:]):
        return ""
    to_who_chooses_one = get_user_model()._meta.get_field("username").help_text
    if outer.help_text and outer.help_text != to_who_chooses_one:
        return str(outer.help_text)
    name, did = outer.field_name, outer.field_name.removesuffix("_by")
    whose = WHOSE.get(name) or (f"who {VERBS.get(did, did)} it" if did != name else "")
    return f"Log-in name{'' if outer is inner else 's'} of {whose}." if whose else ""


def _field_of(model: type[models.Model] | None, name: str):
    known = {found.name: found for found in model._meta.get_fields()} if model else {}
    return known.get(name)


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "organization.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer", "bearerFormat": "pm_<prefix>_<secret>"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "organization.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema):
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def token_first(result: dict, generator, request, public) -> dict:
    """Programs sign in by a token: the page offers it before the cookie that the browser brings by itself."""
    schemes = result["components"]["securitySchemes"]
    result["components"]["securitySchemes"] = dict(sorted(schemes.items(), key=lambda scheme: scheme[0] != "token"))
    return result


def without_empty_defaults(result: dict, generator, request, public) -> dict:
    """Leave out defaults of "": for a field that refuses "" when it is sent, that is no value of its own schema."""
    _drop_empty_defaults(result)
    return result


def _drop_empty_defaults(part) -> None:
    if isinstance(part, dict) and part.get("default") == "":
        del part["default"]
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _drop_empty_defaults(inner)
