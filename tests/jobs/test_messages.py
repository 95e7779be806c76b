"""B33: a forged message starts nothing; only ids travel, and the database says what is to be done."""

import pickle
import socket

import pytest
from kombu.exceptions import ContentDisallowed, OperationalError
from kombu.serialization import loads

from jobs import work
from jobs.models import Job
from perfmgr.celery import app


def test_b33_a_pickled_message_is_not_opened():
    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps([1]), "application/x-python-serialize", "binary", accept=app.conf.accept_content)
    assert app.conf.task_serializer == "json"


def test_a_queue_that_hangs_holds_nobody_up(tmp_path):
    """It takes connections and never answers: publishing gives up after some seconds, and the sweep sends again."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        options = {**app.conf.broker_transport_options, "socket_timeout": 0.1}
        assert app.conf.broker_transport_options["socket_timeout"] <= 5
        with (
            app.connection_for_write(f"redis+socket://{tmp_path / 's'}", transport_options=options) as connection,
            pytest.raises(OperationalError),
        ):
            app.send_task("jobs.tasks.run", [1], connection=connection, retry=False)


@pytest.mark.django_db
def test_b33_a_job_that_is_not_in_the_database_does_nothing():
    work.perform(10**9)
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_b33_a_message_carries_only_the_id(monkeypatch):
    from jobs import tasks

    sent = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, **options: sent.append((args, options)))
    job = work.submit("test.nothing", "key", secret="x")
    work.send(job.pk)
    assert sent == [([job.pk], {"retry": False})]
