"""Workers die in the middle of their work: nothing is lost, nothing is done twice (F1-F5, F7)."""

import os
import random
import signal
import time
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from datasets.models import Upload
from jobs import work
from jobs.models import Job
from tests.factories import upload_csv
from tests.faults.oracle import assert_sound
from tests.faults.processes import OneJob, Worker, lapse, rest, wait_until
from tests.faults.tickets import extract

pytestmark = pytest.mark.django_db(transaction=True)


def waiting_upload(dataset, seed: int, rows: int = 1_000) -> Upload:
    """An upload whose load is queued and sent, but not done here."""
    return upload_csv(dataset, extract(seed, rows), name=f"extract-{seed}.csv", run=False)


def running(job: Job) -> Job | None:
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).first()


def test_F1_a_killed_child_of_the_worker_is_replaced_and_the_load_done_once(dataset, worker):
    upload = waiting_upload(dataset, 1)
    held = wait_until(lambda: running(upload.job))
    os.kill(held.worker_pid, signal.SIGKILL)
    rest()
    upload.refresh_from_db()
    assert (upload.state, upload.job.attempts, worker.alive) == ("loaded", 2, True)
    assert_sound(dataset)


def test_F2_a_killed_worker_with_all_its_children_is_noticed_by_its_lease(dataset, worker, workers):
    upload = waiting_upload(dataset, 2)
    wait_until(lambda: running(upload.job))
    worker.kill_group()
    workers()
    rest()
    upload.refresh_from_db()
    assert (upload.state, upload.job.attempts) == ("loaded", 2)
    assert_sound(dataset)


@pytest.mark.parametrize("failpoint", ["before_lake_commit", "after_lake_commit", "before_db_commit"])
def test_F3_killed_around_the_lake_commit_the_load_is_adopted_or_repeated_but_stored_once(
    dataset, worker, queue, failpoint
):
    first = waiting_upload(dataset, 3)
    rest()
    upload = waiting_upload_without_worker(dataset, 4)
    assert OneJob(upload.job, queue.url, failpoint=failpoint).wait() == -signal.SIGKILL
    dataset.refresh_from_db()
    assert dataset.current_version == first.versions.get().version  # readers see what they saw
    lapse(upload.job)
    rest()
    upload.refresh_from_db()
    assert (upload.state, upload.accepted) == ("loaded", 1_000)
    assert_sound(dataset)


@pytest.mark.parametrize(
    ("failpoint", "stated"),
    [
        ("before_lake_commit", {}),
        ("after_lake_commit", {}),
        ("before_db_commit", {}),
        ("after_lake_commit", {"stated_from": date(2025, 1, 1), "stated_through": date(2025, 3, 31)}),
    ],
)
def test_F3_a_complete_extract_killed_around_its_commit_removes_all_that_it_lacks_or_nothing(
    dataset, worker, queue, failpoint, stated
):
    first = waiting_upload(dataset, 3)
    rest()
    upload = waiting_upload_without_worker(dataset, 4, 600, months=1 if stated else 3)  # stated: of January alone
    Upload.objects.filter(pk=upload.pk).update(complete=True, **stated)
    assert OneJob(upload.job, queue.url, failpoint=failpoint).wait() == -signal.SIGKILL
    dataset.refresh_from_db()
    assert (dataset.current_version, dataset.rows) == (first.versions.get().version, 1_000)
    lapse(upload.job)
    rest()
    upload.refresh_from_db()
    dataset.refresh_from_db()
    assert (upload.state, upload.removed, upload.versions.get().removed) == ("loaded", 400, 400)
    assert dataset.rows == 600
    assert_sound(dataset)


def waiting_upload_without_worker(dataset, seed: int, rows: int = 1_000, *, months: int = 3) -> Upload:
    """As `waiting_upload`, but the message is lost, so that the test says which process does the job first."""
    from django.db import transaction

    text = extract(seed, rows, months=months)
    with transaction.atomic():
        upload = upload_csv(dataset, text, name=f"extract-{seed}.csv", run=False)
        transaction.get_connection().run_on_commit.clear()
    return upload


def test_F4_killed_after_the_database_commit_the_repeat_sees_it_and_does_nothing(dataset, worker, queue):
    upload = waiting_upload_without_worker(dataset, 5)
    assert OneJob(upload.job, queue.url, failpoint="after_db_commit").wait() == -signal.SIGKILL
    upload.refresh_from_db()
    assert upload.state == "loaded"
    lapse(upload.job)
    rest()
    upload.job.refresh_from_db()
    assert (upload.job.state, upload.job.attempts, upload.job.outcome) == ("done", 2, {"state": "loaded"})
    assert dataset.versions.count() == 1
    assert not list((Path(settings.UPLOAD_ROOT) / "work").glob(f"{upload.public_id.hex}-*"))
    assert_sound(dataset)


def test_F5_a_task_that_kills_every_worker_is_parked_after_three(dataset, worker, tmp_path):
    notes = tmp_path / "notes"
    job = work.submit("test.poison", "poison", notes=str(notes))
    rest()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("parked", 3)
    assert "lost on the last attempt" in job.fault
    assert notes.read_text().split() == ["1", "2", "3"]
    waiting_upload(dataset, 6)  # the worker still works
    rest()
    assert_sound(dataset)


def test_F6_the_same_job_in_two_processes_at_once_is_done_once(dataset, queue):
    upload = waiting_upload_without_worker(dataset, 7)
    both = [OneJob(upload.job, queue.url) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    upload.refresh_from_db()
    assert (upload.state, upload.job.attempts, dataset.versions.count()) == ("loaded", 1, 1)
    while job := Job.objects.unfinished().order_by("pk").first():
        work.perform(job.pk)
    assert_sound(dataset)


def test_F7_work_longer_than_the_queues_patience_is_delivered_again_but_done_once(dataset, queue, workers, tmp_path):
    shared = workers()
    rest()  # else what the dataset's load left to compute would be cut off, and nothing sweeps here
    shared.stop()  # it would take the work
    notes, received = tmp_path / "notes", tmp_path / "received"
    worker = Worker(queue.url, concurrency=2, PERFMGR_VISIBILITY_TIMEOUT="1", PERFMGR_TEST_RECEIVED=str(received))
    try:
        job = work.submit("test.slow", "slow", notes=str(notes), seconds=9)
        wait_until(lambda: not Job.objects.unfinished().exists(), sweeping=False)
    finally:
        worker.stop()
    job.refresh_from_db()
    assert (job.state, job.attempts, notes.read_text().split()) == ("done", 1, ["started", "done"])
    assert len(received.read_text().splitlines()) > 1


def load_and_kill(dataset, number: int, after: float, workers) -> bool:
    """Kill -9 the worker `after` seconds into a load, every second time with all its children, then let the load end.

    Whether the kill came in the middle of it; otherwise the load was through and the kill hit what follows it.
    """
    upload = upload_csv(dataset, extract(100 + number, 1_000, first=500 * number), run=False)
    held = wait_until(lambda: running(upload.job))
    time.sleep(after)  # the random moment
    if number % 2:
        os.kill(held.worker_pid, signal.SIGKILL)
    else:
        workers().kill_group()
    workers()
    wait_until(lambda: Upload.objects.get(pk=upload.pk).state == "loaded")
    upload.job.refresh_from_db()
    return upload.job.attempts > 1


def test_ten_kills_at_random_moments_of_a_load_leave_every_row_once_and_every_result_right(dataset, worker, workers):
    """What the product must show, number 4 (F1, F2). Each load repeats half of the one before.

    How long a load takes depends on the machine, so a kill that came too late is not counted and another load is made.
    """
    choose = random.Random(41)
    calm = waiting_upload(dataset, 100)
    rest()
    calm.refresh_from_db()
    duration = (calm.job.done_at - calm.job.started_at).total_seconds()
    loads = kills = 0
    while kills < 10:
        loads += 1
        assert loads <= 30, f"only {kills} of {loads} kills came in the middle of a load"
        kills += load_and_kill(dataset, loads, choose.uniform(0, 0.8 * duration), workers)
    rest()
    dataset.refresh_from_db()
    assert dataset.rows == 1_000 + 500 * loads
    assert dataset.uploads.filter(state="loaded").count() == 1 + loads
    assert_sound(dataset)
