"""Work that only these tests know, loaded into a real worker by `celery worker -I tests.faults.in_worker`."""

import os
import resource
import signal
import time
from pathlib import Path

from celery.signals import task_received
from django.db import transaction

from jobs.work import Claim, handler

RECEIVED = os.environ.get("PERFMGR_TEST_RECEIVED")  # a file that lists the messages that arrived
FILE_LIMIT = os.environ.get("PERFMGR_TEST_FILE_LIMIT")  # bytes: no file grows beyond, as on a full disk
STOP_AT = os.environ.get("PERFMGR_TEST_STOP_POSTGRES_AT")  # "failpoint pid": stop that server at once, there

if FILE_LIMIT:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(FILE_LIMIT), int(FILE_LIMIT)))

if STOP_AT:
    from lake.store import durable

    def stop_postgres(name: str) -> None:
        point, pid = STOP_AT.split()
        if name == point:
            os.kill(int(pid), signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
            time.sleep(0.5)

    durable.failpoint = stop_postgres


def note(path: str, word: str) -> None:
    with Path(path).open("a") as file:
        file.write(f"{word}\n")


@handler("test.poison")
def poison(claim: Claim) -> None:
    """Kills the process that does it."""
    note(claim.job.arguments["notes"], f"{claim.job.attempts}")
    os.kill(os.getpid(), signal.SIGKILL)


@handler("test.slow")
def slow(claim: Claim) -> None:
    note(claim.job.arguments["notes"], "started")
    time.sleep(claim.job.arguments["seconds"])
    with transaction.atomic():
        claim.still_mine()
    note(claim.job.arguments["notes"], "done")


@task_received.connect
def count(request, **_) -> None:
    if RECEIVED and request.name == "jobs.tasks.run":
        note(RECEIVED, str(request.args))
