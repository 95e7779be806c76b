"""Which column of a new extract holds the codes of units: the one whose values are, whatever it is called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from organization.models import Unit, UnitAlias

if TYPE_CHECKING:
    from lake.intake import ColumnGuess, Preview

SHORTEST_NUMBER = 3  # whole numbers below 100 are counts and grades more often than codes
SHOWN = 3


@dataclass(frozen=True)
class _Known:
    """Codes of units in lower case; by code system those of its aliases."""

    codes: frozenset[str]
    aliases: dict[str, set[str]]

    def system_of(self, values: Collection[str]) -> str | None:
        """Whose codes all the values are: a code system, empty for our own; None: not all are of one."""
        given = {value.lower() for value in values}
        if given <= self.codes:
            return ""
        return next((system for system, codes in sorted(self.aliases.items()) if given <= codes), None)

    def any_of(self, values: Collection[str]) -> bool:
        given = {value.lower() for value in values}
        return bool(given & self.codes) or any(given & codes for codes in self.aliases.values())


def with_known_units(preview: Preview) -> Preview:
    """The preview with the column that holds codes of units as its unit column.

    One that is called like units, but among whose first values is none, is a dimension instead: as the unit column it
    would have every row rejected.
    """
    columns, notes = list(preview.columns), list(preview.notes)
    values = [_first_values(preview, place) for place in range(len(columns))]
    known = _known_among(columns, values)
    place = next((n for n, column in enumerate(columns) if "unit" in column.roles), None)
    if place is not None and (not values[place] or known.any_of(values[place])):
        return preview
    found = next((n for n in range(len(columns)) if _may_be_units(columns[n], values[n], known)), None)
    if place is not None:
        columns[place] = _in_role(columns[place], "dimension")
    if found is not None:
        columns[found] = _in_role(columns[found], "unit")
        notes.append(_said_of(columns[found], values[found], known.system_of(values[found]) or ""))
    elif place is not None:
        notes.append(_said_of_none(columns[place], values[place]))
    else:
        return preview
    return replace(preview, columns=tuple(columns), notes=tuple(notes))


def _first_values(preview: Preview, place: int) -> set[str]:
    return {row[place].strip() for row in preview.first_rows if len(row) > place} - {""}


def _known_among(columns: list[ColumnGuess], values: list[set[str]]) -> _Known:
    texts = [found for column, found in zip(columns, values, strict=True) if column.types[0] in ("text", "integer")]
    asked = {spelling for value in set().union(*texts) for spelling in (value, value.upper(), value.lower())}
    aliases: dict[str, set[str]] = {}
    for system, code in UnitAlias.objects.filter(code__in=asked).values_list("system", "code"):
        aliases.setdefault(system, set()).add(code.lower())
    codes = Unit.objects.filter(code__in=asked).values_list("code", flat=True)
    return _Known(frozenset(code.lower() for code in codes), aliases)


def _may_be_units(column: ColumnGuess, values: set[str], known: _Known) -> bool:
    kind = column.types[0]
    plain = kind == "text" or (kind == "integer" and all(len(value) >= SHORTEST_NUMBER for value in values))
    return plain and bool(values) and "vendor" not in column.roles and known.system_of(values) is not None


def _in_role(column: ColumnGuess, role: str) -> ColumnGuess:
    kept = tuple(one for one in column.roles if one == "key")
    types = ("text", *(kind for kind in column.types if kind != "text")) if role == "unit" else column.types
    return replace(column, roles=(*kept, role), types=types, formats=() if role == "unit" else column.formats)


def _said_of(column: ColumnGuess, values: set[str], system: str) -> str:
    said = f"{column.header}: {_shown(values)} {_are(values, 'a code', 'codes')}, so it is proposed as the unit column."
    return f"{said} They are codes of {system}: write it under “Code system”." if system else said


def _said_of_none(column: ColumnGuess, values: set[str]) -> str:
    return (
        f"{column.header}: {_shown(values)} {_are(values, 'no code', 'no codes')}, so it is proposed as a dimension. "
        "If they are units, create them first, or give them these codes as aliases."
    )


def _shown(values: set[str]) -> str:
    return ", ".join(sorted(values)[:SHOWN])


def _are(values: set[str], one: str, many: str) -> str:
    return f"is {one} of a unit" if len(values) == 1 else f"are {many} of units"
