"""The parent's side: start a child or take one that waits, hand the request over, listen until it answers or dies."""

from __future__ import annotations

import contextlib
import io
import json
import os
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import IO, Any, ParamSpec, TypeVar

from .crossing import dump, exception, loads
from .limits import MB, USUAL, Limits, SandboxKilled
from .wire import PROGRESS, RAISED, RESULT, SHORT_OF_MEMORY, take

P = ParamSpec("P")
T = TypeVar("T")

REPLY_LIMIT = 2048 * MB  # a reply is held in the parent's memory
# Thread pools reserve address space per thread; two threads are what the benchmarks use.
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PATH": "/usr/bin:/bin",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}
_START = (
    "import sys, json; sys.path[:0] = json.loads(sys.argv[1]); from lake.sandbox import child; child.live(sys.argv)"
)


def run(
    function: Callable[..., T],
    /,
    *args: Any,
    limits: Limits = USUAL,
    on_progress: Callable[..., None] | None = None,
    warm: tuple[str, ...] = (),
    without: tuple[str, ...] = ("pandas",),
    **kwargs: Any,
) -> T:
    """Return `function(*args, **kwargs)`, called in a limited child process.

    `function` must be importable by module and name. What it raises is raised here; `SandboxKilled` says why a child
    did not answer. Inside the child `report(...)` sends progress; its arguments reach `on_progress` here, as they come.
    `warm` names modules that a child started ahead has imported; after the answer the next such child is started.
    `without` names packages that count as not installed: Arrow imports pandas, which takes half a second, only to ask
    whether a list is a series of it.
    """
    with tempfile.NamedTemporaryFile(prefix="sandbox-") as request:
        _write_request(request, function, args, kwargs, limits, without)
        child, errors = _take_spare(warm) or _start(warm)
        try:
            _hand_over(child, request.name)
            kind, payload = _converse(child, limits, on_progress, time.monotonic() + limits.wall_seconds)
        finally:
            _kill(child)
            complaints = _tail(errors)
            if warm:
                _keep_spare(warm)
        if kind == RESULT:
            result: T = loads(payload, function.__module__)
            return result
        if kind == RAISED:
            raise exception(payload, function.__module__)
        raise _killed(kind, child.returncode, limits, complaints)


def _write_request(
    request: IO[bytes],
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    limits: Limits,
    without: tuple[str, ...],
) -> None:
    """The limits and the function's name come first, so that the child can bind itself before it imports anything."""
    where = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if where[0] in (None, "__main__") or "<" in where[1]:
        raise TypeError(f"{function!r} has no importable name, so a child process cannot call it.")
    asked = {"limits": asdict(limits), "without": without, "module": where[0], "name": where[1]}
    json_part = json.dumps(asked).encode()
    request.write(struct.pack("<Q", len(json_part)) + json_part)
    dump((args, kwargs), request)
    request.flush()


_Child = tuple[subprocess.Popen[bytes], IO[bytes]]  # the process and the file of what it complains
_spares: dict[tuple[int, tuple[str, ...]], _Child] = {}  # by our own process id, since a fork copies this table
_spares_lock = threading.Lock()


def _take_spare(warm: tuple[str, ...]) -> _Child | None:
    """A child that waits with these modules, if there is one; it dies with the thread that started it."""
    with _spares_lock:
        spare = _spares.pop((os.getpid(), warm), None)
    if spare is None or spare[0].poll() is None:
        return spare
    _kill(spare[0])
    spare[1].close()
    return None


def _keep_spare(warm: tuple[str, ...]) -> None:
    with _spares_lock:
        if (os.getpid(), warm) not in _spares:
            _spares[os.getpid(), warm] = _start(warm)


def _hand_over(child: subprocess.Popen[bytes], request: str) -> None:
    """Name the request's file to the child."""
    assert child.stdin is not None
    try:
        child.stdin.write(request.encode() + b"\n")
        child.stdin.close()
    except BrokenPipeError:  # it died while it waited; the conversation will tell
        pass


def _start(warm: tuple[str, ...]) -> _Child:
    environment = dict(_ENVIRONMENT, TMPDIR=tempfile.gettempdir())
    if "LD_LIBRARY_PATH" in os.environ:  # an interpreter outside the system's library path
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    paths = json.dumps([os.path.abspath(entry) for entry in sys.path])
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _tail
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _START, paths, str(os.getpid()), *warm],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
        start_new_session=True,
    )
    return child, errors


def _converse(
    child: subprocess.Popen[bytes], limits: Limits, on_progress: Callable[..., None] | None, deadline: float
) -> tuple[bytes, bytes]:
    """Read messages until the answer: its kind and payload; kind b"T" when time is up, b"" when the child died."""
    assert child.stdout is not None
    descriptor, buffer = child.stdout.fileno(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            while (message := take(buffer)) is not None:
                kind, payload = message
                if kind != PROGRESS:
                    return kind, payload
                if on_progress is not None:
                    on_progress(*json.loads(payload))
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return b"T", b""
            chunk = os.read(descriptor, MB)
            if not chunk:
                child.wait(timeout=5)
                return b"", b""
            buffer += chunk
            if len(buffer) > min(REPLY_LIMIT, limits.memory_bytes) + MB:
                raise SandboxKilled("memory", "The result is too large. Ask for fewer rows or columns.")


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child and all that it started; harmless when it has ended."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _killed(kind: bytes, code: int | None, limits: Limits, errors: str) -> SandboxKilled:
    if kind == b"T":
        return SandboxKilled("time", f"Stopped after {limits.wall_seconds:g} seconds: ask for less at a time.")
    if code == -signal.SIGXCPU:
        return SandboxKilled("time", f"Stopped after {limits.cpu_seconds:g} seconds of processor time. Ask for less.")
    if kind == SHORT_OF_MEMORY or any(mark in errors for mark in ("bad_alloc", "memory allocation", "MemoryError")):
        megabytes = limits.memory_bytes // MB
        return SandboxKilled("memory", f"Needs more than the allowed {megabytes} MB: ask for less at a time.")
    name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    last = errors.strip().rsplit("\n", 1)[-1][:300]
    return SandboxKilled("crash", f"The work ended abruptly ({name}). {last}".strip())


def _tail(errors: IO[bytes]) -> str:
    with errors:
        size = errors.seek(0, io.SEEK_END)
        errors.seek(max(0, size - 8192))
        return errors.read().decode("utf-8", "replace")
