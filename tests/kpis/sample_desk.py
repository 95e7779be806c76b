"""A service desk for tests of pages: three units, 15 months of incidents, one certified ratio, and people.

In every month the north has 4 incidents of which 3 met their target, the south 8 of which 6 + (month is even) met it.
Months are January 2024 to April 2025; one looks from 10 April 2025, when the data are complete through the 8th.
"""

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from datasets.models import Dataset
from kpis import definitions, workflow
from kpis.models import Kpi
from kpis.recompute import recompute
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Unit, User
from tests.factories import UnitFactory, loaded_dataset, member

DAY = date(2025, 4, 10)
MONTHS = [date(year, month, 1) for year in (2024, 2025) for month in range(1, 13)][:16]
PASSPORT = {
    "purpose": "Shows whether incidents are solved in time.",
    "decision": "Where to add people.",
    "description": "Incidents that met their target, of all incidents.",
    "target_basis": "Contract",
    "financial_link": "none",
    "gaming_risk": "Closing early and opening again.",
    "reporting_lag_days": 2,
    "review_date": date(2026, 1, 1),
}
CONTRACT = Contract(
    (
        Column("id", type=ColumnType.TEXT, roles=(Role.KEY,)),
        Column("opened_at", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("unit", type=ColumnType.TEXT, roles=(Role.UNIT,)),
        Column("priority", type=ColumnType.TEXT, roles=(Role.DIMENSION,)),
        Column("met", type=ColumnType.INTEGER),
        Column("hours", type=ColumnType.NUMBER),
    )
)


@dataclass
class Desk:
    group: Unit
    north: Unit
    south: Unit
    dataset: Dataset
    kpi: Kpi
    analyst: User
    manager: User
    viewer: User
    stranger: User


def rows_of_a_month(month: date) -> list[str]:
    lines = []
    for unit, count, met in (("north", 4, 3), ("south", 8, 6 + (month.month % 2 == 0))):
        for n in range(count):
            day = month.replace(day=n + 1)
            priority = "high" if n % 2 else "low"
            lines.append(f"{unit}-{month:%y%m}-{n},{day},{unit},{priority},{int(n < met)},{n + 1}")
    return lines


def csv_text() -> str:
    lines = [line for month in MONTHS for line in rows_of_a_month(month)]
    return "id,opened_at,unit,priority,met,hours\n" + "\n".join(lines) + "\n"


def desk(name: str = "Incidents solved in time") -> Desk:
    """Everything through the verbs; the results are computed."""
    group = UnitFactory(code="group", name="Service desk")
    north = UnitFactory(code="north", name="North", parent=group)
    south = UnitFactory(code="south", name="South", parent=group)
    analyst, manager = member("analyst", group), member("manager", group)
    dataset = loaded_dataset(csv_text(), CONTRACT, code="incidents", name="Incidents", unit=group, owner=analyst)
    version = definitions.create_kpi(
        code="in_time",
        name=name,
        unit=group,
        owner=manager,
        steward=analyst,
        by=analyst,
        kind="ratio",
        dataset=dataset,
        formula="sum(met)",
        denominator="count(*)",
        unit_of_measure="percent",
        dimensions=["priority"],
        **PASSPORT,
    )
    workflow.certify(workflow.submit(version, by=analyst), by=manager, now=timezone.now())
    recompute(dataset.pk, day=DAY)
    return Desk(
        group=group,
        north=north,
        south=south,
        dataset=dataset,
        kpi=version.kpi,
        analyst=analyst,
        manager=manager,
        viewer=member("viewer", group),
        stranger=member("manager", UnitFactory(code="elsewhere")),
    )
