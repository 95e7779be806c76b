"""B33: a forged message starts nothing; only ids travel, and the database says what is to be done."""

import pickle

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads

from jobs import work
from jobs.models import Job
from perfmgr.celery import app


def test_b33_a_pickled_message_is_not_opened():
    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps([1]), "application/x-python-serialize", "binary", accept=app.conf.accept_content)
    assert app.conf.task_serializer == "json"


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
