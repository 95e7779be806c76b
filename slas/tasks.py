"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task

from . import work


@shared_task(name="slas.tasks.turn_day")
def turn_day() -> None:
    work.turn_day()
