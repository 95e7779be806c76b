"""The orders of which some periods are closed, read and restated."""

import io
from datetime import date

from datasets import intake, scan
from datasets.facts import facts_of
from lake.contract import Column, ColumnType, Contract, Role
from tests.factories import perform

CONTRACT = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("cost", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
    ),
    reject_limit_pct=60,
)
HEAD = "id,day,cost\n"
TEXT = HEAD + "1,2025-01-10,10\n2,2025-01-31,20\n3,2025-02-01,30\n"
JANUARY, TODAY = date(2025, 1, 31), date(2025, 3, 15)
WHY = "The supplier sent a corrected invoice."


def rows_of(dataset, version=None):
    facts = facts_of(dataset, version)
    found = scan.fetch(f"select id, day, cost from ({facts.relation}) order by id", facts.files)
    return [(row["id"], str(row["day"]), row["cost"]) for row in found]


def restated(dataset, text, *, by, why=WHY):
    """The upload of `text` as a restatement by `by`, loaded."""
    upload = intake.receive(dataset, io.BytesIO(text.encode()), name="x.csv", by=by, length=len(text))
    perform(intake.request_load(upload, by=by, restatement=why).upload.job)
    upload.refresh_from_db()
    return upload


def orders_now(dataset):
    dataset.refresh_from_db()
    return dataset
