"""Who reads a dataset's columns: lineage from a column onwards, asked before a contract drops one.

Rules of quality are this room's own readers; rooms above register theirs (KPIs, service levels).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.urls import reverse

from .models import Dataset, QualityRule

if TYPE_CHECKING:
    from organization.access import Access


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that cannot be computed without `columns`, whose names are in small letters. kind: in the singular."""

    kind: str
    name: str
    url: str
    columns: frozenset[str]


Finder = Callable[[Dataset, "Access | None"], Iterable[Reader]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Let `finder` tell the readers of a dataset that its room has: those that `access` may see, or with None all."""
    if finder not in _finders:
        _finders.append(finder)


def readers_of(dataset: Dataset, access: Access | None = None) -> list[Reader]:
    """All that read columns of the dataset, as far as `access` may see them: nothing for a vendor's contact.

    A constant number of queries.
    """
    if access is not None and access.is_vendor_only:
        return []
    return [reader for finder in (*_finders, _rules) for reader in finder(dataset, access)]


def by_column(readers: Iterable[Reader]) -> dict[str, list[Reader]]:
    """Column, in small letters -> who reads it."""
    found: dict[str, list[Reader]] = {}
    for reader in readers:
        for column in reader.columns:
            found.setdefault(column, []).append(reader)
    return found


def columns_in(*formulas: str) -> frozenset[str]:
    """The columns that formulas name, in small letters; none of one that cannot be read."""
    from lake.formula import FormulaError
    from lake.formula.pooled import columns_read

    found: set[str] = set()
    for text in filter(None, formulas):
        try:
            found |= {name.lower() for name in columns_read(text)}
        except FormulaError:  # told where it is computed
            continue
    return frozenset(found)


def _rules(dataset: Dataset, access: Access | None) -> Iterator[Reader]:
    """Rules of the dataset itself, which whoever sees how it is run sees, and those that look up codes in it."""
    looks_up = Q(kind=QualityRule.Kind.REFERENCE, parameters__dataset=dataset.code)
    rules = QualityRule.objects.filter(Q(dataset=dataset) | looks_up, is_active=True).select_related("dataset")
    if access is not None:
        rules = rules.filter(Q(dataset=dataset) | Q(dataset__in=Dataset.objects.visible_to(access).values("pk")))
    for rule in rules:
        asked, columns = rule.parameters, frozenset()
        if rule.dataset_id == dataset.pk:
            columns = columns_in(asked.get("expression", "")) | _small(rule.column)
        if rule.kind == QualityRule.Kind.REFERENCE and asked.get("dataset") == dataset.code and not asked.get("units"):
            columns |= _small(asked.get("column"))
        if columns:
            yield Reader("quality rule", rule.name, reverse("dataset_quality", args=[rule.dataset.code]), columns)


def _small(name: str | None) -> frozenset[str]:
    return frozenset({str(name).lower()} if name else ())
