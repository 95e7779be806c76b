"""The sweep re-sends what is queued or lapsed and parks what has no attempts left; the canary finds deaf workers."""

from datetime import datetime

from django.db.models import Q

from .models import RESEND_AFTER, Heartbeat, Job
from .work import send

LOST = "The worker was lost on the last attempt, as on those before: look at what this job's input does to a worker."


def sweep(now: datetime) -> int:
    """Returns how many jobs were sent again."""
    Job.objects.exhausted(now).update(state=Job.State.PARKED, fault=LOST, lease=None, lease_until=None, done_at=now)
    waited = Q(sent_at=None) | Q(sent_at__lt=now - RESEND_AFTER)
    due = list(Job.objects.claimable(now).filter(waited).order_by("pk").values_list("pk", flat=True)[:200])
    for job_id in due:
        send(job_id)
    return len(due)


def sing(worker: str, now: datetime) -> None:
    """The canary: `worker` has just received a message."""
    Heartbeat.objects.update_or_create(worker=worker, defaults={"at": now})
