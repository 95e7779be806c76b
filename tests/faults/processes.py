"""Real processes to injure: a Celery worker, its scheduler, and a process that does one job and dies at a failpoint."""

import http.client
import os
import signal
import socket
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
    """A child in a process group of its own, so that the whole group can be killed at once. It writes to `logs`."""

    def __init__(self, command: list[str], env: dict[str, str], logs: str = ""):
        self.output = Path(logs or f"{os.environ['PERFMGR_TEST_SCRATCH']}/process-{time.monotonic_ns()}.log")
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

    def __init__(self, queue_url: str, *, concurrency: int = 1, logs: str = "", **more: str):
        command = [
            "-m",
            "celery",
            "--quiet",
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
            logs,
        )


class Beat(Process):
    """The scheduler, as `manage.py up` starts it."""

    def __init__(self, queue_url: str, **more: str):
        command = ["-m", "celery", "--quiet", "-A", "perfmgr", "beat", "--pidfile=", "--loglevel", "warning"]
        super().__init__(command, environment(queue_url, **more))


class OneJob(Process):
    """Does one job, as a worker's child would, and dies where `failpoint` says."""

    def __init__(self, job: Job, queue_url: str, *, failpoint: str = "", **more: str):
        super().__init__(["-c", PERFORM, str(job.pk)], environment(queue_url, PERFMGR_FAILPOINT=failpoint, **more))


class Web(Process):
    """gunicorn, as `manage.py up` starts it, on a free port."""

    def __init__(self, queue_url: str, *, logs: str = "", **more: str):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        command = ["-m", "gunicorn", "perfmgr.wsgi", "--worker-class", "perfmgr.web_worker.WebWorker"]
        command += ["--workers", "1", "--threads", "4", "--log-level", "warning"]
        super().__init__([*command, "--bind", f"127.0.0.1:{self.port}"], environment(queue_url, **more), logs)
        wait_until(self._answers, sweeping=False)

    def _answers(self) -> bool:
        try:
            return self.get("/healthz")[0] == 200
        except OSError:
            return False

    def get(self, path: str, secret: str = "") -> tuple[int, dict[str, str], bytes]:
        return self.request("GET", path, secret)

    def request(self, method: str, path: str, secret: str = "", body: bytes = b"", kind: str = "application/json"):
        """Status, headers (lower case) and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Content-Type": kind, **({"Authorization": f"Bearer {secret}"} if secret else {})}
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def upload(self, dataset: str, name: str, text: str, secret: str) -> tuple[int, bytes]:
        """Send an extract by the API. Returns status and body."""
        kind, body = form_of(dataset, name, text)
        status, _, answer = self.request("POST", "/api/v1/uploads/", secret, body, kind)
        return status, answer


def form_of(dataset: str, name: str, text: str) -> tuple[str, bytes]:
    """Content type and body of a multipart form with a file for a dataset."""
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="dataset"\r\n\r\n{dataset}\r\n',
        f'--B\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n',
        f"Content-Type: text/csv\r\n\r\n{text}\r\n--B--\r\n",
    ]
    return "multipart/form-data; boundary=B", "".join(parts).encode()


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
