"""Sets up `.venv` with the pinned, hashed requirements and continues in it. Standard library only.

A file in `.venv` notes the hash of each requirements file installed, so that a second start installs nothing.
In an image or an environment that already has the packages (`PERFMGR_BOOTSTRAP=off`), nothing is done.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def ensure_environment(requirements: str) -> None:
    """Return in an interpreter that has `requirements` installed; re-executes this process when it must."""
    if os.environ.get("PERFMGR_BOOTSTRAP") == "off":
        return
    if sys.version_info < (3, 11):  # noqa: UP036  this runs before anything has checked
        sys.exit(f"perfmgr needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    install_what_is_missing(requirements)
    if Path(sys.prefix).resolve() != VENV.resolve():
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


def install_what_is_missing(requirements: str) -> None:
    """Make `.venv` hold `requirements`; nothing is done where it does already."""
    if not _stamp(requirements).is_file() or _stamp(requirements).read_text() != _hash(requirements):
        _install(requirements)


def _install(requirements: str) -> None:
    print(f"Setting up .venv from {requirements} (once; about a minute) ...", flush=True)
    if not PYTHON.exists() and subprocess.run([sys.executable, "-m", "venv", str(VENV)]).returncode:
        sys.exit("Python could not make .venv. On Debian and Ubuntu: apt-get install python3-venv, then start again.")
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    else:
        install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    # The file names every package, so nothing is left to resolve; pip would look for `coverage[toml]` beside `coverage`
    # and stop at the first release that is newer than the lock.
    install += ["--require-hashes", "--no-deps"]
    if subprocess.run([*install, "-r", str(ROOT / requirements)]).returncode:
        sys.exit(f"The packages of {requirements} could not be installed; see the message above, then start again.")
    _compile()
    for installed in ("requirements.txt", requirements):  # the one for tests holds the other
        _stamp(installed).write_text(_hash(installed))


def _compile() -> None:
    """Compile the packages on all processors; pip would do it on one, and uv not at all. Their tests nobody imports."""
    quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # some hold templates that are no Python
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", str(VENV / "lib")], **quietly)


def _stamp(requirements: str) -> Path:
    return VENV / f"installed-{requirements}.sha256"


def _hash(requirements: str) -> str:
    return hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()
