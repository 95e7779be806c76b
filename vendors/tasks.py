"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task
from django.utils import timezone

from . import contracts, reviews


@shared_task(ignore_result=True)
def remind_of_contracts() -> None:
    contracts.remind(timezone.now())


@shared_task(ignore_result=True)
def flag_missed_reviews() -> None:
    reviews.flag_missed(timezone.now())
