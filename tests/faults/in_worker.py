"""Work that only these tests know, loaded into a real worker by `celery worker -I tests.faults.in_worker`."""

import os
import signal
import time
from pathlib import Path

from celery.signals import task_received

from jobs.work import Claim, handler

RECEIVED = os.environ.get("PERFMGR_TEST_RECEIVED")


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
    claim.still_mine()
    note(claim.job.arguments["notes"], "done")


@task_received.connect
def count(request, **_) -> None:
    if RECEIVED and request.name == "jobs.tasks.run":
        note(RECEIVED, str(request.args))
