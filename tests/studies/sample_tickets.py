"""160 tickets of a group with two units, for tests of pages and API."""

from lake.contract import Column, ColumnType, Contract, Role
from organization.models import Unit
from tests.factories import UnitFactory, loaded_dataset

CONTRACT = Contract(
    (
        Column("id", roles=(Role.KEY,)),
        Column("opened", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("unit", roles=(Role.UNIT,)),
        Column("priority", roles=(Role.DIMENSION,)),
        Column("met", type=ColumnType.BOOLEAN),
        Column("hours", type=ColumnType.NUMBER),
    )
)


def load() -> dict[str, Unit]:
    group = UnitFactory(code="group")
    units = {code: UnitFactory(code=code, parent=group) for code in ("north", "south")}
    loaded_dataset(tickets(), CONTRACT, unit=group, code="tickets")
    return {"group": group, **units}


def tickets() -> str:
    """120 in the north: of the high 10 of 60 met, of the low 50 of 60; 40 in the south, all met, half of them high."""
    lines = ["id,opened,unit,priority,met,hours"]
    for n in range(160):
        unit, priority = ("north" if n < 120 else "south"), ("=high" if n % 2 else "low")
        met = n >= 120 or (n // 2 < 10 if n % 2 else n // 2 < 50)
        lines.append(f"{n},2025-{n % 12 + 1:02d}-{n % 28 + 1:02d},{unit},{priority},{str(met).lower()},{n % 17 + 1}")
    return "\n".join(lines) + "\n"
