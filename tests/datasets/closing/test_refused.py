"""B23 and C61: what lies in closed periods stays as it is."""

import pytest

from datasets import contracts, rejects, undo
from datasets.facts import table_of
from datasets.models import Dataset
from datasets.refusals import InvalidRequest, PeriodClosed
from lake.contract import Column, Contract
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD, JANUARY, TEXT, WHY, let_in, orders_now, rows_of
from tests.factories import loaded_dataset, perform, upload_csv

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("row", "stored_day", "changes"),
    [
        ("4,2025-01-31,1", None, ()),
        ("1,2025-01-10,11", "2025-01-10", ("cost", "10", "11")),
        ("1,2025-02-10,10", "2025-01-10", ("day", "2025-01-10", "2025-02-10")),
        ("3,2025-01-20,30", "2025-02-01", ("day", "2025-02-01", "2025-01-20")),
    ],
    ids=["added", "changed", "moved out", "moved in"],
)
def test_B23_C61_an_upload_that_changes_a_closed_period_is_refused_whole(orders, row, stored_day, changes):
    before, version = rows_of(orders), orders.current_version
    upload = upload_csv(orders, f"{HEAD}9,2025-02-09,9\n{row}\n")
    orders.refresh_from_db()
    assert (upload.state, upload.fault["code"], upload.fault["closed_through"]) == (
        "refused", "period_closed", "2025-01-31",
    )  # fmt: skip
    key, day, _ = row.split(",")
    told = [dict(zip(("column", "before", "after"), changes, strict=True))] if changes else []
    detail = {"row": 3, "key": key, "day": day, "stored_day": stored_day, "changes": told}
    assert upload.fault["details"] == [detail]
    assert upload.fault["message"] == "1 record of closed periods would change: Orders is closed through 31 Jan 2025."
    assert (rows_of(orders), orders.current_version, table_of(orders).version) == (before, version, version)


def test_an_extract_may_repeat_closed_rows_as_they_are(orders):
    upload = upload_csv(orders, TEXT.replace("3,2025-02-01,30", "3,2025-02-01,33"))
    assert (upload.state, upload.replaced, upload.restatement) == ("loaded", 3, "")
    assert rows_of(orders_now(orders))[2] == ("3", "2025-02-01", 33.0)
    perform(undo.request_undo(upload, by=orders.owner))  # and may be taken back again
    assert rows_of(orders_now(orders))[2] == ("3", "2025-02-01", 30.0)


def test_B23_an_undo_that_changes_a_closed_period_is_refused_at_once(orders, people):
    first = orders.uploads.get()
    with pytest.raises(PeriodClosed) as refusal:
        undo.request_undo(first, by=orders.owner)
    assert [one["key"] for one in refusal.value.extra["details"]] == ["1", "2"]
    first.refresh_from_db()
    assert (first.state, first.job.kind) == ("loaded", "datasets.load")
    let_in(first, by=people[Member.MANAGER])
    version = orders.versions.first()
    assert (version.kind, version.restated, version.restatement) == ("undo", 2, WHY)
    assert rows_of(orders_now(orders)) == []


def test_an_undo_that_was_asked_for_before_the_closing_is_refused_by_its_job(home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    job = undo.request_undo(dataset.uploads.get(), by=dataset.owner)
    Dataset.objects.filter(pk=dataset.pk).update(closed_through=JANUARY)
    with pytest.raises(AssertionError):
        perform(job)
    job.refresh_from_db()
    assert (job.state, "closed through 31 Jan 2025" in job.fault) == ("parked", True)
    assert len(rows_of(orders_now(dataset))) == 3


def test_B23_corrected_rejects_of_a_closed_period_are_not_replayed(home, people):
    dataset = loaded_dataset(HEAD + "1,2025-01-10,10\n2,2025-01-32,20\n", CONTRACT, unit=home)
    Dataset.objects.filter(pk=dataset.pk).update(closed_through=JANUARY)
    first = dataset.uploads.get()
    rejects.correct(first, 3, {"day": "2025-01-30"}, by=dataset.owner)
    replay = rejects.replay(first, by=dataset.owner).upload
    perform(replay.job)
    replay.refresh_from_db()
    assert (replay.state, replay.fault["code"], replay.fault["row"]) == ("refused", "period_closed", 3)
    assert first.rejects.get().state == "corrected"  # still to be loaded, once somebody may
    let_in(replay, by=people[Member.MANAGER])
    assert first.rejects.get().state == "replayed"


def test_what_tells_closed_rows_apart_stays_as_it_is(orders):
    other = Contract(
        tuple(Column(c.name, type=c.type, roles=c.roles) for c in CONTRACT.columns), reporting_timezone="Asia/Tokyo"
    )
    with pytest.raises(InvalidRequest, match="closed through"):
        contracts.put_in_force(orders, other, by=orders.owner)
