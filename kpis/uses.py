"""What uses a KPI: its lineage onwards, to scorecards, other KPIs and objectives, and what rooms above make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from .models import Kpi, Objective, Scorecard

if TYPE_CHECKING:
    from organization.access import Access


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that goes by the KPI's numbers. kind: in the plural, as a heading; how: in a word, where it matters."""

    kind: str
    name: str
    url: str
    how: str = ""


Finder = Callable[[Kpi, "Access"], Iterable[Use]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Let `finder` tell what its room makes of a KPI, as far as `access` may see it."""
    if finder not in _finders:
        _finders.append(finder)


def uses_of(kpi: Kpi, access: Access) -> dict[str, list[Use]]:
    """Kind -> what uses the KPI and `access` may see, this room's first; nothing for a vendor's contact.

    A constant number of queries.
    """
    found: dict[str, list[Use]] = {}
    if access.is_vendor_only:
        return found
    for finder in (_own, *_finders):
        for use in finder(kpi, access):
            found.setdefault(use.kind, []).append(use)
    return found


def _own(kpi: Kpi, access: Access) -> Iterable[Use]:
    for scorecard in Scorecard.objects.visible_to(access).filter(nodes__kpi=kpi).distinct().order_by("name"):
        yield Use("Scorecards", scorecard.name, scorecard.get_absolute_url())
    for derived in Kpi.objects.visible_to(access).filter(versions__inputs=kpi).distinct().order_by("name"):
        yield Use("Derived KPIs", derived.name, derived.get_absolute_url())
    objectives = Objective.objects.visible_to(access).filter(links__kpi=kpi)
    for name, how in objectives.order_by("name").values_list("name", "links__kind"):
        yield Use("Objectives", name, reverse("strategy"), how)
    for watched in Kpi.objects.visible_to(access).filter(counter_kpi=kpi).order_by("name"):
        yield Use("Counter of", watched.name, watched.get_absolute_url())
