"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task
from django.utils import timezone

from . import evaluate, follow_ups, handling, mail


@shared_task(ignore_result=True, expires=60)
def deliver_due() -> int:
    return mail.deliver_due(timezone.now())


@shared_task(ignore_result=True, expires=60)
def wake_snoozed() -> int:
    return handling.wake(timezone.now())


@shared_task(ignore_result=True, expires=1800)
def look_at_all() -> None:
    evaluate.ask_all()


@shared_task(ignore_result=True, expires=1800)
def remind_of_follow_ups() -> int:
    return follow_ups.remind(timezone.now().date(), timezone.now())
