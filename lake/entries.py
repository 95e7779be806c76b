"""Plain JSON as the entries of a frozen value: only names that it knows, each of the type that it declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

WORDS = {
    str: "a text",
    date: "a day",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}

JSON_TYPES = {str: "string", date: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def known_entries(kind: type, plain: Any, what: str) -> dict[str, Any]:
    """`plain` as a new dict for the dataclass `kind`. Lists are left as they are; numbers pass for texts in them.

    ValueError names an unknown entry, or one of another type, and what it takes.
    """
    if not isinstance(plain, Mapping):
        raise ValueError(f"A {what} must be an object with named entries.")
    known = _hints(kind)
    if unknown := sorted(set(map(str, plain)) - set(known)):
        raise ValueError(f"Unknown entry {unknown[0]!r} in a {what}; known are {', '.join(sorted(known))}.")
    for name, value in plain.items():
        if not _fits(known[name], value):
            raise ValueError(f"The entry {name!r} of a {what} takes {_words(known[name])}, not {str(value)[:40]!r}.")
    return dict(plain)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _fits(hint: Any, value: Any) -> bool:
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(one, value) for one in get_args(hint))
    if choices := _choices(hint):
        return isinstance(value, str) and value in choices
    if get_origin(hint) is tuple:
        return isinstance(value, (list, tuple)) and all(_fits_in_list(get_args(hint)[0], one) for one in value)
    if hint is float:
        return type(value) in (int, float)
    if is_dataclass(hint):
        return isinstance(value, (Mapping, cast(type, hint)))
    return type(value) is hint


def _fits_in_list(hint: Any, value: Any) -> bool:
    return isinstance(value, (str, int, float)) if hint is str else _fits(hint, value)


def _choices(hint: Any) -> tuple[str, ...]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(map(str, hint)) if isinstance(hint, type) and issubclass(hint, StrEnum) else ()


def json_schema(kind: type) -> dict[str, Any]:
    """What `known_entries` takes for the dataclass `kind`, as JSON Schema (draft 2020-12)."""
    properties = {name: _schema(hint) for name, hint in _hints(kind).items()}
    required = [f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _schema(hint: Any) -> dict[str, Any]:
    if get_origin(hint) in (Union, UnionType):
        return {"anyOf": [_schema(one) for one in get_args(hint)]}
    if choices := _choices(hint):
        return {"type": "string", "enum": list(choices)}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    return {"type": JSON_TYPES[hint]} if hint in JSON_TYPES else json_schema(hint)


def _words(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_words(one) for one in get_args(hint))
    if choices := _choices(hint):
        return f"one of {', '.join(choices)}"
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return f"a list of {'texts' if inner is str else ', '.join(_choices(inner)) or 'objects'}"
    return str(WORDS.get(hint, "another type"))
