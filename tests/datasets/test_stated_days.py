"""A complete extract whose sender states the days of which it holds all records. Orders that one can count.

Stored are 1 on 10 Jan, 2 on 20 Jan, 3 on 31 Jan, 4 on 1 Feb and 5 on 20 Feb 2025.
"""

import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import intake, leaving, rejects, stretch, undo
from datasets.models import Dataset, Upload
from datasets.refusals import InvalidRequest, OutsideStretch, RemovalUnconfirmed
from datasets.stretch import Stated
from datasets.watermark import complete_through, first_of
from jobs import work
from lake.intake import Loaded
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.datasets.closing.orders import CONTRACT, HEAD, let_in, orders_now, rows_of
from tests.datasets.test_complete import ORDERS, complete, ids
from tests.factories import loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db

JANUARY = Stated(date(2025, 1, 1), date(2025, 1, 31))
ONLY_TWO = HEAD + "2,2025-01-20,20\n"  # by its events it would speak of 20 January alone


@pytest.fixture
def orders(home):
    return loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", name="Orders")


# --- what leaves ------------------------------------------------------------------------------------------------------


def test_what_was_deleted_before_the_first_and_after_the_last_record_leaves_too(orders):
    upload = complete(orders, ONLY_TWO, stated=JANUARY, may_remove=2)
    assert (upload.state, upload.removed, ids(orders)) == ("loaded", 2, "245")  # without the statement: none
    assert (upload.stated_from, upload.stated_through) == JANUARY
    assert (upload.complete_from, upload.complete_through) == JANUARY
    assert upload.notes == ["Removed: 2 records of 1 Jan 2025 to 31 Jan 2025 (as stated) that the extract lacks."]
    asked = AuditEntry.objects.filter(action="load requested").latest("seq").details
    assert (asked["stated_from"], asked["stated_through"]) == ("2025-01-01", "2025-01-31")
    told = AuditEntry.objects.filter(action="load made visible").latest("seq").details
    assert (told["removed"], told["complete_from"], told["complete_to"]) == (2, "2025-01-01", "2025-01-31")
    assert [row["id"] for row in leaving.rows_page(upload, _access(orders)).rows] == ["3", "1"]


@pytest.mark.parametrize(
    ("stated", "left", "spoken_for"),
    [
        (Stated(first=date(2025, 1, 1)), "2345", "1 Jan 2025 (as stated) to 20 Jan 2025 (by its last event)"),
        (Stated(last=date(2025, 1, 31)), "1245", "20 Jan 2025 (by its first event) to 31 Jan 2025 (as stated)"),
    ],
    ids=["from", "through"],
)
def test_of_the_two_days_each_may_be_left_out_and_is_then_that_of_an_event(orders, stated, left, spoken_for):
    upload = complete(orders, ONLY_TWO, stated=stated)
    assert (upload.removed, ids(orders)) == (1, left)
    assert upload.notes == [f"Removed: 1 record of {spoken_for} that the extract lacks."]
    assert (upload.complete_from, upload.complete_through) == (
        stated.first or date(2025, 1, 20), stated.last or date(2025, 1, 20)
    )  # fmt: skip


def test_a_stated_stretch_asks_as_any_and_names_its_days(orders):
    upload = complete(orders, ONLY_TWO, stated=JANUARY)
    assert (upload.state, upload.fault["code"], ids(orders)) == ("asks", "removal_unconfirmed", "12345")
    assert upload.fault["message"] == (
        "2 of the 3 records of 1 Jan 2025 to 31 Jan 2025 (as stated) are not in this extract and would be removed."
    )
    assert (upload.fault["first"], upload.fault["last"]) == ("2025-01-01", "2025-01-31")
    with pytest.raises(RemovalUnconfirmed):
        intake.request_load(upload, by=orders.owner)
    perform(intake.request_load(upload, by=orders.owner, may_remove=2).upload.job)
    assert ids(orders) == "245"


def test_a_number_that_was_confirmed_holds_for_the_days_of_then(orders):
    upload = complete(orders, ONLY_TWO, stated=JANUARY, may_remove=1)
    assert upload.fault["removed"] == 2  # of January
    year = Stated(date(2025, 1, 1), date(2025, 12, 31))
    perform(intake.request_load(upload, by=orders.owner, stated=year).upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.may_remove, upload.fault["removed"], upload.fault["stored"]) == ("asks", None, 4, 5)
    perform(intake.request_load(upload, by=orders.owner, stated=Stated(last=date(2025, 1, 31))).upload.job)
    assert ids(orders) == "1245"  # of 20 and 31 January just half: unasked


@pytest.mark.parametrize(("text", "note"), [
    (HEAD, "Nothing was removed: the file has no rows. A broken export looks like that, so it removes nothing."),
    (HEAD + "1,2025-01-10,10\n3,2025-01-31,30\n2,2025-01-20,x\n",
     "Nothing was removed: 1 row was rejected, and which records they are is not certain. "
     "Correct the extract and upload it as complete again."),
], ids=["no rows", "a rejected row"])  # fmt: skip
def test_where_nothing_is_certain_a_statement_removes_nothing(orders, text, note):
    upload = complete(orders, text, stated=JANUARY, may_remove=9)
    assert (upload.state, upload.removed, upload.notes[-1]) == ("loaded", 0, note)
    assert (ids(orders), upload.complete_from, upload.stated_from) == ("12345", None, date(2025, 1, 1))


def test_a_corrected_row_is_loaded_whatever_days_were_stated_for_nothing_was_removed_by_them(orders):
    upload = complete(orders, HEAD + "1,2025-01-10,10\n3,2025-01-31,30\n6,2025-01-32,60\n", stated=JANUARY)
    rejects.correct(upload, 4, {"day": "2025-02-01"}, by=orders.owner)
    replay = rejects.replay(upload, by=orders.owner).upload
    perform(replay.job)
    replay.refresh_from_db()
    assert (replay.state, replay.complete, replay.stated_from, ids(orders)) == ("loaded", False, None, "123456")


# --- what cannot be stated --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("complete_", "stated", "field", "words"),
    [
        (False, JANUARY, "complete_from", "Days are stated of which the extract holds all records, but it is not said"),
        (None, Stated(last=date(2025, 1, 31)), "complete_through", "Days are stated"),
        (True, Stated(*reversed(JANUARY)), "complete_through", "The last day, 1 Jan 2025, is before the first, 31 Jan"),
    ],
    ids=["not complete", "never said to be complete", "reversed"],
)
def test_days_that_say_nothing_are_refused_by_name(orders, complete_, stated, field, words):
    upload = upload_csv(orders, ONLY_TWO, run=False)
    Upload.objects.filter(pk=upload.pk).update(state="received")
    with pytest.raises(InvalidRequest, match=words) as refusal:
        intake.request_load(upload, by=orders.owner, complete=complete_, stated=stated)
    assert refusal.value.extra["field"] == field
    assert ids(orders) == "12345"


def test_days_that_cut_what_a_row_stands_for_are_refused_with_those_that_do_not(home):
    report = loaded_dataset(ORDERS, CONTRACT, unit=home, code="report", name="Report", covers="month")
    for stated, words in (
        (Stated(date(2025, 1, 5), date(2025, 1, 31)), "state its first day, such as 2025-01-01."),
        (Stated(date(2025, 1, 1), date(2025, 2, 27)), "state its last day, such as 2025-02-28."),
    ):
        with pytest.raises(InvalidRequest, match=f"A row of Report stands for its month: {words}"):
            complete(report, ONLY_TWO, stated=stated)
    upload = complete(report, ONLY_TWO, stated=Stated(first=date(2024, 12, 1)), may_remove=2)
    assert (upload.complete_from, upload.complete_through) == (date(2024, 12, 1), date(2025, 1, 31))
    assert (upload.removed, ids(report)) == (2, "245")


def test_a_row_outside_the_stated_days_stops_the_load_which_names_what_the_file_holds(orders):
    text = HEAD + "1,2025-01-10,10\n4,2025-02-01,40\n2,2025-01-20,20\n5,2025-02-20,50\n"
    upload = complete(orders, text, stated=JANUARY)
    assert (upload.state, upload.fault["code"], ids(orders)) == ("asks", "outside_stretch", "12345")
    assert upload.fault["message"] == (
        "2 of its 4 rows lie outside the days of which it was stated to hold all records, 1 Jan 2025 to 31 Jan 2025: "
        "its events are of 10 Jan 2025 to 20 Feb 2025."
    )
    assert "load it again with `complete_through` 2025-02-20; otherwise with" in upload.fault["next_step"]
    names = ("field", "outside", "rows", "first_event", "last_event", "stated_from", "stated_through")
    assert {name: upload.fault[name] for name in names} == {
        "field": "complete_through", "outside": 2, "rows": 4, "first_event": "2025-01-10", "last_event": "2025-02-20",
        "stated_from": "2025-01-01", "stated_through": "2025-01-31",
    }  # fmt: skip
    assert upload.fault["details"] == [{"row": 3, "day": "2025-02-01"}, {"row": 5, "day": "2025-02-20"}]
    with pytest.raises(OutsideStretch, match="2 of its 4 rows"):  # the same days would be contradicted again
        intake.request_load(upload, by=orders.owner, may_remove=9)
    other = Stated(date(2025, 1, 1), date(2025, 2, 28))
    perform(intake.request_load(upload, by=orders.owner, stated=other).upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.removed, ids(orders)) == ("loaded", 1, "1245")


@pytest.mark.parametrize(
    ("stated", "where", "field"),
    [
        (Stated(first=date(2025, 1, 11)), "from 11 Jan 2025 on", "complete_from"),
        (Stated(last=date(2025, 1, 9)), "up to 9 Jan 2025", "complete_through"),
    ],
    ids=["from", "through"],
)
def test_one_stated_day_is_contradicted_too(orders, stated, where, field):
    upload = complete(orders, HEAD + "1,2025-01-10,10\n", stated=stated)
    assert upload.fault["message"] == (
        f"1 of its 1 rows lies outside the days of which it was stated to hold all records, {where}: "
        "its events are of 10 Jan 2025."
    )
    assert (upload.fault["field"], ids(orders)) == (field, "12345")
    perform(intake.request_load(upload, by=orders.owner, complete=False).upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.complete, upload.stated_from, upload.stated_through) == ("loaded", False, None, None)


# --- the same file, an undo -------------------------------------------------------------------------------------------


def test_the_same_file_with_other_days_is_another_load(orders):
    narrow = complete(orders, ONLY_TWO)
    wide = complete(orders, ONLY_TWO, stated=JANUARY, may_remove=2)
    assert (narrow.removed, wide.removed, ids(orders)) == (0, 2, "245")
    version = orders_now(orders).current_version
    assert complete(orders, ONLY_TWO, stated=JANUARY) == wide  # the same days: the same load
    assert upload_csv(orders, ONLY_TWO) in (narrow, wide)  # no statement at all: nothing that is not loaded
    assert orders_now(orders).current_version == version
    assert complete(orders, ONLY_TWO, stated=Stated(first=date(2025, 1, 1))) not in (narrow, wide)


def test_a_file_loaded_with_stated_days_alone_need_not_come_again_as_any_extract(orders):
    wide = complete(orders, ONLY_TWO, stated=JANUARY, may_remove=2)
    assert upload_csv(orders, ONLY_TWO) == wide
    perform(undo.request_undo(wide, by=orders.owner))
    assert upload_csv(orders, ONLY_TWO) != wide


@pytest.mark.parametrize("closes", [False, True], ids=["open", "with closed periods"])
def test_an_undo_brings_back_what_left_by_the_statement_and_a_later_statement_has_the_last_word(orders, closes):
    before = rows_of(orders)
    first = complete(orders, ONLY_TWO, stated=JANUARY, may_remove=2)
    second = complete(orders_now(orders), HEAD + "2,2025-01-20,22\n", stated=Stated(first=date(2025, 1, 5)))
    if closes:  # the check before the job leaves it to the job to tell
        Dataset.objects.filter(pk=orders.pk).update(closed_through=date(2025, 1, 4))
    job = undo.request_undo(first, by=orders.owner)
    work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.fault) == ("parked", (
        f"1 record of 5 Jan 2025 to 20 Jan 2025 would come back, but upload #{second.pk} held all records of these "
        "days later. Take that back first."
    ))  # fmt: skip  # its events alone speak of 20 January, and 1 is of the 10th
    for upload in (second, first):
        perform(undo.request_undo(upload, by=orders.owner))
    assert rows_of(orders_now(orders)) == before


def test_of_closed_days_nothing_leaves_by_a_statement_unless_it_is_restated_and_then_by_the_same_days(orders):
    Dataset.objects.filter(pk=orders.pk).update(closed_through=date(2025, 1, 31))
    upload = complete(orders_now(orders), ONLY_TWO, stated=JANUARY, may_remove=2)
    assert (upload.state, upload.fault["code"]) == ("refused", "period_closed")
    assert [one["key"] for one in upload.fault["details"]] == ["1", "3"]
    let_in(upload, by=member(Member.MANAGER, orders.unit))
    assert (upload.state, upload.removed, stretch.stated_of(upload), ids(orders)) == ("loaded", 2, JANUARY, "245")


def test_what_the_lake_lost_is_loaded_again_with_its_days(orders):
    upload = complete(orders, ONLY_TWO, stated=JANUARY, may_remove=2)
    Upload.objects.filter(pk=upload.pk).update(state="failed", fault={"code": "missing_in_lake"})
    upload.refresh_from_db()
    again = intake.request_load(upload, by=orders.owner).upload
    assert (again.load_id, *stretch.stated_of(again)) == (upload.load_id, *JANUARY)


# --- over REST --------------------------------------------------------------------------------------------------------


@pytest.fixture
def send(client, analyst, home):
    """Sends a file for the orders of that analyst with what is said of it; the answer."""
    loaded_dataset(ORDERS, CONTRACT, unit=home, code="orders", name="Orders", owner=analyst)

    def sent(text=ONLY_TWO, headers=None, **said):
        file = io.BytesIO(text.encode())
        file.name = "all.csv"
        return client.post("/api/v1/uploads/", {"file": file, "dataset": "orders", **said}, **(headers or {}))

    return sent


def loaded(client, answer) -> dict:
    """The upload of the answer as REST shows it after a worker has been there."""
    assert answer.status_code == 202, answer.content
    here = answer.json()["upload"]["public_id"]
    perform(Upload.objects.get(public_id=here).job)
    return client.get(f"/api/v1/uploads/{here}/").json()


def load(client, upload: dict, **body):
    return client.post(f"/api/v1/uploads/{upload['public_id']}/load/", body, content_type="application/json")


def test_over_rest_the_days_are_stated_with_the_file_and_shown_with_those_that_counted(client, send):
    shown = loaded(client, send(complete="true", complete_from="2025-01-01", confirm_removal="1"))
    assert (shown["state"], shown["removed"]) == ("loaded", 1)
    names = ("stated_from", "stated_through", "complete_from", "complete_through")
    assert [shown[name] for name in names] == ["2025-01-01", None, "2025-01-01", "2025-01-20"]


def test_over_rest_other_days_are_stated_after_a_row_lay_outside(client, send):
    text = HEAD + "2,2025-01-20,20\n4,2025-02-01,40\n"
    asks = loaded(client, send(text, complete="true", complete_from="2025-01-01", complete_through="2025-01-31"))
    assert (asks["state"], asks["fault"]["code"]) == ("asks", "outside_stretch")
    refused = load(client, asks)
    assert (refused.status_code, refused.json()["code"], refused.json()["outside"]) == (409, "outside_stretch", 1)
    assert refused.json()["details"] == [{"row": 3, "day": "2025-02-01"}]
    reversed_ = load(client, asks, complete_through="2024-12-31")  # the first day is as it was sent
    assert (reversed_.status_code, reversed_.json()["field"]) == (400, "complete_through")
    shown = loaded(client, load(client, asks, complete_through="2025-02-01"))
    assert (shown["state"], shown["removed"], shown["stated_from"]) == ("loaded", 2, "2025-01-01")  # of four: unasked
    assert ids(Dataset.objects.get()) == "245"


def test_over_rest_a_stated_day_is_taken_back_with_null_and_all_of_them_with_complete_false(client, send):
    text = HEAD + "2,2025-01-20,20\n4,2025-02-01,40\n"
    asks = loaded(client, send(text, complete="true", complete_from="2025-02-01", complete_through="2025-02-28"))
    shown = loaded(client, load(client, asks, complete_from=None))
    assert (shown["stated_from"], shown["complete_from"], shown["complete_through"]) == (
        None, "2025-01-20", "2025-02-28"
    )  # fmt: skip
    assert (shown["removed"], ids(Dataset.objects.get())) == (2, "124")
    asks = loaded(client, send(HEAD + "2,2025-01-20,22\n", complete="true", complete_through="2025-01-19"))
    both = load(client, asks, complete=False, complete_from="2025-01-01")
    assert (both.status_code, both.json()["field"]) == (400, "complete_from")
    shown = loaded(client, load(client, asks, complete=False))
    assert (shown["complete"], shown["stated_through"], shown["removed"]) == (False, None, None)


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"complete_from": "2025-01-01"}, "complete_from", "not said to be complete"),
        ({"complete": "false", "complete_through": "2025-01-31"}, "complete_through", "not said to be complete"),
        (
            {"complete": "true", "complete_from": "2025-01-31", "complete_through": "2025-01-01"},
            "complete_through",
            "The last day, 1 Jan 2025, is before the first, 31 Jan 2025.",
        ),
        ({"complete": "true", "complete_from": "0001-01-01"}, "complete_from", "Write a day from 1900 to 2200."),
        ({"complete": "true", "complete_through": "9999-12-31"}, "complete_through", "Write a day from 1900 to 2200."),
        ({"complete": "true", "complete_through": "31.01.2025"}, "complete_through", "YYYY-MM-DD"),
    ],
    ids=["alone", "not complete", "reversed", "year 1", "year 9999", "written otherwise"],
)
def test_over_rest_what_cannot_be_stated_is_refused_at_its_field_and_nothing_is_kept(send, said, field, words):
    before = Upload.objects.count()
    refused = send(**said)
    assert (refused.status_code, Upload.objects.count()) == (400, before)
    answer = refused.json()
    assert [answer.get("field"), *(one["field"] for one in answer.get("errors", ()))][-1] == field
    assert words in refused.content.decode()


def test_over_rest_the_same_key_with_other_days_is_another_request(client, send):
    headers = {"HTTP_IDEMPOTENCY_KEY": "january"}
    first = send(complete="true", complete_from="2025-01-01", headers=headers)
    assert send(complete="true", complete_from="2025-01-01", headers=headers).json()["already"] is True
    for other in ({"complete_from": "2025-01-02"}, {"complete_through": "2025-01-31"}, {}):
        refused = send(complete="true", **other, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert send(headers=headers).status_code == 422  # not complete at all
    assert send(complete="true", complete_from="2025-01-01", blank_missing="true", headers=headers).status_code == 422
    assert Upload.objects.latest("pk").pk == first.json()["upload"]["number"]


def test_over_rest_a_key_is_remembered_with_what_was_said_then_also_if_it_was_loaded_otherwise(client, send):
    headers = {"HTTP_IDEMPOTENCY_KEY": "january"}
    said = {"complete": "true", "complete_through": "2025-01-19", "headers": headers}
    asks = loaded(client, send(**said))
    loaded(client, load(client, asks, complete=False))
    assert send(**said).json()["upload"]["number"] == asks["number"]  # the answer was lost, say
    again = {"complete": "false", "headers": {"HTTP_IDEMPOTENCY_KEY": "once more"}}
    assert [send(**again).json()["upload"]["number"] for _ in "12"] == [asks["number"]] * 2  # a file loaded already
    assert send(complete="true", headers=again["headers"]).status_code == 422


# --- whatever is stated -----------------------------------------------------------------------------------------------

DAYS = st.dates(date(1999, 1, 1), date(2003, 12, 31))


@given(st.tuples(DAYS, DAYS), st.none() | DAYS, st.none() | DAYS, st.sampled_from(Dataset.Covers.values))
def test_a_stretch_is_as_stated_holds_every_row_and_cuts_nothing_that_a_row_stands_for(events, one, other, covers):
    """Or it is refused: by the statement itself, or because a row lies outside."""
    stated = Stated(*sorted((one, other))) if one and other else Stated(one, other)
    dataset = Dataset(name="Any", covers=covers)
    first, last = sorted(events)
    upload = Upload(dataset=dataset, complete=True, stated_from=stated.first, stated_through=stated.last)
    loaded = Loaded(Path(), Path(), rows_read=2, accepted=2, first_event=str(first), last_event=str(last))
    try:
        stretch.check(stated, dataset, complete=True)
    except InvalidRequest as refusal:
        assert refusal.extra["field"] in ("complete_from", "complete_through")
        assert covers != "day"
        return
    found = stretch.spoken_for(upload, loaded)
    assert (stated.first or found.first, stated.last or found.last) == found
    assert found == (first_of(found.first, covers), complete_through(found.last, covers))
    holds = (not stated.first or stated.first <= first) and (not stated.last or last <= stated.last)
    assert holds == (found.first <= first and last <= found.last)


def _access(dataset):
    from organization.access import access_of

    return access_of(dataset.owner, date(2025, 3, 1))
