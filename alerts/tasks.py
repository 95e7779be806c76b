"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task
from django.utils import timezone

from . import mail


@shared_task(ignore_result=True, expires=60)
def deliver_due() -> int:
    return mail.deliver_due(timezone.now())
