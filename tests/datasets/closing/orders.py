"""The orders of which some periods are closed, read and restated."""

from datetime import UTC, date, datetime

from datasets import restating, scan
from datasets.facts import facts_of
from lake.contract import Column, ColumnType, Contract, Role
from tests.factories import perform, upload_csv

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
NOW = datetime(2025, 3, 15, 9, tzinfo=UTC)
WHY = "The supplier sent a corrected invoice."


def rows_of(dataset, version=None):
    facts = facts_of(dataset, version)
    found = scan.fetch(f"select id, day, cost from ({facts.relation}) order by id", facts.files)
    return [(row["id"], str(row["day"]), row["cost"]) for row in found]


def asked_for(upload, *, by=None, why=WHY):
    """A restatement of the refused upload (to load it) or of a loaded one (to take it back), as its uploader asks."""
    return restating.ask(upload, reason=why, by=by or upload.uploaded_by, now=NOW)


def let_in(upload, *, by, asker=None, why=WHY):
    """The upload, after `by` approved what was asked for and a worker has done it."""
    restating.decide(asked_for(upload, by=asker, why=why), approve=True, by=by, now=NOW)
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    return upload


def restated(dataset, text, *, by):
    """The upload of `text`, refused to its sender, and loaded as a restatement that `by` approved."""
    return let_in(upload_csv(dataset, text), by=by)


def orders_now(dataset):
    dataset.refresh_from_db()
    return dataset
