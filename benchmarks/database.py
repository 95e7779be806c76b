"""A throwaway PostgreSQL and Valkey with perfmgr's tables, for benchmarks of what reads and writes the database."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfmgr.launch.postgres import Postgres
from perfmgr.launch.valkey import Valkey


@contextmanager
def throwaway(*, durable: bool = True) -> Iterator[Path]:
    """Django, migrated, on servers of its own; the scratch folder. durable: PostgreSQL syncs as in production."""
    with tempfile.TemporaryDirectory(prefix="perfmgr-benchmark-") as folder:
        scratch = Path(folder)
        servers = [
            ("DATABASE_URL", Postgres(scratch / "pg", throwaway=not durable)),
            ("REDIS_URL", Valkey(scratch / "valkey", throwaway=True)),
        ]
        try:
            for variable, server in servers:
                server.start()
                os.environ[variable] = server.url
            _django(scratch)
            yield scratch
        finally:
            for _, server in reversed(servers):
                server.stop()


def _django(scratch: Path) -> None:
    os.environ |= {
        "PERFMGR_ENV": "test",
        "PERFMGR_TEST_SCRATCH": str(scratch),
        "DJANGO_SETTINGS_MODULE": "perfmgr.settings",
    }
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
