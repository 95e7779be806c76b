"""Run a function in a child process that cannot take the parent with it.

Foreign files and user queries are handled here: the child has a hard limit of memory, processor time, wall time and
open files, an empty environment and no network, and dies with its parent. DuckDB's own `memory_limit` is a courtesy,
not a bound: one `repeat('x', 2e9)` took 3.9 GB under a limit of 256 MB (spec: reliability T2, decision 2).

    from lake import sandbox
    preview = sandbox.run(intake.inspect, path, limits=sandbox.Limits.parse())

The function and its arguments go to a fresh interpreter (never a fork of a web worker with threads). What the parent
reads back is limited to data and to exceptions of our own packages, so that a child taken over by a hostile file cannot
send code. Arrow tables travel as IPC streams.

Starting costs 0.1 s, importing DuckDB and Arrow half a second more. Where a person waits, `warm=("duckdb", "pyarrow")`
takes a child that was started ahead and has imported them; each child still answers one request and dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import json
import math
import os
import pickle
import resource
import selectors
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any, Literal, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
Reason = Literal["memory", "time", "crash"]

MB = 1024 * 1024
REPLY_LIMIT = 2048 * MB  # a reply is held in the parent's memory
_HEADER = struct.Struct("<cQ")  # kind of message, length of what follows
_PROGRESS, _RESULT, _RAISED, _SHORT_OF_MEMORY = b"P", b"R", b"E", b"M"
_PR_SET_PDEATHSIG, _CLONE_NEWUSER, _CLONE_NEWNET = 1, 0x10000000, 0x40000000
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
_START = "import sys, json; sys.path[:0] = json.loads(sys.argv[1]); from lake import sandbox; sandbox._child(sys.argv)"


@dataclass(frozen=True)
class Limits:
    """Hard limits of one child: address space in bytes, seconds of processor and of wall clock, open files."""

    memory_bytes: int = 2048 * MB
    cpu_seconds: float = 300
    wall_seconds: float = 600
    open_files: int = 4096  # a dataset has a file or more a month, and DuckDB keeps those that it scans open

    @classmethod
    def parse(cls) -> Limits:
        """For reading an upload."""
        return cls(open_files=64)

    @classmethod
    def interactive(cls) -> Limits:
        """For a query that a person waits for."""
        return cls(memory_bytes=1536 * MB, cpu_seconds=20, wall_seconds=10)


class SandboxKilled(Exception):
    """The child did not live to answer. `reason` is "memory", "time" or "crash"; the text says it plainly."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(reason, message)
        self.reason: Reason = reason
        self.message = message

    def __str__(self) -> str:
        return self.message


class SandboxError(Exception):
    """The child answered with something that may not cross (a foreign class, an exception that cannot be pickled)."""


def run(
    function: Callable[..., T],
    /,
    *args: Any,
    limits: Limits = Limits(),
    on_progress: Callable[..., None] | None = None,
    warm: tuple[str, ...] = (),
    **kwargs: Any,
) -> T:
    """Return `function(*args, **kwargs)`, called in a limited child process.

    `function` must be importable by module and name. What it raises is raised here; `SandboxKilled` says why a child
    did not answer. Inside the child `report(...)` sends progress; its arguments reach `on_progress` here, as they come.
    `warm` names modules that a child started ahead has imported; after the answer the next such child is started.
    """
    with tempfile.NamedTemporaryFile(prefix="sandbox-") as request:
        _write_request(request, function, args, kwargs, limits)
        child, errors = _take_spare(warm) or _start(warm)
        try:
            _hand_over(child, request.name)
            kind, payload = _converse(child, limits, on_progress, time.monotonic() + limits.wall_seconds)
        finally:
            _kill(child)
            complaints = _tail(errors)
            if warm:
                _keep_spare(warm)
        if kind == _RESULT:
            result: T = _loads(payload, function.__module__)
            return result
        if kind == _RAISED:
            raise _exception(payload, function.__module__)
        raise _killed(kind, child.returncode, limits, complaints)


def report(*values: Any) -> None:
    """Tell the parent how far the work is: any plain values that JSON can carry. Outside a child it does nothing."""
    if _reply_to is not None:
        _send(_reply_to, _PROGRESS, json.dumps(values).encode())


# --- the parent's side ------------------------------------------------------------------------------------------------


def _write_request(
    request: IO[bytes], function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], limits: Limits
) -> None:
    """The limits and the function's name come first, so that the child can bind itself before it imports anything."""
    where = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if where[0] in (None, "__main__") or "<" in where[1]:
        raise TypeError(f"{function!r} has no importable name, so a child process cannot call it.")
    asked = {"limits": asdict(limits), "module": where[0], "name": where[1]}
    json_part = json.dumps(asked).encode()
    request.write(struct.pack("<Q", len(json_part)) + json_part)
    _dump((args, kwargs), request)
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
            while (message := _take(buffer)) is not None:
                kind, payload = message
                if kind != _PROGRESS:
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


def _take(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """The first complete message of the buffer, removed from it."""
    if len(buffer) < _HEADER.size:
        return None
    kind, length = _HEADER.unpack_from(buffer)
    end = _HEADER.size + length
    if len(buffer) < end:
        return None
    payload = bytes(memoryview(buffer)[_HEADER.size : end])
    del buffer[:end]
    return kind, payload


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
        return SandboxKilled("time", f"Stopped after {limits.wall_seconds:g} seconds. Ask for less, or split the file.")
    if code == -signal.SIGXCPU:
        return SandboxKilled("time", f"Stopped after {limits.cpu_seconds:g} seconds of processor time. Ask for less.")
    if kind == _SHORT_OF_MEMORY or any(mark in errors for mark in ("bad_alloc", "memory allocation", "MemoryError")):
        megabytes = limits.memory_bytes // MB
        return SandboxKilled("memory", f"Needs more than the allowed {megabytes} MB. Ask for less, or split the file.")
    name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    last = errors.strip().rsplit("\n", 1)[-1][:300]
    return SandboxKilled("crash", f"The work ended abruptly ({name}). {last}".strip())


def _tail(errors: IO[bytes]) -> str:
    with errors:
        size = errors.seek(0, io.SEEK_END)
        errors.seek(max(0, size - 8192))
        return errors.read().decode("utf-8", "replace")


# --- what may cross ---------------------------------------------------------------------------------------------------


class _Pickler(pickle.Pickler):
    """Pickles as usual, but an Arrow table or batch as one IPC stream: exact slices, no Python objects per row."""

    def reducer_override(self, value: Any) -> Any:
        arrow = sys.modules.get("pyarrow")
        if arrow is not None and isinstance(value, arrow.Table | arrow.RecordBatch):
            sink = arrow.BufferOutputStream()
            with arrow.ipc.new_stream(sink, value.schema) as stream:
                stream.write(value)
            return _from_ipc, (pickle.PickleBuffer(sink.getvalue()), isinstance(value, arrow.RecordBatch))
        return NotImplemented


def _from_ipc(data: bytes, one_batch: bool) -> Any:
    import pyarrow as pa

    table = pa.ipc.open_stream(pa.py_buffer(data)).read_all()
    return table.combine_chunks().to_batches()[0] if one_batch else table


_PLAIN = {
    "builtins": {"complex", "set", "frozenset", "bytearray", "slice", "range", "object"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "zoneinfo": {"ZoneInfo", "ZoneInfo._unpickle"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "uuid": {"UUID"},
    "pathlib": {"Path", "PosixPath", "PurePosixPath"},
    "collections": {"OrderedDict", "Counter", "deque"},
    "copyreg": {"_reconstructor"},
    "lake.sandbox": {"_from_ipc"},
    "numpy": {"ndarray", "dtype"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
}


class _Unpickler(pickle.Unpickler):
    """Reads data, exceptions and the classes of the packages that did the work; no other function or class."""

    def __init__(self, payload: bytes, package: str) -> None:
        super().__init__(io.BytesIO(payload))
        self.packages = {"lake", "analytics", package}

    def find_class(self, module: str, name: str) -> Any:
        if name in _PLAIN.get(module, ()):
            return super().find_class(module, name)
        top = module.partition(".")[0]
        if top in self.packages or top in {"builtins", "duckdb", "_duckdb", "pyarrow", "zipfile", "sqlglot"}:
            found = super().find_class(module, name)
            ours = top in self.packages
            if isinstance(found, type) and (ours or issubclass(found, Exception)):
                return found
        raise SandboxError(f"The child sent {module}.{name}, which may not cross.")


def _dump(value: Any, sink: IO[bytes]) -> None:
    _Pickler(sink, protocol=5).dump(value)


def _loads(payload: bytes, module: str) -> Any:
    try:
        return _Unpickler(payload, module.partition(".")[0]).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError, ValueError) as error:
        raise SandboxError(f"The child's answer cannot be read: {error}") from error


def _exception(payload: bytes, module: str) -> BaseException:
    """What the function raised; its text alone if its class may not cross."""
    pickled, text = _split(payload)
    try:
        error = _loads(pickled, module)
    except Exception:  # noqa: BLE001 - any fault of reading back a foreign exception leaves us its text
        return SandboxError(text)
    return error if isinstance(error, Exception) else SandboxError(text)


def _split(payload: bytes) -> tuple[bytes, str]:
    (length,) = struct.unpack_from("<Q", payload)
    return payload[8 : 8 + length], payload[8 + length :].decode("utf-8", "replace")


# --- the child's side -------------------------------------------------------------------------------------------------

_reply_to: int | None = None


def _child(arguments: list[str]) -> NoReturn:
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
    try:
        function = _find(asked["module"], asked["name"])
        args, kwargs = pickle.load(request)  # from our own parent
        kind, payload = _answer(function(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - everything is told to the parent
        kind, payload = _complaint(error)
    try:
        _send(_reply_to, kind, payload)
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
    _dump(value, sink)
    return _RESULT, sink.getvalue()


def _complaint(error: BaseException) -> tuple[bytes, bytes]:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
        return _SHORT_OF_MEMORY, b""
    if "start new thread" in str(error) or "Cannot allocate memory" in str(error):
        return _SHORT_OF_MEMORY, b""
    text = f"{type(error).__name__}: {error}"
    sink = io.BytesIO()
    try:
        _dump(error, sink)
    except Exception:  # noqa: BLE001 - an exception that cannot be pickled still has its text
        sink = io.BytesIO()
    pickled = sink.getvalue()
    return _RAISED, struct.pack("<Q", len(pickled)) + pickled + text.encode("utf-8", "replace")


def _send(descriptor: int, kind: bytes, payload: bytes) -> None:
    view = memoryview(_HEADER.pack(kind, len(payload)) + payload)
    while view:
        view = view[os.write(descriptor, view) :]
