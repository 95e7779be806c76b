"""From a type hint of `analytics/` to a JSON schema and to a reader of JSON values.

Numbers in, arrays as lists (null for a missing value), dataclasses as objects. What a function makes (a chart, a
forecast) is given as the function to call and its parameters.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, Union, get_args, get_origin

MOST_NUMBERS = 200_000
MOST_MAGNITUDE = 1e50  # the limit of `analytics.inputs`
DEEPEST = 3


class Unreadable(ValueError):
    """A value is not what the parameter takes. place: where, as in "limits.within" or "groups.2"."""

    def __init__(self, place: str, words: str) -> None:
        super().__init__(place, words)
        self.place, self.words = place, words


@dataclass(frozen=True)
class Kind:
    """schema: JSON schema (2020-12, as OpenAPI 3.1 has it). read: (value, place) -> the argument; raises Unreadable."""

    schema: dict[str, Any]
    read: Callable[[Any, str], Any]


def kind_of(hint: Any, name: str = "") -> Kind:
    """The kind of a parameter's type hint. Raises TypeError for a hint that JSON cannot carry."""
    from numpy.typing import ArrayLike

    options = set(get_args(hint)) if get_origin(hint) in (Union, types.UnionType) else set()
    if hint == ArrayLike or options - {type(None)} == set(get_args(ArrayLike)):
        return _nullable(ARRAY) if type(None) in options else ARRAY
    if type(None) in options:
        rest = [option for option in get_args(hint) if option is not type(None)]
        return _nullable(kind_of(rest[0], name) if len(rest) == 1 else kind_of(Union[tuple(rest)], name))  # noqa: UP007
    if name == "rules":
        return _rules()
    if hint in _PLAIN:
        return _PLAIN[hint]
    if get_origin(hint) is Literal:
        return _choice(get_args(hint))
    return _compound(hint)


def _compound(hint: Any) -> Kind:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is tuple and parts[-1] is not Ellipsis:
        return _fixed([kind_of(part) for part in parts])
    if origin in (tuple, list, Sequence):
        return _many(kind_of(parts[0]), into=tuple if origin is tuple else list)
    if origin is Mapping and parts[0] == tuple[str, str]:
        return _PAIRS
    if origin is Mapping:
        return _mapping(kind_of(parts[1]))
    if origin is Callable:
        return _evaluate()
    name = getattr(hint, "__name__", "")
    if name in _MADE_BY:
        return _made(name)
    if name == "Distribution":
        return _distribution()
    if dataclasses.is_dataclass(hint):
        return _object(hint)
    raise TypeError(f"JSON cannot carry {hint}.")


# --- plain values -----------------------------------------------------------------------------------------------------


def _plain(schema: dict[str, Any], types_: tuple[type, ...], words: str) -> Kind:
    def read(value: Any, place: str) -> Any:
        if type(value) not in types_:
            raise Unreadable(place, words)
        return sized(value, place) if type(value) in (int, float) else value

    return Kind(schema, read)


def sized(value: float, place: str) -> float:
    """`value` if floats can carry what becomes of it. Raises Unreadable."""
    if value and not 1 / MOST_MAGNITUDE <= abs(value) <= MOST_MAGNITUDE:
        raise Unreadable(place, f"Numbers reach from {1 / MOST_MAGNITUDE:g} to {MOST_MAGNITUDE:g} in size, or are 0.")
    return value


def _read_array(value: Any, place: str) -> Any:
    """Nested lists of numbers, true, false and null, at most MOST_NUMBERS of them; or one number for all."""
    if type(value) in (int, float):
        return sized(value, place)
    if not isinstance(value, list):
        raise Unreadable(place, "Write a list of numbers.")
    left = MOST_NUMBERS

    def numbers(rows: list[Any], depth: int) -> list[Any]:
        nonlocal left
        left -= len(rows)
        if left < 0 or depth > DEEPEST:
            raise Unreadable(place, f"At most {MOST_NUMBERS:,} numbers, in lists nested {DEEPEST} deep.")
        return [one(row, depth) for row in rows]

    def one(row: Any, depth: int) -> Any:
        if isinstance(row, list):
            return numbers(row, depth + 1)
        if row is None:
            return float("nan")
        if isinstance(row, str | dict):
            raise Unreadable(place, f"Write numbers without quotes, or null for a missing one; got {str(row)[:40]!r}.")
        return sized(row, place)

    return numbers(value, 1)


def _read_date(value: Any, place: str) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unreadable(place, "Write a day such as 2025-03-31.") from None


def _read_moment(value: Any, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Unreadable(place, "Write a moment with its offset, such as 2025-03-31T09:00:00Z.")
    return moment


def _read_span(value: Any, place: str) -> timedelta:
    if type(value) not in (int, float) or abs(value) > 1e12:
        raise Unreadable(place, "Write a number of seconds, without quotes.")
    return timedelta(seconds=value)


NUMBER = {"type": ["number", "boolean", "null"]}
ARRAY = Kind(
    {"anyOf": [{"type": "array", "items": {"anyOf": [NUMBER, {"type": "array", "items": {}}]}}, {"type": "number"}]},
    _read_array,
)
_PLAIN: dict[Any, Kind] = {
    float: _plain({"type": "number"}, (int, float), "Write a number, without quotes."),
    int: _plain({"type": "integer"}, (int,), "Write a whole number, without quotes."),
    bool: _plain({"type": "boolean"}, (bool,), "Write true or false."),
    str: _plain({"type": "string"}, (str,), "Write a text in quotes."),
    date: Kind({"type": "string", "format": "date"}, _read_date),
    datetime: Kind({"type": "string", "format": "date-time"}, _read_moment),
    timedelta: Kind({"type": "number", "description": "Seconds."}, _read_span),
}


def _choice(among: Sequence[str]) -> Kind:
    def read(value: Any, place: str) -> str:
        if value not in among:
            raise Unreadable(place, f"Choose one of {', '.join(among)}.")
        return value  # type: ignore[no-any-return]

    return Kind({"type": "string", "enum": list(among)}, read)


def _rules() -> Kind:
    from analytics.spc.rules.sets import RULE_SETS

    return _choice((*RULE_SETS, "anhoej"))


def _nullable(kind: Kind) -> Kind:
    schema = {"anyOf": [kind.schema, {"type": "null"}]}
    return Kind(schema, lambda value, place: None if value is None else kind.read(value, place))


# --- lists and objects ------------------------------------------------------------------------------------------------


def _list_of(value: Any, place: str, length: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise Unreadable(place, "Write a list." if length is None else f"Write a list of {length}.")
    if len(value) > MOST_NUMBERS:
        raise Unreadable(place, f"At most {MOST_NUMBERS:,} entries.")
    return value


def _many(kind: Kind, *, into: Callable[[list[Any]], Any]) -> Kind:
    def read(value: Any, place: str) -> Any:
        return into([kind.read(one, f"{place}.{n}") for n, one in enumerate(_list_of(value, place))])

    return Kind({"type": "array", "items": kind.schema}, read)


def _fixed(kinds: list[Kind]) -> Kind:
    def read(value: Any, place: str) -> tuple[Any, ...]:
        given = _list_of(value, place, len(kinds))
        return tuple(kind.read(one, f"{place}.{n}") for n, (kind, one) in enumerate(zip(kinds, given, strict=True)))

    schemas = [kind.schema for kind in kinds]
    return Kind(
        {"type": "array", "prefixItems": schemas, "minItems": len(kinds), "maxItems": len(kinds), "items": False}, read
    )


def _object_of(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(place, "Write an object in braces.")
    return value


def _mapping(kind: Kind) -> Kind:
    def read(value: Any, place: str) -> dict[str, Any]:
        return {name: kind.read(one, f"{place}.{name}") for name, one in _object_of(value, place).items()}

    return Kind({"type": "object", "additionalProperties": kind.schema}, read)


def _object(cls: Any) -> Kind:
    """A dataclass by its fields."""
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    kinds = {name: kind_of(hints[name], name) for name in fields}
    required = [name for name, field in fields.items() if _needs_value(field)]

    def read(value: Any, place: str) -> Any:
        given = read_fields(_object_of(value, place), kinds, required, place)
        return cls(**given)

    properties = {name: kind.schema for name, kind in kinds.items()}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return Kind({**schema, "required": required} if required else schema, read)


def _needs_value(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def read_fields(
    given: Mapping[str, Any], kinds: Mapping[str, Kind], required: Sequence[str], place: str = ""
) -> dict[str, Any]:
    """Each given value as its kind reads it. Raises Unreadable for one that is unknown or missing."""
    path = f"{place}." if place else ""
    for name in given:
        if name not in kinds:
            raise Unreadable(f"{path}{name}", f"There is no such parameter. Known are: {', '.join(sorted(kinds))}.")
    for name in required:
        if name not in given:
            raise Unreadable(f"{path}{name}", "This parameter is needed.")
    return {name: kinds[name].read(value, f"{path}{name}") for name, value in given.items()}


# --- what functions make, and what they call --------------------------------------------------------------------------

_CHARTS = (
    "individuals", "xbar_r", "xbar_s", "p_chart", "np_chart", "c_chart", "u_chart", "laney_p", "laney_u", "ewma",
    "cusum", "g_chart", "t_chart",
)  # fmt: skip
_MADE_BY = {
    "ControlChart": ("spc", _CHARTS),
    "BatchChart": ("spc", ("individuals_batch", "p_chart_batch", "u_chart_batch", "widened")),
    "BatchSignals": ("spc", ("signals_batch",)),
    "Forecast": ("forecast", ("forecast",)),
    "Slices": ("budgets", ("slices",)),
    "Budget": ("budgets", ("budget_of",)),
}


def _made(name: str) -> Kind:
    """{"function": its name, "parameters": {...}}: what that function makes of them."""
    family, makers = _MADE_BY[name]

    def read(value: Any, place: str) -> Any:
        from .calls import arguments
        from .registry import find

        given = _object_of(value, place)
        if set(given) != {"function", "parameters"} or given["function"] not in makers:
            raise Unreadable(place, f"Write function (one of {', '.join(makers)}) and parameters.")
        function = find(family, given["function"])
        return function.callable(**arguments(function, given["parameters"], f"{place}.parameters"))

    properties = {"function": {"type": "string", "enum": list(makers)}, "parameters": {"type": "object"}}
    required = ["function", "parameters"]
    return Kind({"type": "object", "properties": properties, "required": required, "additionalProperties": False}, read)


def _distribution() -> Kind:
    """{"kind": "pert", "low": 1, "mode": 2, "high": 4}"""
    from analytics.simulation import distributions

    classes = {
        name: getattr(distributions, name.title())
        for name in ("fixed", "triangular", "pert", "normal", "lognormal", "empirical")
    }
    kinds = {name: _object(cls) for name, cls in classes.items()}

    def read(value: Any, place: str) -> Any:
        given = dict(_object_of(value, place))
        name = given.pop("kind", None)
        if not isinstance(name, str) or name not in kinds:
            raise Unreadable(f"{place}.kind", f"Choose one of {', '.join(kinds)}.")
        return kinds[name].read(given, place)

    schemas = []
    for name, kind in kinds.items():
        properties = {"kind": {"type": "string", "const": name}, **kind.schema["properties"]}
        required = ["kind", *kind.schema.get("required", ())]
        schemas.append({**kind.schema, "properties": properties, "required": required})
    return Kind({"oneOf": schemas}, read)


def _evaluate() -> Kind:
    """A function of named numbers, given as a driver tree."""
    from analytics.simulation.tree import DriverTree

    tree = _object(DriverTree)

    def read(value: Any, place: str) -> Callable[[Mapping[str, float]], float]:
        import numpy as np

        made = tree.read(value, place)
        return lambda numbers: float(made.evaluate({name: np.array([one]) for name, one in numbers.items()})[0])

    return Kind(tree.schema, read)


def _read_pairs(value: Any, place: str) -> dict[tuple[str, str], float]:
    return {(one.first, one.second): one.correlation for one in _many(_object(_Pair), into=list).read(value, place)}


@dataclass(frozen=True)
class _Pair:
    first: str
    second: str
    correlation: float


_PAIR_SCHEMA = {
    "type": "object",
    "properties": {"first": {"type": "string"}, "second": {"type": "string"}, "correlation": {"type": "number"}},
    "required": ["first", "second", "correlation"],
    "additionalProperties": False,
}
_PAIRS = Kind({"type": "array", "items": _PAIR_SCHEMA}, _read_pairs)
