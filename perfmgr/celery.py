"""The queue's application: tasks are found in every room; the beat entries below are written once per start."""

import os
import signal

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_process_init

from perfmgr.launch.children import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "perfmgr.settings")
app = Celery("perfmgr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "sweep": {"task": "jobs.tasks.sweep", "schedule": 2.0},
    "canary": {"task": "jobs.tasks.canary", "schedule": 30.0},
    "clock": {"task": "kpis.tasks.recompute_on_schedule", "schedule": crontab(minute=5)},
    "agreements": {"task": "slas.tasks.turn_day", "schedule": crontab(minute=15)},
    "freshness": {"task": "datasets.tasks.check_freshness", "schedule": crontab(minute=35)},
    "due notices": {"task": "alerts.tasks.deliver_due", "schedule": 60.0},
    "snoozed alerts": {"task": "alerts.tasks.wake_snoozed", "schedule": 60.0},
    "alert rules": {"task": "alerts.tasks.look_at_all", "schedule": crontab(minute=45)},
    "follow-ups": {"task": "alerts.tasks.remind_of_follow_ups", "schedule": crontab(minute=50)},
    "contract reminders": {"task": "vendors.tasks.remind_of_contracts", "schedule": crontab(hour=5, minute=20)},
    "missed reviews": {"task": "vendors.tasks.flag_missed_reviews", "schedule": crontab(hour=5, minute=25)},
    "scrub": {"task": "datasets.tasks.scrub", "schedule": crontab(hour=2, minute=10)},
    "vacuum": {"task": "datasets.tasks.vacuum", "schedule": crontab(hour=3, minute=10, day_of_week="sun")},
}


@worker_process_init.connect
def end_with_the_worker(**_) -> None:
    """A process of the worker's pool ends with the worker, however that ends: in the middle of its job, too."""
    die_with_parent(signal.SIGKILL)
