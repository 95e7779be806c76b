"""Real processes to injure: a Celery worker, its scheduler, and a process that does one job and dies at a failpoint."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection
from django.utils import timezone

from jobs.models import Job
from jobs.sweep import sweep
from perfmgr.launch import children

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 2.0
PERFORM = """
import sys
import django
django.setup()
from jobs import work
import tests.faults.in_worker
work.perform(int(sys.argv[1]))
"""


def database_url() -> str:
    """The test database, as a worker of its own is given it."""
    known = connection.get_connection_params()
    parts = [f"{key}={known[key]}" for key in ("host", "port", "user", "password") if known.get(key)]
    return f"postgres:///{known['dbname']}?{'&'.join(parts)}"


def environment(queue_url: str, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "perfmgr.settings",
        "PERFMGR_ENV": "test",
        "DATABASE_URL": database_url(),
        "REDIS_URL": queue_url,
        "PERFMGR_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
        "PERFMGR_JOB_RESEND_SECONDS": "0.5",
        **more,
    }


class Process:
    """A child in a process group of its own, so that the whole group can be killed at once."""

    def __init__(self, command: list[str], env: dict[str, str]):
        self.output = Path(os.environ["PERFMGR_TEST_SCRATCH"]) / f"process-{time.monotonic_ns()}.log"
        with self.output.open("wb") as log:
            self.popen = children.start(
                [sys.executable, *command], cwd=ROOT, env=env, stdout=log, stderr=log, death_signal=signal.SIGKILL
            )

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def kill_group(self) -> None:
        """kill -9 -- -PGID"""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def wait(self, patience: float = 90) -> int:
        return self.popen.wait(patience)

    def stop(self) -> None:
        if self.alive:
            self.popen.send_signal(signal.SIGQUIT)
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.kill_group()


class Worker(Process):
    """A Celery worker with its pool of children, as `manage.py up` starts it."""

    def __init__(self, queue_url: str, *, concurrency: int = 1, **more: str):
        command = [
            "-m",
            "celery",
            "-A",
            "perfmgr",
            "worker",
            "--concurrency",
            str(concurrency),
            "--loglevel",
            "warning",
        ]
        super().__init__(
            [*command, "--without-gossip", "--without-mingle", "-I", "tests.faults.in_worker"],
            environment(queue_url, **more),
        )


class Beat(Process):
    """The scheduler, as `manage.py up` starts it."""

    def __init__(self, queue_url: str, **more: str):
        command = ["-m", "celery", "-A", "perfmgr", "beat", "--pidfile=", "--loglevel", "warning"]
        super().__init__(command, environment(queue_url, **more))


class OneJob(Process):
    """Does one job, as a worker's child would, and dies where `failpoint` says."""

    def __init__(self, job: Job, queue_url: str, *, failpoint: str = ""):
        super().__init__(["-c", PERFORM, str(job.pk)], environment(queue_url, PERFMGR_FAILPOINT=failpoint))


def wait_until(condition: Callable[[], object], *, patience: float = 90, sweeping: bool = True) -> object:
    """The condition's first true answer. Meanwhile sweeps, as the scheduler does every two seconds."""
    deadline = time.monotonic() + patience
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {patience} s in vain; unfinished: {list(Job.objects.unfinished().values())}")
        if sweeping:
            sweep(timezone.now())
        time.sleep(0.05)
    return answer


def rest(patience: float = 90) -> None:
    """Until all jobs have come to an end: loads, and what they asked for (quality, recompute)."""
    wait_until(lambda: not Job.objects.unfinished().exists(), patience=patience)


def lapse(job: Job) -> None:
    """The killed holder's lease runs out: wait for it, as the sweep does."""
    job.refresh_from_db()
    while job.lease_until and job.lease_until > timezone.now():
        time.sleep(0.05)
