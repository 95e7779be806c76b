"""The description of answers that are dataclasses: `extend_schema(responses=answer(RowsPage))`.

Each class is a component called by its room and name, `KpisReading`, so that one may hold itself; its docstring is the
component's description.
"""

import dataclasses
import types
from datetime import date, datetime
from inspect import getdoc
from typing import Any, Union, get_args, get_origin, get_type_hints

PLAIN: dict[Any, dict] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}
# A cell of a row: its column says which of these.
CELL = {"type": ["string", "number", "boolean", "null"]}
ROW = {"type": "object", "additionalProperties": CELL}
KNOWN: dict[str, type] = {}


def answer(cls: type, status: int = 200) -> dict:
    """For `responses`: the answer is one of `cls`, as `dataclasses.asdict` has it."""
    return {(status, "application/json"): shape_of(cls)}


def shape_of(kind) -> dict:
    """The JSON schema of a type hint, or one that is written out; of a hint that says nothing, any JSON.

    A mere `dict` is a row by its columns.
    """
    if isinstance(kind, dict):  # a schema that is written out
        return kind
    if kind in PLAIN:
        return PLAIN[kind]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [shape_of(one) for one in inner]}
    if origin in (tuple, list) and (len(inner) == 1 or inner[1:] == (Ellipsis,)):
        return {"type": "array", "items": shape_of(inner[0])}
    if kind is dict:
        return {"type": "object", "additionalProperties": CELL}
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):  # NamedTuple
        return _of_parts(get_type_hints(kind).values())
    if origin is tuple:
        return _of_parts(inner)
    if origin is dict:
        return {"type": "object", "additionalProperties": shape_of(inner[1])}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _component(kind)
    return {}


def _of_parts(kinds) -> dict:
    parts = [shape_of(one) for one in kinds]
    return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}


def _component(cls: type) -> dict:
    name = f"{cls.__module__.partition('.')[0].capitalize()}{cls.__name__}"
    if KNOWN.setdefault(name, cls) is not cls:
        raise TypeError(f"Two classes of answers are called {name}.")
    return {"$ref": f"#/components/schemas/{name}"}


def with_shapes(result: dict, generator, request, public) -> dict:
    """Adds the components to the description of the API; those that they hold come with them."""
    schemas, done = result["components"]["schemas"], 0
    while done < len(KNOWN):  # what a class holds is known once it is described
        name, cls = list(KNOWN.items())[done]
        hints, said = get_type_hints(cls), getdoc(cls) or ""
        properties = {field.name: shape_of(hints[field.name]) for field in dataclasses.fields(cls)}
        described = {} if said.startswith(f"{cls.__name__}(") else {"description": said}  # the signature is no words
        schemas[name] = {"type": "object", **described, "properties": properties, "required": list(properties)}
        done += 1
    return result
