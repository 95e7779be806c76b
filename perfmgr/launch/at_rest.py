"""The embedded database for one command, while `manage.py up` may not be running."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .postgres import Postgres


class Running(RuntimeError):
    """perfmgr runs on this folder, and the command needs it to itself."""


@contextmanager
def embedded_database(var: Path, *, alone: bool = False) -> Iterator[None]:
    """The database below `var` answers inside: the one that `up` runs, or else one started here and stopped afterwards.

    alone: raise Running while `up` runs. With DATABASE_URL given there is nothing to start, and nobody to ask.
    """
    if os.environ.get("DATABASE_URL"):
        yield
        return
    var.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (var / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if alone:
                raise Running(
                    f"perfmgr is running on {var}. Stop it with Ctrl-C, then give this command again."
                ) from None
            yield
            return
        database = Postgres(var / "pg")
        try:
            database.start()
            yield
        finally:
            database.stop()
