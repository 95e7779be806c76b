"""The servers below go away, lose everything, or refuse (F11, F14-F16): users are told, nothing is lost or doubled."""

import os
import signal
import threading
import time

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction

from datasets.models import Upload
from jobs import work
from jobs.models import Job
from organization.models import Unit
from tests.factories import ApiTokenFactory, UnitFactory, member, upload_csv
from tests.faults.oracle import assert_sound
from tests.faults.processes import Beat, OneJob, Web, Worker, lapse, rest, wait_until
from tests.faults.tickets import extract, make_dataset

pytestmark = pytest.mark.django_db(transaction=True)


def unsent_upload(dataset, seed: int) -> Upload:
    with transaction.atomic():
        upload = upload_csv(dataset, extract(seed, 300), name=f"extract-{seed}.csv", run=False)
        connection.run_on_commit.clear()
    return upload


def test_F11_a_queue_that_died_and_came_back_empty_loses_no_work(dataset, queue, workers):
    token = ApiTokenFactory(user=dataset.owner, scopes=["read", "upload"])
    queued = upload_csv(dataset, extract(1, 300), name="before.csv", run=False)
    web = Web(queue.url)
    scheduler = None
    try:
        queue.process.kill()
        queue.process.wait()
        assert web.get("/api/v1/datasets/", token.secret)[0] == 200
        status, answer = web.upload(dataset.code, "meanwhile.csv", extract(2, 300, first=300), token.secret)
        assert status == 202, answer
        queue.start()  # without an append-only file: what it held is gone
        workers()
        scheduler = Beat(queue.url)
        wait_until(lambda: not Job.objects.unfinished().exists(), sweeping=False)
    finally:
        web.stop()
        if scheduler:
            scheduler.stop()
    queued.refresh_from_db()
    assert (queued.state, dataset.uploads.filter(state="loaded").count()) == ("loaded", 2)
    assert_sound(dataset)


@pytest.mark.parametrize("point", ["before_db_commit", "after_db_commit"])
def test_F14_postgres_stopped_at_once_around_the_commit_the_load_is_there_once(cluster, queue, point):
    dataset = make_dataset()
    upload = unsent_upload(dataset, 3)
    hit = OneJob(upload.job, queue.url, PERFMGR_TEST_STOP_POSTGRES_AT=f"{point} {cluster.process.pid}")
    hit.wait()
    assert cluster.process.wait(30) is not None
    connection.close()
    cluster.start()
    upload.refresh_from_db()
    assert upload.state == ("loading" if point == "before_db_commit" else "loaded")
    lapse(upload.job)
    worker = Worker(queue.url)
    try:
        rest()
    finally:
        worker.stop()
    upload.refresh_from_db()
    assert (upload.state, upload.job.state) == ("loaded", "done")
    assert_sound(dataset)


def test_F15_while_postgres_is_down_or_full_requests_get_503_and_afterwards_the_same_processes_serve(cluster, queue):
    dataset = make_dataset()
    secret = ApiTokenFactory(user=dataset.owner, scopes=["read", "upload"]).secret
    web, worker = Web(queue.url), Worker(queue.url)
    paths = ["/api/v1/datasets/", "/accounts/login/", "/", "/datasets/"]
    try:
        assert [web.get(path, secret)[0] for path in paths[:2]] == [200, 200]
        connection.close()
        cluster.stop()
        for path in paths * 2:
            status, headers, body = web.get(path, secret)
            asks_nothing = (status == 302 and path in ("/", "/datasets/")) or path == "/accounts/login/"
            assert asks_nothing or (status == 503 and int(headers["retry-after"]) > 0), (path, status, body)
        status, answer = web.upload(dataset.code, "x.csv", extract(4, 300), secret)
        assert status == 503, answer
        time.sleep(1)
        cluster.start()
        wait_until(lambda: web.get(paths[0], secret)[0] == 200, sweeping=False)
        assert web.upload(dataset.code, "x.csv", extract(4, 300), secret)[0] == 202
        rest()
        assert_sound(dataset)
        use_up_all_connections(cluster, lambda: [web.get(path, secret)[0] for path in paths])
        assert [web.get(path, secret)[0] for path in paths[:2]] == [200, 200]
        assert web.alive and worker.alive
    finally:
        web.stop()
        worker.stop()


def use_up_all_connections(cluster, ask) -> None:
    taken = []
    try:
        while True:
            taken.append(psycopg2.connect(host=str(cluster.sockets), user="perfmgr", dbname="perfmgr"))
    except psycopg2.OperationalError:
        statuses = [status for _ in range(3) for status in ask()]
    finally:
        for one in taken:
            one.close()
    assert set(statuses) <= {200, 302, 503}


def test_F16_a_job_that_meets_a_deadlock_is_done_again(transactional_db, queue, monkeypatch):
    """Two sessions take two rows in reverse order; PostgreSQL ends one of them."""
    first, second = UnitFactory(code="one"), UnitFactory(code="two")
    attempts, both_hold = [], threading.Barrier(2)

    def lock(own: Unit, other: Unit, meet: bool) -> None:
        with transaction.atomic():
            Unit.objects.filter(pk=own.pk).update(name=f"{own.name}!")
            if meet:
                both_hold.wait(10)
            Unit.objects.filter(pk=other.pk).update(name=f"{other.name}!")

    def handle(claim):
        attempts.append(claim.job.attempts)
        lock(first, second, meet=len(attempts) == 1)

    monkeypatch.setitem(work._handlers, "test.deadlock", handle)
    with connection.cursor() as cursor:
        cursor.execute("set deadlock_timeout = '50ms'")
    with transaction.atomic():
        job = work.submit("test.deadlock", "deadlock")
        connection.run_on_commit.clear()  # a worker of another test may listen; this process does it

    def rival() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("set deadlock_timeout = '60s'")
            lock(second, first, meet=True)
        finally:
            connection.close()

    thread = threading.Thread(target=rival)
    thread.start()
    work.perform(job.pk)
    thread.join()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("queued", 1) and "deadlock detected" in job.fault
    work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, attempts) == ("done", [1, 2])


@pytest.mark.parametrize(("failures", "status"), [(2, 200), (9, 409)])
def test_F16_a_request_that_meets_a_deadlock_is_tried_three_times_then_409(
    transactional_db, client, monkeypatch, failures, status
):
    """The call is made again in the server; whoever always loses is told to look again."""
    from organization import tree

    unit = UnitFactory(code="north")
    token = ApiTokenFactory(user=member("administrator", unit), scopes=["read", "administer"])
    tried, change = [], tree.change_unit

    class Deadlock(psycopg2.errors.DeadlockDetected):
        pgcode = "40P01"

    @transaction.atomic
    def busy(*args, **values):
        tried.append(values)
        change(*args, **values)
        if len(tried) <= failures:
            raise OperationalError("deadlock detected") from Deadlock()

    monkeypatch.setattr(tree, "change_unit", busy)
    headers = {"Authorization": f"Bearer {token.secret}"}
    response = client.patch(f"/api/v1/units/{unit.pk}/", {"name": "New"}, "application/json", headers=headers)
    unit.refresh_from_db()
    assert (response.status_code, len(tried)) == (status, min(failures + 1, 3)), response.content
    assert unit.name == ("New" if status == 200 else "Unit north")
    assert all(values == tried[0] for values in tried)  # the same request each time


def test_a_stopped_worker_gives_its_job_back(dataset, queue):
    """SIGKILL of nothing: Ctrl-C of the launcher stops a worker in the middle of a job."""
    upload = upload_csv(dataset, extract(9, 300), run=False)
    worker = Worker(queue.url)
    wait_until(lambda: Job.objects.filter(pk=upload.job.pk, state="running").exists())
    os.killpg(worker.popen.pid, signal.SIGQUIT)
    worker.wait()
    again = Worker(queue.url)
    try:
        rest()
    finally:
        again.stop()
    assert_sound(dataset)
