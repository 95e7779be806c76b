"""A pytest plugin: a throwaway PostgreSQL and Valkey before Django is configured, gone afterwards.

With DATABASE_URL and REDIS_URL given, the suite runs against those servers instead. The processes of pytest-xdist
inherit the addresses from the one that started them.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from perfmgr.launch.postgres import Postgres
from perfmgr.launch.valkey import Valkey

_started = []
_scratch: Path | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    global _scratch
    os.environ["PERFMGR_ENV"] = "test"
    if "PERFMGR_TEST_SCRATCH" in os.environ:  # a process of pytest-xdist
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        os.environ["PERFMGR_TEST_SCRATCH"] += f"/{worker}"
        return
    _scratch = Path(tempfile.mkdtemp(prefix="perfmgr-test-"))
    os.environ["PERFMGR_TEST_SCRATCH"] = str(_scratch)
    for variable, server in (
        ("DATABASE_URL", Postgres(_scratch / "pg", throwaway=True)),
        ("REDIS_URL", Valkey(_scratch / "valkey", throwaway=True)),
    ):
        if not os.environ.get(variable):
            server.start()
            _started.append(server)
            os.environ[variable] = server.url


def pytest_unconfigure() -> None:
    for server in reversed(_started):
        server.stop()
    _started.clear()
    if _scratch:
        shutil.rmtree(_scratch, ignore_errors=True)
