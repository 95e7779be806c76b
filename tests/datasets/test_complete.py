"""Complete extracts: what the source has deleted leaves. With orders that one can count."""

import io
from datetime import date

import pandas as pd
import pytest
from django.utils import timezone

from datasets import closing, intake, leaving, removal, undo
from datasets.models import Dataset, QualityRule, Upload
from datasets.refusals import InvalidRequest, RemovalUnconfirmed
from datasets.watermark import first_of
from lake.contract import Column, ColumnType, Contract, Role
from organization.access import access_of
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD, JANUARY, TODAY, let_in, orders_now, rows_of
from tests.factories import UnitFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db

ORDERS = HEAD + "1,2025-01-10,10\n2,2025-01-20,20\n3,2025-01-31,30\n4,2025-02-01,40\n5,2025-02-20,50\n"
LACKS_TWO = HEAD + "1,2025-01-10,10\n3,2025-01-31,30\n"  # of January: 1, 2, 3


@pytest.fixture
def orders(home):
    return loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", name="Orders")


def complete(dataset, text, *, by=None, **more) -> Upload:
    """`text` loaded as a complete extract, as far as it goes."""
    by = by or dataset.owner
    upload = intake.receive(dataset, io.BytesIO(text.encode()), name="all.csv", by=by, length=len(text.encode()))
    requested = intake.request_load(upload, by=by, complete=True, **more)
    if not requested.already:
        perform(requested.upload.job)
    requested.upload.refresh_from_db()
    return requested.upload


def ids(dataset) -> str:
    return "".join(row[0] for row in rows_of(orders_now(dataset)))


def access(user):
    return access_of(user, date(2025, 3, 1))


# --- what leaves ------------------------------------------------------------------------------------------------------


def test_a_deleted_order_leaves_and_the_upload_version_and_trail_tell_it(orders):
    before = orders.current_version
    upload = complete(orders, LACKS_TWO)
    assert (upload.state, upload.accepted, upload.replaced, upload.removed) == ("loaded", 2, 2, 1)
    assert (upload.complete_from, upload.complete_through) == (date(2025, 1, 10), date(2025, 1, 31))
    assert upload.notes == ["Removed: 1 record of 10 Jan 2025 to 31 Jan 2025 that the extract lacks."]
    version = orders.versions.first()
    assert (ids(orders), version.removed, version.rows, version.touched) == ("1345", 1, 4, {"day": [202501]})
    assert rows_of(orders, before)[1] == ("2", "2025-01-20", 20.0)  # as it was known before
    told = AuditEntry.objects.filter(action="load made visible").latest("seq").details
    assert told == {
        "version": version.version, "rows": 4, "removed": 1, "complete_from": "2025-01-10", "complete_to": "2025-01-31"
    }  # fmt: skip
    page = leaving.rows_page(upload, access(orders.owner))
    assert (page.total, page.rows) == (1, [{"id": "2", "day": date(2025, 1, 20), "cost": 20.0}])


def test_an_extract_that_does_not_say_so_removes_nothing(orders):
    upload = upload_csv(orders, LACKS_TWO)
    assert (upload.complete, upload.removed, upload.complete_from, ids(orders)) == (False, None, None, "12345")


def test_the_same_file_again_changes_nothing_also_if_it_no_longer_says_that_it_is_complete(orders):
    first = complete(orders, LACKS_TWO)
    version = orders_now(orders).current_version
    assert complete(orders, LACKS_TWO) == first
    assert upload_csv(orders, LACKS_TWO) == first
    assert orders_now(orders).current_version == version


def test_a_file_loaded_already_may_come_again_as_complete(orders):
    first = upload_csv(orders, LACKS_TWO)
    assert complete(orders, LACKS_TWO) != first
    assert ids(orders) == "1345"


def test_a_rejected_row_might_be_any_record_so_nothing_is_removed(orders):
    upload = complete(orders, HEAD + "1,2025-01-10,10\n3,2025-01-31,30\n2,2025-01-20,twenty\n")
    assert (upload.state, upload.accepted, upload.rejected, upload.removed) == ("loaded", 2, 1, 0)
    assert upload.notes[-1] == (
        "Nothing was removed: 1 row was rejected, and which records they are is not certain. "
        "Correct the extract and upload it as complete again."
    )
    assert (ids(orders), upload.complete_from) == ("12345", None)


def test_a_file_with_a_header_alone_removes_nothing(orders):
    upload = complete(orders, HEAD)
    assert (upload.state, upload.removed, ids(orders)) == ("loaded", 0, "12345")


def test_of_a_monthly_report_the_stretch_is_whole_months(home):
    report = loaded_dataset(ORDERS, CONTRACT, unit=home, code="report", covers="month")
    upload = complete(report, LACKS_TWO)
    assert (upload.complete_from, upload.complete_through) == (date(2025, 1, 1), date(2025, 1, 31))
    assert [first_of(date(2025, 8, 9), covers) for covers in ("day", "month", "quarter", "year")] == [
        date(2025, 8, 9), date(2025, 8, 1), date(2025, 7, 1), date(2025, 1, 1)
    ]  # fmt: skip


def test_without_a_key_or_an_event_time_no_extract_can_be_complete(home):
    without_key = Contract(columns=(Column("id"), Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,))))
    keyless = loaded_dataset("id,day\n1,2025-01-10\n", without_key, unit=home, code="keyless")
    with pytest.raises(InvalidRequest, match="record key and an event time"):
        complete(keyless, "id,day\n2,2025-01-10\n")
    assert not removal.is_offered(keyless)


def test_the_numbers_are_those_of_pandas_on_the_extract_alone_after_a_complete_load_of_everything(home):
    """A year of orders of which the source has deleted every seventh and moved every eleventh by two days."""
    days = pd.date_range("2024-01-01", "2024-12-31", freq="D")
    old = pd.DataFrame({"id": range(len(days)), "day": days, "cost": [day.dayofyear for day in days]})
    new = old[(old.id % 7 != 3)].copy()
    new.loc[new.id % 11 == 5, "day"] += pd.Timedelta(days=2)
    texts = [frame.to_csv(index=False, date_format="%Y-%m-%d") for frame in (old, new)]
    made = loaded_dataset(texts[0], CONTRACT, unit=home, code="year")
    upload = complete(made, texts[1])
    assert (len(old), upload.removed, upload.replaced) == (366, len(old) - len(new), len(new))
    found = pd.DataFrame(rows_of(orders_now(made)), columns=["id", "day", "cost"]).astype({"id": int})
    months = found.groupby(found.day.str[:7]).cost.sum()
    wanted = new.groupby(new.day.dt.strftime("%Y-%m")).cost.sum()
    assert months.to_dict() == wanted.astype(float).to_dict()


# --- asking first -----------------------------------------------------------------------------------------------------


def test_half_leaves_unasked_and_more_only_when_the_number_is_confirmed(orders):
    text = HEAD + "1,2025-01-10,10\n5,2025-02-20,50\n"  # lacks 3 of the 5 orders of 10 Jan to 20 Feb
    upload = complete(orders, text)
    assert (upload.state, upload.fault["code"], ids(orders)) == ("asks", "removal_unconfirmed", "12345")
    assert upload.fault["message"] == (
        "3 of the 5 records of 10 Jan 2025 to 20 Feb 2025 are not in this extract and would be removed."
    )
    for may_remove in (None, 2):
        with pytest.raises(RemovalUnconfirmed) if may_remove is None else _asked_again(upload):
            perform(intake.request_load(upload, by=orders.owner, may_remove=may_remove).upload.job)
    perform(intake.request_load(upload, by=orders.owner, may_remove=3).upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.removed, ids(orders)) == ("loaded", 3, "15")


class _asked_again:
    """The load runs, and the upload is refused as before: too few were confirmed."""

    def __init__(self, upload):
        self.upload = upload

    def __enter__(self):
        return None

    def __exit__(self, *_):
        self.upload.refresh_from_db()
        assert (self.upload.state, self.upload.fault["removed"]) == ("asks", 3)


def test_corrected_rejects_are_never_complete(orders):
    upload = upload_csv(orders, HEAD + "6,2025-02-21,six\n7,2025-02-22,7\n")
    from datasets import rejects

    rejects.correct(upload, 2, {"cost": "6"}, by=orders.owner)
    replay = rejects.replay(upload, by=orders.owner).upload
    perform(replay.job)
    replay.refresh_from_db()
    assert (replay.complete, replay.removed, ids(orders)) == (False, None, "1234567")


# --- units, closed periods, undo --------------------------------------------------------------------------------------

OF_UNITS = Contract(
    columns=(
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("unit", roles=(Role.UNIT,)),
    ),
)
BOTH = "id,day,unit\n1,2025-01-10,n\n2,2025-01-11,n\n3,2025-01-12,s\n4,2025-01-13,\n5,2025-01-14,n\n"


def test_who_uploads_for_one_unit_removes_only_its_records_and_sees_only_those(home):
    north, south = UnitFactory(code="n", parent=home), UnitFactory(code="s", parent=home)
    cases = loaded_dataset(BOTH, OF_UNITS, unit=home, code="cases")
    narrowed = member(Member.ANALYST, north)
    upload = complete(cases, "id,day,unit\n1,2025-01-10,n\n5,2025-01-14,n\n", by=narrowed)
    assert (upload.state, upload.removed) == ("loaded", 1)  # 2 leaves; 3 is of the other unit, 4 of the home unit
    found = [(row["id"], row["unit"]) for row in leaving.rows_page(upload, access(narrowed)).rows]
    assert found == [("2", "n")]
    assert leaving.rows_page(upload, access(member(Member.ANALYST, south))).total == 0
    foreign = complete(cases, "id,day,unit\n1,2025-01-10,n\n3,2025-01-14,s\n", by=narrowed)
    assert (foreign.state, foreign.fault["code"]) == ("refused", "foreign_units")


def test_a_removal_from_a_closed_period_needs_a_restatement(orders, home):
    manager, finance = member(Member.MANAGER, home), member(Member.FINANCE, home)
    asked = closing.propose(orders, JANUARY, by=manager, reason="Month-end of January", day=TODAY)
    closing.decide(asked, approve=True, by=finance, now=timezone.now())
    upload = complete(orders_now(orders), LACKS_TWO)
    assert (upload.state, upload.fault["code"], ids(orders)) == ("refused", "period_closed", "12345")
    assert upload.fault["details"] == [
        {"row": None, "key": "2", "day": None, "stored_day": "2025-01-20", "changes": []}
    ]
    let_in(upload, by=manager)
    version = orders.versions.first()
    assert (upload.state, upload.removed, version.restated, version.removed) == ("loaded", 1, 1, 1)


@pytest.mark.parametrize("closes", [False, True], ids=["open", "with closed periods"])
def test_an_undo_brings_the_removed_back_and_a_later_complete_extract_has_the_last_word(orders, closes):
    before = rows_of(orders)
    first = complete(orders, LACKS_TWO)
    second = complete(orders_now(orders), HEAD + "1,2025-01-10,11\n3,2025-01-31,33\n")
    if closes:  # the check before the job leaves it to the job to tell
        Dataset.objects.filter(pk=orders.pk).update(closed_through=date(2025, 1, 5))
    job = undo.request_undo(first, by=orders.owner)
    from jobs import work

    work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.fault) == ("parked", (
        f"1 record of 10 Jan 2025 to 31 Jan 2025 would come back, but upload #{second.pk} held all records of these "
        "days later. Take that back first."
    ))  # fmt: skip
    for upload in (second, first):
        perform(undo.request_undo(upload, by=orders.owner))
    assert rows_of(orders_now(orders)) == before
    again = complete(orders, LACKS_TWO)  # may be loaded again, as its next round
    assert (again.state, again.removed, ids(orders)) == ("loaded", 1, "1345")


def test_a_rule_of_volume_judges_the_rows_that_came(orders):
    rule = QualityRule.objects.create(
        dataset=orders, name="Enough", kind="volume", parameters={"min": 3}, created_by=orders.owner
    )
    complete(orders, LACKS_TWO)
    from jobs.models import Job

    perform(Job.objects.filter(kind="datasets.quality").latest("pk"))
    assert [(one.passed, one.sample[0]["value"]) for one in rule.results.all()[:1]] == [
        (False, "2 rows in the last upload")
    ]
