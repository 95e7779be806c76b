"""Calling a function with plain values, and its result as plain values: no NumPy, no NaN, no infinity."""

from __future__ import annotations

import dataclasses
import math
import re
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, get_args, get_origin

from .kinds import Unreadable, read_fields
from .registry import Function, find


def call(family: str, name: str, parameters: Mapping[str, Any]) -> Any:
    """The plain result. Raises NoSuchFunction, Unreadable, analytics.inputs.BadInput."""
    function = find(family, name)
    return plain(function.callable(**arguments(function, parameters)))


def arguments(function: Function, parameters: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """The arguments of a call. Raises Unreadable; BadInput where an argument refuses itself."""
    if not isinstance(parameters, Mapping):
        raise Unreadable(place, "Write an object of parameters in braces.")
    kinds = {parameter.name: parameter.kind for parameter in function.parameters}
    required = [parameter.name for parameter in function.parameters if parameter.is_required]
    return read_fields(parameters, kinds, required, place)


def parameter_of(function: Function, fault: Exception) -> str:
    """The parameter that a refusal is about: the one it names, or its words name first; else the data, the first."""
    names = [parameter.name for parameter in function.parameters]
    said = f"{getattr(fault, 'parameter', '')} {fault}"
    places = {name: match.start() for name in names if (match := _in_words(name).search(said))}
    return min(places, key=lambda name: places[name]) if places else names[0]


def _in_words(name: str) -> re.Pattern[str]:
    """`name` as a sentence may say it: one or several, with blanks."""
    stem = re.escape(name.removesuffix("s")).replace("_", "[_ ]")
    return re.compile(rf"\b{stem}s?\b", re.IGNORECASE)


def plain(value: Any) -> Any:
    """`value` as JSON carries it; dataclasses with their fields and properties, what has no value as null."""
    import numpy as np

    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case np.ndarray():
            return plain(value.tolist())
        case np.generic():
            return plain(value.item())
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case tuple() | list():
            return [plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        return {name: plain(getattr(value, name)) for name in members(type(value))}
    raise TypeError(f"{type(value).__name__} is not plain.")


def members(cls: Any) -> dict[str, Any]:
    """Name -> type hint of the fields and properties of a result; without those that hold code."""
    hints = typing.get_type_hints(cls)
    found = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    for name, member in vars(cls).items():
        if isinstance(member, property) and not name.startswith("_"):
            found[name] = typing.get_type_hints(member.fget)["return"]
    return {name: hint for name, hint in found.items() if get_origin(hint) is not Callable}


def result_schema(hint: Any, within: tuple[Any, ...] = ()) -> dict[str, Any]:
    """JSON schema of what `plain` makes of a result with this type hint."""
    import types

    import numpy as np

    origin, parts = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [result_schema(part, within) for part in parts]}
    if hint in _SCHEMAS:
        return _SCHEMAS[hint]
    if origin is np.ndarray:
        return {"type": "array", "items": {}}
    if origin is typing.Literal:
        return {"type": "string", "enum": list(parts)}
    if origin is tuple and parts[-1] is not Ellipsis:
        return {"type": "array", "prefixItems": [result_schema(part, within) for part in parts]}
    if origin in (tuple, list):
        return {"type": "array", "items": result_schema(parts[0], within)}
    if dataclasses.is_dataclass(hint):
        if hint in within:  # the companion of a chart is a chart
            return {"type": "object", "description": f"As {hint.__name__}."}
        properties = {name: result_schema(one, (*within, hint)) for name, one in members(hint).items()}
        return {"type": "object", "properties": properties}
    return {}


_SCHEMAS: dict[Any, dict[str, Any]] = {
    float: {"type": ["number", "null"]},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    str: {"type": "string"},
    type(None): {"type": "null"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    timedelta: {"type": "number", "description": "Seconds."},
}
