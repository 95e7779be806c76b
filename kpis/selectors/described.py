"""How KPIs are described on a day: values and no models, since a page describes hundreds of them."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from kpis.models import KpiVersion

from .words import KpiRef

COLUMNS = (
    "kpi_id",
    "valid_from",
    "valid_to",
    "state",
    "unit_of_measure",
    "decimals",
    "direction",
    "grain",
    "kpi__code",
    "kpi__name",
    "kpi__unit_id",
    "kpi__owner__first_name",
    "kpi__owner__last_name",
    "kpi__owner__username",
    "kind",
    "dataset__complete_through",
    "dataset__name",
    "dataset__loaded_at",
)


class Described(NamedTuple):
    """A KPI with how its numbers are written, the unit that answers for it, and how far its dataset goes."""

    ref: KpiRef
    home: int
    complete_through: date | None
    kind: str
    dataset: str
    loaded_at: datetime | None


def described_on(kpi_ids: Iterable[int], day: date) -> dict[int, Described]:
    """kpi id -> what the version in force on `day`, or the newest one where none is, says of it. One query."""
    found = KpiVersion.objects.kept().filter(kpi__in=set(kpi_ids)).order_by("number")
    versions = standing(found.values_list(*COLUMNS, named=True), day)
    return {kpi: _described(version) for kpi, version in versions.items()}


def standing(versions: Iterable, day: date) -> dict:
    """kpi id -> of its versions, the oldest first, the one in force on `day`, or the newest one where none is."""
    found, in_force = {}, set()
    for version in versions:
        if version.valid_from <= day and (version.valid_to is None or version.valid_to > day):
            in_force.add(version.kpi_id)
            found[version.kpi_id] = version
        elif version.kpi_id not in in_force:
            found[version.kpi_id] = version
    return found


def _described(version) -> Described:
    owner = f"{version.kpi__owner__first_name} {version.kpi__owner__last_name}".strip()  # as User.__str__
    ref = KpiRef(
        id=version.kpi_id,
        code=version.kpi__code,
        name=version.kpi__name,
        unit_of_measure=version.unit_of_measure,
        decimals=version.decimals,
        direction=version.direction,
        grain=version.grain,
        is_certified=version.state == KpiVersion.State.CERTIFIED,
        owner_name=owner or version.kpi__owner__username,
    )
    of_dataset = (
        version.dataset__complete_through,
        version.kind,
        version.dataset__name or "",
        version.dataset__loaded_at,
    )
    return Described(ref, version.kpi__unit_id, *of_dataset)
