"""An extract goes in once: received whole, read as confirmed, visible at one moment."""

import io
from dataclasses import replace

import pytest

from datasets import intake, rejects, scan, undo
from datasets.facts import facts_of, table_of
from datasets.models import Dataset, Upload
from datasets.refusals import KeyReused, TooLarge, Truncated, WrongState
from lake.contract import Column, ColumnType, Contract, Role
from organization.models import AuditEntry
from tests.factories import DatasetFactory, UserFactory, loaded_dataset, perform, upload_csv

pytestmark = pytest.mark.django_db

TICKETS = Contract(
    columns=(
        Column("number", roles=(Role.KEY,)),
        Column("opened", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("hours", type=ColumnType.NUMBER, roles=(Role.MEASURE,)),
        Column("site", roles=(Role.DIMENSION,)),
    ),
    reject_limit_pct=50,
)
JANUARY = "number,opened,hours,site\nA1,2025-01-03,2.5,north\nA2,2025-01-20,4,south\n"


def rows_of(dataset, version=None):
    """(number, hours) of every row, by number."""
    facts = facts_of(dataset, version)
    found = scan.fetch(f"select number, hours from ({facts.relation}) order by number", facts.files)
    return [(row["number"], row["hours"]) for row in found]


@pytest.fixture
def tickets():
    return loaded_dataset(JANUARY, TICKETS)


def test_a_load_makes_its_rows_visible_with_their_hashes_and_counts(tickets):
    upload = tickets.uploads.get()
    version = tickets.versions.get()
    assert rows_of(tickets) == [("A1", 2.5), ("A2", 4.0)]
    assert (upload.rows_read, upload.accepted, upload.replaced, upload.rejected) == (2, 2, 0, 0)
    assert (tickets.current_version, tickets.rows, str(tickets.complete_through)) == (version.version, 2, "2025-01-20")
    assert all(len(file["sha256"]) == 64 for file in version.files)
    assert version.touched == {"opened": [202501]}
    assert AuditEntry.objects.filter(action="load made visible").count() == 1


def test_a_later_extract_replaces_the_records_that_it_repeats(tickets):
    upload = upload_csv(tickets, "number,opened,hours,site\nA2,2025-01-20,5,south\nA3,2025-02-01,1,north\n")
    tickets.refresh_from_db()
    assert rows_of(tickets) == [("A1", 2.5), ("A2", 5.0), ("A3", 1.0)]
    assert (upload.accepted, upload.replaced) == (2, 1)


@pytest.mark.parametrize("name", ["extract.csv", "another name.csv"])
def test_the_same_file_twice_or_renamed_changes_nothing(tickets, name):
    first = tickets.uploads.get()
    again = upload_csv(tickets, JANUARY, name=name)
    assert (again, tickets.versions.count(), tickets.uploads.count()) == (first, 1, 1)


def test_an_undo_brings_back_what_the_upload_had_replaced(tickets):
    upload = upload_csv(tickets, "number,opened,hours,site\nA2,2025-01-20,5,south\nA3,2025-02-01,1,north\n")
    perform(undo.request_undo(upload, by=tickets.owner))
    upload.refresh_from_db()
    tickets.refresh_from_db()
    assert rows_of(tickets) == [("A1", 2.5), ("A2", 4.0)]
    assert (upload.state, tickets.rows, str(tickets.complete_through)) == ("undone", 2, "2025-01-20")
    with pytest.raises(WrongState):
        undo.request_undo(upload, by=tickets.owner)


def test_a_load_that_was_taken_back_can_be_loaded_again(tickets):
    text = "number,opened,hours,site\nA3,2025-02-01,1,north\n"
    first = upload_csv(tickets, text)
    perform(undo.request_undo(first, by=tickets.owner))
    second = upload_csv(tickets, text)
    tickets.refresh_from_db()
    assert second.state == "loaded" and second != first
    assert rows_of(tickets) == [("A1", 2.5), ("A2", 4.0), ("A3", 1.0)]


def test_the_table_can_be_read_as_it_was_at_an_older_version(tickets):
    first = tickets.current_version
    upload_csv(tickets, "number,opened,hours,site\nA2,2025-01-20,5,south\n")
    tickets.refresh_from_db()
    assert rows_of(tickets, first) == [("A1", 2.5), ("A2", 4.0)]
    assert rows_of(tickets) == [("A1", 2.5), ("A2", 5.0)]


def test_a_bad_row_is_set_aside_with_row_column_value_and_reason_and_can_be_corrected_and_replayed(tickets):
    upload = upload_csv(tickets, "number,opened,hours,site\nB1,2025-02-31,1,north\nB2,2025-02-03,2,north\n")
    reject = upload.rejects.get()
    assert (upload.accepted, upload.rejected) == (1, 1)
    assert (reject.row, reject.column, reject.value, reject.state) == (2, "opened", "2025-02-31", "open")
    assert reject.record == {"number": "B1", "opened": "2025-02-31", "hours": "1", "site": "north"}

    rejects.correct(upload, 2, {"opened": "2025-02-28"}, by=tickets.owner)
    requested = rejects.replay(upload, by=tickets.owner)
    perform(requested.upload.job)
    reject.refresh_from_db()
    assert reject.state == "replayed"
    tickets.refresh_from_db()
    assert [number for number, _ in rows_of(tickets)] == ["A1", "A2", "B1", "B2"]
    assert requested.upload.replays == upload

    perform(undo.request_undo(requested.upload, by=tickets.owner))  # its row is gone, and waits to be loaded again
    reject.refresh_from_db()
    assert (reject.state, len(rows_of(Dataset.objects.get(pk=tickets.pk)))) == ("corrected", 3)
    perform(rejects.replay(upload, by=tickets.owner).upload.job)
    reject.refresh_from_db()
    assert (reject.state, len(rows_of(Dataset.objects.get(pk=tickets.pk)))) == ("replayed", 4)


def test_an_undo_whose_worker_died_after_the_lakes_commit_is_completed_by_the_next_load(tickets):
    """The lake has taken the replay back, the database does not know: whoever writes next says so, for all of it."""
    upload = upload_csv(tickets, "number,opened,hours,site\nB1,2025-02-31,1,north\nB2,2025-02-03,2,north\n")
    rejects.correct(upload, 2, {"opened": "2025-02-28"}, by=tickets.owner)
    replayed = rejects.replay(upload, by=tickets.owner).upload
    perform(replayed.job)
    asked = undo.request_undo(replayed, by=tickets.owner)
    table_of(tickets).undo(replayed.load_id, f"undo-{replayed.load_id}")  # and the worker dies

    upload_csv(tickets, "number,opened,hours,site\nB3,2025-02-04,3,north\n")
    replayed.refresh_from_db()
    reject = upload.rejects.get()
    assert (replayed.state, reject.state) == ("undone", "corrected")
    perform(asked)  # the job is tried again and finds it done
    assert AuditEntry.objects.filter(action="upload taken back").count() == 1
    assert [number for number, _ in rows_of(Dataset.objects.get(pk=tickets.pk))] == ["A1", "A2", "B2", "B3"]
    perform(rejects.replay(upload, by=tickets.owner).upload.job)
    assert [number for number, _ in rows_of(Dataset.objects.get(pk=tickets.pk))] == ["A1", "A2", "B1", "B2", "B3"]


def test_an_undo_whose_worker_died_after_the_lakes_commit_is_completed_by_its_own_job(tickets):
    upload = upload_csv(tickets, "number,opened,hours,site\nA2,2025-01-20,5,south\n")
    asked = undo.request_undo(upload, by=tickets.owner)
    table_of(tickets).undo(upload.load_id, f"undo-{upload.load_id}")
    perform(asked)
    upload.refresh_from_db()
    (told,) = AuditEntry.objects.filter(action="upload taken back")
    assert (upload.state, told.actor) == ("undone", tickets.owner)
    assert rows_of(Dataset.objects.get(pk=tickets.pk)) == [("A1", 2.5), ("A2", 4.0)]


def test_a_correction_that_is_wrong_again_opens_the_reject_again_with_its_new_reason(tickets):
    upload = upload_csv(tickets, "number,opened,hours,site\nB1,2025-02-31,1,north\nB2,2025-02-03,2,north\n")
    rejects.correct(upload, 2, {"opened": "2025-02-28", "hours": "many"}, by=tickets.owner)
    perform(rejects.replay(upload, by=tickets.owner).upload.job)
    reject = upload.rejects.get()
    assert (reject.state, reject.column, reject.value) == ("open", "hours", "many")
    assert "many" in reject.message


def test_an_extract_with_too_many_bad_rows_is_refused_whole_and_its_rejects_are_kept(tickets):
    upload = upload_csv(tickets, "number,opened,hours,site\nB1,x,1,n\nB2,y,1,n\nB3,2025-02-01,1,n\n")
    assert (upload.state, upload.fault["code"], upload.rejects.count()) == ("refused", "too_many_rejects", 2)
    assert tickets.versions.count() == 1
    with pytest.raises(WrongState):
        rejects.replay(upload, by=tickets.owner)


def test_an_idempotency_key_gives_the_first_upload_again_and_refuses_another_content(tickets):
    by = tickets.owner

    def send(content):
        return intake.receive(tickets, io.BytesIO(content), name="x.csv", by=by, idempotency_key="k-1")

    assert send(b"one") == send(b"one")
    with pytest.raises(KeyReused):
        send(b"two")
    assert Upload.objects.filter(idempotency_key="k-1").count() == 1


def test_a_shortened_or_oversized_body_leaves_nothing(settings, tmp_path):
    settings.UPLOAD_ROOT = tmp_path
    by = UserFactory()
    with pytest.raises(Truncated):
        intake.receive(None, io.BytesIO(b"half"), name="x.csv", by=by, length=8)
    settings.UPLOAD_LIMIT_BYTES = 3
    with pytest.raises(TooLarge):
        intake.receive(None, io.BytesIO(b"1234"), name="x.csv", by=by)
    assert Upload.objects.count() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.csv", "x.csv"),
        ("a\0b\u202ecsv.exe", "abcsv.exe"),
        ("x" * 300, "x" * 255),
        ("..", ".."),
        ("", "unnamed"),
    ],
)
def test_B18_a_file_name_is_shown_but_never_used_as_a_path(sent, shown):
    upload = intake.receive(None, io.BytesIO(b"a,b\n1,2\n"), name=sent, by=UserFactory())
    assert upload.file_name == shown
    assert shown not in upload.path and ".." not in upload.path


def test_a_dataset_without_contract_takes_no_load():
    dataset = DatasetFactory()
    upload = intake.receive(dataset, io.BytesIO(b"a\n1\n"), name="x.csv", by=dataset.owner)
    with pytest.raises(intake.requesting.NotConfirmed):
        intake.request_load(upload, by=dataset.owner)


def test_a_stored_contract_whose_formula_is_refused_now_refuses_the_file_with_what_to_write(home):
    """It was put in force before `hour` of a span was known to leave out the days."""
    at, until = (Column(name, type=ColumnType.TIMESTAMP) for name in ("at", "until"))
    columns = (Column("id", roles=(Role.KEY,)), replace(at, roles=(Role.EVENT_TIME,)), until)
    taken = Column("taken", type=ColumnType.NUMBER, formula="epoch(until - at) / 3600")
    rows = "id,at,until\n1,2025-01-01 08:00,2025-01-02 09:00\n"
    dataset = loaded_dataset(rows, Contract((*columns, taken)), code="spans", unit=home)
    before = Contract((*columns, replace(taken, formula="hour(until - at)"))).to_dict()
    dataset.contract_versions.update(contract=before)
    upload = upload_csv(dataset, rows.replace("1,", "2,", 1))
    assert (upload.state, upload.job.state) == ("refused", "done")
    assert "Calculated column 'taken': `hour` of a span such as until - at leaves out" in upload.fault["message"]
    assert upload.fault["next_step"] == "Change it in the dataset's contract, then load the file again."
