"""What may cross between child and parent: data, and exceptions of the packages that did the work."""

from __future__ import annotations

import io
import pickle
import struct
import sys
from typing import IO, Any


class SandboxError(Exception):
    """The child answered with something that may not cross (a foreign class, an exception that cannot be pickled)."""


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
    "lake.sandbox.crossing": {"_from_ipc"},
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


def dump(value: Any, sink: IO[bytes]) -> None:
    _Pickler(sink, protocol=5).dump(value)


def loads(payload: bytes, module: str) -> Any:
    try:
        return _Unpickler(payload, module.partition(".")[0]).load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, TypeError, ValueError) as error:
        raise SandboxError(f"The child's answer cannot be read: {error}") from error


def exception(payload: bytes, module: str) -> BaseException:
    """What the function raised; its text alone if its class may not cross."""
    pickled, text = _split(payload)
    try:
        error = loads(pickled, module)
    except Exception:  # whatever fails in reading back a foreign exception leaves us its text
        return SandboxError(text)
    return error if isinstance(error, Exception) else SandboxError(text)


def _split(payload: bytes) -> tuple[bytes, str]:
    (length,) = struct.unpack_from("<Q", payload)
    return payload[8 : 8 + length], payload[8 + length :].decode("utf-8", "replace")
