"""`manage.py up`: database, queue, web, worker and scheduler as children of one process.

Given DATABASE_URL or REDIS_URL, that server is used instead of an embedded one. A child that dies is started again,
more slowly each time; Ctrl-C stops all in order. Should this process be killed, the kernel stops the children.
"""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from . import children
from .postgres import Postgres
from .saying import say
from .valkey import Valkey

ROOT = Path(__file__).resolve().parent.parent.parent
DJANGO = [sys.executable, str(ROOT / "manage.py")]


class Supervised:
    """One process that is kept running: started again after it dies, after 0.5 s, then 1 s, 2 s ... 30 s.

    Should we be killed, it is too: stopping in order, it would look for a queue and a database that are gone.
    """

    def __init__(self, name: str, command: Sequence[str], *, stop_signal=signal.SIGTERM):
        self.name, self.command, self.stop_signal = name, command, stop_signal
        self.process: subprocess.Popen | None = None
        self.pause, self.start_again_at, self.started = 0.5, 0.0, 0.0

    def start(self) -> None:
        self.process = children.start(
            self.command, death_signal=signal.SIGKILL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT
        )
        self.started = time.monotonic()
        threading.Thread(target=self._print_lines, args=(self.process.stdout,), daemon=True).start()

    def keep_running(self) -> None:
        """Call often, from the main thread (see `children.start`)."""
        now = time.monotonic()
        if self.process.poll() is None:
            if now - self.started > 60:
                self.pause = 0.5
        elif not self.start_again_at:
            children.end_group(self.process)  # a worker of the web that is left would hold the port
            say(f"{self.name} ended with code {self.process.returncode}; again in {self.pause:g} s")
            self.start_again_at, self.pause = now + self.pause, min(self.pause * 2, 30)
        elif now >= self.start_again_at:
            self.start_again_at = 0.0
            self.start()

    def stop(self, patience: float = 15) -> None:
        if self.process:
            children.stop(self.process, self.stop_signal, patience)

    def _print_lines(self, output) -> None:
        for line in output:
            say(f"{self.name:<9} {line.decode(errors='replace').rstrip()}")


def processes(address: str, port: int) -> list[Supervised]:
    """Web, worker and scheduler, in the order in which they start."""
    python = [sys.executable, "-m"]
    gunicorn = [*python, "gunicorn", "perfmgr.wsgi", "--worker-class", "perfmgr.web_worker.WebWorker"]
    gunicorn += ["--workers", "1", "--threads", "8", "--timeout", "120", "--no-control-socket"]
    # root in a container is expected here: the queue is a socket of ours, and messages are JSON
    celery = [sys.executable, "-W", "ignore:You're running the worker with superuser", "-m", "celery", "--quiet"]
    celery += ["-A", "perfmgr"]
    return [
        Supervised("web", [*gunicorn, "--bind", f"{address}:{port}", "--log-level", "warning"]),
        Supervised(
            "worker",
            [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "warning"],
        ),
        Supervised("scheduler", [*celery, "beat", "--pidfile=", "--loglevel", "warning"]),
    ]


class Interrupted(Exception):
    """Ctrl-C or SIGTERM: stop in order."""


class PlaceTaken(Exception):
    """Nobody can listen there; the message says what to do."""


def listening_place(host: str, port: str) -> tuple[str, int]:
    """Host and port, after trying that the web can listen there. Raises PlaceTaken."""
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise PlaceTaken(f"PORT is {port!r}: write a number from 1 to 65535, as in PORT=9000 make run.")
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was just left is free
            trial.bind(place)
            trial.listen()
    except OSError as fault:
        words = fault.strerror or str(fault)
        raise PlaceTaken(
            f"{host}:{port} cannot be listened at ({words}). Choose another: PORT=9000 make run."
        ) from None
    return host, int(port)


def main(arguments: Sequence[str]) -> int:
    """Run until interrupted. Returns the exit code."""
    var = Path(os.environ.get("PERFMGR_VAR", ROOT / "var"))
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (var / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        say(f"perfmgr is running already on {var}. Stop it first, or give another PERFMGR_VAR and PORT.")
        return 1
    try:
        address, port = listening_place(os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000"))
    except PlaceTaken as fault:
        say(str(fault))
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    servers: list[Postgres | Valkey] = []
    running: list[Supervised] = []
    try:
        _environment(var, f"http://{address}:{port}")
        _start_servers(var, servers)
        _prepare()
        for process in processes(address, port):
            process.start()
            running.append(process)
        _announce(address, port)
        _watch(running, servers)
    except Interrupted:
        say("\nStopping ...")
        return 0
    except (RuntimeError, subprocess.CalledProcessError) as fault:
        print(fault, file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for process in [*reversed(running), *reversed(servers)]:  # scheduler, worker, web, valkey, postgres
            process.stop()
            say(f"{process.name} has stopped")


def _watch(running: Sequence[Supervised], servers: Sequence[Postgres | Valkey]) -> NoReturn:
    """Start again whatever ends, until interrupted."""
    while True:
        for process in running:
            process.keep_running()
        for server in servers:
            if server.process.poll() is not None:
                say(f"{server.name} ended with code {server.process.returncode}; starting it again")
                server.start()
        time.sleep(0.2)


def _interrupt(*_) -> None:
    raise Interrupted


def _environment(var: Path, url: str) -> None:
    """What the children read: where things are, and the secret key that this installation keeps."""
    key = var / "secret_key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(secrets.token_urlsafe(64))
    os.environ.setdefault("PERFMGR_VAR", str(var))
    os.environ.setdefault("PERFMGR_ENV", "embedded")
    os.environ.setdefault("PERFMGR_URL", url)  # in messages to people and webhooks
    os.environ.setdefault("SECRET_KEY", key.read_text())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "perfmgr.settings")


def _start_servers(var: Path, servers: list[Postgres | Valkey]) -> None:
    for variable, server in (("DATABASE_URL", Postgres(var / "pg")), ("REDIS_URL", Valkey(var / "valkey"))):
        if not os.environ.get(variable):
            servers.append(server)
            server.start()
            os.environ[variable] = server.url


def _prepare() -> None:
    """Migrate, and on the first start load the demo through the same intake as a user's upload."""
    subprocess.run([*DJANGO, "migrate", "--verbosity", "0"], check=True, cwd=ROOT)
    if os.environ.get("PERFMGR_DEMO", "true").lower() == "true":
        subprocess.run([*DJANGO, "load_demo", "--once"], check=True, cwd=ROOT)


def _announce(address: str, port: int) -> None:
    url = f"http://{address}:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).close()
            break
        except OSError:
            time.sleep(0.1)
    say(f"\nperfmgr is at {url}")
    if os.environ.get("PERFMGR_DEMO", "true").lower() == "true":
        say("Log in as admin, manager, analyst, executive, finance, viewer or vendor; password: perfmgr-demo")
    else:
        say("The first log-in of a new installation: python3 manage.py create_administrator --help")
    say("Ctrl-C stops everything.\n")
