"""Loading the demo's extracts beside a running perfmgr."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from demo import extracts
from jobs.models import Job

pytestmark = pytest.mark.django_db


def test_a_job_that_a_worker_has_taken_is_waited_for(monkeypatch):
    held = {"lease": uuid4(), "lease_until": timezone.now() + timedelta(minutes=1)}
    job = Job.objects.create(kind="datasets.load", key="upload:1", state="running", **held)
    moments = []

    def a_moment_later(seconds):
        moments.append(seconds)
        if len(moments) == 3:
            Job.objects.filter(pk=job.pk).update(state="done", lease=None, lease_until=None)

    monkeypatch.setattr(extracts, "sleep", a_moment_later)
    extracts.perform(job)
    assert (job.state, len(moments)) == ("done", 3)
