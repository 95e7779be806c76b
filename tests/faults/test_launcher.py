"""`manage.py up` as a person starts it: real servers, real children, on a free port and a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg2
import pytest

from perfmgr.launch.postgres import LONGEST_SOCKET_FOLDER, Postgres

ROOT = Path(__file__).parents[2]


class Up:
    """One run of the launcher on `var`. `ordinary`: as a user who is not root, whoever runs the tests.

    output: where it writes to, instead of a file of its own.
    """

    def __init__(self, var: Path, *, ordinary: bool = False, output: str = ""):
        self.var, self.port = var, free_port()
        self.output = var.parent / f"{var.name}-{time.monotonic_ns()}.log"  # each run's own
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("PERFMGR", "DATABASE", "REDIS"))
        }
        env |= {
            "PERFMGR_BOOTSTRAP": "off",
            "PERFMGR_VAR": str(var),
            "PERFMGR_DEMO": "false",
            "PORT": str(self.port),
            "HOME": str(var.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        env.pop("DJANGO_SETTINGS_MODULE", None)
        as_user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if ordinary and os.getuid() == 0 else []
        with open(output or self.output, "ab") as log:
            self.process = subprocess.Popen(
                [*as_user, sys.executable, "manage.py", "up"], cwd=ROOT, env=env, stdout=log, stderr=log
            )

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def answers(self, path: str = "healthz") -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def until_up(self) -> "Up":
        wait_for(lambda: self.process.poll() is not None or "Ctrl-C stops everything" in self.text(), 240, self.text)
        assert self.process.poll() is None and self.answers(), self.text()
        return self

    def children(self, word: str = "") -> list[int]:
        """All living processes that were started for this folder, whoever is their parent by now."""
        mark = f"PERFMGR_VAR={self.var}".encode()
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and int(folder.name) != self.process.pid:
                try:
                    state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
                    named = mark in (folder / "environ").read_bytes().split(b"\0")
                    # Valkey writes its title over its environment; it works in its own folder
                    named = named or self.var in (folder / "cwd").resolve().parents
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if named and state != "Z" and word in command:
                    found.append(int(folder.name))
        return sorted(found)

    def interrupt(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)

    def end(self) -> None:
        """However the test went, nothing of it goes on."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(condition, seconds: float, words=lambda: "") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, words()
        time.sleep(0.1)


def connect(var: Path):
    home = Postgres(var / "pg")
    return psycopg2.connect(host=str(home.sockets), user="perfmgr", dbname="perfmgr")


def ask(var: Path, sql: str):
    connection = connect(var)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(sql)
        answer = cursor.fetchone() if cursor.description else None
    connection.close()
    return answer


@pytest.fixture
def launch():
    runs: list[Up] = []

    def start(var: Path, **more) -> Up:
        runs.append(Up(var, **more))
        return runs[-1]

    yield start
    for run in runs:
        run.end()


def test_first_start_a_killed_child_ctrl_c_second_start_and_a_killed_launcher(tmp_path, launch):
    var = tmp_path / ("a folder with a long name " * 4) / "var"
    assert len(os.fsencode(var / "pg" / "socket")) > LONGEST_SOCKET_FOLDER
    var.parent.mkdir()
    up = launch(var).until_up()

    ask(var, "create table keepsake as select 'kept' as word")
    system = ask(var, "select system_identifier from pg_control_system()")
    migrated = ask(var, "select count(*), max(applied) from django_migrations")
    key = (var / "secret_key").read_text()
    assert (var / "secret_key").stat().st_mode & 0o077 == 0

    (web, *others) = up.children("gunicorn")
    os.kill(web, signal.SIGKILL)
    wait_for(lambda: "web ended with code -9" in up.text(), 30, up.text)
    wait_for(lambda: others and not set(others) & set(up.children()), 1, up.text)
    wait_for(up.answers, 90, up.text)
    (queue, *_) = up.children("valkey-server")
    os.kill(queue, signal.SIGKILL)
    wait_for(lambda: "Valkey ended with code -9" in up.text() and up.answers("readyz"), 60, up.text)
    postmaster = int((var / "pg" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    wait_for(lambda: "PostgreSQL ended with code -9" in up.text() and up.answers("readyz"), 60, up.text)

    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={**os.environ, "PERFMGR_BOOTSTRAP": "off", "PERFMGR_VAR": str(var)},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1 and "running already" in second.stdout

    assert up.interrupt() == 0
    stopped = re.findall(r"^(\S+) has stopped", up.text(), re.MULTILINE)
    assert stopped == ["scheduler", "worker", "web", "Valkey", "PostgreSQL"]
    assert up.children() == []

    again = launch(var).until_up()
    assert ask(var, "select word from keepsake") == ("kept",)
    assert ask(var, "select system_identifier from pg_control_system()") == system
    assert ask(var, "select count(*), max(applied) from django_migrations") == migrated
    assert (var / "secret_key").read_text() == key

    again.process.kill()
    again.process.wait()
    wait_for(lambda: again.children() == [], 60, lambda: str(again.children()))

    third = launch(var).until_up()  # after a crash: the cluster recovers, the sockets left behind are no hindrance
    assert ask(var, "select word from keepsake") == ("kept",)
    assert third.interrupt() == 0 and third.children() == []


def test_ctrl_c_while_it_is_still_starting_stops_what_runs_already(tmp_path, launch):
    up = launch(tmp_path / "var")
    wait_for(lambda: up.children("manage.py migrate"), 120, up.text)
    assert up.interrupt() == 0
    assert up.children() == []


def test_an_ordinary_user_starts_and_stops_it_as_root_does(tmp_path, launch):
    up = launch(tmp_path / "var", ordinary=True).until_up()
    assert "unshare" not in (up.var / "pg" / "log").read_text() and up.children("bin/postgres")
    assert up.answers("readyz")
    assert up.interrupt() == 0 and up.children() == []


def test_F17_a_full_disk_behind_the_logs_stops_neither_web_nor_worker_nor_the_launcher(tmp_path, launch):
    """Every log lies on `/dev/full`, where each write fails for want of room: the launcher's own output, with the lines
    of web, worker and scheduler, and those of PostgreSQL and Valkey."""
    var = tmp_path / "var"
    for server in ("pg", "valkey"):
        (var / server).mkdir(parents=True)
        (var / server / "log").symlink_to("/dev/full")
    up = launch(var, output="/dev/full")
    wait_for(lambda: up.answers("readyz") and up.children("celery -"), 240)
    with pytest.raises(psycopg2.Error):
        ask(var, "select 1 / 0")  # PostgreSQL logs it
    for _ in range(20):  # 140 kB of warnings, more than a pipe that nobody empties would take
        assert not up.answers("x" * 7_000)
    assert up.answers("readyz")
    (web, *_) = up.children("gunicorn")
    os.kill(web, signal.SIGKILL)
    wait_for(up.answers, 90)
    assert up.interrupt() == 0 and up.children() == []
