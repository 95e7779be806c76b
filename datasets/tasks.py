"""Doors of the queue: each task is one line around a verb."""

from celery import shared_task
from celery.signals import worker_ready
from django.utils import timezone


@shared_task(ignore_result=True, expires=1800)
def check_freshness() -> int:
    from . import quality

    return quality.check_freshness(timezone.now())


@shared_task(ignore_result=True, expires=3600)
def scrub() -> int:
    from . import verify

    return len(verify.scrub())


@shared_task(ignore_result=True, expires=3600)
def vacuum() -> int:
    from . import compaction

    return compaction.vacuum(timezone.now())


@shared_task(ignore_result=True)
def reconcile_lake() -> None:
    from . import reconcile

    reconcile.reconcile_all()


@shared_task(ignore_result=True)
def look_for_currencies() -> int:
    from . import quality

    return quality.request_first_runs()


@worker_ready.connect
def reconcile_at_start(**_) -> None:
    """What a killed worker left committed but unnamed is named before new work is done."""
    reconcile_lake.delay()
    look_for_currencies.delay()
