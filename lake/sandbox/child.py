"""The child's side: cut itself off, wait for the request, take the limits, call, answer, die."""

from __future__ import annotations

import ctypes
import importlib
import io
import json
import math
import os
import pickle
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from .crossing import dump
from .limits import Limits
from .wire import PROGRESS, RAISED, RESULT, SHORT_OF_MEMORY, send

_PR_SET_PDEATHSIG, _CLONE_NEWUSER, _CLONE_NEWNET = 1, 0x10000000, 0x40000000
_reply_to: int | None = None


def report(*values: Any) -> None:
    """Tell the parent how far the work is: any plain values that JSON can carry. Outside a child it does nothing."""
    if _reply_to is not None:
        send(_reply_to, PROGRESS, json.dumps(values).encode())


class Without:
    """A finder that says of some packages that they are not installed."""

    def __init__(self, packages: frozenset[str]):
        self.packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in self.packages:
            raise ModuleNotFoundError(f"{name} is left out of this process", name=name)


def live(arguments: list[str]) -> NoReturn:
    """The whole life of a child: cut itself off, wait for the request, bind itself, call, answer.

    arguments: of the process; after the paths the parent's process id and the modules to import ahead.
    """
    global _reply_to
    _leave_network_and_follow(int(arguments[2]))
    for module in arguments[3:]:
        importlib.import_module(module)
    _reply_to = os.dup(1)  # what the function prints must not mix with the answer
    os.dup2(2, 1)
    path = sys.stdin.readline().rstrip("\n")
    if not path:  # the parent went away, or needs no further child
        os._exit(0)
    request = open(path, "rb")  # noqa: SIM115 - lives as long as we do
    (length,) = struct.unpack("<Q", request.read(8))
    asked = json.loads(request.read(length))
    _bind(Limits(**asked["limits"]))
    sys.meta_path.insert(0, Without(frozenset(asked["without"])))
    try:
        function = _find(asked["module"], asked["name"])
        args, kwargs = pickle.load(request)  # from our own parent
        kind, payload = _answer(function(*args, **kwargs))
    except BaseException as error:  # everything is told to the parent
        kind, payload = _complaint(error)
    try:
        send(_reply_to, kind, payload)
    finally:
        os._exit(0)  # no thread pool or destructor may delay or change the answer


def _bind(limits: Limits) -> None:
    """Take the limits; what was used before, to import modules ahead, does not count as processor time."""
    seconds = max(1, math.ceil(limits.cpu_seconds + time.process_time()))
    for which, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
    ):
        ceiling = resource.getrlimit(which)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(which, (soft, hard))


def _leave_network_and_follow(parent: int) -> None:
    """A network namespace of its own where the kernel allows it; SIGKILL when the parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)
    if hasattr(libc, "unshare") and libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _find(module: str, name: str) -> Callable[..., Any]:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def _answer(value: Any) -> tuple[bytes, bytes]:
    sink = io.BytesIO()
    dump(value, sink)
    return RESULT, sink.getvalue()


def _complaint(error: BaseException) -> tuple[bytes, bytes]:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        return SHORT_OF_MEMORY, b""
    if "start new thread" in str(error) or "Cannot allocate memory" in str(error):
        return SHORT_OF_MEMORY, b""
    text = f"{type(error).__name__}: {error}"
    sink = io.BytesIO()
    try:
        dump(error, sink)
    except Exception:  # one that cannot be pickled still has its text
        sink = io.BytesIO()
    pickled = sink.getvalue()
    return RAISED, struct.pack("<Q", len(pickled)) + pickled + text.encode("utf-8", "replace")
