"""The dataset that faults are injected into: tickets of two sites, with three KPIs, small enough to check by hand."""

import random
from decimal import Decimal

from datasets.contracts import put_in_force
from datasets.models import Dataset
from kpis import definitions
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect
from tests.factories import DatasetFactory, UnitFactory, member

CONTRACT = Contract(
    (
        Column("number", roles=(Role.KEY,)),
        Column("opened", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("site", roles=(Role.UNIT,)),
        Column("met", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
        Column("hours", type=ColumnType.INTEGER, roles=(Role.MEASURE,)),
    )
)
HEADER = "number,opened,site,met,hours\n"
KPIS = {
    "tickets": {"kind": "simple", "formula": "count(*)"},
    "met_share": {"kind": "ratio", "formula": "sum(met)", "denominator": "count(*)"},
    "p90_hours": {"kind": "percentile", "formula": "hours", "percentile": Decimal("0.9")},
}


def extract(seed: int, rows: int, *, months: int = 3, first: int = 0, site: str | None = None) -> str:
    """`rows` tickets numbered from `first` over the first `months` of 2025; same arguments, same text."""
    draw = random.Random(seed)
    lines = []
    for number in range(first, first + rows):
        place = site or draw.choice(["north", "south"])
        day = f"2025-{draw.randint(1, months):02d}-{draw.randint(1, 28):02d}"
        lines.append(f"T{number:06d},{day},{place},{draw.randint(0, 1)},{draw.randint(0, 500)}\n")
    return HEADER + "".join(lines)


def make_dataset() -> Dataset:
    """An empty dataset with its contract, units and KPIs; its owner is an analyst who may load all of it."""
    group = UnitFactory(code="group")
    for code in ("north", "south"):
        UnitFactory(code=code, parent=group)
    analyst = member("analyst", group)
    dataset = DatasetFactory(unit=group, owner=analyst, dialect=Dialect().to_dict())
    put_in_force(dataset, CONTRACT, by=analyst)
    dataset.refresh_from_db()
    for code, values in KPIS.items():
        definitions.create_kpi(code=code, name=code, unit=group, owner=analyst, by=analyst, dataset=dataset, **values)
    return dataset
