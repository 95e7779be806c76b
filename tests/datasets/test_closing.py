"""B23 and C61: what lies in closed periods stays as it is, unless somebody who may restate says why."""

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets import closing, contracts, intake, reconcile, rejects, scan, undo
from datasets.facts import contract_of, facts_of, table_of
from datasets.models import Closing, Dataset, Upload
from datasets.refusals import InvalidRequest, PeriodClosed, SecondPersonNeeded, WrongState
from jobs.models import Job
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import AuditEntry, Membership
from organization.models import Role as Member
from tests.factories import ApiTokenFactory, UnitFactory, UserFactory, loaded_dataset, member, perform, upload_csv

pytestmark = pytest.mark.django_db
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


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def people(home):
    """One of each: analyst, manager, finance."""
    return {role: member(role, home, username=role) for role in (Member.ANALYST, Member.MANAGER, Member.FINANCE)}


@pytest.fixture
def orders(home, people):
    """Three records, closed through January by the manager and finance."""
    made = loaded_dataset(TEXT, CONTRACT, unit=home, code="orders", name="Orders")
    asked = closing.propose(made, JANUARY, by=people[Member.MANAGER], reason="Month-end of January", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    made.refresh_from_db()
    return made


def rows_of(dataset, version=None):
    facts = facts_of(dataset, version)
    found = scan.fetch(f"select id, day, cost from ({facts.relation}) order by id", facts.files)
    return [(row["id"], str(row["day"]), row["cost"]) for row in found]


def restated(dataset, text, *, by, why=WHY):
    """The upload of `text` as a restatement by `by`, loaded."""
    import io

    upload = intake.receive(dataset, io.BytesIO(text.encode()), name="x.csv", by=by, length=len(text))
    perform(intake.request_load(upload, by=by, restatement=why).upload.job)
    upload.refresh_from_db()
    return upload


# --- closing and re-opening -------------------------------------------------------------------------------------------


def test_one_person_proposes_and_another_closes(home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    asked = closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end of January", day=TODAY)
    dataset.refresh_from_db()
    assert (dataset.closed_through, asked.state, asked.wish) == (None, "proposed", "close through 31 Jan 2025")
    with pytest.raises(SecondPersonNeeded):
        closing.decide(asked, approve=True, by=people[Member.MANAGER])
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    dataset.refresh_from_db()
    assert dataset.closed_through == JANUARY
    with pytest.raises(WrongState):
        closing.decide(asked, approve=True, by=people[Member.FINANCE])
    told = AuditEntry.objects.filter(action__startswith="closing").order_by("seq").values_list("action", "actor_name")
    assert list(told) == [
        ("closing proposed", str(people[Member.MANAGER])),
        ("closing approved", str(people[Member.FINANCE])),
    ]


def test_periods_are_reopened_in_the_same_way_and_all_of_it_stays_in_the_history(orders, people):
    asked = closing.propose(orders, None, by=people[Member.FINANCE], reason="The audit moved a booking", day=TODAY)
    assert (asked.before, asked.reopens, asked.wish) == (JANUARY, True, "re-open all periods")
    assert upload_csv(orders, HEAD + "1,2025-01-10,11\n").state == "refused"  # until somebody approves
    closing.decide(asked, approve=True, by=people[Member.MANAGER])
    assert upload_csv(orders, HEAD + "1,2025-01-10,12\n").state == "loaded"
    assert [(one.through, one.state) for one in orders.closings.all()] == [(None, "approved"), (JANUARY, "approved")]


def test_a_proposal_is_rejected_with_a_remark_or_withdrawn_by_its_maker(orders, people):
    manager, finance = people[Member.MANAGER], people[Member.FINANCE]

    def ask():
        return closing.propose(orders, date(2025, 2, 28), by=manager, reason="Month-end", day=TODAY)

    with pytest.raises(InvalidRequest, match="why"):
        closing.decide(ask(), approve=False, by=finance)
    with pytest.raises(WrongState, match="waits for a second person"):
        ask()
    waiting = Closing.objects.get(state="proposed")
    assert closing.decide(waiting, approve=False, by=finance, remark="Two extracts are missing.").state == "rejected"
    asked = ask()
    with pytest.raises(WrongState):
        closing.withdraw(asked, by=finance)
    assert closing.withdraw(asked, by=manager).state == "withdrawn"
    orders.refresh_from_db()
    assert orders.closed_through == JANUARY


@pytest.mark.parametrize(
    ("through", "reason", "field"),
    [
        (date(2025, 2, 28), "", "reason"),
        (date(2025, 2, 28), "so", "reason"),
        (TODAY, "Too early", "through"),
        (JANUARY, "Once more", "through"),
    ],
    ids=["no reason", "hardly a reason", "a day that is not over", "as it is"],
)
def test_what_cannot_be_closed_says_why(orders, people, through, reason, field):
    with pytest.raises(InvalidRequest) as refusal:
        closing.propose(orders, through, by=people[Member.MANAGER], reason=reason, day=TODAY)
    assert refusal.value.extra["field"] == field


def test_a_monthly_report_is_closed_by_months(home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home, covers=Dataset.Covers.MONTH)
    with pytest.raises(InvalidRequest, match="2025-01-31"):
        closing.propose(dataset, date(2025, 1, 15), by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)


def test_a_dataset_without_an_event_time_has_no_periods(home, people):
    dataset = loaded_dataset("id\n1\n", Contract((Column("id", roles=(Role.KEY,)),)), unit=home)
    with pytest.raises(WrongState, match="no periods"):
        closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ("4,2025-01-31,1", {"row": 3, "key": "4", "day": "2025-01-31", "stored_day": None}),
        ("1,2025-01-10,11", {"row": 3, "key": "1", "day": "2025-01-10", "stored_day": "2025-01-10"}),
        ("1,2025-02-10,10", {"row": 3, "key": "1", "day": "2025-02-10", "stored_day": "2025-01-10"}),
        ("3,2025-01-20,30", {"row": 3, "key": "3", "day": "2025-01-20", "stored_day": "2025-02-01"}),
    ],
    ids=["added", "changed", "moved out", "moved in"],
)
def test_B23_C61_an_upload_that_changes_a_closed_period_is_refused_whole(orders, row, detail):
    before, version = rows_of(orders), orders.current_version
    upload = upload_csv(orders, f"{HEAD}9,2025-02-09,9\n{row}\n")
    orders.refresh_from_db()
    assert (upload.state, upload.fault["code"], upload.fault["closed_through"]) == (
        "refused", "period_closed", "2025-01-31",
    )  # fmt: skip
    assert upload.fault["details"] == [detail]
    assert upload.fault["message"] == "1 record of closed periods would change: Orders is closed through 31 Jan 2025."
    assert (rows_of(orders), orders.current_version, table_of(orders).version) == (before, version, version)


def test_an_extract_may_repeat_closed_rows_as_they_are(orders):
    upload = upload_csv(orders, TEXT.replace("3,2025-02-01,30", "3,2025-02-01,33"))
    assert (upload.state, upload.replaced, upload.restatement) == ("loaded", 3, "")
    assert rows_of(orders_now(orders))[2] == ("3", "2025-02-01", 33.0)
    perform(undo.request_undo(upload, by=orders.owner))  # and may be taken back again
    assert rows_of(orders_now(orders))[2] == ("3", "2025-02-01", 30.0)


def orders_now(dataset):
    dataset.refresh_from_db()
    return dataset


def test_B23_an_undo_that_changes_a_closed_period_is_refused_at_once(orders, people):
    first = orders.uploads.get()
    with pytest.raises(PeriodClosed) as refusal:
        undo.request_undo(first, by=orders.owner)
    assert [one["key"] for one in refusal.value.extra["details"]] == ["1", "2"]
    first.refresh_from_db()
    assert (first.state, first.job.kind) == ("loaded", "datasets.load")
    perform(undo.request_undo(first, by=people[Member.MANAGER], restatement=WHY))
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
    perform(intake.request_load(replay, by=people[Member.MANAGER], restatement=WHY).upload.job)
    assert first.rejects.get().state == "replayed"


def test_what_tells_closed_rows_apart_stays_as_it_is(orders):
    other = Contract(
        tuple(Column(c.name, type=c.type, roles=c.roles) for c in CONTRACT.columns), reporting_timezone="Asia/Tokyo"
    )
    with pytest.raises(InvalidRequest, match="closed through"):
        contracts.put_in_force(orders, other, by=orders.owner)


# --- restating --------------------------------------------------------------------------------------------------------


def test_B23_who_may_restate_has_it_loaded_with_a_reason_that_stays(orders, people):
    before = orders.current_version
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n4,2025-02-02,4\n")
    with pytest.raises(PeriodClosed):  # it would only be refused again
        intake.request_load(refused, by=people[Member.MANAGER])
    perform(intake.request_load(refused, by=people[Member.MANAGER], restatement=WHY).upload.job)
    refused.refresh_from_db()
    version = orders.versions.first()
    assert (refused.state, refused.notes) == ("loaded", ["Restated: 1 record of closed periods changed."])
    assert (version.restated, version.restatement, version.restated_by) == (1, WHY, people[Member.MANAGER])
    entry = AuditEntry.objects.get(action="closed periods restated")
    assert entry.details == {"version": version.version, "records": 1, "reason": WHY, "closed_through": "2025-01-31"}
    assert rows_of(orders_now(orders))[0] == ("1", "2025-01-10", 11.0)
    assert rows_of(orders, before)[0] == ("1", "2025-01-10", 10.0)  # as it was known before


def test_a_right_to_restate_that_is_gone_when_the_load_runs_restates_nothing(orders, people):
    manager = people[Member.MANAGER]
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    job = intake.request_load(refused, by=manager, restatement=WHY).upload.job
    Membership.objects.filter(user=manager).update(role=Member.ANALYST)
    perform(job)
    refused.refresh_from_db()
    assert (refused.state, refused.fault["code"]) == ("refused", "period_closed")


def test_a_restatement_that_changes_nothing_closed_is_none(orders, people):
    upload = restated(orders, HEAD + "4,2025-02-02,4\n", by=people[Member.MANAGER])
    assert upload.notes == ["It was sent as a restatement, but changed nothing of closed periods."]
    assert orders.versions.first().restated == 0


def test_a_refused_upload_may_be_loaded_once_its_periods_are_open_again(orders, people):
    refused = upload_csv(orders, HEAD + "1,2025-01-10,11\n")
    asked = closing.propose(orders, date(2024, 12, 31), by=people[Member.MANAGER], reason="Late invoice", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    perform(intake.request_load(refused, by=orders.owner).upload.job)
    refused.refresh_from_db()
    assert refused.state == "loaded"


# --- races, kills and repairs -----------------------------------------------------------------------------------------


def test_nothing_is_closed_while_rows_are_being_stored(home, people):
    """The writer lock is held by another session, as by a load between its check and its commit."""
    from django.db import connections

    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    asked = closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s, %s)", [closing.WRITER_LOCK, dataset.pk])
            with pytest.raises(WrongState, match="being stored"):
                closing.decide(asked, approve=True, by=people[Member.FINANCE])
            cursor.execute("select pg_advisory_unlock(%s, %s)", [closing.WRITER_LOCK, dataset.pk])
    finally:
        other.close()
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    assert orders_now(dataset).closed_through == JANUARY


def test_nothing_is_closed_while_a_worker_stores_whose_lock_postgresql_forgot(home, people):
    """PostgreSQL was restarted during a load: its lock is gone, the worker still writes the lake."""
    from lake.store import sole_writer

    dataset = loaded_dataset(TEXT, CONTRACT, unit=home)
    asked = closing.propose(dataset, JANUARY, by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    with sole_writer(table_of(dataset).folder), pytest.raises(WrongState, match="being stored"):
        closing.decide(asked, approve=True, by=people[Member.FINANCE])
    assert orders_now(dataset).closed_through is None
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    assert orders_now(dataset).closed_through == JANUARY


def test_what_a_killed_worker_had_committed_before_the_closing_counts_as_before_it(orders, people):
    upload = upload_csv(orders, HEAD + "3,2025-02-01,33\n")
    version = orders.versions.first()
    previous = orders.versions.exclude(pk=version.pk).first()
    version.delete()  # the worker died between the lake's commit and the database's
    Upload.objects.filter(pk=upload.pk).update(state="loading")
    Job.objects.filter(pk=upload.job_id).update(state="queued")
    Dataset.objects.filter(pk=orders.pk).update(current_version=previous.version)
    asked = closing.propose(orders, date(2025, 2, 28), by=people[Member.MANAGER], reason="Month-end", day=TODAY)
    closing.decide(asked, approve=True, by=people[Member.FINANCE])
    assert rows_of(orders_now(orders))[2] == ("3", "2025-02-01", 33.0)
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.fault) == ("loaded", None)


def test_what_the_lake_has_lost_of_closed_periods_is_loaded_again(orders):
    import shutil

    shutil.rmtree(table_of(orders).folder)
    (upload,) = [Upload.objects.get(pk=pk) for pk in reconcile.reconcile(orders, repair=True).reloaded]
    perform(upload.job)
    assert len(rows_of(orders_now(orders))) == 3


@settings(max_examples=6)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(
                st.sampled_from("1234"), st.tuples(st.sampled_from(["2025-01-10", "2025-02-10"]), st.integers(1, 2)),
                min_size=1,
            ),
            st.booleans(),
        ),
        min_size=1, max_size=3,
    )
)  # fmt: skip
def test_B23_no_accepted_upload_changes_a_closed_row_without_a_restatement(history):
    """The law, over random uploads (and their undoing) of one closed dataset."""
    dataset = loaded_dataset(TEXT, CONTRACT)
    Dataset.objects.filter(pk=dataset.pk).update(closed_through=JANUARY)
    closed = [row for row in rows_of(dataset) if row[1] <= "2025-01-31"]
    for records, taken_back in history:
        lines = [f"{key},{day},{cost}\n" for key, (day, cost) in sorted(records.items())]
        upload = upload_csv(dataset, HEAD + "".join(lines))
        assert upload.state in ("loaded", "refused")
        if taken_back and upload.state == "loaded":
            perform(undo.request_undo(upload, by=dataset.owner))
        assert [row for row in rows_of(orders_now(dataset)) if row[1] <= "2025-01-31"] == closed
    assert not dataset.versions.exclude(restated=0).exists()


# --- the doors --------------------------------------------------------------------------------------------------------


class Caller:
    def __init__(self, client, user):
        token = ApiTokenFactory(user=user, scopes=["read", "upload", "define"])
        self.client, self.headers = client, {"Authorization": f"Bearer {token.secret}"}

    def __call__(self, method, path, body=None):
        more = {"content_type": "application/json", "data": json.dumps(body)} if body is not None else {}
        answer = getattr(self.client, method)(f"/api/v1/{path}", headers=self.headers, **more)
        return answer.status_code, answer.json()

    def send(self, text, **more):
        data = {"file": SimpleUploadedFile("x.csv", text.encode()), "dataset": "orders", **more}
        answer = self.client.post("/api/v1/uploads/", data, headers=self.headers)
        return answer.status_code, answer.json()


def test_B23_by_rest_a_closed_period_is_a_409_of_its_own_and_a_restatement_loads_it(client, orders, people):
    analyst, manager = (Caller(client, people[role]) for role in (Member.ANALYST, Member.MANAGER))
    text = HEAD + "1,2025-01-10,11\n"
    status, body = analyst.send(text)
    assert status == 202
    upload = Upload.objects.get(public_id=body["upload"]["public_id"])
    perform(upload.job)
    status, shown = analyst("get", f"uploads/{upload.public_id}/")
    assert (shown["state"], shown["fault"]["code"]) == ("refused", "period_closed")
    status, problem = analyst("post", f"uploads/{upload.public_id}/load/", {})
    assert (status, problem["code"], problem["closed_through"]) == (409, "period_closed", "2025-01-31")
    assert problem["details"] == [{"row": 2, "key": "1", "day": "2025-01-10", "stored_day": "2025-01-10"}]
    assert "restatement" in problem["next_step"]
    assert analyst("post", f"uploads/{upload.public_id}/load/", {"restatement": WHY})[0] == 403
    assert analyst.send(HEAD + "2,2025-01-31,1\n", restatement=WHY)[0] == 403
    assert manager("post", f"uploads/{upload.public_id}/load/", {"restatement": "so"})[0] == 400
    assert manager("post", f"uploads/{upload.public_id}/load/", {"restatement": WHY})[0] == 202
    upload.refresh_from_db()
    perform(upload.job)
    newest = manager("get", "datasets/orders/versions/")[1][0]
    assert (newest["restated"], newest["restatement"], newest["restated_by"]) == (1, WHY, "manager")
    status, problem = analyst("post", f"uploads/{upload.public_id}/undo/", {})
    assert (status, problem["code"]) == (409, "period_closed")
    assert manager("post", f"uploads/{upload.public_id}/undo/", {"restatement": WHY})[0] == 202
    status, body = manager.send(HEAD + "2,2025-01-31,21\n", restatement=WHY)
    assert (status, body["upload"]["restatement"]) == (202, WHY)


def test_closings_by_rest(client, orders, people):
    analyst, manager, finance = (
        Caller(client, people[role]) for role in (Member.ANALYST, Member.MANAGER, Member.FINANCE)
    )
    asked = {"dataset": "orders", "through": "2025-02-28", "reason": "Month-end of February"}
    assert analyst("post", "dataset-closings/", asked)[0] == 403
    status, made = manager("post", "dataset-closings/", asked)
    assert (status, made["state"], made["before"]) == (201, "proposed", "2025-01-31")
    status, problem = manager("post", f"dataset-closings/{made['id']}/approve/")
    assert (status, problem["code"]) == (409, "second_person_needed")
    status, done = finance("post", f"dataset-closings/{made['id']}/approve/")
    assert (status, done["state"], done["decided_by"]) == (200, "approved", "finance")
    assert analyst("get", "datasets/orders/")[1]["closed_through"] == "2025-02-28"
    status, problem = manager("post", "dataset-closings/", asked | {"through": "2025-02-30"})
    assert (status, problem["errors"][0]["field"]) == (400, "through")
    assert len(analyst("get", "dataset-closings/?dataset=orders")[1]["results"]) == 2


def test_the_pages_close_refuse_restate_and_tell(client, home, people):
    dataset = loaded_dataset(TEXT, CONTRACT, unit=home, code="orders", name="Orders")
    page = reverse("dataset_closing", args=["orders"])
    client.force_login(people[Member.MANAGER])
    assert client.post(page, {"through": "", "reason": "Month-end"}).status_code == 422
    assert client.post(page, {"through": "2025-01-31", "reason": "Month-end of January"}).status_code == 302
    assert "a second person decides" in client.get(page).content.decode()
    client.force_login(people[Member.FINANCE])
    client.post(reverse("closing_decide", args=[Closing.objects.get().pk, "approve"]))
    assert "31 Jan 2025" in client.get(reverse("dataset", args=["orders"])).content.decode()

    client.force_login(people[Member.ANALYST])
    sent = {"file": SimpleUploadedFile("x.csv", b"id,day,cost\n1,2025-01-10,11\n"), "dataset": "orders"}
    where = client.post(reverse("upload_new"), sent).url
    perform(Upload.objects.first().job)
    shown = client.get(where).content.decode()
    assert "Orders is closed through 31 Jan 2025" in shown and "row 2, record 1 would change on 10 Jan 2025" in shown
    assert "Load it as a restatement" not in shown

    client.force_login(people[Member.MANAGER])
    assert "Load it as a restatement" in client.get(where).content.decode()
    client.post(where + "load/", {"restatement": WHY})
    perform(Upload.objects.first().job)
    for told in (client.get(where), client.get(page), client.get(reverse("dataset_history", args=["orders"]))):
        assert WHY in told.content.decode()
    assert rows_of(orders_now(dataset))[0] == ("1", "2025-01-10", 11.0)


def test_somebody_of_another_unit_decides_nothing(client, orders):
    stranger = member(Member.MANAGER, UnitFactory(code="elsewhere"))
    asked = closing.propose(orders, None, by=UserFactory(), reason="All of it", day=TODAY)
    client.force_login(stranger)
    assert client.post(reverse("closing_decide", args=[asked.pk, "approve"])).status_code == 404
    assert contract_of(orders).event_time.name == "day"
