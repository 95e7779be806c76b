"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task
from django.utils import timezone

from . import sweep as sweeping
from . import work


@shared_task
def run(job_id: int) -> None:
    work.perform(job_id)


@shared_task(ignore_result=True, expires=30)
def sweep() -> None:
    sweeping.sweep(timezone.now())


@shared_task(bind=True, expires=60)
def canary(self) -> None:
    sweeping.sing(self.request.hostname or "worker", timezone.now())
