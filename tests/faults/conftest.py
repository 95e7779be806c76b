"""The stage: a queue of the session's own, one worker shared by the tests that only need a worker, short leases."""

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from perfmgr.launch.postgres import DATABASE, USER, Postgres, binaries
from perfmgr.launch.valkey import Valkey
from tests.faults.processes import LEASE_SECONDS, Worker, database_url
from tests.faults.tickets import make_dataset

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)


def point_celery_at(url: str) -> None:
    """Send this process's messages there from now on."""
    from perfmgr.celery import app

    app.conf.broker_url = f"redis+socket://{url.removeprefix('unix://')}"
    app.amqp._producer_pool = None
    app._pool = None


@pytest.fixture(scope="session")
def valkey():
    server = Valkey(Path(os.environ["PERFMGR_TEST_SCRATCH"]) / "queue", throwaway=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def workers(valkey, django_db_setup):
    """Keeps one worker running: `workers()` gives the living one, started anew if a test has killed it."""
    running: list[Worker] = []

    def living() -> Worker:
        if not running or not running[-1].alive:
            running.append(Worker(valkey.url))
        return running[-1]

    yield living
    for worker in running:
        worker.stop()


@pytest.fixture
def queue(valkey, monkeypatch):
    """This process sends to the session's queue and sweeps by the workers' short times."""
    from django.conf import settings

    from jobs import sweep, work

    monkeypatch.setattr(sweep, "RESEND_AFTER", timedelta(seconds=0.5))
    monkeypatch.setattr(work, "LEASE", timedelta(seconds=LEASE_SECONDS))
    monkeypatch.setattr(work, "HEARTBEAT", timedelta(seconds=LEASE_SECONDS / 4))
    point_celery_at(valkey.url)
    yield valkey
    point_celery_at(settings.REDIS_URL)


@pytest.fixture
def worker(queue, workers, transactional_db):
    return workers()


@pytest.fixture
def dataset(transactional_db, queue):
    return make_dataset()


@pytest.fixture
def cluster(transactional_db, tmp_path_factory):
    """A PostgreSQL of the test's own with the test database in it, to be stopped at will; this process talks to it."""
    from django.db import connection

    server = Postgres(Path(os.environ["PERFMGR_TEST_SCRATCH"]) / f"own-{tmp_path_factory.mktemp('pg').name}")
    server.start()
    dump = subprocess.run(
        [binaries() / "pg_dump", "--no-owner", f"--dbname={database_url()}"], check=True, capture_output=True
    ).stdout
    psql = [binaries() / "psql", "-q", "-h", server.sockets, "-U", USER, "-d", DATABASE, "-v", "ON_ERROR_STOP=1"]
    subprocess.run(psql, input=dump, check=True, stdout=subprocess.DEVNULL)
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST=str(server.sockets), NAME=DATABASE, USER=USER, PORT="", PASSWORD="")
    yield server
    connection.close()
    connection.settings_dict.update(before)
    server.stop()
