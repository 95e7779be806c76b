"""Libraries that benchmarks are measured against, in an environment of their own.

`python -m benchmarks.peers` makes it in `var/peers` (or where PERFMGR_PEERS says) from the package index. A benchmark
then runs its peer there as a child process in the same run: numbers in and out as JSON, the seconds measured inside.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("PERFMGR_PEERS", HERE.parents[1] / "var" / "peers"))


def ask(script: str, question: Any) -> Any:
    """What the script of this folder answers. SystemExit with the next step if the environment is not there."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"The peers are not installed in {FOLDER}: run python -m benchmarks.peers first.")
    done = subprocess.run(
        [str(python), str(HERE / script)], input=json.dumps(question), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def make() -> None:
    """The environment, with the versions of requirements.txt."""
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    pip = [str(FOLDER / "bin" / "python"), "-m", "pip", "install", "--quiet", "--requirement"]
    subprocess.run([*pip, str(HERE / "requirements.txt")], check=True)
