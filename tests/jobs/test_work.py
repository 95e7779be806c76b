"""A job is done once, whoever asks and however often its message arrives."""

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import work
from jobs.models import Job
from jobs.sweep import sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def counted(monkeypatch):
    """A kind of work that counts how often it was done; `fault` makes it fail."""
    done = []

    def count(claim):
        done.append(claim.job.arguments)
        if claim.job.arguments.get("fault"):
            raise ValueError("the extract vanished")
        return {"done": len(done)}

    monkeypatch.setitem(work._handlers, "test.count", count)
    return done


def test_asking_twice_for_the_same_work_gives_one_job(counted):
    assert work.submit("test.count", "load 1") == work.submit("test.count", "load 1")


def test_what_is_asked_for_again_while_it_runs_is_done_once_more_and_only_afterwards(counted):
    """The running one may have read its input before the second request: ten requests meanwhile are one more job."""
    first = work.submit("test.count", "recompute:1")
    held = work.claim(first.pk, timezone.now())
    behind = {work.submit("test.count", "recompute:1").pk for _ in range(10)}
    assert len(behind) == 1 and first.pk not in behind
    (waiting,) = behind
    work.perform(waiting)
    assert counted == []
    work._end(held.job, Job.State.DONE)
    work.perform(waiting)
    assert len(counted) == 1


def test_what_waits_is_sent_when_the_one_before_it_ends(counted, monkeypatch, django_capture_on_commit_callbacks):
    first = work.submit("test.count", "recompute:1")
    held = work.claim(first.pk, timezone.now())
    waiting = work.submit("test.count", "recompute:1")
    other = work.submit("test.count", "recompute:12")
    sent = []
    monkeypatch.setattr(work, "send", sent.append)
    with django_capture_on_commit_callbacks(execute=True):
        work._end(held.job, Job.State.DONE)
    assert sent == [waiting.pk] and other.pk not in sent


def test_a_lost_worker_s_job_keeps_nobody_waiting_once_its_lease_has_run_out(counted):
    first = work.submit("test.count", "recompute:1")
    work.claim(first.pk, timezone.now())
    waiting = work.submit("test.count", "recompute:1")
    Job.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    work.perform(waiting.pk)
    assert len(counted) == 1


def test_a_job_is_performed_once_however_often_its_message_arrives(counted):
    job = work.submit("test.count", "load 1", upload=7)
    work.perform(job.pk)
    work.perform(job.pk)
    job.refresh_from_db()
    assert counted == [{"upload": 7}]
    assert (job.state, job.attempts, job.outcome, job.progress) == ("done", 1, {"done": 1}, 100)


def test_a_job_held_by_another_worker_is_left_alone(counted):
    job = work.submit("test.count", "load 1")
    assert work.claim(job.pk, timezone.now()) is not None
    work.perform(job.pk)
    assert counted == []


def test_a_lapsed_lease_is_taken_over_and_the_first_holder_may_not_finish(counted):
    job = work.submit("test.count", "load 1")
    first = work.claim(job.pk, timezone.now())
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    work.perform(job.pk)
    with pytest.raises(work.LeaseLost):
        first.progress(50)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)


def test_a_job_that_fails_three_times_is_parked_with_its_fault(counted):
    job = work.submit("test.count", "load 1", fault=True)
    for _ in range(5):
        work.perform(job.pk)
    job.refresh_from_db()
    assert (len(counted), job.state, job.fault) == (3, "parked", "ValueError: the extract vanished")


def test_a_job_that_is_worth_trying_again_only_later_waits_that_long(monkeypatch):
    def unheard(claim):
        raise work.Later("the receiver is away", after=timedelta(minutes=4))

    monkeypatch.setitem(work._handlers, "test.later", unheard)
    job = work.submit("test.later", "tell 1")
    now = timezone.now()
    work.perform(job.pk)
    job.refresh_from_db()
    assert (job.state, job.fault) == ("queued", "the receiver is away")
    assert sweep(now + timedelta(minutes=3)) == 0
    assert sweep(now + timedelta(minutes=5)) == 1


def test_asking_again_for_work_that_was_parked_leaves_nothing_parked(counted):
    first = work.submit("test.count", "load 1", dataset=1)
    other = work.submit("test.count", "load 2", dataset=2)
    Job.objects.update(state="parked")
    assert work.submit("test.count", "load 1", dataset=1).state == "queued"
    states = dict(Job.objects.values_list("pk", "state"))
    assert (states[first.pk], states[other.pk]) == ("cancelled", "parked")


def test_the_sweep_parks_a_job_whose_worker_was_lost_three_times():
    job = work.submit("test.count", "poison")
    Job.objects.update(state="running", attempts=3, lease_until=timezone.now() - timedelta(seconds=1))
    sweep(timezone.now())
    job.refresh_from_db()
    assert job.state == "parked"
    assert "lost on the last attempt" in job.fault


def test_the_sweep_sends_what_waits_but_not_what_was_sent_just_now(counted):
    job = work.submit("test.count", "load 1")
    now = timezone.now()
    assert sweep(now) == 1
    assert sweep(now) == 0
    Job.objects.filter(pk=job.pk).update(sent_at=now - timedelta(seconds=6))
    assert sweep(now) == 1
