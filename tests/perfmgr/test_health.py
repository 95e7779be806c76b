"""Alive, ready, and how it is doing."""

import socket

import pytest
from django.db import connection
from django.utils import timezone

from jobs.models import Heartbeat, Job
from perfmgr import health

pytestmark = pytest.mark.django_db


def test_healthz_answers_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_readyz_names_each_part(client):
    Heartbeat.objects.create(worker="w1", at=timezone.now())
    assert client.get("/readyz").json() == {"ready": True, "database": "ok", "queue": "ok", "worker": "ok"}


def test_readyz_does_not_wait_for_a_database_or_a_queue_that_hangs(client, monkeypatch, settings):
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes connections and says nothing
        port = silent.getsockname()[1]
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", port)
        queue = settings.CACHES["default"] | {
            "LOCATION": f"redis://127.0.0.1:{port}/1",
            "OPTIONS": {"socket_timeout": 0.2},
        }
        settings.CACHES = {"default": queue}
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "ready": False,
            "database": "does not answer (TimeoutError)",
            "queue": "does not answer (TimeoutError)",
        },
    )


def test_readyz_says_when_no_worker_was_heard_of(client):
    assert client.get("/readyz").json()["worker"] == "not heard of in the last two minutes"


def test_metrics_count_the_jobs_by_state(client):
    Job.objects.create(kind="a", key="a")
    assert 'perfmgr_jobs{state="queued"} 1.0' in client.get("/metrics").content.decode()
