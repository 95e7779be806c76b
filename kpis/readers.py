"""The KPIs that read a dataset's columns: this room's part of the lineage, from a column onwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import F, Q

from datasets.facts import contract_of
from datasets.models import Dataset
from datasets.readers import Reader, columns_in

from .models import Kpi, KpiVersion

if TYPE_CHECKING:
    from organization.access import Access


def of_columns(dataset: Dataset, access: Access | None) -> Iterable[Reader]:
    """Each KPI with the columns of all its definitions that hold for some day: history is computed by earlier ones."""
    versions = KpiVersion.objects.kept().filter(Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), dataset=dataset)
    if access is not None:
        versions = versions.filter(kpi__in=Kpi.objects.visible_to(access).values("pk"))
    event_time = contract_of(dataset).event_time if dataset.contract else None
    columns: dict[Kpi, frozenset[str]] = {}
    for version in versions.select_related("kpi").order_by("kpi__name", "pk"):
        time = version.time_column or (event_time.name if event_time else "")
        columns[version.kpi] = columns.get(version.kpi, frozenset()) | columns_of(version, time)
    return [Reader("KPI", kpi.name, kpi.get_absolute_url(), read) for kpi, read in columns.items()]


def columns_of(version: KpiVersion, time_column: str = "") -> frozenset[str]:
    """The columns that a definition over rows names, in small letters, with the one that dates its rows."""
    named = {name.lower() for name in (*version.dimensions, time_column) if name}
    return columns_in(version.formula, version.denominator, version.weight, version.condition) | named
