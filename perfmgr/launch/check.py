"""`manage.py test`: the whole suite on a throwaway PostgreSQL and Valkey, started by `tests/servers.py`."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def main(arguments: Sequence[str]) -> int:
    """Run pytest with `arguments`; without any, the whole suite on two processes. Returns pytest's exit code."""
    spread = [] if arguments else ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [sys.executable, "-m", "pytest", *spread, *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, "PERFMGR_ENV": "test"}).returncode
