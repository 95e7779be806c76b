"""An agreement on deliveries: a measured promise on their rows, a clocked one on cases, credits on their freight.

Ten deliveries in January 2025 (8 on time), ten in February (10 on time); freight 100.00 each.
"""

from datetime import date
from decimal import Decimal

from django.utils import timezone

from datasets import derived
from datasets.contracts import put_in_force
from datasets.models import Dataset
from lake.contract import Column, ColumnType, Contract, Role
from slas import drafting, lifecycle
from slas.clocks.rows import contract, schema
from tests.factories import DatasetFactory, UnitFactory, loaded_dataset, member

DAY = date(2025, 3, 10)
ROWS = Contract(
    columns=(
        Column("line", type=ColumnType.INTEGER, roles=(Role.KEY,)),
        Column("due_on", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("done_on", type=ColumnType.DATE),
        Column("freight", type=ColumnType.DECIMAL),
        Column("mode", roles=(Role.DIMENSION,)),
    )
)


def deliveries_csv(late=(3, 7), *, months=(1, 2)) -> str:
    """Ten lines a month; `late` are the January lines that came a day late."""
    rows = ["line,due_on,done_on,freight,mode"]
    for month in months:
        for n in range(10):
            done = 10 + n + (month == 1 and n in late)
            rows.append(
                f"{month * 100 + n},2025-{month:02}-{10 + n},2025-{month:02}-{done},100.00,{'air' if n % 2 else 'sea'}"
            )
    return "\n".join(rows) + "\n"


def deliveries(unit, **words) -> Dataset:
    return loaded_dataset(deliveries_csv(**words), ROWS, code="deliveries", unit=unit)


def described(unit) -> Dataset:
    """The same dataset before its first extract: a contract without rows."""
    dataset = DatasetFactory(code="deliveries", unit=unit)
    put_in_force(dataset, ROWS, by=dataset.owner)
    dataset.refresh_from_db()
    return dataset


def timed_cases(unit, code: str, rows) -> Dataset:
    """A derived dataset as a clock run writes it.

    rows: (case, target, verdict, elapsed s, target s, counted at or None, kind of the exclusion).
    """
    import pyarrow as pa

    names = ("case", "target", "verdict", "elapsed_s", "target_s", "counted_at", "excluded")
    filled = [dict(zip(names, row, strict=True)) | {"cycle": 1, "priority": "1"} for row in rows]
    dataset = derived.ensure(code, contract("UTC"), name="Cases", unit=unit, by=member("analyst", unit))
    derived.replace_rows(dataset, pa.Table.from_pylist(filled, schema=schema()), load_id="sample")
    return dataset


class Desk:
    """A unit with an author, a signer and somebody of finance; `agreement()` is drafted, `signed()` is in force."""

    def __init__(self):
        self.unit = UnitFactory(code="supply")
        self.author = member("analyst", self.unit)
        self.signer = member("manager", self.unit)
        self.finance = member("finance", self.unit)

    def agreement(self, dataset: Dataset, **words):
        """A draft from January 2025 on: 90 % on time, two tiers, 10 % of the freight at risk."""
        words = {"valid_from": date(2025, 1, 1), "currency": "USD", "at_risk_pct": Decimal(10)} | words
        money = {"charge_basis": "measured", "charge_dataset": dataset, "charge_formula": "sum(freight)"}
        version = drafting.create_agreement(
            code="acme", name="Acme", kind="uc", unit=self.unit, owner=self.author, by=self.author, **money, **words
        )
        drafting.set_target(
            version,
            "on-time",
            by=self.author,
            name="Delivered on time",
            metric="quality",
            required_pct=Decimal(90),
            measure={
                "dataset": dataset,
                "good": "count(case when done_on <= due_on then 1 end)",
                "total": "count(*)",
            },
        )
        tiers = [
            {"target": None, "below_pct": Decimal(90), "credit_pct": Decimal(5)},
            {"target": None, "below_pct": Decimal(80), "credit_pct": Decimal(20), "side": "at_or_below"},
        ]
        drafting.set_tiers(version, tiers, by=self.author)
        return version

    def signed(self, dataset: Dataset, day: date = DAY, **words):
        version = lifecycle.offer(self.agreement(dataset, **words), by=self.author)
        return lifecycle.sign(version, by=self.signer, day=day, now=timezone.now())
