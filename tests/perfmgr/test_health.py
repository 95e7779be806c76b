"""Alive, ready, and how it is doing."""

import pytest
from django.utils import timezone

from jobs.models import Heartbeat, Job

pytestmark = pytest.mark.django_db


def test_healthz_answers_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_readyz_names_each_part(client):
    Heartbeat.objects.create(worker="w1", at=timezone.now())
    assert client.get("/readyz").json() == {"ready": True, "database": "ok", "queue": "ok", "worker": "ok"}


def test_readyz_says_when_no_worker_was_heard_of(client):
    assert client.get("/readyz").json()["worker"] == "not heard of in the last two minutes"


def test_metrics_count_the_jobs_by_state(client):
    Job.objects.create(kind="a", key="a")
    assert 'perfmgr_jobs{state="queued"} 1.0' in client.get("/metrics").content.decode()
