"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task

from . import requests


@shared_task(name="kpis.tasks.recompute_on_schedule")
def recompute_on_schedule() -> None:
    requests.recompute_on_schedule()
