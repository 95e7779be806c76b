"""A job: one piece of work that must happen, with who holds it and how far it is."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q

LEASE = timedelta(seconds=settings.JOB_LEASE_SECONDS)
HEARTBEAT = LEASE / 4
ATTEMPTS = 3
RESEND_AFTER = timedelta(seconds=settings.JOB_RESEND_SECONDS)


def in_line(key: str) -> Q:
    """The jobs of `key`: the one that was asked for first, and what was asked for while it ran."""
    return Q(key=key) | Q(key__startswith=f"{key}#")


class JobQuerySet(models.QuerySet):
    def claimable(self, now: datetime):
        """Queued, or running under a lease that has run out; in both cases with an attempt left."""
        lapsed = Q(state=Job.State.RUNNING, lease_until__lt=now)
        return self.filter(Q(state=Job.State.QUEUED) | lapsed, attempts__lt=F("max_attempts"))

    def exhausted(self, now: datetime):
        """Lost by its worker on the last attempt."""
        return self.filter(state=Job.State.RUNNING, lease_until__lt=now, attempts__gte=F("max_attempts"))

    def held(self, now: datetime):
        """Running, by a worker that lives."""
        return self.filter(state=Job.State.RUNNING, lease_until__gte=now)

    def unfinished(self):
        return self.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING])


class Job(models.Model):
    """`key` names the work: asking twice while it waits gives one job, and no two of a key run at the same time.

    A job that was asked for while another of its key ran is called `key#...` and waits behind it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        PARKED = "parked", "Parked"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=ATTEMPTS)
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    worker_pid = models.IntegerField(null=True)
    sent_at = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField(default=0, help_text="Per cent.")
    progress_note = models.CharField(max_length=200, blank=True)
    outcome = models.JSONField(default=dict, help_text="What the work reports when it is done.")
    fault = models.TextField(blank=True, help_text="Why the last attempt failed.")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(state__in=["queued", "running"]), name="one_unfinished_job_per_key"
            )
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="job_by_state_and_lease")]

    def __str__(self):
        return f"{self.kind} {self.key}"

    @property
    def line(self) -> str:
        """The key under which it was asked for."""
        return self.key.partition("#")[0]

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.PARKED, self.State.CANCELLED}


class Heartbeat(models.Model):
    """When a worker last answered the canary, so that a worker that is alive but deaf is noticed."""

    worker = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField()
