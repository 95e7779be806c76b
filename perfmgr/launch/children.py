"""Starting a child that never outlives us, and stopping it in its own way."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: int) -> None:
    """From now on the kernel sends `death_signal` to this process when the thread that started it has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)


def start(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, death_signal: int = signal.SIGTERM, **options
) -> subprocess.Popen:
    """Start `command` in a session of its own; the kernel sends it `death_signal` should we be killed.

    Call from the main thread only: the death signal follows the thread that started the child, not the process.
    """
    return subprocess.Popen(
        command,
        env={**os.environ, **(env or {})},
        start_new_session=True,  # a Ctrl-C at the terminal reaches only us; we stop the others in order
        preexec_fn=lambda: die_with_parent(death_signal),
        **options,
    )


def stop(child: subprocess.Popen, stop_signal: int, patience: float) -> None:
    """Ask `child` to stop by `stop_signal`; after `patience` seconds kill it. Nothing that it started goes on."""
    if child.poll() is None:
        child.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    end_group(child)
    child.wait()


def end_group(child: subprocess.Popen) -> None:
    """Kill what is left of `child`'s session: its own children outlive it for a moment when it dies all at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
