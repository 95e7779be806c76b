"""Row scope: the ONE place that turns what a person may see, and a dataset, into the rows that they get.

Everything that shows rows (rows, explore, the SQL page, drill-through, previews) starts from `authorised_rows`. The
condition stands below every expression that a person writes, and `key` belongs into every cache key.

A row belongs to the unit that its unit column names; to the dataset's home unit if it names none, or one that is not
known. A vendor contact sees the rows whose vendor column names their vendor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from organization.access import VIEW, Access
from organization.models import Unit, UnitAlias

from .facts import Facts, contract_of, facts_of
from .models import Dataset


@dataclass(frozen=True)
class RowScope:
    """Which rows: those whose `column` is one of `codes`, and with `home` those that no known unit claims.

    codes None: every row. known: all codes that belong to some unit, needed to tell what belongs to the home unit.
    """

    column: str = ""
    codes: frozenset[str] | None = None
    home: bool = False
    known: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return self.codes is None

    def holds(self, code: str | None) -> bool:
        """Whether it lets rows of this code through, as `condition` does."""
        if self.codes is None or code in self.codes:
            return True
        return self.home and (code is None or code not in self.known)

    @property
    def condition(self) -> str:
        """DuckDB SQL over the stored columns. Codes are quoted literals; nothing else comes from data."""
        if self.codes is None:
            return "true"
        parts = []
        if self.codes:
            parts.append(f"{_identifier(self.column)} in ({_literals(self.codes)})")
        if self.home:
            parts.append(f"{_identifier(self.column)} is null")
            if self.known:
                parts.append(f"{_identifier(self.column)} not in ({_literals(self.known)})")
        return f"({' or '.join(parts)})" if parts else "false"

    @property
    def key(self) -> str:
        """Equal only for scopes that let the same rows through."""
        return hashlib.sha256(self.condition.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class AuthorisedRows:
    """The rows of one version that one person may see."""

    facts: Facts
    scope: RowScope

    @property
    def relation(self) -> str:
        """DuckDB SQL of the authorised rows."""
        return f"select * from ({self.facts.relation}) where {self.scope.condition}"

    @property
    def key(self) -> str:
        """For cache keys: dataset, version, and the rows let through."""
        return f"{self.facts.dataset_id}.{self.facts.version}.{self.scope.key}"


def authorised_rows(dataset: Dataset, access: Access, version: int | None = None) -> AuthorisedRows:
    """What `access` may see of the current (or an older) version. Raises NoSuchVersion, DamagedData."""
    return AuthorisedRows(facts_of(dataset, version, seen=access.units(VIEW)), row_scope(dataset, access))


def row_scope(dataset: Dataset, access: Access, permission: str = VIEW) -> RowScope:
    """The rows of the units at which the person holds `permission`."""
    units = access.units(permission)
    contract = contract_of(dataset)
    column = contract.vendor_column if access.is_vendor_only and contract.vendor_column else contract.unit_column
    at_home = dataset.unit_id in units
    if column is None:
        return RowScope() if at_home else RowScope(codes=frozenset())
    known = unit_codes(dataset)
    if at_home and known.values() <= units:
        return RowScope()
    codes = frozenset(code for code, unit in known.items() if unit in units)
    home = at_home and not access.is_vendor_only
    return RowScope(column.name, codes, home, frozenset(known) if home else frozenset())


def wholly_seen(access: Access) -> frozenset[int]:
    """Ids of the datasets whose every row the person may see: at their home, and at each unit that has rows in them.

    Only of these a person is told how many rows there are, were read or were rejected.
    """
    if access.is_vendor_only:
        return frozenset()
    units = access.units(VIEW)
    outside: dict[int, set[bool]] = {}
    found = Dataset.units.through.objects.filter(dataset__unit__in=units).exclude(unit__in=units)
    for dataset, kind in found.values_list("dataset_id", "unit__kind").distinct():
        outside.setdefault(dataset, set()).add(kind == Unit.Kind.VENDOR)
    # A vendor in a column beside that of the units hides no row from who may see the units.
    suspects = Dataset.objects.filter(pk__in=[pk for pk, vendor in outside.items() if vendor == {True}])
    spared = {one.pk for one in suspects if contract_of(one).unit_column != contract_of(one).vendor_column}
    at_home = Dataset.objects.filter(unit__in=units).values_list("pk", flat=True)
    return frozenset(at_home) - (outside.keys() - spared)


class _Codes(dict):
    """Unit code -> unit id."""

    def values(self) -> set[int]:
        return set(super().values())


def unit_codes(dataset: Dataset) -> _Codes:
    """Every code that the unit column may hold, with its unit's id: aliases of the code system, or unit codes."""
    if dataset.code_system:
        return _Codes(UnitAlias.objects.filter(system=dataset.code_system).values_list("code", "unit_id"))
    return _Codes(Unit.objects.values_list("code", "id"))


def _literals(codes: Iterable[str]) -> str:
    return ", ".join("'" + code.replace("'", "''") + "'" for code in sorted(codes))


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
