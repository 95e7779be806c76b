"""Asking for work, claiming it, finishing it: nothing lost, nothing twice.

`submit` writes the job in the caller's transaction; the message to the worker goes out on commit. A worker claims a
job by one conditional update, renews its lease while it works, and finishes only while it still holds the lease. The
sweep (`jobs.sweep`) re-sends what is queued or lapsed, so every message may be lost.
"""

import logging
import os
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from .models import HEARTBEAT, LEASE, RESEND_AFTER, Job, in_line

log = logging.getLogger(__name__)
Handler = Callable[["Claim"], dict | None]
_handlers: dict[str, Handler] = {}


class LeaseLost(Exception):
    """Another worker has taken the job over; what was not yet committed is dropped."""


class Refused(Exception):
    """The work cannot succeed by trying again: the job is parked at once with this message."""


class Later(Exception):
    """The attempt failed, and the next one is worth its while only after some time."""

    def __init__(self, message: str, *, after: timedelta):
        super().__init__(message)
        self.after = after


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of `kind`; it gets the Claim and may return an outcome."""

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        return function

    return register


def kinds() -> list[str]:
    """Of the jobs that there may be: the rooms register theirs at start-up."""
    return list(_handlers)


@transaction.atomic
def submit(kind: str, key: str, *, by=None, max_attempts: int | None = None, **arguments) -> Job:
    """The job of `key` that waits, made now if there is none. Its message is sent when the transaction commits."""
    values = {"kind": kind, "arguments": arguments, "asked_by": by}
    if max_attempts:
        values["max_attempts"] = max_attempts
    line = Job.objects.filter(in_line(key))
    job = line.filter(state=Job.State.QUEUED).first()
    if job is None:
        # A running job may have read its input already: queue another behind it rather than lose the request.
        running = line.unfinished().exists()
        job = Job.objects.create(key=f"{key}#{uuid.uuid4().hex[:8]}" if running else key, **values)
        # What was parked waits for nobody any longer: the same work is done by this one.
        parked = line.filter(kind=kind, arguments=arguments, state=Job.State.PARKED)
        parked.update(state=Job.State.CANCELLED)
    transaction.on_commit(lambda: send(job.pk))
    return job


def send(job_id: int) -> None:
    """Wake a worker. A queue that is down is no fault here: the sweep sends again."""
    from . import tasks

    Job.objects.filter(pk=job_id).update(sent_at=timezone.now())
    try:
        tasks.run.apply_async([job_id], retry=False)
    except Exception as fault:  # kombu wraps every transport's own errors
        log.warning("job %s: the queue did not take the message (%s); the sweep will send it again", job_id, fault)


class Claim:
    """A job that this process holds. `progress` reports; `still_mine` guards a commit."""

    def __init__(self, job: Job):
        self.job = job
        self._stop = threading.Event()
        self._lost = False

    def progress(self, percent: int, note: str = "") -> None:
        """Show how far the work is, and that it lives."""
        self._require(self._mine().update(progress=min(100, max(0, percent)), progress_note=note[:200]))

    def still_mine(self) -> None:
        """Call inside the transaction that makes the work's effect visible. Raises LeaseLost."""
        self._require(self._mine().select_for_update().exists())

    def _mine(self):
        return Job.objects.filter(pk=self.job.pk, lease=self.job.lease, state=Job.State.RUNNING)

    def _require(self, held) -> None:
        if not held or self._lost:
            raise LeaseLost(f"job {self.job.pk} has been taken over")

    def __enter__(self) -> "Claim":
        self._thread = threading.Thread(target=self._keep_alive, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _keep_alive(self) -> None:
        while not self._stop.wait(HEARTBEAT.total_seconds()):
            try:
                self._lost = not self._renew() and not self._mine().exists()
            except Exception:
                log.warning("job %s: the lease could not be renewed", self.job.pk, exc_info=True)
            finally:
                connection.close()

    def _renew(self) -> int:
        """Passes over the row while `still_mine` holds it in a transaction: nobody else can claim it then either."""
        with transaction.atomic():
            free = self._mine().select_for_update(skip_locked=True).values_list("pk", flat=True)
            return Job.objects.filter(pk__in=list(free)).update(lease_until=timezone.now() + LEASE)


def claim(job_id: int, now: datetime) -> Claim | None:
    """Take the job, or None: finished, held by another worker, behind another of its key, or out of attempts."""
    lease = uuid.uuid4()
    with transaction.atomic():
        candidates = Job.objects.select_for_update(skip_locked=True).claimable(now).filter(pk=job_id)
        job = candidates.first()
        if job is None or Job.objects.held(now).filter(in_line(job.line)).exclude(pk=job.pk).exists():
            return None
        job.state, job.lease, job.lease_until = Job.State.RUNNING, lease, now + LEASE
        job.attempts, job.worker_pid = job.attempts + 1, os.getpid()
        job.started_at, job.progress, job.progress_note = now, 0, ""
        job.save()
    return Claim(job)


def perform(job_id: int) -> None:
    """Claim the job, do its work, note how it ended. Returns quietly if somebody else has it."""
    held = claim(job_id, timezone.now())
    if held is None:
        return
    job = held.job
    try:
        with held:
            outcome = _handlers[job.kind](held) or {}
    except LeaseLost:
        log.warning("job %s: taken over by another worker; this attempt's work was dropped", job.pk)
    except Refused as refusal:
        _end(job, Job.State.PARKED, fault=str(refusal))
    except Later as fault:
        log.warning("job %s failed in attempt %s: %s", job.pk, job.attempts, fault)
        # The sweep sends what was sent long enough ago: until then it counts as sent.
        _failed(job, str(fault), sent_at=timezone.now() + fault.after - RESEND_AFTER)
    except Exception as fault:
        log.exception("job %s failed in attempt %s", job.pk, job.attempts)
        _failed(job, f"{type(fault).__name__}: {fault}")
    else:
        _end(job, Job.State.DONE, outcome=outcome, progress=100, fault="")


def _failed(job: Job, fault: str, **values) -> None:
    again = job.attempts < job.max_attempts
    _end(job, Job.State.QUEUED if again else Job.State.PARKED, fault=fault, **values)


def _end(job: Job, state: str, **values) -> None:
    finished = {} if state == Job.State.QUEUED else {"done_at": timezone.now()}
    Job.objects.filter(pk=job.pk, lease=job.lease, state=Job.State.RUNNING).update(
        state=state, lease=None, lease_until=None, **finished, **values
    )
    _wake_the_next(job)


def _wake_the_next(job: Job) -> None:
    """What waited behind `job` need not wait for the sweep."""
    waiting = Job.objects.filter(in_line(job.line), state=Job.State.QUEUED).exclude(pk=job.pk).first()
    if waiting:
        transaction.on_commit(lambda: send(waiting.pk))


def dismiss(job: Job) -> bool:
    """Leave a parked job undone for good; whether it still was parked."""
    return bool(Job.objects.filter(pk=job.pk, state=Job.State.PARKED).update(state=Job.State.CANCELLED))


def retry(job: Job) -> Job:
    """Queue a parked job again with fresh attempts."""
    changed = Job.objects.filter(pk=job.pk, state=Job.State.PARKED).update(
        state=Job.State.QUEUED, attempts=0, fault="", done_at=None
    )
    if changed:
        transaction.on_commit(lambda: send(job.pk))
    job.refresh_from_db()
    return job
